/* The state of a source in words, and what to do about it. Pure. */
import * as format from '../../lib/format';
import type { TrustLevel } from '../../lib/trust';
import type { SourceHealth, SourceLoad, SourceState } from '../../lib/types';

export const SOURCE_STATES: SourceState[] = ['failed', 'late', 'unusual', 'never', 'ok'];
export const STATE_WORD: Record<SourceState, string> = { ok: 'In order', late: 'Late', failed: 'Failed', unusual: 'Unusual', never: 'Never loaded' };
const LEVELS: Record<SourceState, TrustLevel> = { ok: 'ok', late: 'warn', failed: 'bad', unusual: 'warn', never: 'none' };

export function sourceLevel(state: SourceState): TrustLevel {
  return LEVELS[state] ?? 'none';
}

/* What needs a look first; then by domain and name. */
export function byNeed(a: SourceHealth, b: SourceHealth): number {
  const place = (s: SourceHealth): number => SOURCE_STATES.indexOf(s.state);
  return place(a) - place(b) || a.domain.localeCompare(b.domain) || a.name.localeCompare(b.name);
}

export function sourceTitle(s: { title: string | null; name: string }): string {
  return s.title || s.name;
}

export function sourceHref(s: { domain: string; name: string }): string {
  return `/sources/${encodeURIComponent(s.domain)}/${encodeURIComponent(s.name)}`;
}

/* 26 h, 3 days, 40 min */
export function span(seconds: number | null): string {
  if (seconds === null || seconds < 0) return format.UNKNOWN;
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min`;
  const hours = Math.round(seconds / 3600);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/* How old the newest data is, against what is allowed. */
export function lagText(s: SourceHealth): string {
  if (s.lag_s === null) return 'Age not known';
  const old = `${span(s.lag_s)} old`;
  return s.allowed_lag_s ? `${old}, ${span(s.allowed_lag_s)} allowed` : `${old}, no limit declared`;
}

/* The last load against the median of those before. */
export function volumeText(s: SourceHealth): string {
  if (s.last_rows === null) return s.last_load_at ? 'Volume not known' : 'Nothing loaded';
  const rows = format.plural(s.last_rows, 'row');
  if (s.habit_rows === null) return `${rows}, too few loads to tell a habit`;
  if (s.habit_rows === 0) return `${rows}, usually none`;
  return `${rows}, ${Math.round((s.last_rows / s.habit_rows) * 100)}% of what is usual`;
}

/* The last load brought too little; what is unusual may also be rows that were refused. */
export function tooFew(s: SourceHealth): boolean {
  return s.state === 'unusual' && s.last_rows !== null && s.habit_rows !== null && s.last_rows < s.habit_rows;
}

export interface Advice {
  text: string;
  command: string | null;
}

/* The next step, for whoever opened the page; null when there is nothing to do. */
/* Of a source of events nobody hands in files: who sends has to be looked at. */
function eventsAdvice(s: SourceHealth): Advice | null {
  switch (s.state) {
    case 'late':
      return { text: 'No event has come for longer than is allowed. See whether the site or app still sends, with a key that holds, and whether a collector listens.', command: null };
    case 'never':
      return { text: 'No event has come yet. Make a key below, and send one.', command: null };
    default:
      return s.rows_quarantined > 0 ? { text: 'Some events do not fit the tracking plan and are set aside. Mend what sends them, or the plan, and load them.', command: 'trellis quarantine list' } : null;
  }
}

export function advice(s: SourceHealth): Advice | null {
  const who = s.owner?.name || s.owner?.contact || null;
  if (s.kind === 'events') return eventsAdvice(s);
  const ask = who ? `Ask ${who} for newer files` : 'Name an owner for this source, and get newer files';
  switch (s.state) {
    case 'late':
      return { text: `${ask}, put them beside those before, and load them.`, command: 'trellis run' };
    case 'failed':
      return { text: 'Mend or replace the file that is named above, and load again. Until then the rows from before are served.', command: 'trellis run' };
    case 'unusual':
      if (!tooFew(s) && s.rows_quarantined > 0) return { text: `Look at the reasons below, mend the export or the contract${who ? ` together with ${who}` : ''}, and load again.`, command: 'trellis run' };
      return { text: `Compare the last file with the one before it. If it is right, nothing is to be done; if not, replace it${who ? ` or ask ${who}` : ''}, and load again.`, command: 'trellis run' };
    case 'never':
      return { text: 'Put files where the source looks for them, and load them.', command: 'trellis run' };
    case 'ok':
      return s.rows_quarantined > 0 ? { text: 'Some rows do not fit their contract and wait in quarantine; below are the reasons. Mend the file or the contract, and load again.', command: 'trellis run' } : null;
  }
}

export function sourcesSentence(list: readonly SourceHealth[]): { calm: string; trouble: string } {
  const count = (state: SourceState): number => list.filter((s) => s.state === state).length;
  const words = (['failed', 'late', 'unusual', 'never'] as const).flatMap((state) =>
    count(state) > 0 ? [`${format.exact(count(state), 'count')} ${STATE_WORD[state].toLowerCase()}`] : [],
  );
  const ok = count('ok');
  return {
    calm: list.length === 1 ? (ok === 1 ? 'The one source is in order.' : 'One source.') : ok === list.length ? `All ${format.plural(list.length, 'source')} are in order.` : `${format.exact(ok, 'count')} of ${format.plural(list.length, 'source')} are in order.`,
    trouble: words.length > 0 ? format.sentence(format.sentenceList(words)) : '',
  };
}

export interface LoadBar {
  load: SourceLoad;
  height: number;
  bad: number;
}
/* Loads as bars, oldest first, in shares of the tallest; `habit` in the same measure. */
export function loadBars(loads: readonly SourceLoad[], habit: number | null, most = 40): { bars: LoadBar[]; habit: number | null } {
  const list = [...loads].sort((a, b) => a.at.localeCompare(b.at)).slice(-most);
  const top = Math.max(1, habit ?? 0, ...list.map((l) => l.rows + l.quarantined));
  return {
    bars: list.map((load) => ({ load, height: (load.rows + load.quarantined) / top, bad: load.quarantined / top })),
    habit: habit === null ? null : habit / top,
  };
}

export const QUARANTINE_REASONS: Record<string, string> = {
  bad_value: 'a value does not fit its type',
  missing_required: 'a required value is missing',
  wrong_columns: 'too many or too few columns',
};

export function bytesText(n: number): string {
  if (n < 1000) return `${n} B`;
  for (const [size, unit] of [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const) {
    if (n >= size) return `${(n / size).toFixed(n / size < 10 ? 1 : 0)} ${unit}`;
  }
  return `${n} B`;
}
