/* Rules of policies in words and as forms. Pure. */
import type { FileChange } from '../../lib/types';
import { listOf } from '../edit/patch';
import type { AccessChange, Grant, Role, Rule, RuleKind } from './types';

export const KINDS: { kind: RuleKind; title: string; about: string; one: string }[] = [
  { kind: 'mask', title: 'How personal values are shown', about: 'Where a role sees a product masked, the first rule that fits a column holds; where none does, the value is hidden.', one: 'mask' },
  { kind: 'rows', title: 'Which rows are left out', about: 'Only rows that meet the condition are shown.', one: 'row rule' },
  { kind: 'tier', title: 'The most that anybody sees', about: 'A ceiling: no grant gives more than this.', one: 'ceiling' },
  { kind: 'small_groups', title: 'Small groups', about: 'What may be shown where only sums are.', one: 'limit' },
  { kind: 'consent', title: 'Consent', about: 'Whether rows of people who said no to the purpose are left out.', one: 'rule' },
  { kind: 'retention', title: 'How long rows are kept', about: 'What is older is deleted or made anonymous.', one: 'retention rule' },
  { kind: 'unclassified', title: 'Personal data that nobody classified', about: 'What a plan does about a column that looks personal and has no class.', one: 'rule' },
  { kind: 'approval', title: 'Who has to approve', about: 'How many, with which right, before a change of a kind holds.', one: 'rule' },
];

export const STATE_WORD: Record<Rule['state'], { level: 'ok' | 'warn' | 'bad' | 'none'; word: string }> = {
  holds: { level: 'ok', word: 'Holds' },
  loosens: { level: 'bad', word: 'Loosens, waits for the council' },
  approved: { level: 'warn', word: 'Loosens, approved' },
};

/* ---- forms ---- */
export type EditKind = 'mask' | 'rows' | 'tier' | 'retention';
export const isEditKind = (k: RuleKind): k is EditKind => k === 'mask' || k === 'rows' || k === 'tier' || k === 'retention';
export type FieldForm = 'line' | 'list' | 'mask' | 'to' | 'tier' | 'class' | 'roles' | 'action' | 'purpose' | 'span';
export interface RuleField {
  name: string;
  label: string;
  form: FieldForm;
  hint?: string;
  needed?: boolean;
}
const PRODUCTS: RuleField = { name: 'products', label: 'Products', form: 'list', hint: 'domain.product, domain.* or *; nothing means all. One to a line.' };
const CLASS: RuleField = { name: 'classification', label: 'Class of the columns', form: 'class' };
const ROLES: RuleField = { name: 'roles', label: 'Only for these roles', form: 'roles' };
export const FIELDS: Record<EditKind, RuleField[]> = {
  mask: [
    { name: 'columns', label: 'Columns', form: 'list', hint: 'Names, with * for any text, such as *_email; nothing means all. One to a line.' },
    { name: 'mask', label: 'Shown', form: 'mask', needed: true },
    { name: 'to', label: 'How coarse', form: 'to' },
    PRODUCTS,
    CLASS,
    ROLES,
  ],
  rows: [{ name: 'where', label: 'Only rows where', form: 'line', needed: true, hint: 'A condition over the columns, such as NOT is_internal. It holds for every port that has them.' }, PRODUCTS, ROLES],
  tier: [{ name: 'at_most', label: 'At most', form: 'tier', needed: true }, PRODUCTS, CLASS, ROLES],
  retention: [
    { name: 'keep', label: 'Kept for', form: 'span', needed: true, hint: 'Days, such as 400d.' },
    { name: 'action', label: 'Then', form: 'action' },
    PRODUCTS,
    CLASS,
    { name: 'purpose', label: 'Only what is kept for', form: 'purpose' },
  ],
};

export type Answers = Record<string, string | string[]>;
const isList = (f: RuleField): boolean => f.form === 'list' || f.form === 'roles';
export function answersOf(kind: EditKind, set: Record<string, unknown>): Answers {
  return Object.fromEntries(
    FIELDS[kind].map((f) => {
      const v = set[f.name];
      if (f.form === 'roles') return [f.name, Array.isArray(v) ? v.map(String).filter((r) => r !== '*') : []];
      if (isList(f)) return [f.name, Array.isArray(v) ? v.map(String).join('\n') : ''];
      return [f.name, typeof v === 'string' || typeof v === 'number' ? String(v) : ''];
    }),
  );
}
/* As it will stand in the file; what is left empty is left out. */
export function entryOf(kind: EditKind, name: string, answers: Answers): Record<string, unknown> {
  const entry: Record<string, unknown> = { name };
  for (const f of FIELDS[kind]) {
    const v = answers[f.name];
    if (f.form === 'to' && answers.mask !== 'generalise') continue;
    const list = Array.isArray(v) ? v : f.form === 'list' ? listOf(v ?? '') : null;
    if (list) {
      if (list.length > 0) entry[f.name] = list;
    } else if (typeof v === 'string' && v.trim() !== '') entry[f.name] = v.trim();
  }
  return entry;
}
export function ruleProblem(kind: EditKind, name: string, answers: Answers, domain: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return 'A rule is called by lower-case letters, digits and underscores.';
  for (const f of FIELDS[kind]) if (f.needed && (answers[f.name] ?? '').length === 0) return `“${f.label}” is missing.`;
  if (kind === 'mask' && answers.mask === 'generalise' && !answers.to) return 'Say how coarse the value becomes.';
  if (kind === 'retention' && !/^[1-9][0-9]{0,5}(s|min|m|h|d)$/.test(String(answers.keep))) return 'A span of time is a number and s, min, m, h or d: 400d.';
  if (domain !== '' && listOf(String(answers.products ?? '')).some((p) => !p.startsWith(`${domain}.`))) return `A rule of ${domain} is only about its own products, such as ${domain}.*.`;
  return '';
}
export const ruleRef = (name: string, domain: string): string => (domain === '' ? name : `${domain}.${name}`);
export function ruleChange(kind: EditKind, name: string, domain: string, entry: Record<string, unknown> | null): FileChange {
  return { kind, ref: ruleRef(name, domain), field: 'rule', value: entry };
}
export function grantsChange(role: Pick<Role, 'name'>, grants: readonly Grant[]): FileChange {
  return {
    kind: 'role',
    ref: role.name,
    field: 'grants',
    value: grants.map((g) => ({ products: g.products, tier: g.tier, ...(g.purposes.length > 0 ? { purposes: g.purposes } : {}), ...(g.rows ? { rows: g.rows } : {}) })),
  };
}

export function byRole(changes: readonly AccessChange[]): [string, AccessChange[]][] {
  const groups = new Map<string, AccessChange[]>();
  for (const c of changes) groups.set(c.role, [...(groups.get(c.role) ?? []), c]);
  return [...groups];
}
