/* What a panel of a dashboard asks, as the server writes it for panels of files: x, series, then the measures. And the chart that
 * picks itself from the columns of a port. Pure. */
import type { Aggregate, Cell, Column, DashboardPanel, MeasuredSpec, PanelMeasure, PanelSpec, TimeGrain } from '../types';
import { tableName, type Statement } from './sql';

export const quoted = (name: string): string => `"${name.replace(/"/g, '""')}"`;
export const isTime = (type: string): boolean => /^(DATE|TIMESTAMP)/i.test(type);
export const isNumber = (type: string): boolean => /INT|DECIMAL|NUMERIC|DOUBLE|FLOAT|REAL/i.test(type);

function measureSql(m: PanelMeasure): string {
  const of = m.column ? quoted(m.column) : '*';
  return m.aggregate === 'count_distinct' ? `count(DISTINCT ${of})` : `${m.aggregate}(${of})`;
}

function cutSql(x: string, grain: TimeGrain | null, weekStart: string): string {
  if (!grain) return quoted(x);
  const sunday = grain === 'week' && weekStart === 'sunday';
  return `CAST(date_trunc('${grain}', ${quoted(x)}${sunday ? ' + INTERVAL 1 DAY' : ''}) AS DATE)${sunday ? ' - 1' : ''} AS ${quoted(x)}`;
}

export function panelStatement(p: PanelSpec, weekStart: string, columns: readonly Pick<Column, 'name' | 'type'>[]): Statement {
  const at = p.port.indexOf('.');
  const parts = [
    ...(p.x ? [cutSql(p.x, p.grain, weekStart)] : []),
    ...(p.series ? [quoted(p.series)] : []),
    ...p.measures.map((m) => `${measureSql(m)} AS ${quoted(m.title)}`),
  ];
  const groups = (p.x ? 1 : 0) + (p.series ? 1 : 0);
  const type = columns.find((c) => c.name === p.x)?.type ?? '';
  const along = p.grain !== null || p.chart === 'line' || p.chart === 'area' || isTime(type);
  const by = groups === 2 ? '1, 2' : '1';
  const sql = [
    `SELECT\n  ${parts.join(',\n  ')}`,
    `FROM ${tableName(p.port.slice(0, at), p.port.slice(at + 1))}`,
    ...(p.where ? [`WHERE (${p.where})`] : []),
    ...(groups > 0 ? [`GROUP BY ${by}`, along ? `ORDER BY ${by}` : `ORDER BY ${groups + 1} DESC NULLS LAST, 1`] : []),
  ].join('\n');
  return { sql, params: [] };
}

/* ---- words ---- */
const WORDS: Record<Aggregate, string> = { sum: 'Total', avg: 'Average', min: 'Lowest', max: 'Highest', count: 'Count of', count_distinct: 'Different' };
export const AGGREGATES: { value: Aggregate; label: string }[] = [
  { value: 'sum', label: 'Total' },
  { value: 'avg', label: 'Average' },
  { value: 'min', label: 'Lowest' },
  { value: 'max', label: 'Highest' },
  { value: 'count', label: 'How many' },
  { value: 'count_distinct', label: 'How many different' },
];
export const columnWord = (c: Pick<Column, 'name' | 'business_name'>): string => c.business_name || c.name.replace(/_/g, ' ');

export function measureTitle(aggregate: Aggregate, column: Pick<Column, 'name' | 'business_name'> | null): string {
  if (!column) return 'Rows';
  const word = columnWord(column);
  return aggregate === 'sum' ? word.replace(/^./, (c) => c.toUpperCase()) : `${WORDS[aggregate]} ${word.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())}`;
}

/* How a column may become one number. */
export function aggregatesOf(c: Pick<Column, 'type'> | null): Aggregate[] {
  if (!c) return ['count'];
  if (isNumber(c.type)) return ['sum', 'avg', 'min', 'max', 'count', 'count_distinct'];
  return isTime(c.type) ? ['count', 'count_distinct', 'min', 'max'] : ['count_distinct', 'count'];
}

/* ---- the chart that picks itself ---- */
const ID = /(^|_)(id|key|code|number|no|nr|zip|postcode|year|month|week|lat|lon)s?$/;
const LIKED = /revenue|amount|total|sales|spend|cost|price|value|net|gross|betrag|umsatz/;

export function proposeGrain(from: string | null, to: string | null): TimeGrain {
  if (!from || !to) return 'week';
  const days = (Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86_400_000;
  return days <= 62 ? 'day' : days <= 730 ? 'week' : 'month';
}

export function proposePanel(port: { ref: string; columns: Column[]; data_from: string | null; data_to: string | null }): PanelSpec {
  const open = port.columns.filter((c) => !c.hidden);
  const numbers = open.filter((c) => isNumber(c.type) && !ID.test(c.name) && !c.key);
  /* amounts of several currencies do not add up: their twin in one currency goes first */
  const liked = numbers.filter((c) => LIKED.test(c.name));
  const number = liked.find((c) => c.name.endsWith('_reporting')) ?? liked[0] ?? numbers[0] ?? null;
  const time = open.find((c) => isTime(c.type)) ?? null;
  const word = open.find((c) => !isTime(c.type) && !isNumber(c.type) && !ID.test(c.name) && !c.key) ?? null;
  const measure: PanelMeasure = number
    ? { column: number.name, aggregate: 'sum', title: measureTitle('sum', number) }
    : { column: null, aggregate: 'count', title: 'Rows' };
  const x = time ?? word;
  return {
    title: '',
    chart: time ? 'line' : x ? 'bar' : 'number',
    port: port.ref,
    x: x?.name ?? null,
    grain: time ? proposeGrain(port.data_from, port.data_to) : null,
    series: null,
    where: null,
    measures: [measure],
  };
}

export function panelTitle(p: PanelSpec, columns: readonly Column[]): string {
  const word = (name: string): string => {
    const c = columns.find((k) => k.name === name);
    return (c ? columnWord(c) : name).replace(/^[A-Z](?=[a-z])/, (l) => l.toLowerCase());
  };
  const what = p.measures.map((m) => m.title).join(', ');
  const by = [p.grain ? p.grain : p.x ? word(p.x) : null, p.series ? word(p.series) : null].filter((t): t is string => t !== null);
  return by.length > 0 ? `${what} by ${by.join(' and ')}` : what;
}

/* A filter by clicks, as the text of a condition. */
export function conditionSql(column: string, values: readonly Cell[]): string {
  const literal = (v: Cell): string => (typeof v === 'number' || typeof v === 'boolean' ? String(v) : `'${String(v).replace(/'/g, "''")}'`);
  const some = values.filter((v) => v !== null);
  const list = some.length === 1 ? `${quoted(column)} = ${literal(some[0] as Cell)}` : some.length > 1 ? `${quoted(column)} IN (${some.map(literal).join(', ')})` : '';
  return some.length < values.length ? [list, `${quoted(column)} IS NULL`].filter(Boolean).join(' OR ') : list;
}

/* What a panel of a file holds; names that are not given are left out. `short`: how the file writes the name of a metric. */
export function panelForFile(p: PanelSpec & Partial<MeasuredSpec> & Partial<Pick<DashboardPanel, 'sql'>>, short: (ref: string) => string = (r) => r): Record<string, unknown> {
  if (p.kind === 'sql') return given({ title: p.title, sql: p.sql, chart: p.chart, x: p.x, series: p.series });
  if (p.kind && p.kind !== 'port') return measuredForFile(p, short);
  const out: Record<string, unknown> = { title: p.title, port: p.port, chart: p.chart };
  if (p.x) out.x = p.x;
  if (p.grain) out.grain = p.grain;
  if (p.series) out.series = p.series;
  out.measures = p.measures.map((m) => ({ ...(m.column ? { column: m.column } : {}), aggregate: m.aggregate, title: m.title }));
  if (p.where) out.where = p.where;
  return out;
}

const given = (o: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== null && v !== undefined && v !== 0 && v !== '' && !(Array.isArray(v) && v.length === 0)));
const oneOrMore = (v: readonly string[] | undefined): string | readonly string[] | undefined => (v?.length === 1 ? v[0] : v);

function measuredForFile(p: PanelSpec & Partial<MeasuredSpec>, short: (ref: string) => string): Record<string, unknown> {
  const by = oneOrMore(p.by);
  const of: Partial<Record<string, Record<string, unknown>>> = {
    attribution: given({ conversion: p.conversion, models: p.models, by }),
    funnel: given({ steps: p.steps, window: p.window, by }),
    retention: given({ first: p.first, again: p.again, grain: p.grain, kind: p.counting === 'n_day' ? null : p.counting, by }),
  };
  const own = of[p.kind ?? ''];
  if (own) return { title: p.title, [p.kind as string]: own, chart: p.chart };
  return given({ title: p.title, metrics: p.metrics?.map(short), by, grain: p.grain, chart: p.chart, days: p.days, compare: p.compare, where: p.where });
}
