/* Targets against what came, in words. Pure. */
import * as format from '../../lib/format';
import { platformName } from '../../lib/platforms';
import type { TrustLevel } from '../../lib/trust';
import type { Pace } from '../../lib/types';

const METRIC_WORD: Record<string, string> = { spend: 'Spend', conversions: 'Conversions', conversions_value: 'Conversion value', clicks: 'Clicks', impressions: 'Impressions' };

export type Phase = 'running' | 'over' | 'ahead_of_us';
export function phaseOf(p: Pace): Phase {
  return p.days_done <= 0 ? 'ahead_of_us' : p.days_done >= p.days_all ? 'over' : 'running';
}

export function amount(p: Pace, n: number | null): string {
  const money = p.metric === 'spend' || p.metric === 'conversions_value';
  const unit = money ? 'money' : p.metric === 'conversions' ? 'decimal' : 'count';
  /* targets are round numbers: cents say nothing from a thousand on */
  if (money && n !== null && Math.abs(n) >= 1000) return `${p.currency ?? ''} ${format.exact(n, 'count')}`.trim();
  return format.withCurrency(format.exact(n, unit), unit, p.currency ?? '').trim();
}

export function titleOf(p: Pace, campaign: string | null): string {
  const what = METRIC_WORD[p.metric] ?? p.metric;
  const where = [p.platform ? platformName(p.platform) : '', p.campaign_id ? (campaign ?? `campaign ${p.campaign_id}`) : ''].filter((t) => t !== '');
  return where.length > 0 ? `${what}, ${where.join(', ')}` : `${what}, everything`;
}

/* How far off the even pace, as a share of it; null where it cannot be said. */
export function offPace(p: Pace): number | null {
  if (p.actual === null || p.expected === null || p.expected === 0) return null;
  return p.actual / p.expected - 1;
}

/* A tenth off is worth a look: too little of anything, and too much of what costs. */
export const NOTICEABLE = 0.1;
export function verdict(p: Pace): { level: TrustLevel; word: string } {
  const phase = phaseOf(p);
  if (phase === 'ahead_of_us') return { level: 'none', word: `Begins ${format.day(p.from)}` };
  const off = offPace(p);
  if (off === null) return { level: 'none', word: 'Not known' };
  const share = `${Math.round(Math.abs(off) * 100)}%`;
  const costs = p.metric === 'spend';
  if (phase === 'over') {
    if (Math.abs(off) < 0.005) return { level: 'ok', word: 'Met' };
    return off < 0 ? { level: costs ? 'none' : 'warn', word: `Ended ${share} under` } : { level: costs && off > NOTICEABLE ? 'warn' : 'ok', word: `Ended ${share} over` };
  }
  if (Math.abs(off) < NOTICEABLE) return { level: 'ok', word: 'On pace' };
  return off < 0 ? { level: 'warn', word: `${share} behind` } : { level: costs ? 'warn' : 'ok', word: `${share} ahead` };
}

export function sentenceOf(p: Pace): string {
  const phase = phaseOf(p);
  if (phase === 'ahead_of_us') return `${amount(p, p.target)} for ${format.dayRange(p.from, p.to)}.`;
  if (p.actual === null) return `${amount(p, p.target)} for ${format.dayRange(p.from, p.to)}; what came is not known.`;
  const done = `${amount(p, p.actual)} of ${amount(p, p.target)} in ${format.exact(p.days_done, 'count')} of ${format.plural(p.days_all, 'day')}`;
  if (phase === 'over' || p.projected === null) return `${done}.`;
  return `${done}; going on like this, ${amount(p, p.projected)} by ${format.day(p.to)}.`;
}

/* What runs now, the furthest off first; then what is over, then what is to come. */
export function inOrder(list: readonly Pace[]): Pace[] {
  const place = (p: Pace): number => ({ running: 0, over: 1, ahead_of_us: 2 })[phaseOf(p)];
  return [...list].sort((a, b) => place(a) - place(b) || (place(a) === 0 ? Math.abs(offPace(b) ?? 0) - Math.abs(offPace(a) ?? 0) : place(a) === 1 ? b.to.localeCompare(a.to) : a.from.localeCompare(b.from)));
}
