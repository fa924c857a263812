/* The shapes of journeys that the API answers with (docs/attribution.md, docs/explore.md). */
import type { MetricUnit } from '../metrics/types';
import type { State } from '../types';

export type Level = 'channel' | 'source' | 'campaign' | 'ad_group' | 'ad';
export interface ConversionKind {
  name: string;
  title: string;
  from: string;
  by: string;
  lookback_s: number;
  has_value: boolean;
  /* null: not built yet, or not theirs to see */
  count: number | null;
  newest: string | null;
}
export interface CreditModel {
  name: string;
  title: string;
  kind: 'rule' | 'data';
  about: string;
}
export interface Conversions {
  conversions: ConversionKind[];
  models: CreditModel[];
  default: string;
  levels: Level[];
  paid: string[];
  consent: { purpose: string; touches: 'exclude' | 'keep' } | null;
}

export interface CreditAsk {
  conversion: string;
  models?: string[];
  by?: Level;
  from?: string;
  to?: string;
  lookback?: string;
  intervals?: boolean;
  limit?: number;
  fold?: boolean;
}
export interface Credit {
  conversions: number;
  value: number | null;
  low: number | null;
  high: number | null;
  value_low: number | null;
  value_high: number | null;
  cost_per: number | null;
  return: number | null;
}
export interface CreditRow {
  key: Partial<Record<Level, string | null>>;
  title: string;
  spend: number | null;
  touches: number;
  credits: Record<string, Credit>;
}
export interface Credits {
  conversion: string;
  title: string;
  by: Level;
  from: string;
  to: string;
  lookback_s: number;
  models: { name: string; title: string }[];
  rows: CreditRow[];
  all: number;
  total: { conversions: number; value: number | null; journeys: number; open_journeys: number; untouched: number };
  consent: { touches: number; left_out: number; share: number } | null;
  currency: string;
  ports: string[];
  notes: string[];
  budget: { channel: string; now: number; by_model: Record<string, number> }[];
}
export interface TopPaths {
  from: string;
  to: string;
  paths: { path: string[]; conversions: number; value: number | null; open: number; median_lag_s: number | null }[];
  all: number;
  conversions: number;
  open: number;
}
export interface Lag {
  from: string;
  to: string;
  buckets: { from_s: number; to_s: number | null; conversions: number }[];
  by: { key: string | null; median_s: number; p90_s: number; conversions: number }[];
  conversions: number;
  median_s: number | null;
}
export interface Claimed {
  rows: { platform: string; claimed: number | null; clicked: number; touched: number; credited: number; over_claim: number | null }[];
  from: string;
  to: string;
  conversion: string;
  conversions: number;
  model: string;
  ports: string[];
  notes: string[];
}

/* What every answer about steps says of where it comes from. */
export interface StepSource {
  from: string;
  to: string;
  range_given: boolean;
  data_to: string | null;
  notes: string[];
  ports: { ref: string; state: State; data_to: string | null; built_at: string | null }[];
}
export interface StepKind {
  step: string;
  title: string;
  kind: string;
  count: number;
}
export interface Steps {
  steps: StepKind[];
  dimensions: { name: string; title: string }[];
}
export interface FunnelAsk {
  steps: string[];
  window?: string;
  by?: string;
  from?: string;
  to?: string;
  where?: string;
  reasons?: boolean;
}
export interface FunnelStep {
  step: string;
  title: string;
  kind: string;
  people: number;
  rate: number | null;
  rate_before: number | null;
  median_s: number | null;
  dropped: number;
}
export interface Reason {
  step: number;
  dimension: string;
  title: string;
  value: string | null;
  people: number;
  rate: number;
  others: number;
  share_of_loss: number;
  p: number;
}
export interface Funnel extends StepSource {
  steps: FunnelStep[];
  dimension: string | null;
  by: { key: string | null; rest: boolean; people: number[] }[];
  reasons: Reason[];
  looked_at: number;
  window_s: number;
  unfinished: number;
}
export type CohortGrain = 'day' | 'week' | 'month';
export type CohortKind = 'n_day' | 'unbounded' | 'rolling';
export interface CohortAsk {
  first: string;
  again: string;
  grain?: CohortGrain;
  kind?: CohortKind;
  periods?: number;
  by?: string;
  from?: string;
  to?: string;
}
export interface Cohorts extends Partial<StepSource> {
  first: { step: string; title: string; kind: string };
  again: { step: string; title: string; kind: string };
  grain: CohortGrain;
  kind: CohortKind;
  periods: number;
  cohorts: { cohort: string; size: number; kept: (number | null)[]; whole: number }[];
  all: { size: number; rates: (number | null)[] };
  dimension: string | null;
  by: { key: string | null; rest: boolean; size: number; rates: (number | null)[] }[];
}

export interface Driver {
  dimension: string;
  title: string;
  value: string | null;
  change: number | null;
  /* of the whole change; null where parts do not make up the whole */
  share: number | null;
  before: number | null;
  after: number | null;
  /* of a ratio: what came from the value itself, what from its weight */
  rate: number | null;
  mix: number | null;
}
export interface Annotation {
  day: string;
  until: string | null;
  title: string;
  kind: string;
  ref: string | null;
  href: string | null;
  source: string;
}
export interface Anomaly {
  metric: string;
  title: string;
  unit: MetricUnit;
  day: string;
  value: number | null;
  expected: number | null;
  low: number | null;
  high: number | null;
  kind: 'spike' | 'drop' | 'shift' | string;
  severity: string;
  since: string | null;
  until: string | null;
  returns: boolean;
  drivers: Driver[];
  annotations: Annotation[];
}
export interface Anomalies {
  anomalies: Anomaly[];
  watched: number;
  judged: number;
  false_alarms: { per_year: number; how: string } | null;
  problems: { metric: string; message: string }[];
}
