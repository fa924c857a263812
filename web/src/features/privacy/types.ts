/* The shapes of consent, requests, retention and the audit log (docs/api.md). */

/* Somebody who was found already: how they are called in a body, and how on the page. */
export interface Whose {
  identifier: string;
  name: string;
}

export interface AuditEntry {
  id: number;
  at: string;
  kind: string;
  principal: string;
  roles: string[];
  purpose: string | null;
  what: string | null;
  sql: string | null;
  verdict: string;
  detail: string | null;
  person: 'this' | 'somebody' | null;
  rows: number;
  bytes: number;
  elapsed_us: number;
  program: boolean;
}
export interface Audit {
  entries: AuditEntry[];
  next: number | null;
  kinds: string[];
}
export interface AuditVerdict {
  whole: boolean;
  problem: string | null;
  first_bad_id: number | null;
  entries: number;
  checkpoints: number;
  blanked: number;
  head: string;
}

export interface PrivacyRequest {
  id: number;
  kind: RequestKind;
  state: 'open' | 'running' | 'done' | 'declined';
  overdue: boolean;
  identifier_kind: string;
  received_at: string;
  due_at: string;
  days_left: number;
  extended: boolean;
  extension_reason: string | null;
  note: string | null;
  asked_by: string;
  asked_at: string;
  anonymise: boolean;
  started_at: string | null;
  closed_at: string | null;
  closed_by: string | null;
  answer: string | null;
  problem: string | null;
  receipt_id: string | null;
}
export type RequestKind = 'erase' | 'access' | 'export' | 'rectify' | 'object';
export interface PrivacyRequests {
  counts: { open: number; running: number; done: number; declined: number; overdue: number };
  requests: PrivacyRequest[];
}
/* Where a person is, and what is done there. */
export interface Look {
  person: { known: boolean; customer_id: string | null; customer_ids: number; identifiers: { kind: string; count: number; shared: number }[]; evidence: number };
  held: { hold: number; reason: string }[];
  places: { place: string; what: string; rows: number; cells: number; how: string }[];
  rows: number;
  cells: number;
  built_again: string[];
  left: { what: string; why: string }[];
  backups: { name: string; at: string; how: string }[];
  receipt_id?: string;
  request?: PrivacyRequest;
}

export interface ConsentPurpose {
  purpose: string;
  title: string | null;
  default: 'granted' | 'denied';
  expires_s: number | null;
  granted: number;
  denied: number;
  expired: number;
  unknown: number;
  conflicts: number;
  counts_as_granted: number;
}
export interface Consent {
  purposes: ConsentPurpose[];
  customers: number;
  built: boolean;
  merge: string;
  waiting: number;
  sources: { purpose: string; source: string; granted: number; denied: number }[];
  days: { day: string; purpose: string; granted: number; denied: number }[];
}
export interface Receipt {
  receipt_id: string;
  at: string;
  identifier_kind: string | null;
  customer_id: string | null;
  purpose: string | null;
  status: string | null;
  before: string | null;
  statements: number;
  products: { ref: string; rows_before: number | null; rows_after: number | null; how: string }[];
  reads: { since: string; questions: number; by: { principal: string; ref: string; at: string; times: number }[] } | null;
  seen_from: string | null;
}
export interface Held {
  purpose: string;
  status: string;
  granted: boolean;
  source: string | null;
  since: string | null;
  expires_at: string | null;
  expired: boolean;
  from: string;
}
export interface Said {
  at: string;
  recorded_at: string | null;
  purpose: string | null;
  status: string;
  system: string;
  source: string | null;
  kind: string | null;
  proof: boolean;
  actor: string | null;
  waiting: boolean;
}
export interface ConsentOf {
  known: boolean;
  customer_id: string | null;
  on: string | null;
  purposes: Held[];
  known_then: Held[] | null;
  held_then: Held[] | null;
  statements: Said[];
}

export interface RetentionRule {
  name: string;
  domain: string | null;
  keep_s: number;
  words: string;
  action: 'delete' | 'anonymise';
  file: string | null;
  line: number | null;
  ports: number;
  streams: number;
}
export interface RetentionReport {
  id: number | null;
  at: string;
  dry_run: boolean;
  by: string;
  rows: number;
  held: number;
  elapsed_ms: number;
  places: { rule: string; ref: string; kind: string; time_column: string | null; before: string; rows: number; held: number; action: string; how: string; why: string | null; oldest: string | null }[];
  problems: string[];
  compacted: boolean;
}
export interface Retention {
  rules: RetentionRule[];
  reports: RetentionReport[];
  next_at: string | null;
  holds: number;
}
export interface Hold {
  id: number;
  kind: 'person' | 'product';
  product: string | null;
  identifier_kind: string | null;
  customer_id: string | null;
  reason: string;
  by: string;
  at: string;
  until: string | null;
  ended_at: string | null;
  ended_by: string | null;
  state: 'holds' | 'ended' | 'expired';
}
