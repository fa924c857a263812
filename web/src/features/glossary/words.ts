/* The glossary in order: letters, what is found, and the names that addresses use. Pure. */
import * as format from '../../lib/format';
import type { Clash, GlossaryTerm } from '../../lib/types';

export function termTitle(t: Pick<GlossaryTerm, 'title' | 'name'>): string {
  return t.title || t.name;
}
/* "conversion" of the whole mesh, "web.conversion" of a domain. */
export function termRef(t: Pick<GlossaryTerm, 'domain' | 'name'>): string {
  return t.domain ? `${t.domain}.${t.name}` : t.name;
}
export function termId(ref: string): string {
  return `term-${ref.replace(/\./g, '-')}`;
}

const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

/* Ä stands with A; what begins with no letter of the alphabet stands under "#". */
export function letterOf(title: string): string {
  const first = title.normalize('NFD').replace(/[^\p{L}\p{N}]/gu, '')[0]?.toUpperCase() ?? '#';
  return /[A-Z]/.test(first) ? first : '#';
}

export interface Letter {
  letter: string;
  terms: GlossaryTerm[];
}
export function byLetter(terms: readonly GlossaryTerm[]): Letter[] {
  const sorted = [...terms].sort((a, b) => collator.compare(termTitle(a), termTitle(b)) || collator.compare(a.domain ?? '', b.domain ?? ''));
  const out = new Map<string, GlossaryTerm[]>();
  for (const t of sorted) {
    const letter = letterOf(termTitle(t));
    const list = out.get(letter);
    if (list) list.push(t);
    else out.set(letter, [t]);
  }
  return [...out].sort(([a], [b]) => Number(a === '#') - Number(b === '#') || a.localeCompare(b)).map(([letter, list]) => ({ letter, terms: list }));
}

const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/* In the name, a synonym, the definition, the owner or a column. */
export function matches(t: GlossaryTerm, text: string): boolean {
  const words = folded(text).split(/\s+/).filter((w) => w !== '');
  const all = folded([t.name, t.title, t.definition, t.not_this, t.owner?.name, ...t.synonyms, ...t.metrics, ...t.columns.map((c) => `${c.ref}.${c.column}`)].filter((v) => v).join(' '));
  return words.every((w) => all.includes(w));
}

/* An address may name a term with its domain or without. */
export function isTerm(t: GlossaryTerm, wanted: string): boolean {
  return termRef(t) === wanted || t.name === wanted;
}

/* Clashes of terms stand in the glossary; those of products and ports have their own place. */
export function clashesOf(clashes: readonly Clash[], ref: string): Clash[] {
  return clashes.filter((c) => c.claims.some((k) => k.ref === ref));
}
export const CLASH_WORD: Record<string, string> = {
  duplicate_term: 'Two terms of one name',
  duplicate_synonym: 'One word for two terms',
  duplicate_product: 'Two products of one name',
  duplicate_port: 'Two tables of the same columns',
  duplicate_metric: 'Two numbers of one name',
  claimed_term: 'One word, two numbers',
};

export function glossarySentence(terms: readonly GlossaryTerm[], clashes: readonly Clash[]): { calm: string; trouble: string } {
  const drafts = terms.filter((t) => t.status === 'draft').length;
  const agreed = terms.length - drafts;
  return {
    calm: `${format.plural(terms.length, 'term')}, ${format.exact(agreed, 'count')} agreed${drafts > 0 ? `, ${format.exact(drafts, 'count')} still a draft` : ''}.`,
    trouble: clashes.length === 0 ? '' : clashes.length === 1 ? 'One name is claimed twice.' : `${format.exact(clashes.length, 'count')} names are claimed twice.`,
  };
}

/* What both owners are asked, so that they settle it. */
export function settleTitle(c: Clash): string {
  const title = `“${c.subject}” is claimed by ${format.sentenceList(c.claims.map((k) => k.ref))}`;
  return [...title].slice(0, 160).join('');
}
export function settleBody(c: Clash): string {
  return [format.sentence(c.why), ...c.claims.map((k) => `${k.ref}: ${k.text ?? 'no text'} (${k.owner?.name ?? 'no owner'})`), 'Please agree on one of them, or tell them apart by name.'].join('\n');
}
