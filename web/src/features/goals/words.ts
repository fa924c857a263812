/* Goals in order and in a sentence. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import type { Goal } from '../../lib/types';

export function inOrder(goals: readonly Goal[]): Goal[] {
  const place = (g: Goal): number => (g.north_star ? 0 : g.problem ? 1 : g.target ? 2 : 3);
  return [...goals].sort((a, b) => place(a) - place(b) || (a.title ?? a.name).localeCompare(b.title ?? b.name));
}

export type Standing = 'reached' | 'under_way' | 'behind' | 'unmeasured' | 'open';

/* `behind` is worse than where it began; the pace is not judged, as few goals move evenly. */
export function standing(g: Goal): Standing {
  if (g.problem || g.value === null) return 'unmeasured';
  if (!g.target) return 'open';
  const better = g.direction === 'down' ? g.value <= g.target.value : g.value >= g.target.value;
  if (better) return 'reached';
  if (g.progress !== null && g.progress < 0) return 'behind';
  return 'under_way';
}

export const STANDING: Record<Standing, { level: TrustLevel; word: string }> = {
  reached: { level: 'ok', word: 'Reached' },
  under_way: { level: 'ok', word: 'On the way' },
  behind: { level: 'warn', word: 'Worse than at the start' },
  unmeasured: { level: 'bad', word: 'Not measured' },
  open: { level: 'none', word: 'No target' },
};

export function goalsSentence(goals: readonly Goal[]): string {
  const count = (s: Standing): number => goals.filter((g) => standing(g) === s).length;
  const parts = (
    [
      ['reached', 'reached'],
      ['under_way', 'on the way'],
      ['behind', 'worse than at the start'],
      ['unmeasured', 'not measured'],
      ['open', 'without a target'],
    ] as const
  ).flatMap(([s, word]) => (count(s) > 0 ? [`${format.exact(count(s), 'count')} ${word}`] : []));
  return `${format.plural(goals.length, 'goal')}: ${format.sentenceList(parts)}.`;
}
