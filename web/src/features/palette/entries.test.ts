import { describe, expect, it } from 'vitest';
import type { Hit } from '../../lib/types';
import { groupHits, localEntries, noteOf } from './entries';

const hit = (kind: Hit['kind'], title: string, more: Partial<Hit> = {}): Hit => ({
  kind,
  ref: `acquisition.${title}`,
  title,
  text: null,
  domain: 'acquisition',
  owner: null,
  state: null,
  href: `/x/${title}`,
  field: 'title',
  via: '',
  ...more,
});

describe('the list of the search', () => {
  it('keeps the groups in the order of their best hit and the order inside them', () => {
    const list = groupHits({ q: '', total: 4, dropped_words: [], results: [hit('term', 'a'), hit('product', 'b'), hit('term', 'c'), hit('product', 'd')] });
    expect(list.map((e) => `${e.group} ${e.title}`)).toEqual(['Terms a', 'Terms c', 'Products b', 'Products d']);
    expect(new Set(list.map((e) => e.id)).size).toBe(4);
  });
  it('says why something was found that is called otherwise', () => {
    expect(noteOf({ field: 'synonym', via: null }, 'purchase')).toBe('by synonym “purchase”');
    expect(noteOf({ field: 'title', via: 'revenue' }, 'revneue')).toBe('by “revenue”');
    expect(noteOf({ field: 'description', via: '' }, 'x')).toBe('in its description');
    expect(noteOf({ field: 'title', via: '' }, 'x')).toBe('');
  });
  it('names the table of a column, the owner whichever form he has, and a title that is missing by its ref', () => {
    const [e] = groupHits({ q: '', total: 1, dropped_words: [], results: [hit('column', '', { ref: 'acquisition.campaign_daily.spend', owner: { name: 'Ada', contact: null } })] });
    expect(e?.title).toBe('acquisition.campaign_daily.spend');
    expect(e?.text).toBe('acquisition.campaign_daily · Ada');
    const [f] = groupHits({ q: '', total: 1, dropped_words: [], results: [hit('product', 'p', { owner: 'Noor', text: 'What it is for' })] });
    expect(f?.text).toBe('acquisition · Noor · What it is for');
  });
  it('finds a page by the beginning of a word of its name or of its other words', () => {
    const pages = [{ label: 'Glossary', href: '/glossary', icon: 'book' as const, words: 'terms definitions' }];
    expect(localEntries(pages, 'Pages', 'def', 'page')).toHaveLength(1);
    expect(localEntries(pages, 'Pages', 'Glo', 'page')).toHaveLength(1);
    expect(localEntries(pages, 'Pages', 'ossary', 'page')).toHaveLength(0);
  });
});
