/* Calendar days as ISO text (YYYY-MM-DD). Arithmetic is in UTC, so no zone can shift a day. */

const DAY_MS = 86_400_000;

export function isDay(text: string | null | undefined): text is string {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const d = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(d.getTime()) && d.toISOString().startsWith(text);
}

function toMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

export function addDays(day: string, n: number): string {
  return new Date(toMs(day) + n * DAY_MS).toISOString().slice(0, 10);
}

/* Days in a range, both ends counted. */
export function dayCount(from: string, to: string): number {
  return Math.round((toMs(to) - toMs(from)) / DAY_MS) + 1;
}

export function eachDay(from: string, to: string): string[] {
  const n = dayCount(from, to);
  return Array.from({ length: Math.max(0, n) }, (_, i) => addDays(from, i));
}

export type Grain = 'day' | 'week' | 'month';

/* First day of the bucket that a day falls into. */
export function bucketOf(day: string, grain: Grain, weekStart: string): string {
  if (grain === 'day') return day;
  if (grain === 'month') return `${day.slice(0, 8)}01`;
  const weekday = new Date(toMs(day)).getUTCDay();
  const back = weekStart === 'sunday' ? weekday : (weekday + 6) % 7;
  return addDays(day, -back);
}

export function bucketEnd(bucket: string, grain: Grain): string {
  if (grain === 'day') return bucket;
  if (grain === 'week') return addDays(bucket, 6);
  const [y, m] = bucket.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(y, m, 0)).toISOString().slice(0, 10);
}

export function eachBucket(from: string, to: string, grain: Grain, weekStart: string): string[] {
  const out: string[] = [];
  for (let b = bucketOf(from, grain, weekStart); b <= to; b = addDays(bucketEnd(b, grain), 1)) out.push(b);
  return out;
}

/* The grain that keeps a chart readable when nobody chose one. */
export function grainFor(from: string, to: string): Grain {
  const n = dayCount(from, to);
  return n <= 100 ? 'day' : n <= 730 ? 'week' : 'month';
}

/* The calendar day of an instant in a time zone; the instant's UTC day where the zone is unknown here. */
export function dayInZone(iso: string, timeZone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso.slice(0, 10);
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
  } catch {
    return at.toISOString().slice(0, 10);
  }
}
