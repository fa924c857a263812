/* Spans of days by name, counted from the newest day that has data. Pure. */
import { addDays, bucketOf } from '../dates';
import type { MetricGrain } from './types';

export const RANGES = [
  { value: 'this_week', label: 'This week' },
  { value: 'last_week', label: 'Last week' },
  { value: 'this_month', label: 'This month' },
  { value: 'last_month', label: 'Last month' },
  { value: 'this_quarter', label: 'This quarter' },
  { value: 'last_quarter', label: 'Last quarter' },
  { value: 'this_year', label: 'This year' },
  { value: '7d', label: 'Last 7 days' },
  { value: '28d', label: 'Last 28 days' },
  { value: '90d', label: 'Last 90 days' },
  { value: '365d', label: 'Last 365 days' },
] as const;
export type RangeName = (typeof RANGES)[number]['value'];

export function isRange(text: string | null): text is RangeName {
  return RANGES.some((r) => r.value === text);
}
export const rangeLabel = (name: RangeName): string => RANGES.find((r) => r.value === name)?.label ?? name;

const quarterOf = (day: string): string => `${day.slice(0, 5)}${String(Math.floor((Number(day.slice(5, 7)) - 1) / 3) * 3 + 1).padStart(2, '0')}-01`;

/* `newest` counts as today: a month that has not begun to come is not this month. */
export function daysOf(name: RangeName, newest: string, weekStart: string): { from: string; to: string } {
  const counted = /^(\d+)d$/.exec(name);
  if (counted) return { from: addDays(newest, 1 - Number(counted[1])), to: newest };
  const start = name.endsWith('week') ? bucketOf(newest, 'week', weekStart) : name.endsWith('month') ? bucketOf(newest, 'month', weekStart) : name.endsWith('quarter') ? quarterOf(newest) : `${newest.slice(0, 4)}-01-01`;
  if (name.startsWith('this')) return { from: start, to: newest };
  const to = addDays(start, -1);
  return { from: name === 'last_week' ? bucketOf(to, 'week', weekStart) : name === 'last_month' ? bucketOf(to, 'month', weekStart) : quarterOf(to), to };
}

/* The day that ranges count from: the newest that has data, never one that is still to come. */
export function newestDay(days: readonly (string | null)[], today: string): string {
  const known = days.flatMap((d) => (d ? [d.slice(0, 10)] : [])).filter((d) => d <= today).sort();
  return known.at(-1) ?? today;
}

export const GRAIN_WORDS: Record<MetricGrain, string> = { day: 'day', week: 'week', month: 'month', quarter: 'quarter', year: 'year' };

/* What a period is called along the axis, and in full. */
export function periodLabel(start: string, grain: MetricGrain | null, short: (iso: string, year?: boolean) => string): string {
  if (grain === 'month') return short(start).replace(/^\d+ /, '');
  if (grain === 'quarter') return `Q${Math.floor((Number(start.slice(5, 7)) - 1) / 3) + 1} ${start.slice(0, 4)}`;
  if (grain === 'year') return start.slice(0, 4);
  return short(start, false);
}
