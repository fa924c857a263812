/* Requests in words, the form's address, and who will answer. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import type { DataRequest, Mesh, Person, RequestKind, RequestState } from '../../lib/types';

export const KINDS: { value: RequestKind; label: string; ask: string; hint: string }[] = [
  { value: 'product', label: 'A product', ask: 'Ask for a product', hint: 'What do you want to find out, and how often? What would you do with the answer?' },
  { value: 'access', label: 'Access', ask: 'Ask for access', hint: 'What do you need to see, and for which purpose?' },
  { value: 'question', label: 'A question', ask: 'Ask a question', hint: 'What is unclear?' },
  { value: 'feedback', label: 'Feedback', ask: 'Give feedback', hint: 'What is wrong or missing, and what did you expect?' },
];
export const KIND_WORD: Record<RequestKind, string> = { product: 'Product', access: 'Access', question: 'Question', feedback: 'Feedback' };
export const STATE_WORD: Record<RequestState, string> = { open: 'Open', answered: 'Answered', declined: 'Declined', done: 'Done' };

/* An open one is nobody's fault at first; after a week it waits too long. */
export const LONG_S = 7 * 86_400;
export function requestLevel(r: Pick<DataRequest, 'state' | 'age_s'>): TrustLevel {
  if (r.state === 'open') return r.age_s > LONG_S ? 'warn' : 'none';
  return r.state === 'declined' ? 'none' : 'ok';
}

/* "waits 3 days", "asked 3 days ago" */
export function age(seconds: number): string {
  const hours = seconds / 3600;
  if (hours < 1) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (hours < 36) return `${Math.round(hours)} h`;
  return `${Math.round(hours / 24)} days`;
}

export interface Draft {
  kind: RequestKind;
  title: string;
  body: string;
  ref: string;
  field: string;
  domain: string;
}
export const TITLE_MAX = 200;
export const BODY_MAX = 4000;

export function readDraft(q: URLSearchParams): Draft | null {
  const kind = KINDS.find((k) => k.value === q.get('new'))?.value;
  if (!kind) return null;
  const get = (name: string): string => q.get(name) ?? '';
  return { kind, title: get('title').slice(0, TITLE_MAX), body: get('body').slice(0, BODY_MAX), ref: get('ref'), field: get('field'), domain: get('domain') };
}

const bytes = (text: string): number => new TextEncoder().encode(text.trim()).length;

/* What is missing before it can be sent; null: nothing. */
export function draftProblem(d: Draft): string | null {
  if (d.title.trim() === '') return 'Say in a few words what you ask for.';
  if (bytes(d.title) > TITLE_MAX) return 'That is too long for one line: put the rest below it.';
  if (bytes(d.body) > BODY_MAX) return `The text is ${bytes(d.body) - BODY_MAX} letters too long.`;
  if (d.ref.trim() !== '' && !/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$/.test(d.ref.trim())) return 'Name what it is about as domain.name, such as acquisition.campaign_daily.';
  if (d.kind === 'access' && d.ref.trim() === '') return 'Name the product or table that you need access to.';
  if (d.kind === 'feedback' && d.ref.trim() === '') return 'Name the product, table or term that it is about.';
  return null;
}

export function draftBody(d: Draft): Record<string, string | null> {
  const text = (v: string): string | null => (v.trim() === '' ? null : v.trim());
  return { kind: d.kind, title: d.title.trim(), body: text(d.body), ref: text(d.ref), field: d.ref.trim() === '' ? null : text(d.field), domain: text(d.domain) };
}

/* The owner of what is asked about; of the shared domain where nothing is named. */
export function whoAnswers(mesh: Pick<Mesh, 'domains'>, ref: string | null, domain: string | null): { person: Person | null; domain: string } {
  const name = domain || (ref ?? '').split('.')[0] || 'shared';
  const found = mesh.domains.find((d) => d.name === name) ?? mesh.domains.find((d) => d.name === 'shared');
  return { person: found?.owner ?? null, domain: found?.name ?? name };
}

/* The page of what a request is about. A field is always of a table; of the rest the name alone does not tell the kind. */
export function aboutHref(mesh: Pick<Mesh, 'domains'>, ref: string, field: string | null): string {
  if (field) return `/ports/${ref.split('.').map(encodeURIComponent).join('/')}`;
  if (!ref.includes('.')) return mesh.domains.some((d) => d.name === ref) ? `/domains/${encodeURIComponent(ref)}` : `/glossary?term=${encodeURIComponent(ref)}`;
  return `/catalog?q=${encodeURIComponent(ref)}`;
}

/* Open ones first, the longest waiting on top; then what was answered last. */
export function inOrder(list: readonly DataRequest[]): DataRequest[] {
  return [...list].sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || (a.state === 'open' ? b.age_s - a.age_s : (b.answered_at ?? '').localeCompare(a.answered_at ?? '')));
}

export function requestsSentence(list: readonly DataRequest[]): string {
  const open = list.filter((r) => r.state === 'open');
  if (list.length === 0) return 'Nobody has asked for anything yet.';
  if (open.length === 0) return list.length === 1 ? 'The one request is answered.' : `All ${format.plural(list.length, 'request')} are answered.`;
  const oldest = Math.max(...open.map((r) => r.age_s));
  return `${format.plural(open.length, 'request')} ${open.length === 1 ? 'waits' : 'wait'} for an answer, the oldest for ${age(oldest)}.`;
}
