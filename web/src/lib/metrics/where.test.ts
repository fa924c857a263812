import { describe, expect, it } from 'vitest';
import { narrowed, readWhere, setFilter, whereText, type Filter } from './where';

describe('filters as text', () => {
  const rows: [string, Filter[]][] = [
    ["country = 'DE'", [{ dimension: 'country', values: ['DE'], not: false }]],
    ["channel IN ('email', 'O''Neill')", [{ dimension: 'channel', values: ['email', "O'Neill"], not: false }]],
    ['campaign IS NULL', [{ dimension: 'campaign', values: [null], not: false }]],
    ["(channel = 'email' OR channel IS NULL)", [{ dimension: 'channel', values: ['email', null], not: false }]],
    ["(channel <> 'email' OR channel IS NULL)", [{ dimension: 'channel', values: ['email'], not: true }]],
    ["(channel NOT IN ('a', 'b') AND channel IS NOT NULL)", [{ dimension: 'channel', values: ['a', 'b', null], not: true }]],
    ['channel IS NOT NULL', [{ dimension: 'channel', values: [null], not: true }]],
    ["country = 'DE' AND campaign__name IN ('x', 'AND ''y'' OR')", [
      { dimension: 'country', values: ['DE'], not: false },
      { dimension: 'campaign__name', values: ['x', "AND 'y' OR"], not: false },
    ]],
  ];
  for (const [text, filters] of rows) {
    it(`reads and writes ${text}`, () => {
      expect(readWhere(text)).toEqual({ filters, rest: '' });
      expect(whereText({ filters, rest: '' })).toBe(text);
    });
  }
  it('keeps what is more than clicks as it was written', () => {
    for (const text of ["country LIKE 'D%'", "a = 'x' OR b = 'y'", "a = 'x' AND a = 'y'", "a = 'x", 'spend > 5', "(a = 'x' OR b IS NULL)"]) {
      expect(readWhere(text)).toEqual({ filters: [], rest: text });
    }
  });
  it('a click narrows, beside what was written by hand', () => {
    expect(narrowed("country = 'DE'", 'channel', 'email')).toBe("country = 'DE' AND channel = 'email'");
    expect(narrowed("channel IN ('a', 'b')", 'channel', 'b')).toBe("channel = 'b'");
    expect(narrowed("a = 'x' OR b = 'y'", 'channel', 'email')).toBe("channel = 'email' AND (a = 'x' OR b = 'y')");
    expect(whereText(setFilter(readWhere("country = 'DE'"), { dimension: 'country', values: [], not: false }))).toBe('');
  });
});
