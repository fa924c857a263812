/* What the customer pages say: names of things, consent in plain words, a timeline in days and visits, evidence as a tree. Pure. */
import type { IconName } from '../../components/Icon.svelte';
import * as format from '../../lib/format';
import { channelWord } from '../live/words';
import type { ConsentNow, Evidence, Interaction, Why, WhyIdentifier } from './types';

/* Rows tell UTC without a zone; a browser would take it for its own. */
export function utc(at: string | null | undefined): string | null {
  if (!at) return null;
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(at) ? at : `${at.replace(' ', 'T')}Z`;
}

export const spaced = (name: string): string => name.replace(/_/g, ' ').replace(/^./, (c) => c.toUpperCase());

const KINDS: Record<string, string> = {
  user_id: 'User id',
  email: 'E-mail',
  phone: 'Phone',
  contact: 'Record of a CRM or shop',
  device_id: 'Device',
  advertising_id: 'Advertising id',
  anonymous_id: 'Visitor id',
};
export const kindWord = (kind: string): string => KINDS[kind] ?? spaced(kind);

/* c_hjuxnohpyhg3j5yy2f7uoyqrk4 is short enough to tell two apart by its beginning. */
export const shortId = (id: string): string => (id.length > 12 ? `${id.slice(0, 10)}…` : id);

/* A quiet sign of a customer instead of a face or initials: five by five, mirrored, by its id. */
export function signOf(id: string): boolean[] {
  let h = 2166136261;
  const bits: boolean[] = [];
  for (let i = 0; i < 15; i++) {
    for (const c of `${i}${id}`) h = Math.imul(h ^ c.charCodeAt(0), 16777619);
    bits.push(((h >>> 13) & 1) === 1);
  }
  return Array.from({ length: 25 }, (_, i) => bits[Math.floor(i / 5) * 3 + (i % 5 < 3 ? i % 5 : 4 - (i % 5))] as boolean);
}

const PURPOSES: Record<string, string> = {
  analytics: 'Measuring visits',
  advertising: 'Advertising',
  email: 'E-mail',
  personalization: 'Personal content',
  sale: 'Passing on to others',
};
export const purposeWord = (purpose: string): string => PURPOSES[purpose] ?? spaced(purpose);

const SYSTEMS: Record<string, string> = {
  segment: 'consent banner of the site',
  rudderstack: 'consent banner of the site',
  google: 'Google Consent Mode',
  gpc: 'Global Privacy Control of the browser',
  tcf: 'TCF consent string',
  api: 'consent API',
  snippet: 'Trellis snippet on the site',
  import: 'imported list',
  email: 'unsubscribed by e-mail',
  crm: 'box in the CRM record',
  policy: 'default of the policy',
};
export const systemWord = (system: string): string => SYSTEMS[system] ?? system;

export interface ConsentWord {
  word: string;
  level: 'ok' | 'bad' | 'none';
  icon: IconName;
  text: string;
}
export function consentWord(c: ConsentNow, timeZone?: string): ConsentWord {
  const when = c.since ? ` on ${format.instant(utc(c.since), timeZone)}` : '';
  const said = `${systemWord(c.source)}${when}`;
  const more = `${c.conflict ? ' Their identifiers say different things; the rule for merged people decided.' : ''}${c.expires_at ? ` Holds until ${format.instant(utc(c.expires_at), timeZone)}.` : ''}`;
  if (c.status === 'unknown') {
    return c.granted
      ? { word: 'Not asked, allowed', level: 'none', icon: 'check', text: `Nobody said anything. The policy of this purpose counts silence as a yes.` }
      : { word: 'Not asked, not allowed', level: 'none', icon: 'dash', text: `Nobody said anything. The policy of this purpose counts silence as a no.` };
  }
  if (c.status === 'granted') {
    return c.granted
      ? { word: 'Yes', level: 'ok', icon: 'check', text: `They said yes: ${said}.${more}` }
      : { word: 'Yes, expired', level: 'bad', icon: 'close', text: `They said yes, which no longer holds: ${said}.${more}` };
  }
  return { word: c.status === 'withdrawn' ? 'Withdrawn' : 'No', level: 'bad', icon: 'close', text: `They said no: ${said}.${more}` };
}

/* ---- timeline ---- */

export const ENTRY_KINDS: Record<string, { word: string; icon: IconName }> = {
  page: { word: 'Page views', icon: 'fit' },
  screen: { word: 'Screens', icon: 'fit' },
  track: { word: 'Actions', icon: 'pulse' },
  identify: { word: 'Known', icon: 'person' },
  group: { word: 'Company', icon: 'layers' },
  alias: { word: 'Same person', icon: 'graph' },
  email: { word: 'E-mails', icon: 'inbox' },
  order: { word: 'Orders', icon: 'flag' },
  ticket: { word: 'Support', icon: 'chat' },
};
export const entryKind = (kind: string): { word: string; icon: IconName } => ENTRY_KINDS[kind] ?? { word: spaced(kind), icon: 'dash' };

const EMAIL: Record<string, string> = {
  sent: 'E-mail sent',
  delivered: 'E-mail delivered',
  open: 'Opened an e-mail',
  click: 'Clicked in an e-mail',
  bounce: 'E-mail bounced',
  unsubscribe: 'Unsubscribed',
  spam: 'Marked as spam',
};

/* What happened, in words, and beside it the one thing that tells where. */
export function entryTitle(i: Interaction): string {
  const name = i.name ?? '';
  switch (i.kind) {
    case 'page':
      return i.page_title || i.page_path || (name === 'page_view' || name === '' ? 'A page' : name);
    case 'screen':
      return name === 'screen_view' || name === '' ? 'A screen' : name;
    case 'identify':
      return 'Said who they are';
    case 'group':
      return 'Belongs to a company';
    case 'alias':
      return 'Was the same person before';
    case 'email':
      return EMAIL[name] ?? `E-mail: ${spaced(name)}`;
    case 'order':
      return `Order ${i.order_id ?? ''}${name ? `, ${name.replace(/_/g, ' ')}` : ''}`.replace(/\s+,/, ',');
    case 'ticket':
      return `Support ticket${name ? `, ${name}` : ''}`;
    default:
      return name || entryKind(i.kind).word;
  }
}
export function entryPlace(i: Interaction): string {
  if (i.kind === 'page') return `${i.page_host ?? ''}${i.page_title ? (i.page_path ?? '') : ''}`;
  if (i.kind === 'email') return i.campaign_name ?? '';
  if (i.kind === 'ticket') return i.page_title ?? '';
  return i.page_host ? `${i.page_host}${i.page_path ?? ''}` : '';
}

/* Of a visit: calls of sites and apps. The rest stands by itself. */
const OF_VISIT = new Set(['page', 'screen', 'track', 'identify', 'group', 'alias']);
const PAUSE_MS = 30 * 60_000;
const ms = (i: Interaction): number => Date.parse(utc(i.occurred_at) ?? '');

export interface Visit {
  visit: true;
  key: string;
  /* newest first, as the timeline is */
  entries: Interaction[];
  channel: string;
  campaign: string | null;
  /* its beginning is among the entries: more of it may not have been fetched yet */
  whole: boolean;
}
export type Piece = Visit | { visit: false; key: string; entry: Interaction };
export interface Day {
  day: string;
  pieces: Piece[];
}

function dayOf(i: Interaction, timeZone: string): string {
  const at = ms(i);
  if (Number.isNaN(at)) return '';
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
  } catch {
    return new Date(at).toISOString().slice(0, 10);
  }
}

/* Entries, newest first, by day; calls of one visit folded. A visit ends upwards where a touchpoint begins it, after a pause, and at the
 * end of a day. */
export function daysOf(entries: readonly Interaction[], timeZone: string): Day[] {
  const days: Day[] = [];
  let open: Visit | null = null;
  const close = (whole: boolean): void => {
    if (open) {
      const first = open.entries[open.entries.length - 1] as Interaction;
      open.whole = whole;
      open.channel = channelWord(first.channel_group);
      open.campaign = first.campaign_name;
    }
    open = null;
  };
  for (const i of entries) {
    const day = dayOf(i, timeZone);
    let last = days[days.length - 1];
    if (!last || last.day !== day) {
      close(true);
      days.push((last = { day, pieces: [] }));
    }
    if (!OF_VISIT.has(i.kind)) {
      last.pieces.push({ visit: false, key: i.interaction_id, entry: i });
      continue;
    }
    const v = open as Visit | null;
    const newest = v?.entries[v.entries.length - 1];
    if (newest && ms(newest) - ms(i) > PAUSE_MS) close(true);
    if (open === null) {
      open = { visit: true, key: i.interaction_id, entries: [], channel: '', campaign: null, whole: false };
      last.pieces.push(open);
    }
    (open as Visit).entries.push(i);
    if (i.begins_session) close(true);
  }
  close(false);
  return days;
}

/* "3 pages, 1 action" */
export function visitSummary(v: Visit): string {
  const pages = v.entries.filter((i) => i.kind === 'page' || i.kind === 'screen').length;
  const actions = v.entries.filter((i) => i.kind === 'track').length;
  const parts = [pages > 0 ? format.plural(pages, 'page') : '', actions > 0 ? format.plural(actions, 'action') : '', v.entries.some((i) => i.kind === 'identify') ? 'signed in' : ''];
  return parts.filter((p) => p !== '').join(', ') || format.plural(v.entries.length, 'call');
}

/* ---- evidence ---- */

export interface EvidenceNode {
  identifier: WhyIdentifier;
  depth: number;
  row: number;
  parent: number;
  by: Evidence | null;
}
/* The identifiers as a tree: each hangs on the one before it on its shortest way to `from`. */
export function evidenceTree(why: Pick<Why, 'from' | 'identifiers'>): { nodes: EvidenceNode[]; depth: number; rows: number } {
  const below = new Map<string, WhyIdentifier[]>();
  for (const x of why.identifiers) {
    const path = x.path ?? [];
    const parent = path.length > 1 ? path[path.length - 2]?.identifier : undefined;
    if (parent !== undefined) below.set(parent, [...(below.get(parent) ?? []), x]);
  }
  const nodes: EvidenceNode[] = [];
  let rows = 0;
  let depth = 0;
  const add = (x: WhyIdentifier, level: number, parent: number): void => {
    const at = nodes.length;
    const path = x.path ?? [];
    nodes.push({ identifier: x, depth: level, row: 0, parent, by: path[path.length - 1]?.by ?? null });
    depth = Math.max(depth, level);
    const children = below.get(x.ref) ?? [];
    const first = rows;
    for (const c of children) add(c, level + 1, at);
    if (children.length === 0) rows += 1;
    (nodes[at] as EvidenceNode).row = children.length === 0 ? rows - 1 : (first + rows - 1) / 2;
  };
  const root = why.identifiers.find((x) => x.ref === why.from) ?? why.identifiers[0];
  if (root) add(root, 0, -1);
  return { nodes, depth, rows };
}

const LEFT: Record<string, string> = {
  blocked: 'a blocked value: it links nobody',
  limit: 'one more than a customer may have',
  split: 'held apart because somebody decided so',
};
export const leftOutWord = (reason: string): string => LEFT[reason] ?? reason;

export function causeWord(cause: string | null): string {
  if (cause === 'late') return 'something older about them arrived late';
  if (cause === 'rules') return 'the rules changed';
  if (cause === 'decision') return 'somebody decided so';
  return 'two customers turned out to be one';
}
