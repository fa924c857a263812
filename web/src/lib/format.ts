/* Figures and times as people read them. Pure; an unknown value is a dash, never 0. */

export const UNKNOWN = '–';
export type Unit = 'money' | 'count' | 'decimal' | 'ratio' | 'rate' | 'unit_money';

const cache = new Map<string, Intl.NumberFormat>();
function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let f = cache.get(key);
  if (!f) cache.set(key, (f = new Intl.NumberFormat('en', options)));
  return f;
}
const fixed = (n: number, digits: number): string =>
  numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n === 0 ? 0 : n);

/* A minus sign that lines up with the plus sign. */
const sign = (text: string): string => text.replace('-', '−');

/* The exact figure: 12,345.67. */
export function exact(n: number | null | undefined, unit: Unit): string {
  if (n === null || n === undefined) return UNKNOWN;
  switch (unit) {
    case 'money':
      return sign(fixed(n, 2));
    case 'unit_money':
      return sign(fixed(n, Math.abs(n) < 0.1 && n !== 0 ? 4 : 2));
    case 'count':
      return sign(numbers({ maximumFractionDigits: 0 }).format(n === 0 ? 0 : n));
    case 'decimal':
      return sign(numbers({ maximumFractionDigits: 2 }).format(n === 0 ? 0 : n));
    case 'ratio':
      return sign(fixed(n, 2));
    case 'rate':
      return `${sign(fixed(n * 100, 2))}%`;
  }
}

/* The short figure of a tile: 12.3k. Ratios and rates are short already. */
export function compact(n: number | null | undefined, unit: Unit): string {
  if (n === null || n === undefined) return UNKNOWN;
  if (unit === 'ratio' || unit === 'rate' || unit === 'unit_money' || Math.abs(n) < 1000) {
    return exact(n, unit === 'decimal' && Math.abs(n) >= 100 ? 'count' : unit);
  }
  for (const [size, letter] of [
    [1e9, 'bn'],
    [1e6, 'm'],
    [1e3, 'k'],
  ] as const) {
    /* 999,960 rounds up to a million, so it is written as one */
    if (Math.abs(n) >= size * 0.99995) {
      const part = n / size;
      return `${sign(numbers({ maximumFractionDigits: Math.abs(part) < 99.95 ? 1 : 0 }).format(part))}${letter}`;
    }
  }
  return exact(n, unit);
}

export function isMoney(unit: Unit): boolean {
  return unit === 'money' || unit === 'unit_money';
}

export function withCurrency(text: string, unit: Unit, currency: string): string {
  return isMoney(unit) && text !== UNKNOWN ? `${currency} ${text}` : text;
}

/* Change against a period before: in percent, and in percent points for rates. Null where nothing can be said. */
export function change(now: number | null, before: number | null, unit: Unit): { text: string; direction: -1 | 0 | 1 } | null {
  if (now === null || before === null) return null;
  if (unit === 'rate') {
    const points = (now - before) * 100;
    const text = fixed(Math.abs(points), 2);
    const direction = text === '0.00' ? 0 : points > 0 ? 1 : -1;
    return { text: direction === 0 ? 'no change' : `${direction > 0 ? '+' : '−'}${text} pp`, direction };
  }
  if (before === 0) return null;
  const share = ((now - before) / Math.abs(before)) * 100;
  const text = fixed(Math.abs(share), Math.abs(share) >= 99.95 ? 0 : 1);
  const direction = Number(text.replace(/,/g, '')) === 0 ? 0 : share > 0 ? 1 : -1;
  return { text: direction === 0 ? 'no change' : `${direction > 0 ? '+' : '−'}${text}%`, direction };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/* 14 Nov 2026 */
export function day(iso: string | null | undefined, year = true): string {
  if (!iso) return UNKNOWN;
  const [y, m, d] = iso.slice(0, 10).split('-').map(Number);
  if (!y || !m || !d) return iso;
  return `${d} ${MONTHS[m - 1]}${year ? ` ${y}` : ''}`;
}

export function weekday(iso: string): string {
  return WEEKDAYS[new Date(`${iso}T00:00:00Z`).getUTCDay()] ?? '';
}

/* 18 Oct – 14 Nov 2026 */
export function dayRange(from: string, to: string): string {
  if (from === to) return day(from);
  return `${day(from, from.slice(0, 4) !== to.slice(0, 4))} – ${day(to)}`;
}

export function instant(iso: string | null | undefined, timeZone?: string): string {
  if (!iso) return UNKNOWN;
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const options: Intl.DateTimeFormatOptions = {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  };
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(at);
  } catch {
    return new Intl.DateTimeFormat('en-GB', options).format(at);
  }
}

export function ago(iso: string | null | undefined, now: number): string {
  if (!iso) return 'never';
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return UNKNOWN;
  const s = Math.max(0, Math.round((now - at) / 1000));
  if (s < 60) return 'just now';
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 36) return `${hours} h ago`;
  return `${Math.round(hours / 24)} days ago`;
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${exact(n, 'count')} ${n === 1 ? one : many}`;
}

/* Text of others as a sentence of its own. A name at its start keeps its letters. */
export function sentence(text: string | null | undefined): string {
  const t = (text ?? '').trim();
  const begun = /^[a-z]+\s/.test(t) ? `${t[0]?.toUpperCase()}${t.slice(1)}` : t;
  return begun === '' || /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/* One, two and three · for lists in sentences. */
export function sentenceList(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/* For the chart tooltips, which are the one place where text becomes markup. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => HTML[c] ?? c);
}
