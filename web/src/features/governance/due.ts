/* What is due in governance, each as a tile: one figure, a word about it, and where it leads. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import { tokenState } from './people';
import type { Access, Council, Token, User } from './types';

export interface Due {
  figure: string;
  text: string;
  level: TrustLevel;
  word: string;
}

export interface PrivacyCounts {
  counts: { open: number; running: number; done: number; declined: number; overdue: number };
  requests: { kind: string; state: string; days_left: number }[];
}
export function requestsDue(a: PrivacyCounts): Due {
  const n = a.counts.open + a.counts.running;
  const next = a.requests.filter((r) => r.state === 'open' || r.state === 'running').reduce<number | null>((m, r) => (m === null || r.days_left < m ? r.days_left : m), null);
  if (a.counts.overdue > 0) return { figure: format.exact(n, 'count'), text: `${format.plural(a.counts.overdue, 'is', 'are')} past the day by which the law wants an answer.`, level: 'bad', word: 'Overdue' };
  if (n === 0) return { figure: '0', text: `No one waits for an answer.${a.counts.done > 0 ? ` ${format.plural(a.counts.done, 'request')} done so far.` : ''}`, level: 'ok', word: 'Nothing due' };
  const soon = next !== null && next <= 7;
  return { figure: format.exact(n, 'count'), text: next === null ? 'Each has its due date.' : `The next is due in ${format.plural(next, 'day')}.`, level: soon ? 'warn' : 'ok', word: soon ? 'Due soon' : 'In time' };
}

export function councilDue(c: Council): Due {
  const n = c.waiting.length;
  if (n === 0) return { figure: '0', text: 'No rule is in conflict, no change waits.', level: 'ok', word: 'Nothing waits' };
  const words = (
    [
      ['loosening', 'conflict between rules', 'conflicts between rules'],
      ['breaking', 'breaking change', 'breaking changes'],
      ['classification', 'class in doubt', 'classes in doubt'],
    ] as const
  )
    .map(([kind, one, many]) => [c.waiting.filter((m) => m.kind === kind).length, one, many] as const)
    .filter(([k]) => k > 0)
    .map(([k, one, many]) => format.plural(k, one, many));
  return { figure: format.exact(n, 'count'), text: `${format.sentenceList(words)}.`, level: 'warn', word: 'Waits' };
}

export interface ConsentFigures {
  customers: number;
  built: boolean;
  waiting: number;
  purposes: { purpose: string; title: string | null; granted: number; denied: number; unknown: number; conflicts: number }[];
}
export function consentDue(c: ConsentFigures): Due {
  if (!c.built) return { figure: format.UNKNOWN, text: 'Consent has not been built yet.', level: 'none', word: 'Not built' };
  const shares = c.purposes.filter((p) => p.granted + p.denied > 0).map((p) => `${p.title || p.purpose} ${Math.round((100 * p.granted) / (p.granted + p.denied))}%`);
  const conflicts = c.purposes.reduce((n, p) => n + p.conflicts, 0);
  return {
    figure: format.compact(c.customers, 'count'),
    text: shares.length > 0 ? `customers. Said yes, of those who said anything: ${format.sentenceList(shares.slice(0, 3))}.` : 'customers; nobody has said yes or no to anything.',
    level: conflicts > 0 ? 'warn' : 'ok',
    word: conflicts > 0 ? format.plural(conflicts, 'conflict') : c.waiting > 0 ? `${format.plural(c.waiting, 'statement')} on the way` : 'In force',
  };
}

export interface RetentionState {
  rules: unknown[];
  reports: { at: string; rows: number; problems: string[]; dry_run: boolean }[];
  next_at: string | null;
  holds: number;
}
export function retentionDue(r: RetentionState, now: number): Due {
  const last = r.reports.find((x) => !x.dry_run);
  const holds = r.holds > 0 ? ` ${format.plural(r.holds, 'hold')} in force.` : '';
  if (r.rules.length === 0) return { figure: '0', text: `No rule says how long rows are kept.${holds}`, level: 'none', word: 'No rule' };
  if (!last) return { figure: format.exact(r.rules.length, 'count'), text: `Not carried out yet.${holds}`, level: 'none', word: 'Not run yet' };
  const bad = last.problems.length > 0;
  return { figure: format.exact(r.rules.length, 'count'), text: `Last carried out ${format.ago(last.at, now)}: ${format.plural(last.rows, 'row')}.${holds}`, level: bad ? 'bad' : 'ok', word: bad ? format.plural(last.problems.length, 'problem') : 'Carried out' };
}

export interface AuditState {
  whole: boolean;
  entries: number;
  problem: string | null;
}
export function auditDue(a: AuditState): Due {
  if (!a.whole) return { figure: format.compact(a.entries, 'count'), text: a.problem ?? 'The chain does not hold.', level: 'bad', word: 'Not whole' };
  return { figure: format.compact(a.entries, 'count'), text: 'Checked just now: no entry was changed, cut or put elsewhere.', level: 'ok', word: 'Whole' };
}

export function peopleDue(users: readonly User[]): Due {
  const open = users.filter((u) => !u.disabled);
  const locked = open.filter((u) => u.locked).length;
  const fresh = open.filter((u) => u.by === 'password' && !u.has_password).length;
  if (locked > 0) return { figure: format.exact(open.length, 'count'), text: `${format.plural(locked, 'name')} locked after wrong passwords.`, level: 'warn', word: 'Locked' };
  return { figure: format.exact(open.length, 'count'), text: fresh > 0 ? `${fresh} of them ${fresh === 1 ? 'has' : 'have'} not come in yet.` : 'People who may sign in.', level: 'none', word: open.length === 0 ? 'Nobody yet' : 'May sign in' };
}
export function tokensDue(tokens: readonly Token[], now: number): Due {
  const live = tokens.filter((t) => t.state === 'active' || t.state === 'ending');
  const soon = live.filter((t) => tokenState(t, now).level === 'warn').length;
  return { figure: format.exact(live.length, 'count'), text: soon > 0 ? `${format.plural(soon, 'ends', 'end')} within two weeks.` : 'Keys of programs that work at present.', level: soon > 0 ? 'warn' : 'none', word: soon > 0 ? 'End soon' : live.length === 0 ? 'None' : 'Work' };
}
export function rolesDue(a: Pick<Access, 'roles' | 'total'>): Due {
  return { figure: format.exact(a.roles.length, 'count'), text: `${a.roles.length === 1 ? 'Role sees' : 'Roles see'} ${format.plural(a.total, 'product')}, each in its own form.`, level: 'none', word: a.roles.length === 1 ? 'Only the administrator' : 'Roles' };
}
