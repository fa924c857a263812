/* What the address of Explore holds, and the question it means. Pure. */
import { isDay } from '../../lib/dates';
import { isRange, type RangeName } from '../../lib/metrics/ranges';
import type { Compare, Metric, MetricAsk, MetricChart, MetricGrain, MetricList } from '../../lib/metrics/types';

export interface ExploreState {
  metrics: string[];
  by: string[];
  grain: MetricGrain | null;
  /* null: the newest days that have data */
  range: RangeName | { from: string; to: string } | null;
  where: string;
  compare: Compare | null;
  /* null: it picks itself */
  chart: MetricChart | null;
  order: string | null;
  asOf: string | null;
  /* marks of what happened meanwhile */
  marks: boolean;
}

export const GRAINS: readonly MetricGrain[] = ['day', 'week', 'month', 'quarter', 'year'];
const COMPARES: readonly Compare[] = ['previous', 'year'];
const CHARTS: readonly MetricChart[] = ['line', 'bar', 'stacked', 'table', 'map', 'number'];
const names = (text: string | null): string[] => [...new Set((text ?? '').split(',').map((t) => t.trim()).filter((t) => /^[a-z][a-z0-9_.]*$/.test(t)))];
const oneOf = <T extends string>(v: string | null, all: readonly T[]): T | null => (all as readonly string[]).includes(v ?? '') ? (v as T) : null;

export function readState(q: URLSearchParams): ExploreState {
  const from = q.get('from');
  const to = q.get('to');
  const range = q.get('range');
  const order = q.get('order');
  const asOf = q.get('as_of');
  return {
    metrics: names(q.get('m')),
    by: names(q.get('by')),
    grain: oneOf(q.get('grain'), GRAINS),
    range: isDay(from) && isDay(to) && from <= to ? { from, to } : isRange(range) ? range : null,
    where: q.get('where') ?? '',
    compare: oneOf(q.get('compare'), COMPARES),
    chart: oneOf(q.get('chart'), CHARTS),
    order: order && /^-?[a-z][a-z0-9_.]*$/.test(order) ? order : null,
    asOf: isDay(asOf) ? asOf : null,
    marks: q.get('marks') !== 'off',
  };
}

/* Only what was chosen is written. */
export function writeState(s: ExploreState): string {
  const q = new URLSearchParams();
  if (s.metrics.length > 0) q.set('m', s.metrics.join(','));
  if (s.by.length > 0) q.set('by', s.by.join(','));
  if (s.grain) q.set('grain', s.grain);
  if (s.range && typeof s.range === 'object') {
    q.set('from', s.range.from);
    q.set('to', s.range.to);
  } else if (s.range) q.set('range', s.range);
  if (s.where) q.set('where', s.where);
  if (s.compare) q.set('compare', s.compare);
  if (s.chart) q.set('chart', s.chart);
  if (s.order) q.set('order', s.order);
  if (s.asOf) q.set('as_of', s.asOf);
  if (!s.marks) q.set('marks', 'off');
  /* commas are what holds the names together: they stay as they are */
  const text = q.toString().replace(/%2C/g, ',');
  return text ? `/explore?${text}` : '/explore';
}
export const exploreHref = (s: Partial<ExploreState>): string => writeState({ ...EMPTY, ...s });

export const EMPTY: ExploreState = { metrics: [], by: [], grain: null, range: null, where: '', compare: null, chart: null, order: null, asOf: null, marks: true };

/* `days`: what a range by name means; undefined as long as nobody knows. */
export function askOf(s: ExploreState, days: { from: string; to: string } | null): MetricAsk {
  return {
    metrics: s.metrics,
    ...(s.by.length > 0 ? { by: s.by } : {}),
    ...(s.grain ? { grain: s.grain } : {}),
    ...(days ? { from: days.from, to: days.to } : {}),
    ...(s.where ? { where: s.where } : {}),
    ...(s.compare ? { compare: s.compare } : {}),
    ...(s.order ? { order: s.order } : {}),
    ...(s.asOf ? { as_of: s.asOf } : {}),
  };
}

/* A question that came from elsewhere, such as from plain words or one that was saved. */
export function stateOf(ask: Loose, chart: MetricChart | null = null): ExploreState {
  const from = ask.from ?? null;
  const to = ask.to ?? null;
  return {
    metrics: ask.metrics,
    by: ask.by ?? [],
    grain: oneOf(ask.grain ?? null, GRAINS),
    range: isRange(ask.range ?? null) ? (ask.range as RangeName) : isDay(from) && isDay(to) ? { from, to } : null,
    where: ask.where ?? '',
    compare: oneOf(ask.compare ?? null, COMPARES),
    chart,
    order: ask.order || null,
    asOf: isDay(ask.as_of) ? ask.as_of : null,
    marks: true,
  };
}
/* As a server writes one: what is not asked may be null. */
export interface Loose {
  metrics: string[];
  by?: string[] | null;
  grain?: string | null;
  from?: string | null;
  to?: string | null;
  where?: string | null;
  compare?: string | null;
  order?: string | null;
  as_of?: string | null;
  /* how the days were chosen, where by name */
  range?: string | null;
}

export function findMetric(list: readonly Metric[], name: string): Metric | undefined {
  return list.find((m) => m.ref === name) ?? list.find((m) => m.name === name);
}
/* How a metric stands in the address: by its name alone where that says which. */
export const shortRef = (m: Metric): string => (m.ambiguous ? m.ref : m.name);

/* Dimensions that all of these may be asked by. */
export function sharedDimensions(metrics: readonly Metric[]): string[] {
  const [first, ...others] = metrics;
  return first ? first.dimensions.filter((d) => others.every((m) => m.dimensions.includes(d))) : [];
}
export function sharedGrains(metrics: readonly Metric[]): MetricGrain[] {
  return GRAINS.filter((g) => metrics.every((m) => m.grains.includes(g)));
}

/* What was chosen for others and is not theirs goes. */
export function fitted(s: ExploreState, list: readonly Metric[]): ExploreState {
  const known = s.metrics.flatMap((name) => findMetric(list, name) ?? []);
  if (known.length < s.metrics.length || known.length === 0) return s;
  const dimensions = sharedDimensions(known);
  return { ...s, by: s.by.filter((d) => dimensions.includes(d)), grain: s.grain && sharedGrains(known).includes(s.grain) ? s.grain : null };
}

/* Never a blank page: the first question where nobody asked one. */
export function firstState(list: MetricList, northStar: readonly (string | null)[]): ExploreState | null {
  const usable = list.metrics.filter((m) => m.state !== 'never_built');
  const pick = usable.find((m) => northStar.includes(m.name) || northStar.includes(m.ref)) ?? usable.find((m) => m.name === 'spend') ?? usable[0] ?? list.metrics[0];
  if (!pick) return null;
  if (pick.dimensions.includes('channel')) return { ...EMPTY, metrics: [shortRef(pick)], by: ['channel'], compare: 'previous' };
  return { ...EMPTY, metrics: [shortRef(pick)], grain: pick.grains.includes('day') ? 'day' : (pick.grains[0] ?? null), compare: 'previous' };
}

/* Where a click on a value leads further down, one step at a time. */
const WAYS: readonly (readonly string[])[] = [
  ['channel', 'source', 'campaign', 'ad_group', 'ad'],
  ['platform', 'campaign', 'ad_group', 'ad'],
  ['country', 'region', 'city'],
  ['category', 'product'],
];
const bare = (d: string): string => d.replace(/^.*__/, '').replace(/_name$/, '');
export function nextDimension(d: string, usable: readonly string[]): string | null {
  for (const way of WAYS) {
    const at = way.indexOf(bare(d));
    if (at < 0) continue;
    for (const step of way.slice(at + 1)) {
      const found = usable.find((u) => bare(u) === step);
      if (found) return found;
    }
  }
  return null;
}

/* Ready-made questions; only those whose metric is there. */
export interface Suggestion {
  title: string;
  about: string;
  state: ExploreState;
}
export function suggestions(list: readonly Metric[]): Suggestion[] {
  const of = (names: string[], need: string[]): Metric | undefined => names.flatMap((n) => list.find((m) => m.name === n) ?? []).find((m) => need.every((d) => m.dimensions.includes(d)) && m.state !== 'never_built');
  const out: Suggestion[] = [];
  const cac = of(['true_cac', 'cac'], ['channel']);
  if (cac) out.push({ title: `Compare channels by ${cac.name === 'true_cac' ? 'true CAC' : 'CAC'}`, about: 'Which channel wins a new customer for the least, this month against the one before.', state: { ...EMPTY, metrics: [shortRef(cac)], by: ['channel'], range: 'this_month', compare: 'previous' } });
  const spend = of(['spend', 'ad_spend'], ['channel']) ?? of(['spend', 'ad_spend'], ['platform']);
  if (spend) out.push({ title: 'Where the money went, week by week', about: 'Ad spend over the last 90 days.', state: { ...EMPTY, metrics: [shortRef(spend)], by: [spend.dimensions.includes('channel') ? 'channel' : 'platform'], grain: 'week', range: '90d' } });
  const roas = of(['roas'], ['campaign']) ?? of(['roas'], ['platform']);
  if (roas) out.push({ title: 'What came back per campaign', about: 'Return on ad spend, the last 28 days against the 28 before.', state: { ...EMPTY, metrics: [shortRef(roas)], by: [roas.dimensions.includes('campaign') ? 'campaign' : 'platform'], compare: 'previous' } });
  const rate = of(['conversion_rate'], []);
  if (rate) out.push({ title: 'Do visits become orders?', about: 'Conversion rate by day, against the period before.', state: { ...EMPTY, metrics: [shortRef(rate)], grain: 'day', compare: 'previous' } });
  return out;
}
