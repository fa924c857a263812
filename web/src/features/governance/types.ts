/* The shapes of people, tokens, access, policies and the council (docs/api.md). */
import type { Cell, FileError, Mask, Right, Tier } from '../../lib/types';

export interface User {
  name: string;
  title: string | null;
  roles: string[];
  /* of single sign-on, as it last told */
  groups: string[];
  by: 'password' | 'single_sign_on';
  created_at: string | null;
  seen_at: string | null;
  disabled: boolean;
  locked: boolean;
  has_password: boolean;
  sessions: number;
}
export interface RoleName {
  name: string;
  title: string | null;
}
export interface Users {
  users: User[];
  roles: RoleName[];
}
export interface OneTimeLink {
  link: string;
  url: string | null;
  expires_at: string | null;
}
export interface Token {
  id: number;
  title: string | null;
  begins: string;
  by: string | null;
  roles: string[];
  purposes: string[];
  created_at: string | null;
  expires_at: string | null;
  used_at: string | null;
  ended_at: string | null;
  state: 'active' | 'ending' | 'ended' | 'expired';
}
export interface Tokens {
  tokens: Token[];
  roles: RoleName[];
  purposes: string[];
}
export interface NewToken {
  token: Token;
  secret: string;
  before?: Token;
}
export interface SessionRow {
  id: number;
  created_at: string | null;
  seen_at: string | null;
  expires_at: string | null;
  address: string | null;
  agent: string | null;
  own: boolean;
}

export interface Grant {
  products: string[];
  tier: Tier;
  purposes: string[];
  rows: string | null;
}
export interface Role {
  name: string;
  title: string | null;
  about: string | null;
  groups: string[];
  rights: { right: Right; domains: string[] | null }[];
  grants: Grant[];
  file: string | null;
  line: number | null;
}
export interface RuleAt {
  name: string | null;
  file: string | null;
  line: number | null;
}
export interface AccessPort {
  ref: string;
  columns: number;
  personal_columns: number;
  person_column: string | null;
}
export interface AccessProduct {
  ref: string;
  title: string | null;
  domain: string;
  ports: AccessPort[];
}
export interface MaskedColumn {
  column: string;
  class: string | null;
  mask: Mask;
  to: string | null;
  rule: RuleAt | null;
}
export interface AccessCell {
  role: string;
  /* of the port */
  ref: string;
  purpose: string;
  tier: Tier;
  /* only these rows */
  rows: string | null;
  /* who said no to the purpose is left out */
  consent: boolean;
  /* people in a group, where only sums are shown */
  minimum: number | null;
  why: { what: 'grant' | 'ceiling' | 'rows' | 'consent'; words: string; file: string | null; line: number | null }[];
  masks: MaskedColumn[];
}
export interface Access {
  roles: Role[];
  purposes: { name: string; title: string | null }[];
  purpose: string;
  total: number;
  offset: number;
  products: AccessProduct[];
  cells: AccessCell[];
}
/* Rows as a role gets them. */
export interface AccessPreview {
  ref: string;
  role: string;
  purpose: string;
  tier: Tier;
  columns: { name: string; type: string }[];
  rows: Cell[][];
  row_count: number;
  truncated: boolean;
}

export type RuleKind = 'mask' | 'rows' | 'tier' | 'small_groups' | 'consent' | 'retention' | 'unclassified' | 'approval';
export interface Rule {
  kind: RuleKind;
  name: string | null;
  /* null: of the whole mesh */
  domain: string | null;
  /* null: what holds without a rule */
  file: string | null;
  line: number | null;
  words: string;
  ports: number | null;
  columns: number | null;
  state: 'holds' | 'loosens' | 'approved';
  set: Record<string, unknown>;
}
export interface AccessChange {
  role: string;
  ref: string;
  purpose: string;
  words: string;
}
export interface ChangePreview {
  gains: AccessChange[];
  loses: AccessChange[];
  errors: FileError[];
}

export interface Matter {
  id: string;
  kind: 'loosening' | 'breaking' | 'classification';
  title: string;
  words: string;
  domain: string | null;
  rule: RuleAt | null;
  against: RuleAt | null;
  asked_by: string | null;
  asked_at: string | null;
  needs: number;
  of: Right;
  approved_by: string[];
  may: boolean;
  why_not: string | null;
  decision: 'approve' | 'decline' | null;
  decided_by: string | null;
  decided_at: string | null;
  reason: string | null;
}
export interface Council {
  waiting: Matter[];
  decided: Matter[];
}
