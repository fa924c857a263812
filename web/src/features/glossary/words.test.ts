import { describe, expect, it } from 'vitest';
import type { Clash, GlossaryTerm } from '../../lib/types';
import { byLetter, clashesOf, glossarySentence, isTerm, letterOf, matches, settleBody, settleTitle, termRef } from './words';

const term = (name: string, more: Partial<GlossaryTerm> = {}): GlossaryTerm => ({
  name,
  title: null,
  definition: null,
  not_this: null,
  domain: null,
  owner: null,
  synonyms: [],
  columns: [],
  metrics: [],
  status: 'agreed',
  reviewed: null,
  clash: false,
  ...more,
});
const clash: Clash = {
  kind: 'duplicate_term',
  subject: 'conversion',
  why: 'Two terms are called conversion',
  claims: [
    { ref: 'conversion', text: 'A paid order.', owner: { name: 'Ana', contact: null }, file: 'governance/glossary.yaml', line: 2 },
    { ref: 'web.conversion', text: null, owner: null, file: null, line: null },
  ],
};

describe('letters', () => {
  it('stand under their plain form, the rest at the end', () => {
    expect(['Äpfel', 'roas', '2nd', 'تعريف', '', '“Sale”'].map(letterOf)).toEqual(['A', 'R', '#', '#', '#', 'S']);
    const list = byLetter([term('z'), term('تعريف'), term('b', { title: 'Äpfel' }), term('a', { domain: 'web' }), term('a')]);
    expect(list.map((l) => `${l.letter}:${l.terms.map(termRef).join('+')}`)).toEqual(['A:a+web.a+b', 'Z:z', '#:تعريف']);
  });
});

describe('finding', () => {
  const t = term('conversion', { title: 'Conversion', definition: 'A paid order', synonyms: ['Käufe'], columns: [{ ref: 'web.orders', column: 'paid' }], owner: { name: 'Ana Ruiz', contact: null } });
  it('looks into names, synonyms, definitions, columns and owners, without regard to marks', () => {
    for (const text of ['conv', 'KAUFE', 'paid order', 'web.orders', 'ruiz', '']) expect(matches(t, text)).toBe(true);
    expect(matches(t, 'conversion lead')).toBe(false);
  });
  it('knows a term by name or with its domain', () => {
    expect(isTerm(term('a', { domain: 'web' }), 'web.a')).toBe(true);
    expect(isTerm(term('a', { domain: 'web' }), 'a')).toBe(true);
    expect(isTerm(term('a'), 'web.a')).toBe(false);
  });
});

describe('clashes', () => {
  it('belong to each claim, and are told to both', () => {
    expect(clashesOf([clash], 'web.conversion')).toHaveLength(1);
    expect(clashesOf([clash], 'lead')).toHaveLength(0);
    expect(settleTitle(clash)).toBe('“conversion” is claimed by conversion and web.conversion');
    expect(settleBody(clash)).toContain('A paid order. (Ana)');
    expect(settleBody(clash)).toContain('no owner');
  });
  it('are counted', () => {
    expect(glossarySentence([term('a'), term('b', { status: 'draft' })], [clash])).toEqual({ calm: '2 terms, 1 agreed, 1 still a draft.', trouble: 'One name is claimed twice.' });
    expect(glossarySentence([term('a')], [])).toEqual({ calm: '1 term, 1 agreed.', trouble: '' });
  });
});
