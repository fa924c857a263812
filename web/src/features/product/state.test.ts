import { describe, expect, it } from 'vitest';
import type { Column } from '../../lib/types';
import { choosePort, filterColumns, hiddenText, promiseOf, span, tabOf } from './state';

const column = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  type: 'VARCHAR',
  description: null,
  business_name: null,
  classification: null,
  hidden: false,
  key: false,
  required: false,
  ...more,
});

describe('a product page', () => {
  it('finds the port of the address, by its name or with its major, and has one for a wrong name', () => {
    const ports = [
      { ref: 'a.x', name: 'x' },
      { ref: 'a.y', name: 'y' },
      { ref: 'a.y_v2', name: 'y' },
    ];
    expect(choosePort(ports, 'y_v2')?.ref).toBe('a.y_v2');
    expect(choosePort(ports, 'y')?.ref).toBe('a.y');
    expect(choosePort(ports, 'gone')?.ref).toBe('a.x');
    expect(choosePort([], 'x')).toBeUndefined();
    expect(tabOf('nonsense')).toBe('overview');
  });
  it('filters columns by all words, in names and in meanings', () => {
    const list = [column('spend', { description: 'What was paid', classification: 'internal' }), column('email', { classification: 'personal' })];
    expect(filterColumns(list, 'PAID internal').map((c) => c.name)).toEqual(['spend']);
    expect(filterColumns(list, 'personal').map((c) => c.name)).toEqual(['email']);
    expect(filterColumns(list, '')).toHaveLength(2);
  });
  it('says whether the promise is kept, by the newest measure', () => {
    const freshness = [
      { at: '2026-11-02T00:00:00Z', lag_s: 7200 },
      { at: '2026-11-01T00:00:00Z', lag_s: 999999 },
    ];
    expect(promiseOf({ allowed_lag_s: 86400, freshness })).toEqual({ promise: 'Promised: never older than 24 hours.', now: 'The newest data is 2 hours old: kept.', kept: true });
    expect(promiseOf({ allowed_lag_s: 3600, freshness })?.kept).toBe(false);
    expect(promiseOf({ allowed_lag_s: null, freshness })?.kept).toBeNull();
    expect(promiseOf({ allowed_lag_s: 3600, freshness: [] })?.now).toMatch(/^Nothing/);
    expect(span(60)).toBe('1 minute');
    expect(span(86400 * 3)).toBe('3 days');
  });
  it('never shows a personal value, whatever came', () => {
    const text = hiddenText({ columns: [column('email', { hidden: true }), column('spend')] });
    expect(text('email', 'ada@example.org')).toBe('hidden: personal');
    expect(text('spend', null)).toBe('–');
    expect(text('spend', 0)).toBe('0');
  });
});
