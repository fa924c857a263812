/* The shapes of metrics that the API answers with (docs/metrics.md, docs/explore.md). */
import type { Cell, Person, State } from '../types';

export type MetricUnit = 'count' | 'currency' | 'percent' | 'ratio' | 'days' | 'hours';
export type MetricGrain = 'day' | 'week' | 'month' | 'quarter' | 'year';
export type Compare = 'previous' | 'year';
export type MetricChart = 'line' | 'bar' | 'stacked' | 'table' | 'map' | 'number';

export interface MetricOwner extends Person {
  /* some owners are a team with a title only */
  title?: string | null;
}
export interface Metric {
  name: string;
  ref: string;
  domain: string;
  title: string | null;
  description: string | null;
  type: string;
  unit: MetricUnit;
  direction: 'up' | 'down' | 'none';
  /* its parts make up the whole: no ratio, and no count of different people */
  additive: boolean;
  owner: MetricOwner | null;
  synonyms: string[];
  terms: string[];
  formula: string | null;
  dimensions: string[];
  grains: MetricGrain[];
  ports: string[];
  state: State;
  version: string;
  /* another metric has its name: only domain.name says which */
  ambiguous: boolean;
  file: string | null;
  line: number | null;
}
export interface Dimension {
  name: string;
  title: string | null;
  synonyms: string[];
  type: 'categorical' | 'time' | string;
  models: number;
}
export interface MetricList {
  metrics: Metric[];
  dimensions: Dimension[];
}
export interface MetricModel {
  name: string;
  port: string;
  entities: (string | { name: string; type?: string })[];
  dimensions: (string | { name: string; title?: string | null })[];
  measures: (string | { name: string; agg?: string })[];
}
export interface MetricWhole extends Metric {
  yaml?: string | null;
  parts: string[];
  models: MetricModel[];
  used_by: { kind: string; ref: string; title: string | null }[];
  changes?: { at: string; title: string; who?: string | null }[];
  clashes?: { why?: string | null; ref?: string | null; title?: string | null; owner?: Person | null; file?: string | null; line?: number | null }[];
}

export interface MetricAsk {
  metrics: string[];
  by?: string[];
  grain?: MetricGrain;
  from?: string;
  to?: string;
  where?: string;
  compare?: Compare;
  order?: string;
  limit?: number;
  as_of?: string;
  /* only of what is kept: how the days were chosen, where by name */
  range?: string;
}
export type ColumnRole = 'key' | 'time' | 'value' | 'before' | 'change';
export interface MetricColumn {
  name: string;
  title: string | null;
  type: 'text' | 'date' | 'number';
  role: ColumnRole;
  metric?: string | null;
  unit?: MetricUnit | null;
}
/* A name alone, or with how to reach them. */
export type Named = string | Person | null;
export interface MetricPort {
  ref: string;
  title?: string | null;
  owner?: Named;
  state: State;
  data_to: string | null;
  built_at: string | null;
  checks?: { passed: number; all: number } | null;
  why?: string | (string | { message?: string | null; ref?: string | null })[] | null;
}
export interface MetricAnswer {
  columns: MetricColumn[];
  rows: Cell[][];
  total: Cell[] | null;
  from: string;
  to: string;
  range_said: string | null;
  compare: { from: string; to: string } | null;
  currency: string;
  time_zone: string;
  sql: string;
  ports: MetricPort[];
  definitions: { metric: string; version: string; owner: Named; title: string | null; formula: string | null }[];
  notes: string[];
  truncated: boolean;
}

export type WordAs = 'metric' | 'dimension' | 'grain' | 'range' | 'value' | 'compare' | 'top' | 'order';
export interface Understood {
  /* what was not said is null, and compare "none" */
  ask: { metrics: string[]; by?: string[] | null; grain?: string | null; from?: string | null; to?: string | null; where?: string | null; compare?: string | null; order?: string | null };
  words: { text: string; as: WordAs; ref: string | null; title: string | null }[];
  left: string[];
}
export interface Explained {
  metric: string;
  formula: string | null;
  parts: { metric: string; title: string | null; value: number | string | null; unit?: MetricUnit; formula?: string | null }[];
  sql: string;
  /* `rows_sql`: the rows behind it, where they may be shown one by one */
  legs: { port: string; sql: string; rows?: number | null; rows_sql?: string | null }[];
  ports: MetricPort[];
  changes: { at: string; title: string; kind: string; ref?: string | null }[];
  notes?: string[];
}
export interface SavedView {
  id: number | string;
  title: string;
  ask: MetricAsk;
  chart: MetricChart | null;
  owner: Named;
  mine?: boolean;
  shared: boolean;
  at: string;
}
