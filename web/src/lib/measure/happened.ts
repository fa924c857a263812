/* What happened meanwhile, for a picture over time: a numbered mark for each period of it, and all of it in words. Pure. */
import * as format from '../format';
import { periodEnd } from '../metrics/shape';
import type { MetricGrain } from '../metrics/types';
import type { Annotation } from './types';

export interface Flag {
  day: string;
  /* of several days */
  until?: string | null;
  title: string;
}
export interface Told {
  /* its mark in the picture; null: none, it would be one too many */
  n: number | null;
  note: Annotation;
}

export const MARKS_MAX = 12;
/* what people wrote says more than what platforms keep, and that more than which of our files changed */
export const SOURCES: readonly string[] = ['file', 'platform', 'trellis'];
const rank = (x: Annotation): number => SOURCES.indexOf(x.source);

/* The period of an axis that a day lies in; what began before the first and goes on stands at the first. −1: not in the picture. */
export function placeOf(x: Pick<Annotation, 'day' | 'until'>, xs: readonly (string | null)[], grain: MetricGrain | null): number {
  const first = xs[0];
  const last = xs.at(-1);
  if (!first || !last || x.day > (grain ? periodEnd(last, grain) : last)) return -1;
  if (x.day < first) return (x.until ?? x.day) >= first ? 0 : -1;
  return xs.findLastIndex((p) => p !== null && p <= x.day);
}

export function happened(notes: readonly Annotation[], xs: readonly (string | null)[], grain: MetricGrain | null): { flags: Flag[]; told: Told[] } {
  const seen = notes.flatMap((note) => {
    const at = placeOf(note, xs, grain);
    return at < 0 ? [] : [{ note, at }];
  });
  seen.sort((x, y) => x.at - y.at || rank(x.note) - rank(y.note) || (x.note.day < y.note.day ? -1 : 1));
  const best = new Map<number, number>();
  for (const s of seen) best.set(s.at, Math.min(best.get(s.at) ?? SOURCES.length, rank(s.note)));
  const places = [...best.keys()].sort((x, y) => (best.get(x) ?? 0) - (best.get(y) ?? 0) || y - x).slice(0, MARKS_MAX);
  places.sort((x, y) => x - y);
  const number = (at: number): number | null => (places.includes(at) ? places.indexOf(at) + 1 : null);
  return {
    flags: places.map((at, i) => {
      const longest = seen.filter((s) => s.at === at).reduce<string | null>((u, s) => (s.note.until && (!u || s.note.until > u) ? s.note.until : u), null);
      return { day: xs[at] as string, until: longest, title: String(i + 1) };
    }),
    told: seen.map((s) => ({ n: number(s.at), note: s.note })),
  };
}

/* As many as fit, what says most before what says less, in the order of days. */
export function foremost(told: readonly Told[], most: number): Told[] {
  const kept = new Set([...told].sort((x, y) => rank(x.note) - rank(y.note)).slice(0, most));
  return told.filter((t) => kept.has(t));
}

const LABEL_MOST = 90;
const LETTER = 7;
/* Whose words have room above a picture of n places: the first go before those that would stand on them. */
export function haveRoom(places: readonly { at: number; title: string }[], n: number, width: number): boolean[] {
  const kept: { from: number; to: number }[] = [];
  return places.map((p) => {
    const middle = n > 1 ? (p.at / (n - 1)) * width : width / 2;
    const half = Math.min(LABEL_MOST, p.title.length * LETTER) / 2;
    const room = kept.every((k) => middle + half < k.from || middle - half > k.to);
    if (room) kept.push({ from: middle - half, to: middle + half });
    return room;
  });
}

const KINDS: Record<string, string> = { promotion: 'promotion', deployment: 'deployment', campaign: 'campaign', outage: 'outage', contract: 'change of a contract', port: 'change of a table', product: 'change of a product', metric: 'change of a definition' };
const FROM: Record<string, string> = { platform: 'seen at the platform', trellis: 'changed here' };
export const whenText = (x: Pick<Annotation, 'day' | 'until'>): string => (x.until && x.until !== x.day ? format.dayRange(x.day, x.until) : format.day(x.day));
/* "promotion", "campaign, seen at the platform" */
export const kindText = (x: Pick<Annotation, 'kind' | 'source'>): string => [KINDS[x.kind], FROM[x.source]].filter(Boolean).join(', ');
