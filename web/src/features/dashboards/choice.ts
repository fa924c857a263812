/* The chart that the address means: what was chosen, and what picks itself where nothing was. Pure. */
import { aggregatesOf, isTime, proposeGrain, proposePanel } from '../../lib/query/panel';
import type { Aggregate, ChartKind, Port, TimeGrain } from '../../lib/types';

export interface ChartChoice {
  measure: string | null;
  aggregate: Aggregate;
  x: string | null;
  grain: TimeGrain;
  series: string | null;
  chart: ChartKind;
  only: string | null;
  values: string[];
}
type Known = Pick<Port, 'ref' | 'columns' | 'data_from' | 'data_to'>;

const CHARTS: readonly string[] = ['line', 'bar', 'area', 'table', 'number'];
const GRAINS: readonly string[] = ['day', 'week', 'month'];
const NONE = '-';

export function readChoice(q: URLSearchParams, port: Known): ChartChoice {
  const own = proposePanel(port);
  const open = port.columns.filter((c) => !c.hidden);
  const named = (key: string, otherwise: string | null): string | null => {
    const v = q.get(key);
    if (v === NONE) return null;
    return v !== null && open.some((c) => c.name === v) ? v : otherwise;
  };
  const measure = named('of', own.measures[0]?.column ?? null);
  const column = open.find((c) => c.name === measure) ?? null;
  const allowed = aggregatesOf(column);
  const x = named('by', own.x);
  const time = isTime(open.find((c) => c.name === x)?.type ?? '');
  const chart = q.get('chart');
  const aggregate = q.get('how') as Aggregate | null;
  const grain = q.get('each');
  const only = named('only', null);
  const series = named('split', null);
  const fits = chart !== null && CHARTS.includes(chart) && (x !== null || chart === 'table' || chart === 'number');
  return {
    measure,
    aggregate: aggregate && allowed.includes(aggregate) ? aggregate : (allowed[0] as Aggregate),
    x,
    grain: grain !== null && GRAINS.includes(grain) ? (grain as TimeGrain) : (own.grain ?? proposeGrain(port.data_from, port.data_to)),
    series: series === x ? null : series,
    chart: fits ? (chart as ChartKind) : x === null ? 'number' : time ? 'line' : 'bar',
    only,
    values: only ? q.getAll('is') : [],
  };
}

/* What the address is to hold; null: left out, since it picks itself. Values are several, so they go as one text. */
export function writeChoice(c: ChartChoice, port: Known): Record<string, string | string[] | null> {
  const own = proposePanel(port);
  const keep = (v: string | null, otherwise: string | null): string | null => (v === otherwise ? null : (v ?? NONE));
  return {
    of: keep(c.measure, own.measures[0]?.column ?? null),
    how: c.aggregate,
    by: keep(c.x, own.x),
    each: c.grain,
    split: c.series,
    chart: c.chart,
    only: c.only,
    is: c.only ? c.values : null,
  };
}
