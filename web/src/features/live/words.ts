/* What the live page says: verdicts, reasons, names, counts. Kept apart from the page so that each can be tested. */
import { valueText } from '../../lib/metrics/names';

export type Verdict = 'passed' | 'quarantined' | 'duplicate';

export interface LiveEvent {
  seq: number;
  received_at: string;
  loaded_at: string;
  source: string;
  type: string;
  name: string;
  message_id: string;
  verdict: Verdict;
  reason: string | null;
  summary: Record<string, string | number | boolean | null>;
}

export const VERDICTS: Record<Verdict, { word: string; icon: 'check' | 'alert' | 'layers'; level: 'ok' | 'warn' | 'quiet' }> = {
  passed: { word: 'Stored', icon: 'check', level: 'ok' },
  quarantined: { word: 'Set aside', icon: 'alert', level: 'warn' },
  duplicate: { word: 'Seen before', icon: 'layers', level: 'quiet' },
};

const TYPES: Record<string, string> = {
  track: 'Action',
  page: 'Page view',
  screen: 'Screen view',
  identify: 'Person known',
  group: 'Company known',
  alias: 'Same person',
  consent: 'Consent',
};
export const typeWord = (type: string): string => TYPES[type] ?? type;

const REASONS: Record<string, string> = {
  no_identifier: 'It names nobody: neither a user id nor a visitor id',
  no_event: 'An action without a name',
  unknown_type: 'A type that is not known',
  no_group: 'A group call without a group id',
  no_previous: 'An alias without the id before',
  too_large: 'Larger than this source allows',
  too_many: 'Beyond the number of events that one batch may hold',
  too_deep: 'Nested too deep',
  bad_value: 'A basic field holds something else than it may',
  unplanned: 'Not in the tracking plan',
  missing: 'A field that the tracking plan requires is missing',
  wrong_type: 'A field is of another type than planned',
  out_of_range: 'A value outside of what was planned',
  pattern: 'A value that does not look as planned',
  not_allowed: 'A value that the plan does not list',
  unknown_member: 'A field that the plan does not know',
  bad_mapping: 'The webhook mapping does not fit',
};
export const reasonWord = (reason: string | null): string => (reason ? (REASONS[reason] ?? reason.replace(/_/g, ' ')) : '');

export const channelWord = (channel: unknown): string => (typeof channel === 'string' && channel !== '' ? valueText('channel', channel).replace(/_/g, ' ') : '');

const text = (v: unknown): string => (typeof v === 'string' ? v : '');

/* Name of an event, and beside it the one thing that tells where. */
export function title(e: LiveEvent): string {
  return e.name || typeWord(e.type);
}
export function where(e: LiveEvent): string {
  const page = text(e.summary.page_host) + text(e.summary.page_path);
  return page || text(e.summary.app_name) || text(e.summary.library);
}
export function device(e: LiveEvent): string {
  if (e.summary.is_bot === true) return text(e.summary.bot_name) ? `Bot: ${text(e.summary.bot_name)}` : 'Bot';
  return [text(e.summary.browser), text(e.summary.operating_system)].filter((s) => s !== '').join(' on ');
}

/* Milliseconds between receiving and being there for questions. */
export function delayMs(e: LiveEvent): number {
  return Math.max(0, Date.parse(e.loaded_at) - Date.parse(e.received_at));
}

/* Events per second over the last minute, oldest first: one value for each of `buckets` spans. */
export function rates(times: readonly number[], now: number, buckets = 30, span = 2000): number[] {
  const out = new Array<number>(buckets).fill(0);
  for (const t of times) {
    const i = buckets - 1 - Math.floor((now - t) / span);
    if (i >= 0 && i < buckets) out[i] = (out[i] as number) + 1;
  }
  return out;
}

export interface Counts {
  passed: number;
  quarantined: number;
  duplicate: number;
}
export function countBySource(events: readonly LiveEvent[]): Map<string, Counts> {
  const out = new Map<string, Counts>();
  for (const e of events) {
    const c = out.get(e.source) ?? { passed: 0, quarantined: 0, duplicate: 0 };
    c[e.verdict] += 1;
    out.set(e.source, c);
  }
  return out;
}

/* Columns of an event for its drawer: those that say something, in a few groups. */
const GROUPS: { title: string; columns: RegExp }[] = [
  { title: 'When', columns: /^(occurred_at|received_at|sent_at|original_timestamp|clock|is_late)$/ },
  { title: 'Who', columns: /^(anonymous_id|user_id|email|phone|device_id|advertising_id|external_ids|group_id|previous_id|evidence)$/ },
  { title: 'What', columns: /^(event|name|category|properties|traits|revenue_amount|value_amount|currency|order_id|system|consent_category|status|p_.*)$/ },
  { title: 'Where from', columns: /^(page_.*|referrer_.*|utm_.*|click_id.*|channel_group)$/ },
  { title: 'Device', columns: /^(browser.*|operating_system|device_category|is_bot|bot_name|is_internal|gpc|dnt|locale|time_zone|ip|user_agent|app_.*)$/ },
];
export function grouped(columns: Record<string, unknown>): { title: string; rows: [string, unknown][] }[] {
  const left = Object.entries(columns).filter(([k, v]) => v !== null && v !== '' && !k.startsWith('_') && k !== 'message_id');
  const out = GROUPS.map((g) => ({ title: g.title, rows: left.filter(([k]) => g.columns.test(k)) }));
  const rest = left.filter(([k]) => !GROUPS.some((g) => g.columns.test(k)));
  return [...out, { title: 'Further', rows: rest }].filter((g) => g.rows.length > 0);
}
