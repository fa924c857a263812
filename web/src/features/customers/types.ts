/* What the server tells of customers. Times of rows are UTC without saying so: words.ts reads them. */
export const HIDDEN = 'hidden: personal';

export interface CustomerRow {
  customer_id: string;
  is_known: boolean;
  first_seen_at: string | null;
  last_seen_at: string | null;
  sessions: number;
  orders: number;
  revenue_reporting: number | null;
  reporting_currency: string | null;
  first_channel_group: string | null;
  country: string | null;
  identifiers: number;
  granted_purposes: string | null;
  denied_purposes: string | null;
  consent_conflict: boolean | null;
}
export interface Customers {
  counts: { customers: number; known: number; buyers: number; revenue: number | null; last_seen_at: string | null }[];
  customers: CustomerRow[];
}

export type Value = string | number | boolean | null;
export interface Trait {
  name: string;
  value: Value;
  rule: string;
  origin: string;
  source: string | null;
  told_at: string | null;
  times_told: number;
}
export interface Sighting {
  kind: string;
  source: string;
  times: number;
  first_seen: string | null;
  last_seen: string | null;
}
export interface ConsentNow {
  purpose: string;
  status: string;
  granted: boolean;
  source: string;
  since: string | null;
  expires_at: string | null;
  conflict: boolean | null;
  policy_version: string | null;
}
export interface Customer {
  customer_id: string;
  redirected_from: string | null;
  redirect_cause: string | null;
  profile: Record<string, Value>[];
  traits: Trait[];
  sightings: Sighting[];
  consent: ConsentNow[];
}

export interface Interaction {
  interaction_id: string;
  occurred_at: string;
  kind: string;
  name: string | null;
  channel_group: string | null;
  campaign_name: string | null;
  page_host: string | null;
  page_path: string | null;
  page_title: string | null;
  order_id: string | null;
  revenue_reporting: number | null;
  device_category: string | null;
  is_bot: boolean | null;
  is_internal: boolean | null;
  source: string | null;
  session_id: string | null;
  begins_session: boolean | null;
}
export interface Timeline {
  timeline: Interaction[];
  kinds: { kind: string; n: number }[];
}

export interface Statement {
  occurred_at: string;
  purpose: string;
  status: string;
  system: string;
  category: string | null;
  policy_version: string | null;
  source: string | null;
}

export interface Evidence {
  evidence: string;
  source: string;
  message_id: string | null;
  first_seen: string | null;
  last_seen: string | null;
  decision_id: number | null;
}
export interface WhyIdentifier {
  ref: string;
  kind: string;
  value: string;
  first_seen: string | null;
  last_seen: string | null;
  evidences: number;
  path?: { by: Evidence | null; identifier: string }[];
}
export interface LeftOut {
  ref: string;
  kind: string;
  value: string;
  reason: string;
  customer_id: string | null;
  by: Evidence;
}
export interface Why {
  customer_id: string;
  retired_id: string | null;
  retired_cause: string | null;
  revealed: boolean;
  evidences: number;
  from: string | null;
  identifiers: WhyIdentifier[];
  left_out: LeftOut[];
}

export interface Largest {
  customer_id: string;
  identifiers: number;
  evidences: number;
  parts?: number;
}
export interface PreviewSide {
  customers: number;
  identifiers: number;
  refused: number;
  largest: Largest[];
}
export interface Preview {
  now: PreviewSide;
  then: PreviewSide;
  merged: number;
  split: number;
  same: number;
  ids_retired: number;
  changed: Largest[];
}
export interface Decision {
  id: number;
  action: 'merge' | 'split';
  at: string;
  by: string;
  reason: string;
  identifiers: number;
  withdrawn_at: string | null;
  withdrawn_by: string | null;
}
export interface LedgerEntry {
  at: string | null;
  action: 'created' | 'merged' | 'refused' | 'split';
  cause: string;
  kind: string | null;
  refused_by: string | null;
  customer_id: string | null;
  other_id: string | null;
  evidence: string;
  seq: number;
  source: string;
  message_id: string | null;
  decision_id: number | null;
  rule: string;
  cursor: string;
}
export interface Ledger {
  total: number;
  entries: LedgerEntry[];
}
export interface RuleKind {
  name: string;
  title: string;
  normalise: string;
  limit: number | null;
  per_s: number | null;
  blocked: number;
  patterns: string[];
}
export interface Rules {
  sha: string;
  kinds: RuleKind[];
  blocked: string[];
  patterns: string[];
  fuzzy: boolean;
}
export interface IdentityState {
  port: string;
  built: boolean;
  customers: number;
  merged: number;
  refused: number;
  split: number;
  retired: number;
  review: number;
  kinds: { kind: string; identifiers: number; left_out: number }[];
  largest: Largest[];
  rules: Rules;
  yaml: string | null;
  decisions: Decision[];
}
export interface Reveal {
  at: string;
  principal: string;
  fields: string;
  reason: string;
}
