/* Rows of a panel as lines and bars: x along the axis, a series each, what is too many put together. Pure. */
import { bucketOf, eachBucket } from '../../lib/dates';
import { numberOf } from '../../lib/query/sql';
import type { Cell, PanelSpec, QueryResult } from '../../lib/types';

export const SERIES_MAX = 8;
export const BARS_MAX = 24;
const BUCKETS_MAX = 2000;
export const OTHERS = 'Others';

export interface Drawn {
  xs: string[];
  series: { name: string; values: (number | null)[] }[];
  /* along the axis of time */
  time: boolean;
  /* what the picture leaves out, in a sentence; empty: nothing */
  left: string;
}

const asText = (v: Cell | undefined): string => (v === null || v === undefined || v === '' ? '–' : String(v));

export function draw(p: PanelSpec, result: QueryResult, time: boolean, weekStart: string): Drawn {
  const at = { x: p.x ? 0 : -1, series: p.series ? (p.x ? 1 : 0) : -1 };
  const first = (p.x ? 1 : 0) + (p.series ? 1 : 0);
  const notes: string[] = [];
  const rows = result.rows;
  let xs = [...new Set(rows.map((r) => (at.x < 0 ? '' : time ? asText(r[0]).slice(0, p.grain ? 10 : 19) : asText(r[0]))))];
  if (time) xs = filled(xs.filter((x) => x !== '–').sort(), p, weekStart);
  const place = new Map(xs.map((x, i) => [x, i]));
  const placeOf = (r: Cell[]): number | undefined => place.get(at.x < 0 ? '' : time ? asText(r[0]).slice(0, p.grain ? 10 : 19) : asText(r[0]));

  let series: Drawn['series'];
  if (at.series < 0) {
    series = p.measures.map((m, k) => {
      const values: (number | null)[] = xs.map(() => null);
      for (const r of rows) {
        const i = placeOf(r);
        if (i !== undefined) values[i] = numberOf(r[first + k]);
      }
      return { name: m.title, values };
    });
  } else {
    if (p.measures.length > 1) notes.push(`The picture shows ${p.measures[0]?.title}; the table holds all numbers.`);
    const total = new Map<string, number>();
    for (const r of rows) total.set(asText(r[at.series]), (total.get(asText(r[at.series])) ?? 0) + Math.abs(numberOf(r[first]) ?? 0));
    const byWeight = [...total.keys()].sort((a, b) => (total.get(b) ?? 0) - (total.get(a) ?? 0) || (a < b ? -1 : 1));
    const kept = byWeight.length > SERIES_MAX ? byWeight.slice(0, SERIES_MAX - 1) : byWeight;
    const additive = ['sum', 'count'].includes(p.measures[0]?.aggregate ?? '');
    const rest = byWeight.length - kept.length;
    if (rest > 0) notes.push(additive ? `${rest} more stand together as “${OTHERS}”.` : `${rest} more are not drawn; the table holds them.`);
    /* by name, so that a series keeps its colour whatever its weight */
    const names = [...kept.sort(), ...(rest > 0 && additive ? [OTHERS] : [])];
    const values = new Map(names.map((n) => [n, xs.map((): number | null => null)]));
    for (const r of rows) {
      const own = asText(r[at.series]);
      const i = placeOf(r);
      const v = numberOf(r[first]);
      const into = values.get(kept.includes(own) ? own : OTHERS);
      if (into && i !== undefined && v !== null) into[i] = (into[i] ?? 0) + v;
    }
    series = names.map((name) => ({ name, values: values.get(name) ?? [] }));
  }
  if (!time && xs.length > BARS_MAX) {
    notes.push(`The first ${BARS_MAX} of ${xs.length} are drawn; the table holds all.`);
    xs = xs.slice(0, BARS_MAX);
    series = series.map((s) => ({ ...s, values: s.values.slice(0, BARS_MAX) }));
  }
  if (result.truncated) notes.push(`Only the first ${result.row_count} rows were read.`);
  return { xs, series, time, left: notes.join(' ') };
}

/* Days without rows are gaps of the line, not neighbours. */
function filled(xs: string[], p: PanelSpec, weekStart: string): string[] {
  const from = xs[0];
  const to = xs.at(-1);
  if (!p.grain || !from || !to) return xs;
  const all = eachBucket(bucketOf(from, p.grain, weekStart), to, p.grain, weekStart);
  return all.length <= BUCKETS_MAX ? all : xs;
}

/* One short sentence that says what the picture shows, for those who do not see it. */
export function spoken(title: string, d: Drawn, show: (v: number) => string): string {
  const lead = d.series[0];
  const known = lead?.values.flatMap((v, i) => (v === null ? [] : [{ v, x: d.xs[i] ?? '' }])) ?? [];
  if (!lead || known.length === 0) return `${title}: no rows.`;
  const most = known.reduce((a, b) => (b.v > a.v ? b : a));
  return `${title}: ${d.series.length === 1 ? '' : `${d.series.length} series, `}${d.xs.length} points; ${lead.name} is highest at ${most.x} with ${show(most.v)}.`;
}
