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

/* ---- lineage ---- */
export type LineageKind = 'domain' | 'source' | 'stream' | 'product' | 'port' | 'metric' | 'dashboard' | 'consumer';
export interface LineageNode {
  /* `kind:ref` */
  id: string;
  ref: string;
  kind: LineageKind;
  label: string;
  domain: string | null;
  product: string | null;
  state: string | null;
  layer: number;
  order: number;
  inside: number;
}
export interface Lineage {
  level: 'domain' | 'product' | 'port';
  focus: string | null;
  nodes: LineageNode[];
  /* `from` and `to` are places in nodes; `columns` 0: not known */
  edges: { from: number; to: number; columns: number }[];
  hidden: number;
}
export interface ColumnLineage {
  column: string;
  nodes: { ref: string; column: string; kind: 'port' | 'stream'; layer: number }[];
  edges: { from: number; to: number }[];
}

/* ---- sources and domains ---- */
export type SourceState = 'ok' | 'late' | 'failed' | 'unusual' | 'never';
export interface SourceHealth {
  domain: string;
  name: string;
  title: string | null;
  pack: string | null;
  kind: string;
  owner: Person | null;
  state: SourceState;
  reason: string | null;
  last_load_at: string | null;
  lag_s: number | null;
  allowed_lag_s: number | null;
  rows: number;
  rows_quarantined: number;
  last_rows: number | null;
  habit_rows: number | null;
  drift_events: number;
  data_from: string | null;
  data_to: string | null;
  affected: { ref: string }[];
}
export interface SourceLoad {
  stream: string;
  path: string;
  at: string;
  rows: number;
  quarantined: number;
  bytes: number;
  day_from: string | null;
  day_to: string | null;
}
export interface SourceWhole extends SourceHealth {
  streams: Stream[];
  loads: SourceLoad[];
}
export interface ReadyStep {
  id: string;
  phase: string;
  title: string;
  done: boolean;
  optional: boolean;
  missing: string | null;
  command: string | null;
  href: string | null;
}
export interface Readiness {
  domain: string;
  done: number;
  all: number;
  steps: ReadyStep[];
  pitfalls: { id: string; title: string; text: string; owner: Person | null }[];
}
export interface DomainWhole {
  name: string;
  title: string | null;
  description: string | null;
  owner: Person | null;
  support: Support | null;
  profile: 'full' | 'light';
  kpis: string[];
  north_star: string | null;
  roles: { role: string; name: string | null; contact: string | null }[];
  raci: { product: string; responsible: string[]; accountable: string[]; consulted: string[]; informed: string[] }[];
  products: DomainProduct[];
  sources: SourceHealth[];
  dashboards: { name: string; title: string | null }[];
  terms: GlossaryTerm[];
  goals: Goal[];
  readiness: Readiness;
  requests: DataRequest[];
}
/* What the lists of a domain need of a catalog item. */
export interface DomainProduct {
  domain: string;
  name: string;
  title: string | null;
  purpose: string | null;
  state: State;
  state_reason: string | null;
  owner: Person | null;
  ports: number;
  built_at: string | null;
  checks: CheckCounts;
}

/* ---- glossary, goals, requests ---- */
export interface GlossaryTerm {
  name: string;
  title: string | null;
  definition: string | null;
  not_this: string | null;
  domain: string | null;
  owner: Person | null;
  synonyms: string[];
  columns: { ref: string; column: string }[];
  metrics: string[];
  status: 'draft' | 'agreed';
  reviewed: string | null;
  clash: boolean;
}
export interface Clash {
  kind: string;
  subject: string;
  why: string;
  claims: { ref: string; text: string | null; owner: Person | null; file: string | null; line: number | null }[];
}
export interface Goal {
  name: string;
  title: string | null;
  question: string | null;
  domain: string | null;
  owner: Person | null;
  unit: 'count' | 'currency' | 'percent' | 'ratio' | 'days';
  direction: 'up' | 'down';
  value: number | null;
  problem: string | null;
  day_from: string | null;
  day_to: string | null;
  baseline: { value: number; from: string | null; to: string | null; frozen: string | null } | null;
  target: { value: number; by: string | null } | null;
  progress: number | null;
  series: { day: string; value: number | null }[];
  products: { ref: string; title: string | null }[];
  port: string | null;
  /* a number that is defined once, and which of its rows are counted */
  metric?: string | null;
  where?: string | null;
  sql: string | null;
  window_days: number;
  north_star: boolean;
}
export type RequestKind = 'product' | 'access' | 'feedback' | 'question';
export type RequestState = 'open' | 'answered' | 'declined' | 'done';
export interface DataRequest {
  id: number;
  kind: RequestKind;
  ref: string | null;
  field: string | null;
  domain: string | null;
  title: string;
  body: string | null;
  asker: string | null;
  state: RequestState;
  asked_at: string;
  age_s: number;
  answer: string | null;
  answered_by: string | null;
  answered_at: string | null;
}

/* ---- targets and names of campaigns ---- */
export interface Pace {
  metric: string;
  platform: string | null;
  campaign_id: string | null;
  currency: string | null;
  from: string;
  to: string;
  target: number;
  actual: number | null;
  expected: number | null;
  projected: number | null;
  days_done: number;
  days_all: number;
  last_day: string | null;
}
export interface Pacing {
  port?: string | null;
  problem?: string | null;
  targets: Pace[];
}
export interface Naming {
  problem?: string | null;
  rules: { name: string; subject: string; example: string | null; message: string | null; severity: string }[];
  total: number;
  items: { rule: string; platform: string | null; id: string | null; name: string | null; problem: string; spend: number | null }[];
}

/* ---- find: home, search, catalog ---- */
export interface HomeDomain {
  name: string;
  title: string | null;
  owner: Person | null;
  products: number;
  ports: number;
  fresh: number;
  stale: number;
  failing: number;
  never_built: number;
  rows_quarantined: number;
  sources_late: number;
  requests_open: number;
  ready_done: number;
  ready_all: number;
}
export interface Change {
  at: string;
  kind: string;
  severity: 'bad' | 'warn' | 'info';
  title: string;
  ref: string | null;
  domain: string | null;
  href: string | null;
  owner: Person | null;
}
export interface Home {
  north_star: Goal | null;
  health: Health & { sources_late: number; requests_open: number };
  domains: HomeDomain[];
  changes: Change[];
  pitfalls: { id: string; title: string; text: string; domain: string | null; owner: Person | null }[];
}
export type HitKind = 'product' | 'port' | 'column' | 'term' | 'goal' | 'dashboard' | 'domain' | 'source' | 'event' | 'metric';
export interface Hit {
  kind: HitKind;
  ref: string;
  title: string;
  text: string | null;
  domain: string | null;
  owner: Person | string | null;
  state: string | null;
  href: string;
  field: string | null;
  via: string | null;
}
export interface SearchAnswer {
  q: string;
  total: number;
  dropped_words: string[];
  results: Hit[];
}
export interface CatalogItem {
  domain: string;
  name: string;
  title: string | null;
  purpose: string | null;
  status: string | null;
  version: string | null;
  owner: Person | null;
  tags: string[];
  state: State;
  state_reason: string | null;
  ports: number;
  built_at: string | null;
  checks: CheckCounts;
  uses: number;
}
export interface Facet {
  value: string;
  title: string | null;
  count: number;
}
export type FacetName = 'domain' | 'state' | 'status' | 'tag' | 'owner';
export interface CatalogAnswer {
  total: number;
  offset: number;
  facets: Record<FacetName, Facet[]>;
  items: CatalogItem[];
  dropped_words?: string[];
}

/* ---- judge: history of a port, rows that fail, the cause ---- */
export interface History {
  runs: { run_id: number; at: string; status: string; rows: number | null; elapsed_ms: number | null; message: string | null }[];
  checks: { run_id: number; at: string; passed: number; warned: number; failed: number; not_evaluated: number }[];
  freshness: { at: string; lag_s: number }[];
  allowed_lag_s: number | null;
}
export interface Failing {
  rule: string | null;
  column: string | null;
  message: string | null;
  refused: boolean;
  check: Check | null;
  why_none: string | null;
  columns: { name: string; type: string }[];
  rows: Cell[][];
  row_count: number;
  truncated: boolean;
}
export interface Why {
  ref: string;
  state: string;
  chain: { ref: string; kind: 'port' | 'stream' | 'source'; state: string; since: string | null; message: string | null; owner: Person | null }[];
}

/* ---- dashboards ---- */
export type Aggregate = 'sum' | 'avg' | 'min' | 'max' | 'count' | 'count_distinct';
export type ChartKind = 'line' | 'bar' | 'area' | 'table' | 'number' | 'stacked' | 'map';
export type PanelKind = 'port' | 'metrics' | 'attribution' | 'funnel' | 'retention' | 'sql';
export type TimeGrain = 'day' | 'week' | 'month';
export interface PanelMeasure {
  column: string | null;
  aggregate: Aggregate;
  title: string;
}
export interface PanelSpec {
  title: string;
  chart: ChartKind;
  port: string;
  x: string | null;
  grain: TimeGrain | null;
  series: string | null;
  where: string | null;
  measures: PanelMeasure[];
}
/* What a panel asks that shows no port: numbers, or journeys. */
export interface MeasuredSpec {
  kind: PanelKind;
  metrics: string[];
  by: string[];
  /* the newest days that have data; 0: 28 */
  days: number;
  compare: string | null;
  conversion: string | null;
  models: string[];
  steps: string[];
  window: string | null;
  first: string | null;
  again: string | null;
  counting: string | null;
}
export interface DashboardPanel extends PanelSpec, MeasuredSpec {
  sql: string | null;
  state: PortSummary | null;
  /* of SQL: the ports that it reads */
  reads: PortSummary[];
}
export interface Dashboard {
  domain: string;
  name: string;
  title: string;
  description: string | null;
  owner: Person | null;
  path: string;
  /* how old a shown figure may be; 0: live */
  refresh_s: number;
  /* another as soon as the file is another one */
  version: string;
  panels: DashboardPanel[];
}

/* ---- changes of the mesh's files ---- */
export interface FileError {
  code: string;
  message: string;
  hint?: string | null;
  file?: string | null;
  line?: number | null;
  col?: number | null;
  /* a draft's: which answer */
  field?: string | null;
}
export interface ChangedFile {
  path: string;
  how: 'new' | 'changed';
  text?: string;
}
export interface EditAnswer {
  patch: string;
  files: ChangedFile[];
  applied: boolean;
  errors: FileError[];
}
export interface DraftAnswer extends EditAnswer {
  ref: string | null;
  href: string | null;
  next: { title: string; command: string | null; href: string | null }[];
}
export interface FileChange {
  kind: 'product' | 'port' | 'column' | 'domain' | 'source' | 'term' | 'goal' | 'dashboard' | 'annotation' | 'identity' | 'role' | 'mask' | 'rows' | 'tier' | 'retention';
  ref: string;
  column?: string;
  field: string;
  value: unknown;
  /* version of the file that the change was made for */
  was?: string;
}

/* ---- own data ---- */
export interface Upload {
  id: string;
  name: string;
  part_bytes: number;
  received: number;
}
export interface FoundColumn {
  name: string;
  title: string | null;
  type: string;
  classification: string | null;
  examples: Cell[];
}
export interface UploadLook {
  format: string;
  compression: string | null;
  sheets: string[];
  sheet: string | null;
  encoding: string | null;
  delimiter: string | null;
  header_row: number | null;
  rows_sampled: number;
  problems: { message: string; hint: string | null }[];
  columns: FoundColumn[];
  rows: Cell[][];
  suggested: { name: string; title: string | null };
}
export interface UploadAdded extends EditAnswer {
  port: string;
  replaced: boolean;
}
export interface Pack {
  name: string;
  title: string;
  summary: string | null;
  kind: 'source' | 'product';
  platform: string | null;
  domain: string | null;
  files: boolean; // it reads landed files, from a folder that is asked for
  own: boolean;
  added: boolean;
}

/* ---- who asks ---- */
export type Right = 'build' | 'approve' | 'administer' | 'reveal' | 'detokenise' | 'consent' | 'privacy' | 'audit';
export interface Me {
  name: string;
  kind: 'local' | 'user' | 'token' | 'preview';
  title: string | null;
  roles: string[];
  /* domains null: of the whole mesh */
  role_words: { name: string; title: string | null; about: string | null }[];
  rights: { right: Right; domains: string[] | null }[];
  /* ports by the highest form in which they are seen, for any purpose */
  sees: Record<Exclude<Tier, 'none'>, number>;
  purposes: string[];
  csrf: string | null;
  expires_at: string | null;
  has_password: boolean;
  session_id: number | null;
}
/* What one may see of one port for one purpose. */
export type Tier = 'raw' | 'masked' | 'aggregated' | 'test' | 'none';
export type Mask = 'redact' | 'null' | 'hash' | 'tokenise' | 'partial' | 'generalise' | 'none';
