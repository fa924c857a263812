/* The shapes that the API answers with (docs/api.md). */

export type State = 'fresh' | 'stale' | 'failing' | 'never_built';
export type Verdict = 'passed' | 'failed' | 'warned' | 'not_evaluated';

export interface Person {
  name: string | null;
  contact: string | null;
}
export interface Support {
  channel: string | null;
  url: string | null;
  tool?: string | null;
}
export interface Health {
  ports: number;
  fresh: number;
  stale: number;
  failing: number;
  never_built: number;
  rows_quarantined: number;
}
export interface Mesh {
  name: string;
  title: string | null;
  version: string;
  time_zone: string;
  reporting_currency: string;
  week_start: string;
  domains: {
    name: string;
    title: string | null;
    description: string | null;
    owner: Person | null;
    support: Support | null;
    north_star: string | null;
  }[];
  health: Health;
  running?: number | null;
  declaration_errors?: { message: string; file: string | null; line: number | null; col: number | null; hint?: string | null }[];
}
export interface CheckCounts {
  passed: number;
  warned: number;
  failed: number;
  not_evaluated: number;
}
export interface PortSummary {
  domain: string;
  product: string;
  name: string;
  ref: string;
  version: string;
  major: number;
  description: string | null;
  materialization: string;
  state: State;
  state_reason: string | null;
  stale_cause: { ref: string; message: string } | null;
  built_at: string | null;
  rows: number | null;
  data_from: string | null;
  data_to: string | null;
  checks: CheckCounts;
}
export interface Column {
  name: string;
  type: string;
  description: string | null;
  business_name: string | null;
  classification: string | null;
  hidden: boolean;
  key: boolean;
  required: boolean;
}
export interface Check {
  rule: string;
  column: string | null;
  metric?: string | null;
  dimension?: string | null;
  severity: string | null;
  verdict: Verdict;
  measured: string | number | null;
  expected: string | number | null;
  message: string | null;
  evaluated_at: string | null;
  run_id: number | null;
}
export interface Port extends PortSummary {
  owner: Person | null;
  support: Support[];
  columns: Column[];
  sql: string;
  sql_path: string;
  contract_path: string | null;
  contract_version: string | null;
  upstream: { ref: string; kind: 'port' | 'stream'; state: string }[];
  downstream: { ref: string }[];
  lineage: { column: string; from: { ref: string; column: string }[] }[];
  latest_checks: Check[];
  runs: PortRun[];
}
export interface Product<P extends PortSummary = PortSummary> {
  domain: string;
  name: string;
  title: string | null;
  purpose: string | null;
  limitations: string | null;
  usage: string | null;
  status: string | null;
  version: string | null;
  owner: Person | null;
  support: Support[];
  consumers: string[];
  tags: string[];
  readme: string | null;
  state: State;
  ports: P[];
}
export interface Stream {
  name: string;
  ref: string;
  state: 'loaded' | 'empty' | 'failed' | 'never';
  files: number;
  rows: number;
  rows_quarantined: number;
  last_loaded_at: string | null;
  data_from: string | null;
  data_to: string | null;
  message: string | null;
  quarantine: { reason: string; count: number; first_file: string | null; first_line: number | null }[];
  drift_events: { column: string; change: string; file: string | null; at: string | null }[];
}
export interface Source {
  domain: string;
  name: string;
  title: string | null;
  kind: string;
  pack: string | null;
  path: string;
  currency: string | null;
  drift: string;
  owner: Person | null;
  state: string;
  streams: Stream[];
}
/* What a run did to one port; in a port's own list the run's facts stand beside it. */
export interface PortRun {
  run_id?: number;
  ref?: string;
  status: string;
  rows: number | null;
  elapsed_ms: number | null;
  message: string | null;
  started_at?: string | null;
  finished_at?: string | null;
}
export interface Run {
  run_id: number;
  kind: string;
  started_at: string | null;
  finished_at: string | null;
  status: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';
  trigger: string | null;
  ports_built: number;
  ports_failed: number;
  ports_skipped: number;
  rows: number | null;
  message: string | null;
  ports: PortRun[];
}

export type Cell = string | number | boolean | null;
export interface QueryResult {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  row_count: number;
  truncated: boolean;
  elapsed_ms: number;
}
