/* Rows of a statement of one's own as a panel: which chart suits them, along which column, and what of it a file keeps. Pure. */
import { isNumber, isTime } from '../../lib/query/panel';
import type { ChartKind, PanelSpec, QueryResult } from '../../lib/types';

export interface AskedChart {
  chart: ChartKind;
  /* columns of the rows, by name; null: none */
  x: string | null;
  series: string | null;
}
type Columns = Pick<QueryResult, 'columns'>;

/* A name of its own: two columns that are called the same cannot be told apart by it. */
const once = (c: Columns['columns'], name: string): boolean => c.filter((x) => x.name === name).length === 1;
export const namesOf = (r: Columns): string[] => r.columns.map((c) => c.name).filter((n) => once(r.columns, n));
const numbersOf = (r: Columns, but: readonly (string | null)[]): number[] => r.columns.flatMap((c, i) => (isNumber(c.type) && !but.includes(c.name) ? [i] : []));

/* The charts that rows may take; a table always. */
export function chartsOf(r: Columns): ChartKind[] {
  const names = namesOf(r);
  const drawn = names.some((x) => numbersOf(r, [x]).length > 0);
  return ['table', ...(drawn ? (['line', 'area', 'bar'] as const) : []), ...(numbersOf(r, []).length > 0 ? (['number'] as const) : [])];
}

/* As one writes them: what they go along, perhaps what divides them, then numbers. */
export function proposeAsked(r: Columns, chart: ChartKind): AskedChart {
  if (chart === 'table' || chart === 'number') return { chart, x: null, series: null };
  const names = namesOf(r);
  const typeOf = (n: string): string => r.columns.find((c) => c.name === n)?.type ?? '';
  const words = names.filter((n) => !isNumber(typeOf(n)));
  const x = words.find((n) => isTime(typeOf(n))) ?? words[0] ?? names.find((n) => numbersOf(r, [n]).length > 0) ?? null;
  return { chart, x, series: words.find((n) => n !== x && !isTime(typeOf(n))) ?? null };
}

/* The rows in the order that pictures read: x, series, then the numbers. A string: what is missing, in a sentence. */
export function arranged(a: AskedChart, result: QueryResult): { spec: PanelSpec; result: QueryResult } | string {
  const at = (name: string | null): number => (name === null ? -1 : result.columns.findIndex((c) => c.name === name));
  for (const name of [a.x, a.series]) if (name !== null && at(name) < 0) return `Its rows have no column “${name}” any more.`;
  const numbers = numbersOf(result, [a.x, a.series]);
  if (numbers.length === 0) return 'Its rows hold no number that could be drawn.';
  const order = [...[a.x, a.series].flatMap((n) => (n === null ? [] : [at(n)])), ...numbers];
  const spec: PanelSpec = {
    title: '',
    chart: a.chart,
    port: '',
    x: a.x,
    grain: null,
    series: a.series,
    where: null,
    /* whether they may be added up is known to who wrote the statement alone: so nothing is */
    measures: numbers.map((i) => ({ column: result.columns[i]?.name ?? null, aggregate: 'max' as const, title: result.columns[i]?.name ?? '' })),
  };
  return { spec, result: { ...result, columns: order.map((i) => result.columns[i] as QueryResult['columns'][0]), rows: result.rows.map((r) => order.map((i) => r[i] ?? null)) } };
}
