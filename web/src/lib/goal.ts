/* The number of a goal in its own unit, and how far it has come. Pure. A percentage is kept as a fraction. */
import * as format from './format';
import type { Goal } from './types';

export function goalValue(n: number | null | undefined, unit: Goal['unit'], currency: string): string {
  if (n === null || n === undefined) return format.UNKNOWN;
  switch (unit) {
    case 'currency':
      return `${currency} ${format.exact(n, 'money')}`;
    case 'percent':
      return format.exact(n, 'rate');
    case 'ratio':
      return format.exact(n, 'ratio');
    case 'days':
      return `${format.exact(n, 'decimal')} ${n === 1 ? 'day' : 'days'}`;
    case 'count':
      return format.exact(n, Math.abs(n) < 100 ? 'decimal' : 'count');
  }
}

/* "47% of the way from 2.90 to 4.00 by 31 Dec 2026". Null where there is no way to measure. */
export function goalProgress(g: Goal, currency: string): string | null {
  if (!g.target || !g.baseline || g.progress === null) return null;
  const by = g.target.by ? ` by ${format.day(g.target.by)}` : '';
  const way = `from ${goalValue(g.baseline.value, g.unit, currency)} to ${goalValue(g.target.value, g.unit, currency)}${by}`;
  if (g.progress >= 1) return `Reached: ${way}`;
  if (g.progress < 0) return `Further away than at the start: ${way}`;
  return `${Math.floor(g.progress * 100)}% of the way ${way}`;
}
