import { describe, expect, it } from 'vitest';
import * as q from './campaign360';
import { Binder, identifier, tableName, toObjects, type Statement } from './sql';

const scope: q.Scope = {
  domain: 'acquisition',
  period: { from: '2026-10-25', to: '2026-11-21' },
  previous: { from: '2026-09-27', to: '2026-10-24' },
  platforms: [],
  campaigns: [],
};
const NASTY = "x' OR 1=1; DROP TABLE t; --";
const narrow: q.Scope = { ...scope, platforms: ['google_ads', NASTY], campaigns: [`google_ads:1:${NASTY}`] };

const all = (s: q.Scope): [string, Statement][] => [
  ['extent', q.extentStatement(s.domain)],
  ['options', q.campaignOptionsStatement(s)],
  ['figures', q.figuresStatement(s)],
  ['unconverted', q.unconvertedStatement(s)],
  ['trend by day', q.trendStatement(s, 'day', 'monday')],
  ['trend by week', q.trendStatement(s, 'week', 'sunday')],
  ['campaigns', q.campaignsStatement(s)],
  ['platforms', q.childrenStatement(s, [])],
  ['accounts', q.childrenStatement(s, ['google_ads'])],
  ['campaigns of an account', q.childrenStatement(s, ['google_ads', NASTY])],
  ['ads without an ad group', q.childrenStatement(s, ['google_ads', 'a', 'c', null])],
  ['lines', q.sparkStatement(s, ['google_ads', 'a'])],
];

describe('every statement', () => {
  it.each([...all(scope), ...all(narrow), ...all({ ...narrow, previous: null })])('%s binds what it names', (_, s) => {
    const used = new Set([...s.sql.matchAll(/\$(\d+)/g)].map((m) => Number(m[1])));
    expect([...used].sort((a, b) => a - b)).toEqual(s.params.map((_p, i) => i + 1));
  });
  it.each(all(narrow))('%s holds no value in its text', (_, s) => {
    expect(s.sql).not.toContain('DROP');
    expect(s.sql).not.toMatch(/\d{4}-\d{2}-\d{2}/);
  });
  it.each(all(narrow))('%s is one SELECT without comments', (_, s) => {
    expect(s.sql.startsWith('SELECT')).toBe(true);
    expect(s.sql).not.toMatch(/;|--/);
  });
});

describe('names', () => {
  it('come through only in their shape', () => {
    expect(tableName('acquisition', 'ad_daily')).toBe('acquisition.ad_daily');
    for (const bad of ['a.b', 'A', '1a', 'a-b', 'a"b', '', 'a b']) expect(() => identifier(bad)).toThrow();
  });
});

describe('Binder', () => {
  it('gives one place to one value', () => {
    const b = new Binder();
    expect(b.date('2026-01-01')).toBe('CAST($1 AS DATE)');
    expect(b.value('x')).toBe('$2');
    expect(b.date('2026-01-01')).toBe('CAST($1 AS DATE)');
    expect(b.list(['x', 'y'])).toBe('$2, $3');
    expect(b.params).toEqual(['2026-01-01', 'x', 'y']);
  });
});

describe('figures', () => {
  it('read both periods in one scan', () => {
    const s = q.figuresStatement(scope);
    expect(s.params).toEqual(['2026-10-25', '2026-09-27', '2026-11-21']);
    expect(s.sql).toContain('FROM acquisition.campaign_daily');
    expect(s.sql).toContain('sum(conversions_value_reporting) / nullif(sum(spend_reporting), 0) AS roas');
  });
  it('read one without a comparison', () => {
    const s = q.figuresStatement({ ...scope, previous: null });
    expect(s.params).toEqual(['2026-10-25', '2026-11-21']);
    expect(s.sql).toContain("'current' AS period");
  });
});

describe('trend', () => {
  it('moves the period before onto the current one', () => {
    const s = q.trendStatement(scope, 'day', 'monday');
    expect(s.params).toContain(28);
    expect(s.sql).toContain('ELSE date_day + CAST($2 AS INTEGER) END AS shown_day');
  });
  it('starts weeks as the mesh does', () => {
    expect(q.trendStatement(scope, 'week', 'monday').sql).toContain("CAST(date_trunc('week', shown_day) AS DATE) AS bucket");
    expect(q.trendStatement(scope, 'week', 'sunday').sql).toContain("CAST(date_trunc('week', shown_day + 1) AS DATE) - 1 AS bucket");
  });
});

describe('breakdown', () => {
  it('takes each level from its own port', () => {
    const tables = [[], ['p'], ['p', 'a'], ['p', 'a', 'c'], ['p', 'a', 'c', 'g']].map(
      (path) => /FROM acquisition\.(\w+)/.exec(q.childrenStatement(scope, path).sql)?.[1],
    );
    expect(tables).toEqual(['campaign_daily', 'account_daily', 'campaign_daily', 'ad_group_daily', 'ad_daily']);
    expect(() => q.childrenStatement(scope, ['p', 'a', 'c', 'g', 'd'])).toThrow();
  });
  it('takes accounts from the campaigns when campaigns are chosen', () => {
    const s = q.childrenStatement({ ...scope, campaigns: ['p:a:c'] }, ['p']);
    expect(s.sql).toContain('FROM acquisition.campaign_daily');
    expect(s.sql).toContain(q.CAMPAIGN_KEY);
  });
  it('asks for what has no id as such', () => {
    const s = q.childrenStatement(scope, ['p', null]);
    expect(s.sql).toContain('account_id IS NULL');
    expect(s.params).not.toContain(null);
  });
  it('keeps the lines short whatever the range', () => {
    const s = q.sparkStatement({ ...scope, period: { from: '2025-01-01', to: '2025-12-31' } }, []);
    expect(s.params).toContain(Math.ceil(365 / q.SPARK_POINTS));
  });
});

it('names rows by their columns', () => {
  const rows = toObjects({
    columns: [
      { name: 'a', type: 'INTEGER' },
      { name: 'b', type: 'VARCHAR' },
    ],
    rows: [[1, null]],
    row_count: 1,
    truncated: false,
    elapsed_ms: 1,
  });
  expect(rows).toEqual([{ a: 1, b: null }]);
});
