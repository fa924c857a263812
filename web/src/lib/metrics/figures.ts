/* Figures of metrics as people read them, by the unit of the metric. Pure. A percentage is kept as a fraction. */
import * as format from '../format';
import type { MetricUnit } from './types';

const UNITS: Record<MetricUnit, format.Unit> = { count: 'decimal', currency: 'money', percent: 'rate', ratio: 'ratio', days: 'decimal', hours: 'decimal' };
export const UNIT_WORDS: Record<MetricUnit, string> = {
  count: 'A count',
  currency: 'Money, in the reporting currency',
  percent: 'A share, in percent',
  ratio: 'A ratio',
  days: 'Days',
  hours: 'Hours',
};

export function unitOf(unit: MetricUnit | null | undefined): format.Unit {
  return UNITS[unit ?? 'count'] ?? 'decimal';
}

/* Clicks cost cents: below one, money keeps the digits that tell two of them apart. */
function sized(n: number, unit: MetricUnit | null | undefined): format.Unit {
  return unit === 'currency' && Math.abs(n) < 1 ? 'unit_money' : unitOf(unit);
}

/* In a table: 1,234.50. The currency stands in the head of the column. */
export function cellText(n: number | null | undefined, unit: MetricUnit | null | undefined): string {
  return n === null || n === undefined ? format.UNKNOWN : format.exact(n, sized(n, unit));
}

/* In a sentence or a tile: EUR 1,234.50, 3.40%, 12 days. */
export function figureText(n: number | null | undefined, unit: MetricUnit | null | undefined, currency: string): string {
  if (n === null || n === undefined) return format.UNKNOWN;
  const text = cellText(n, unit);
  if (unit === 'currency') return `${currency} ${text}`;
  return unit === 'days' || unit === 'hours' ? `${text} ${n === 1 ? unit.slice(0, -1) : unit}` : text;
}

/* Along an axis: 12k, 4%. */
export function axisText(n: number, unit: MetricUnit | null | undefined): string {
  if (unit === 'percent') return `${format.exact(n * 100, 'decimal')}%`;
  return format.compact(n, 'decimal');
}

/* In a tile: EUR 12.3k; the exact one is told on hover. */
export function shortText(n: number | null | undefined, unit: MetricUnit | null | undefined, currency: string): string {
  if (n === null || n === undefined) return format.UNKNOWN;
  if (Math.abs(n) < 10_000 || unit === 'percent' || unit === 'ratio') return figureText(n, unit, currency);
  return format.withCurrency(format.compact(n, unitOf(unit)), unitOf(unit), currency);
}

export function changeText(now: number | null, before: number | null, unit: MetricUnit | null | undefined): ReturnType<typeof format.change> {
  return format.change(now, before, unitOf(unit));
}

/* Whether a change is for the better; 0 where nobody said which way is better. */
export function goodness(direction: -1 | 0 | 1, better: 'up' | 'down' | 'none'): -1 | 0 | 1 {
  if (better === 'none' || direction === 0) return 0;
  return (better === 'up') === (direction > 0) ? 1 : -1;
}
