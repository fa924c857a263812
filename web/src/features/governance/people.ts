/* People and service tokens in words. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import type { Token, User } from './types';

export function userState(u: Pick<User, 'disabled' | 'locked' | 'has_password' | 'by' | 'seen_at'>): { level: TrustLevel; word: string } {
  if (u.disabled) return { level: 'none', word: 'Disabled' };
  if (u.locked) return { level: 'warn', word: 'Locked for now' };
  if (u.by === 'password' && !u.has_password) return { level: 'warn', word: 'Has not come in yet' };
  return { level: 'ok', word: 'May sign in' };
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
export function tokenState(t: Pick<Token, 'state' | 'expires_at' | 'ended_at'>, now: number): { level: TrustLevel; word: string } {
  if (t.state === 'ended') return { level: 'none', word: 'Revoked' };
  if (t.state === 'expired') return { level: 'none', word: 'Expired' };
  if (t.state === 'ending') return { level: 'warn', word: 'Replaced, ends within the hour' };
  const left = t.expires_at ? Math.ceil((Date.parse(t.expires_at) - now) / DAY_MS) : null;
  if (left !== null && left <= SOON_DAYS) return { level: 'warn', word: left <= 1 ? 'Ends within a day' : `Ends in ${left} days` };
  return { level: 'ok', word: 'Works' };
}

/* 7 people may sign in, 2 of them have not come in yet. */
export function peopleSentence(users: readonly User[]): string {
  if (users.length === 0) return 'Nobody has an account yet.';
  const open = users.filter((u) => !u.disabled);
  const fresh = open.filter((u) => u.by === 'password' && !u.has_password).length;
  const off = users.length - open.length;
  const parts = [`${format.plural(open.length, 'person', 'people')} may sign in`];
  if (fresh > 0) parts.push(`${fresh} of them ${fresh === 1 ? 'has' : 'have'} not come in yet`);
  if (off > 0) parts.push(`${off} ${off === 1 ? 'is' : 'are'} disabled`);
  return `${parts.join(', ')}.`;
}
export function tokensSentence(tokens: readonly Token[], now: number): string {
  const live = tokens.filter((t) => t.state === 'active' || t.state === 'ending');
  if (live.length === 0) return 'No service token works at present.';
  const soon = live.filter((t) => tokenState(t, now).level === 'warn').length;
  return `${format.plural(live.length, 'service token')} ${live.length === 1 ? 'works' : 'work'}${soon > 0 ? `, ${soon} of them ${soon === 1 ? 'ends' : 'end'} soon` : ''}.`;
}

/* ^[a-z0-9]… as a user is called; the server has the last word. */
export function nameProblem(name: string): string {
  if (name.trim() === '') return 'The name is missing.';
  return /[\s:/\\]/.test(name.trim()) ? 'A name has no spaces, colons or slashes.' : '';
}

/* The address to send: whole where the server knows its own, else by where this page is. */
export const linkAddress = (l: { link: string; url: string | null }, origin: string): string => l.url ?? origin + l.link;

export const SPANS = [
  { days: 7, label: 'a week' },
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 180, label: 'half a year' },
  { days: 365, label: 'a year' },
] as const;
