/* The sentence at the top of Home, and what stands in its lists. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import type { Change, Home, HomeDomain } from '../../lib/types';

/* "50 of 54 tables are fresh. 1 is failing, 3 are stale, 1 source is late." */
export function healthSentence(h: Home['health']): string {
  if (h.ports === 0) return 'Nothing is published yet.';
  const is = (n: number, what: string): string | null => (n > 0 ? `${format.exact(n, 'count')} ${n === 1 ? 'is' : 'are'} ${what}` : null);
  const rest = [
    is(h.failing, 'failing'),
    is(h.stale, 'stale'),
    h.never_built > 0 ? `${format.exact(h.never_built, 'count')} ${h.never_built === 1 ? 'was' : 'were'} never built` : null,
    h.sources_late > 0 ? `${format.plural(h.sources_late, 'source')} ${h.sources_late === 1 ? 'is' : 'are'} late` : null,
  ].filter((t): t is string => t !== null);
  const all = h.fresh === h.ports;
  const first = all
    ? h.ports === 1
      ? 'The one table is fresh'
      : `All ${format.exact(h.ports, 'count')} tables are fresh`
    : `${format.exact(h.fresh, 'count')} of ${format.plural(h.ports, 'table')} ${h.fresh === 1 ? 'is' : 'are'} fresh`;
  if (rest.length === 0) return `${first}.`;
  return all ? `${first}, but ${format.sentenceList(rest)}.` : `${first}; ${format.sentenceList(rest)}.`;
}

export const SEVERITY: Record<Change['severity'], { level: TrustLevel; word: string }> = {
  bad: { level: 'bad', word: 'Needs mending' },
  warn: { level: 'warn', word: 'Needs a look' },
  info: { level: 'none', word: 'News' },
};

/* What needs somebody comes first; both parts keep the order of time. */
export function splitChanges(changes: readonly Change[]): { act: Change[]; news: Change[] } {
  return { act: changes.filter((c) => c.severity !== 'info'), news: changes.filter((c) => c.severity === 'info') };
}

export interface Share {
  level: TrustLevel;
  word: string;
  n: number;
}
export function sharesOf(d: Pick<HomeDomain, 'fresh' | 'stale' | 'failing' | 'never_built'>): Share[] {
  return (
    [
      { level: 'ok', word: 'fresh', n: d.fresh },
      { level: 'warn', word: 'stale', n: d.stale },
      { level: 'bad', word: 'failing', n: d.failing },
      { level: 'none', word: 'never built', n: d.never_built },
    ] as Share[]
  ).filter((s) => s.n > 0);
}
