/* An answer of metrics as something to draw: which chart suits it, the axis, a series each, what is left out. Pure. */
import { addDays, bucketEnd, bucketOf, eachBucket } from '../dates';
import { numberOf, textOf } from '../query/sql';
import type { Cell } from '../types';
import { titleOf, valueText } from './names';
import type { Metric, MetricAnswer, MetricChart, MetricColumn, MetricGrain, MetricUnit } from './types';

export const SERIES_MAX = 8;
export const BARS_MAX = 24;
const BUCKETS_MAX = 2000;

/* One figure with the one before it. */
export interface Figure {
  metric: string;
  title: string;
  unit: MetricUnit;
  /* places in a row; before −1: not compared */
  value: number;
  before: number;
}
export interface Parts {
  time: number;
  keys: { at: number; name: string; title: string }[];
  figures: Figure[];
}

export function partsOf(columns: readonly MetricColumn[]): Parts {
  const parts: Parts = { time: -1, keys: [], figures: [] };
  columns.forEach((c, i) => {
    if (c.role === 'time') parts.time = i;
    else if (c.role === 'key') parts.keys.push({ at: i, name: c.name, title: titleOf(c) });
    else if (c.role === 'value') parts.figures.push({ metric: c.metric ?? c.name, title: titleOf(c), unit: c.unit ?? 'count', value: i, before: -1 });
    else if (c.role === 'before') {
      const of = parts.figures.findLast((f) => c.metric === undefined || c.metric === null || f.metric === c.metric);
      if (of) of.before = i;
    }
  });
  return parts;
}

/* Where a sum says the truth: parts of it may be put together, or stacked. Different people counted are no such number. */
/* Groups of people that are too small to be shown were left out: a total over the rest is not the whole. */
export const isLeftOut = (answer: Pick<MetricAnswer, 'notes' | 'rows'>): boolean => answer.rows.length > 1 && answer.notes.some((n) => n.includes('are left out'));

export const isAdditive = (m: Pick<Metric, 'additive'> | undefined): boolean => m?.additive === true;

/* The charts that suit an answer, the best first. */
export function chartsFor(answer: Pick<MetricAnswer, 'columns' | 'rows'>, additive: boolean): MetricChart[] {
  const p = partsOf(answer.columns);
  const n = answer.rows.length;
  if (p.figures.length === 0) return ['table'];
  if (p.time >= 0) {
    /* a ratio of several rows is no sum of theirs */
    if (p.keys.length > 1) return additive ? ['table', 'line'] : ['table'];
    return p.keys.length === 1 && additive ? ['line', 'stacked', 'bar', 'table'] : ['line', 'bar', 'table'];
  }
  if (p.keys.length === 0) return ['number', 'table'];
  const first = p.keys[0] as Parts['keys'][0];
  if (p.keys.length === 1) {
    /* the map knows countries by their codes */
    const coded = answer.rows.filter((r) => /^[A-Z]{2}$/.test(textOf(r[first.at]) ?? '')).length;
    const places = /(^|__)country(_code)?$/.test(first.name) && coded * 2 > n ? (['map'] as const) : [];
    if (places.length > 0 && n > 5) return ['map', 'bar', 'table'];
    return n > 2 * BARS_MAX ? ['table', 'bar', ...places] : ['bar', 'table', ...places];
  }
  const firsts = new Set(answer.rows.map((r) => textOf(r[first.at]))).size;
  if (p.keys.length === 2 && firsts <= BARS_MAX && additive) return ['stacked', 'table', 'bar'];
  return p.keys.length === 2 || additive ? ['table', 'bar'] : ['table'];
}

/* Rows that say something. A row of which nothing is known, now or before, is named and not drawn; along time it stays, as a gap. */
export function withFigures(answer: MetricAnswer): { answer: MetricAnswer; without: Cell[][] } {
  const p = partsOf(answer.columns);
  if (p.time >= 0 || p.keys.length === 0) return { answer, without: [] };
  const says = (r: Cell[]): boolean => p.figures.some((f) => numberOf(r[f.value]) !== null || (f.before >= 0 && numberOf(r[f.before]) !== null));
  const rows = answer.rows.filter(says);
  return rows.length === answer.rows.length ? { answer, without: [] } : { answer: { ...answer, rows }, without: answer.rows.filter((r) => !says(r)) };
}

export interface Series {
  /* null: the metric itself, not one value of a dimension */
  key: string | null;
  name: string;
  values: (number | null)[];
  before: (number | null)[] | null;
  /* put together from several */
  rest: boolean;
}
export interface Drawn {
  xs: (string | null)[];
  time: boolean;
  series: Series[];
  /* the dimension along the axis, the dimension of the series */
  x: string | null;
  by: string | null;
  /* first and last bucket that the range cuts */
  partial: { first: boolean; last: boolean };
  /* what the picture leaves out, in sentences */
  left: string;
}

export interface DrawContext {
  grain: MetricGrain | null;
  weekStart: string;
  additive: boolean;
}

const addTo = (list: (number | null)[] | null, i: number, v: number | null): void => {
  if (list && v !== null) list[i] = (list[i] ?? 0) + v;
};

/* The end of a period; a quarter and a year are made of months. */
export function periodEnd(start: string, grain: MetricGrain): string {
  if (grain === 'day' || grain === 'week' || grain === 'month') return bucketEnd(start, grain);
  let end = start;
  for (let k = 0; k < (grain === 'quarter' ? 3 : 12); k++) end = addDays(bucketEnd(end, 'month'), 1);
  return addDays(end, -1);
}

function allPeriods(from: string, to: string, grain: MetricGrain, weekStart: string): string[] {
  if (grain === 'day' || grain === 'week' || grain === 'month') return eachBucket(bucketOf(from, grain, weekStart), to, grain, weekStart);
  const out: string[] = [];
  for (let p = from; p <= to && out.length <= BUCKETS_MAX; p = addDays(periodEnd(p, grain), 1)) out.push(p);
  return out;
}

export function drawFigure(answer: MetricAnswer, figure: Figure, c: DrawContext): Drawn {
  const p = partsOf(answer.columns);
  const notes: string[] = [];
  const time = p.time >= 0;
  const axis = time ? p.time : (p.keys[0]?.at ?? -1);
  const split = time ? p.keys[0] : p.keys[1];
  const xOf = (r: Cell[]): string | null => (axis < 0 ? '' : time ? (textOf(r[axis]) ?? '').slice(0, 10) : textOf(r[axis]));
  let xs = [...new Set(answer.rows.map(xOf))];
  if (time) {
    const known = xs.filter((x): x is string => x !== null && x !== '').sort();
    const first = known[0];
    const last = known.at(-1);
    xs = known;
    if (c.grain && first && last) {
      const all = allPeriods(first, last, c.grain, c.weekStart);
      if (all.length <= BUCKETS_MAX) xs = all;
    }
  }
  const place = new Map(xs.map((x, i) => [x, i]));
  const empty = (): (number | null)[] => xs.map(() => null);
  const compared = figure.before >= 0;
  let series: Series[];
  if (!split) {
    const s: Series = { key: null, name: figure.title, values: empty(), before: compared ? empty() : null, rest: false };
    for (const r of answer.rows) {
      const i = place.get(xOf(r));
      if (i === undefined) continue;
      s.values[i] = numberOf(r[figure.value]);
      if (s.before) s.before[i] = numberOf(r[figure.before]);
    }
    series = [s];
  } else {
    const weight = new Map<string | null, number>();
    for (const r of answer.rows) {
      const k = textOf(r[split.at]);
      weight.set(k, (weight.get(k) ?? 0) + Math.abs(numberOf(r[figure.value]) ?? 0));
    }
    const byWeight = [...weight.keys()].sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0) || ((a ?? '') < (b ?? '') ? -1 : 1));
    const kept = byWeight.length > SERIES_MAX ? byWeight.slice(0, SERIES_MAX - 1) : byWeight;
    const rest = byWeight.length - kept.length;
    if (rest > 0) notes.push(c.additive ? `${rest} more stand together as “Others”.` : `${rest} more are not drawn; the table holds them.`);
    /* by name, so that a series keeps its colour whatever its weight */
    kept.sort((a, b) => ((a ?? '￿') < (b ?? '￿') ? -1 : 1));
    const of = new Map<string | null, Series>(kept.map((k) => [k, { key: k, name: valueText(split.name, k), values: empty(), before: compared ? empty() : null, rest: false }]));
    const others: Series | null = rest > 0 && c.additive ? { key: null, name: 'Others', values: empty(), before: compared ? empty() : null, rest: true } : null;
    for (const r of answer.rows) {
      const i = place.get(xOf(r));
      const s = of.get(textOf(r[split.at])) ?? others;
      if (i === undefined || !s) continue;
      addTo(s.values, i, numberOf(r[figure.value]));
      addTo(s.before, i, compared ? numberOf(r[figure.before]) : null);
    }
    series = [...of.values(), ...(others ? [others] : [])];
    if (p.keys.length > (time ? 1 : 2)) notes.push('The picture puts all values of the last dimensions together; the table tells them apart.');
  }
  if (!time && xs.length > BARS_MAX) {
    notes.push(`The first ${BARS_MAX} of ${xs.length} are drawn; the table holds all.`);
    xs = xs.slice(0, BARS_MAX);
    series = series.map((s) => ({ ...s, values: s.values.slice(0, BARS_MAX), before: s.before?.slice(0, BARS_MAX) ?? null }));
  }
  if (answer.truncated) notes.push(`Only the first ${answer.rows.length} rows came; the CSV holds more.`);
  const first = xs[0];
  const last = xs.at(-1);
  const partial = {
    first: time && c.grain !== null && typeof first === 'string' && answer.from > first,
    last: time && c.grain !== null && typeof last === 'string' && last !== '' && answer.to < periodEnd(last, c.grain),
  };
  return { xs, time, series, x: time ? null : (p.keys[0]?.name ?? null), by: split?.name ?? null, partial, left: notes.join(' ') };
}

/* One short sentence that says what the picture shows, for those who do not see it. */
export function spoken(title: string, d: Drawn, show: (v: number) => string): string {
  const points = d.series.flatMap((s) => s.values.flatMap((v, i) => (v === null ? [] : [{ v, s, x: d.xs[i] ?? null }])));
  if (points.length === 0) return `${title}: no figures.`;
  const most = points.reduce((a, b) => (b.v > a.v ? b : a));
  const where = [d.time ? most.x : d.x ? valueText(d.x, most.x) : null, d.by ? most.s.name : null].filter(Boolean).join(', ');
  const size = d.series.length > 1 ? `${d.series.length} series, ` : '';
  return `${title}: ${size}${d.xs.length} ${d.time ? 'points in time' : d.xs.length === 1 ? 'figure' : 'figures'}; the highest is ${show(most.v)}${where ? `, ${where}` : ''}.`;
}
