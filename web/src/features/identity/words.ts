/* Rules and the ledger of identity in plain words, and the rules as the file says them. Pure. */
import type { IconName } from '../../components/Icon.svelte';
import * as format from '../../lib/format';
import type { LedgerEntry, RuleKind, Rules } from '../customers/types';
import { kindWord } from '../customers/words';

export const ACTIONS: Record<LedgerEntry['action'], { word: string; icon: IconName; level: 'ok' | 'warn' | 'quiet' }> = {
  created: { word: 'Began', icon: 'plus', level: 'quiet' },
  merged: { word: 'Became one', icon: 'check', level: 'ok' },
  refused: { word: 'Not joined', icon: 'stop', level: 'warn' },
  split: { word: 'Split', icon: 'minus', level: 'warn' },
};

/* What stands between the two customers, and behind them. */
export function entrySentence(e: Pick<LedgerEntry, 'action' | 'cause' | 'kind' | 'refused_by' | 'decision_id'>): { between: string; cause: string } {
  const between = e.action === 'merged' ? 'took in' : e.action === 'split' ? 'from' : 'and';
  if (e.decision_id !== null) return { between, cause: `because somebody decided so (decision ${e.decision_id}).` };
  if (e.action === 'refused') {
    const by = e.refused_by ? kindWord(e.refused_by).toLowerCase() : 'an identifier';
    const left = e.kind ? `${kindWord(e.kind)} was left out` : 'One identifier was left out';
    return { between, cause: `${left}: a customer may not have one more ${by}.` };
  }
  if (e.action === 'created') return { between, cause: 'with the first identifier that was seen.' };
  return { between, cause: 'because one call or record named identifiers of both.' };
}

const SPANS: [number, string][] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];
export function span(seconds: number): string {
  for (const [size, word] of SPANS) if (seconds % size === 0) return seconds === size ? `one ${word}` : `${seconds / size} ${word}s`;
  return `${seconds} seconds`;
}

/* At most 5 of them within 7 days: one more is not joined. */
export function limitSentence(k: RuleKind): string {
  if (k.limit === null) return 'Any number of them.';
  const many = k.limit === 1 ? 'One for each customer' : `At most ${k.limit} for each customer`;
  return `${many}${k.per_s === null ? '' : ` within ${span(k.per_s)}`}.`;
}
const NORMALISED: Record<string, string> = {
  email: 'compared as an address: spaces and capitals do not count',
  phone: 'compared by its digits, with the country',
  lower: 'capitals do not count',
  digits: 'only digits count',
};
export const normalisedWord = (n: string): string => NORMALISED[n] ?? '';

/* A rule set as its file would say it, where there is no file. */
export function yamlOf(r: Rules): string {
  const quote = (s: string): string => JSON.stringify(s);
  const list = (v: string[]): string => `[${v.map(quote).join(', ')}]`;
  const part = (n: number): string => (n % 86_400 === 0 ? `${n / 86_400}d` : n % 3600 === 0 ? `${n / 3600}h` : `${n}s`);
  const kinds = r.kinds.map((k) => {
    const members = [`name: ${k.name}`];
    if (k.limit !== null) members.push(`limit: ${k.limit}`);
    if (k.per_s !== null) members.push(`per: ${part(k.per_s)}`);
    if (k.normalise !== 'none') members.push(`normalise: ${k.normalise}`);
    return `  - {${members.join(', ')}}`;
  });
  return `kinds:\n${kinds.join('\n')}\nblocked: {values: ${list(r.blocked)}, patterns: ${list(r.patterns)}}\n`;
}

/* 12 customers out of 31 identifiers: 2.6 for each. */
export function shareSentence(customers: number, identifiers: number): string {
  if (customers === 0) return '';
  return `${format.exact(identifiers / customers, 'decimal')} for each`;
}

/* ---- records that are alike ---- */

export interface ReviewField {
  field: string;
  a: string | null;
  b: string | null;
  words: string;
  agrees: 'yes' | 'nearly' | 'no' | 'unknown';
}
export interface ReviewPair {
  id: string;
  a: string;
  b: string;
  probability: number;
  state: string;
  fields: ReviewField[];
}
export interface Review {
  on: boolean;
  revealed: boolean;
  link: number;
  review: number;
  records: number;
  compared: number;
  passed_over: number;
  waiting: number;
  linked: number;
  same: number;
  different: number;
  pairs: ReviewPair[];
}
export const AGREES: Record<ReviewField['agrees'], { word: string; icon: IconName; level: 'ok' | 'warn' | 'bad' | 'none' }> = {
  yes: { word: 'Yes', icon: 'check', level: 'ok' },
  nearly: { word: 'Nearly', icon: 'minus', level: 'warn' },
  no: { word: 'No', icon: 'close', level: 'bad' },
  unknown: { word: 'Not known', icon: 'dash', level: 'none' },
};
/* hubspot:21 is record 21 of hubspot */
export function recordName(key: string): string {
  const at = key.indexOf(':');
  return at > 0 ? `Record ${key.slice(at + 1)} of ${key.slice(0, at).replace(/_/g, ' ')}` : `Record ${key}`;
}
