import { describe, expect, it } from 'vitest';
import type { SourceHealth, SourceState } from '../../lib/types';
import { advice, byNeed, bytesText, lagText, loadBars, sourcesSentence, span, volumeText } from './health';

const source = (state: SourceState, more: Partial<SourceHealth> = {}): SourceHealth => ({
  domain: 'acquisition',
  name: 'google_ads',
  title: null,
  pack: null,
  kind: 'files',
  owner: { name: 'Ana Ruiz', contact: 'ana@example.org' },
  state,
  reason: null,
  last_load_at: null,
  lag_s: null,
  allowed_lag_s: null,
  rows: 0,
  rows_quarantined: 0,
  last_rows: null,
  habit_rows: null,
  drift_events: 0,
  data_from: null,
  data_to: null,
  affected: [],
  ...more,
});

describe('words about a source', () => {
  it('says ages as people do', () => {
    expect([30, 3540, 7200, 26 * 3600, 72 * 3600, null].map(span)).toEqual(['1 min', '59 min', '2 h', '26 h', '3 days', '–']);
    expect(lagText(source('late', { lag_s: 144000, allowed_lag_s: 93600 }))).toBe('40 h old, 26 h allowed');
    expect(lagText(source('ok', { lag_s: 3600 }))).toBe('1 h old, no limit declared');
    expect(lagText(source('never'))).toBe('Age not known');
  });
  it('compares with the habit only where there is one', () => {
    expect(volumeText(source('unusual', { last_rows: 110, habit_rows: 1100 }))).toBe('110 rows, 10% of what is usual');
    expect(volumeText(source('ok', { last_rows: 1 }))).toBe('1 row, too few loads to tell a habit');
    expect(volumeText(source('ok', { last_rows: 5, habit_rows: 0 }))).toBe('5 rows, usually none');
  });
  it('puts what needs a look first', () => {
    const order = (['ok', 'never', 'failed', 'unusual', 'late'] as const).map((s) => source(s)).sort(byNeed);
    expect(order.map((s) => s.state)).toEqual(['failed', 'late', 'unusual', 'never', 'ok']);
  });
  it('knows a next step for each state but a calm one', () => {
    for (const s of ['late', 'failed', 'unusual', 'never'] as const) expect(advice(source(s))?.text.length).toBeGreaterThan(20);
    expect(advice(source('late'))?.text).toContain('Ana Ruiz');
    expect(advice(source('late', { owner: null }))?.text).toContain('Name an owner');
    expect(advice(source('unusual', { last_rows: 5, habit_rows: 100, rows_quarantined: 1 }))?.text).toMatch(/Compare/);
    expect(advice(source('unusual', { last_rows: 30, rows_quarantined: 4 }))?.text).toMatch(/reasons below/);
    expect(advice(source('ok'))).toBeNull();
    expect(advice(source('ok', { rows_quarantined: 3 }))?.text).toContain('quarantine');
  });
  it('sums up', () => {
    expect(sourcesSentence([source('ok'), source('ok')])).toEqual({ calm: 'All 2 sources are in order.', trouble: '' });
    expect(sourcesSentence([source('ok'), source('late'), source('failed'), source('late')])).toEqual({ calm: '1 of 4 sources are in order.', trouble: '1 failed and 2 late.' });
  });
  it('draws loads oldest first, against the tallest', () => {
    const load = (at: string, rows: number, quarantined = 0): Parameters<typeof loadBars>[0][number] => ({ stream: 's', path: 'p', at, rows, quarantined, bytes: 1, day_from: null, day_to: null });
    const { bars, habit } = loadBars([load('2026-11-02', 50, 50), load('2026-11-01', 200)], 100);
    expect(bars.map((b) => [b.height, b.bad])).toEqual([
      [1, 0],
      [0.5, 0.25],
    ]);
    expect(habit).toBe(0.5);
    expect(loadBars([], null)).toEqual({ bars: [], habit: null });
  });
  it('says sizes', () => expect([999, 1500, 120_000, 2.5e9].map(bytesText)).toEqual(['999 B', '1.5 kB', '120 kB', '2.5 GB']));
});
