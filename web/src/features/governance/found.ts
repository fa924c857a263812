/* What the scanner found, in words and in the order in which somebody has to do something about it. Pure. */
import type { TrustLevel } from '../../lib/trust';

export type FoundState = 'unclassified' | 'perhaps' | 'doubted' | 'hidden' | 'classified';
export interface Finding {
  ref: string;
  column: string;
  /* inside a document: which part of it */
  path: string | null;
  kind: string;
  proposed: string;
  percent: number;
  why: string;
  values: number;
  hits: number;
  declared: string | null;
  state: FoundState;
  file: string | null;
  line: number;
  at: string;
}

const KINDS: Record<string, string> = {
  email: 'e-mail addresses',
  phone: 'phone numbers',
  iban: 'bank accounts',
  card: 'card numbers',
  national_id: 'numbers of identity papers',
  ip: 'IP addresses',
  address: 'addresses',
  name: 'names of people',
  birth_date: 'dates of birth',
  device: 'ids of devices',
  text: 'personal data in texts',
  name_of_column: 'its name speaks of a person',
};
export const kindWords = (kind: string): string => KINDS[kind] ?? kind.replace(/_/g, ' ');

/* what has to be done first stands first */
export const STATES: Record<FoundState, { word: string; level: TrustLevel; open: boolean; about: string }> = {
  unclassified: { word: 'Declared as nothing', level: 'bad', open: true, about: 'plans fail until its contract says what it is' },
  perhaps: { word: 'Perhaps', level: 'warn', open: true, about: 'not sure enough to stop anything: somebody has to look' },
  doubted: { word: 'Declared otherwise', level: 'warn', open: true, about: 'the council says which of the two holds' },
  hidden: { word: 'Hidden anyway', level: 'ok', open: false, about: 'by its name, or because it comes from a personal column' },
  classified: { word: 'Declared', level: 'ok', open: false, about: 'its contract says what it is' },
};
const ORDER = Object.keys(STATES) as FoundState[];

/* A column may look like several things: the surest says what it is, the others stand beside it. */
export interface FoundColumn extends Finding {
  also: string[];
}
export function columnsOf(findings: readonly Finding[]): FoundColumn[] {
  const of = new Map<string, FoundColumn>();
  for (const f of [...findings].sort((a, b) => b.percent - a.percent)) {
    const key = `${f.ref} ${f.column}`;
    const first = of.get(key);
    if (!first) of.set(key, { ...f, also: [] });
    else if (f.kind !== first.kind && !first.also.includes(f.kind)) first.also.push(f.kind);
  }
  return [...of.values()].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.percent - a.percent || (`${a.ref} ${a.column}` < `${b.ref} ${b.column}` ? -1 : 1));
}
