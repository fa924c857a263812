/* What privacy says in plain words. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import type { AuditEntry, ConsentPurpose, Look, PrivacyRequest, RequestKind } from './types';

export const KINDS: Record<RequestKind, { label: string; about: string }> = {
  erase: { label: 'Erase', about: 'Everything about the person goes, and does not come back.' },
  access: { label: 'Access', about: 'The person is told what is held about them, why, and who receives it.' },
  export: { label: 'Export', about: 'The person gets what they provided, to take along.' },
  rectify: { label: 'Correct', about: 'Something about the person is wrong; it is mended where it comes from.' },
  object: { label: 'Object', about: 'The person does not want their data used for something; consent is changed.' },
};

export function dueMark(r: PrivacyRequest): { level: TrustLevel; word: string } {
  if (r.state === 'done') return { level: 'ok', word: 'Done' };
  if (r.state === 'declined') return { level: 'none', word: 'Declined' };
  if (r.problem) return { level: 'bad', word: 'Stopped' };
  if (r.overdue || r.days_left < 0) return { level: 'bad', word: `${format.plural(-r.days_left, 'day')} late` };
  if (r.state === 'running') return { level: 'warn', word: 'In work' };
  return { level: r.days_left <= 7 ? 'warn' : 'none', word: r.days_left === 0 ? 'Due today' : `${format.plural(r.days_left, 'day')} left` };
}

export function requestsSentence(counts: { open: number; running: number; overdue: number; done: number } | undefined): string {
  if (!counts) return 'What people ask about their own data, and until when they have to have an answer.';
  const waiting = counts.open + counts.running;
  if (waiting === 0) return `No one waits for an answer. ${format.plural(counts.done, 'request')} done so far.`;
  return `${format.plural(waiting, 'person waits', 'people wait')} for an answer${counts.overdue > 0 ? `, ${counts.overdue} of them past the day by which the law wants one` : ''}.`;
}

const HOW: Record<string, string> = { deleted: 'deleted', anonymised: 'made anonymous', 'built again': 'built again without them', blanked: 'blanked', 'written anew': 'written anew without them', removed: 'removed' };
export function howWord(how: string): string {
  return HOW[how] ?? how;
}
export function lookSentence(l: Look): string {
  if (!l.person.known && l.rows + l.cells === 0) return 'Nobody is known by this identifier, and it stands nowhere.';
  const who = l.person.known ? `One customer with ${format.plural(l.person.identifiers.reduce((n, i) => n + i.count, 0), 'identifier')}` : 'Not a customer that is known; the identifier itself was looked for';
  return `${who}. ${format.plural(l.rows, 'row')} in ${format.plural(l.places.filter((p) => p.rows > 0).length, 'place')}${l.cells > 0 ? `, and ${format.plural(l.cells, 'mention')} in rows of others` : ''}.`;
}

const VERDICTS: Record<string, { level: TrustLevel; word: string }> = {
  ok: { level: 'ok', word: 'Allowed' },
  begun: { level: 'none', word: 'Begun' },
  E_DENIED: { level: 'bad', word: 'Refused' },
  E_UNAUTHENTICATED: { level: 'bad', word: 'Not let in' },
  E_SQL_REFUSED: { level: 'bad', word: 'Refused' },
  E_NOT_FOUND: { level: 'warn', word: 'Not there' },
  E_RATE: { level: 'warn', word: 'Too often' },
  E_TIMEOUT: { level: 'warn', word: 'Too long' },
  E_CANCELLED: { level: 'none', word: 'Stopped' },
};
export function verdictMark(v: string): { level: TrustLevel; word: string } {
  return VERDICTS[v] ?? { level: 'warn', word: 'Failed' };
}
const ACTS: Record<string, string> = {
  read: 'Read',
  reveal: 'Shown in clear',
  export: 'Downloaded',
  change: 'Changed',
  approval: 'Decided',
  sign_in: 'Came in',
  access: 'Answered a request',
  consent: 'Stated consent',
  erasure: 'Erased',
  retention: 'Kept to retention',
  system: 'The program itself',
};
export function actWord(kind: string): string {
  return ACTS[kind] ?? format.sentence(kind);
}
export function whoWord(e: AuditEntry): string {
  return e.roles.length > 0 ? `${e.principal} (${e.roles.join(', ')})` : e.principal;
}
export function costWord(e: AuditEntry): string {
  return `${format.plural(e.rows, 'row')}, ${format.duration(e.elapsed_us / 1000)}`;
}

export function shareOf(p: ConsentPurpose, part: 'granted' | 'denied' | 'unknown'): number {
  const all = p.granted + p.denied + p.unknown;
  return all > 0 ? (100 * p[part]) / all : 0;
}
export function purposeSentence(p: ConsentPurpose, customers: number): string {
  const without = p.default === 'granted' ? 'People who said nothing count as having agreed' : 'People who said nothing count as having said no';
  return `${format.exact(p.counts_as_granted, 'count')} of ${format.exact(customers, 'count')} customers may be used for it. ${without}.`;
}
