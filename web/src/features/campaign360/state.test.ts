import { describe, expect, it } from 'vitest';
import { DEFAULT_STATE, decodePath, encodePath, periodOf, previousOf, readState, writeState, type DashboardState } from './state';

const full: DashboardState = {
  range: { from: '2026-01-01', to: '2026-01-31' },
  compare: false,
  platforms: ['google_ads', 'tiktok_ads'],
  campaigns: ['google_ads:1:2', 'a:b:c&d=e'],
  asOf: '2026-02-03',
  metric: 'cpa',
  grain: 'week',
  sort: 'roas',
  descending: false,
  open: ['google_ads', 'google_ads/~', 'google_ads/a%2Fb'],
  tables: ['trend'],
  drawer: { panel: 'breakdown', tab: 'sql' },
};

describe('the address', () => {
  it('is plain for what everybody sees first', () => {
    expect(writeState(DEFAULT_STATE).toString()).toBe('');
    expect(readState(new URLSearchParams(''))).toEqual(DEFAULT_STATE);
  });
  it('holds everything', () => {
    const text = writeState(full).toString();
    expect(readState(new URLSearchParams(text))).toEqual(full);
  });
  it.each([
    'range=yesterday',
    'from=2026-02-30&to=2026-03-01',
    'from=2026-03-02&to=2026-03-01',
    'as_of=soon',
    'metric=spend',
    'metric=__proto__',
    'grain=hour',
    'sort=nothing.asc',
    'drawer=kitchen.sink',
    'table=other',
    'platform=&campaign=',
  ])('falls back on %s', (text) => {
    expect(readState(new URLSearchParams(text))).toEqual(DEFAULT_STATE);
  });
});

describe('periods', () => {
  const extent = { first: '2026-01-10', last: '2026-11-21' };
  it('end at the last day with data', () => {
    expect(periodOf('28d', extent)).toEqual({ from: '2026-10-25', to: '2026-11-21' });
    expect(periodOf('all', extent)).toEqual({ from: '2026-01-10', to: '2026-11-21' });
    expect(periodOf({ from: '2026-01-01', to: '2026-01-02' }, extent)).toEqual({ from: '2026-01-01', to: '2026-01-02' });
  });
  it('are compared to as many days before', () => {
    expect(previousOf({ from: '2026-10-25', to: '2026-11-21' })).toEqual({ from: '2026-09-27', to: '2026-10-24' });
  });
});

describe('paths', () => {
  it.each([[['google_ads']], [['a', null, 'c']], [['a/b', '~', '~~', '', '%', 'ü 🎁']]])('%j come back', (path) => {
    expect(decodePath(encodePath(path))).toEqual(path);
  });
  it('tell a missing id from any text', () => {
    expect(encodePath([null])).not.toBe(encodePath(['null']));
    expect(encodePath([''])).not.toBe('');
  });
  it('may be broken', () => expect(decodePath('%E0%A4%A')).toBeNull());
});
