import { describe, expect, it } from 'vitest';
import * as format from './format';

describe('exact', () => {
  it.each([
    [1234.5, 'money', '1,234.50'],
    [-1234.5, 'money', '−1,234.50'],
    [0, 'money', '0.00'],
    [-0, 'money', '0.00'],
    [1234567, 'count', '1,234,567'],
    [12.345, 'decimal', '12.35'],
    [12, 'decimal', '12'],
    [3.1, 'ratio', '3.10'],
    [0.0123, 'rate', '1.23%'],
    [0.0042, 'unit_money', '0.0042'],
    [0.59, 'unit_money', '0.59'],
    [null, 'money', '–'],
    [undefined, 'count', '–'],
  ] as const)('%s as %s is %s', (n, unit, text) => expect(format.exact(n, unit)).toBe(text));
});

describe('compact', () => {
  it.each([
    [0, 'money', '0.00'],
    [999.4, 'money', '999.40'],
    [1000, 'money', '1k'],
    [12345, 'money', '12.3k'],
    [123456, 'money', '123k'],
    [999960, 'count', '1m'],
    [1_250_000, 'count', '1.3m'],
    [2_500_000_000, 'money', '2.5bn'],
    [-12345, 'money', '−12.3k'],
    [2.944, 'ratio', '2.94'],
    [0.02, 'rate', '2.00%'],
    [null, 'ratio', '–'],
    [321.6, 'decimal', '322'],
  ] as const)('%s as %s is %s', (n, unit, text) => expect(format.compact(n, unit)).toBe(text));
});

describe('change', () => {
  it('is a share for sums and points for rates', () => {
    expect(format.change(110, 100, 'money')).toEqual({ text: '+10.0%', direction: 1 });
    expect(format.change(90, 100, 'money')).toEqual({ text: '−10.0%', direction: -1 });
    expect(format.change(0.021, 0.02, 'rate')).toEqual({ text: '+0.10 pp', direction: 1 });
    expect(format.change(300, 100, 'count')).toEqual({ text: '+200%', direction: 1 });
  });
  it('says when nothing moved, and nothing when nothing can be said', () => {
    expect(format.change(100.001, 100, 'money')).toEqual({ text: 'no change', direction: 0 });
    expect(format.change(1, 0, 'money')).toBeNull();
    expect(format.change(null, 1, 'money')).toBeNull();
  });
});

describe('days and times', () => {
  it('writes ranges without repeating the year', () => {
    expect(format.dayRange('2026-10-18', '2026-11-14')).toBe('18 Oct – 14 Nov 2026');
    expect(format.dayRange('2025-12-30', '2026-01-02')).toBe('30 Dec 2025 – 2 Jan 2026');
    expect(format.dayRange('2026-01-02', '2026-01-02')).toBe('2 Jan 2026');
  });
  it('writes an instant in the zone of the mesh, and in some zone where that is unknown', () => {
    expect(format.instant('2026-11-21T22:34:00Z', 'Europe/Berlin')).toBe('21 Nov 2026, 23:34');
    expect(format.instant('2026-11-21T22:34:00Z', 'No/Where')).toContain('2026');
    expect(format.instant(null)).toBe('–');
  });
  it('counts back', () => {
    const now = Date.parse('2026-11-21T12:00:00Z');
    expect(format.ago('2026-11-21T11:59:40Z', now)).toBe('just now');
    expect(format.ago('2026-11-21T11:48:00Z', now)).toBe('12 min ago');
    expect(format.ago('2026-11-20T12:00:00Z', now)).toBe('24 h ago');
    expect(format.ago('2026-11-14T12:00:00Z', now)).toBe('7 days ago');
    expect(format.ago(null, now)).toBe('never');
  });
});

it('makes text harmless in tooltips', () => {
  expect(format.escapeHtml(`<img src=x onerror="a('b')">&`)).toBe('&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;');
});

it('ends a sentence', () => {
  expect(['a', 'a.', ' b ', '', null].map(format.sentence)).toEqual(['a.', 'a.', 'b.', '', '']);
  expect(format.sentence('its data is old')).toBe('Its data is old.');
  expect(format.sentence('acquisition.ad_daily failed')).toBe('acquisition.ad_daily failed.');
});

it('lists in a sentence', () => {
  expect(format.sentenceList([])).toBe('');
  expect(format.sentenceList(['a'])).toBe('a');
  expect(format.sentenceList(['a', 'b', 'c'])).toBe('a, b and c');
});
