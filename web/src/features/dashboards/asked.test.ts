import { describe, expect, it } from 'vitest';
import { panelForFile } from '../../lib/query/panel';
import type { QueryResult } from '../../lib/types';
import { arranged, chartsOf, namesOf, proposeAsked } from './asked';
import { askedPanel } from './keep';
import { blankPanel } from './measured';

const rows = (columns: [string, string][], ...r: QueryResult['rows']): QueryResult => ({ columns: columns.map(([name, type]) => ({ name, type })), rows: r, row_count: r.length, truncated: false, elapsed_ms: 1 });
const spend = rows([['spend', 'DOUBLE'], ['platform', 'VARCHAR'], ['day', 'DATE'], ['clicks', 'BIGINT']], [1.5, 'a', '2026-01-01', 3], [2, 'b', '2026-01-01', 4]);

describe('rows of a statement as a picture', () => {
  it('takes the charts that suit them', () => {
    expect(chartsOf(spend)).toEqual(['table', 'line', 'area', 'bar', 'number']);
    expect(chartsOf(rows([['n', 'BIGINT']]))).toEqual(['table', 'number']);
    expect(chartsOf(rows([['a', 'VARCHAR']]))).toEqual(['table']);
  });
  it('goes along time, divided by what is no number; numbers alone go along the first', () => {
    expect(proposeAsked(spend, 'line')).toEqual({ chart: 'line', x: 'day', series: 'platform' });
    expect(proposeAsked(spend, 'number')).toEqual({ chart: 'number', x: null, series: null });
    expect(proposeAsked(rows([['year', 'BIGINT'], ['n', 'BIGINT']]), 'bar')).toEqual({ chart: 'bar', x: 'year', series: null });
  });
  it('arranges the columns as pictures read them, whatever their order', () => {
    const a = arranged({ chart: 'line', x: 'day', series: 'platform' }, spend);
    if (typeof a === 'string') throw new Error(a);
    expect(a.result.columns.map((c) => c.name)).toEqual(['day', 'platform', 'spend', 'clicks']);
    expect(a.result.rows[1]).toEqual(['2026-01-01', 'b', 2, 4]);
    expect(a.spec.measures.map((m) => m.title)).toEqual(['spend', 'clicks']);
  });
  it('says what is missing', () => {
    expect(arranged({ chart: 'bar', x: 'week', series: null }, spend)).toMatch(/no column “week”/);
    expect(arranged({ chart: 'bar', x: 'a', series: null }, rows([['a', 'VARCHAR']]))).toMatch(/no number/);
  });
  it('does not name a column that there is twice', () => expect(namesOf(rows([['a', 'DATE'], ['a', 'DATE'], ['n', 'BIGINT']]))).toEqual(['n']));
  it('is kept with its statement, and says how it is asked', () => {
    const kept = askedPanel('SELECT 1 FROM a.b', { chart: 'bar', x: 'day', series: null }, 'analytics', 'T');
    expect(kept).toEqual({ panel: { title: 'T', sql: 'SELECT 1 FROM a.b', chart: 'bar', x: 'day' }, lost: '' });
    expect(askedPanel('S', { chart: 'table', x: null, series: null }, 'support', 'T').lost).toMatch(/analytics/);
    expect(panelForFile(blankPanel('sql', { title: 'T', sql: 'S', chart: 'area', x: 'day', series: 'p' }))).toEqual({ title: 'T', sql: 'S', chart: 'area', x: 'day', series: 'p' });
  });
});
