/* What the search lists: what the server found, grouped by kind, with the pages and the acts of the frame. Pure. */
import type { IconName } from '../../components/Icon.svelte';
import type { Hit, HitKind, Person, SearchAnswer } from '../../lib/types';

export interface Entry {
  id: string;
  group: string;
  icon: IconName;
  title: string;
  /* one line below the title */
  text: string;
  note: string;
  state: string | null;
  href: string;
}
export interface Local {
  label: string;
  href: string;
  icon: IconName;
  /* other words for it */
  words: string;
}

export const KINDS: Record<HitKind, { group: string; icon: IconName }> = {
  term: { group: 'Terms', icon: 'book' },
  product: { group: 'Products', icon: 'data' },
  port: { group: 'Tables', icon: 'table' },
  column: { group: 'Columns', icon: 'code' },
  metric: { group: 'Numbers', icon: 'chart' },
  goal: { group: 'Goals', icon: 'target' },
  dashboard: { group: 'Dashboards', icon: 'chart' },
  domain: { group: 'Domains', icon: 'layers' },
  source: { group: 'Sources', icon: 'plug' },
  event: { group: 'Event types', icon: 'code' },
};

const FIELDS: Record<string, string> = {
  description: 'in its description',
  column: 'by a column',
  owner: 'by its owner',
  tag: 'by a tag',
  term: 'by a term',
  definition: 'in its definition',
};

/* Why it was found, where its title does not say so. `via` is the word that the question was read as. */
export function noteOf(h: Pick<Hit, 'field' | 'via'>, q: string): string {
  if (h.field === 'synonym') return `by synonym “${h.via || q.trim()}”`;
  if (h.via) return `by “${h.via}”`;
  return (h.field && FIELDS[h.field]) || '';
}

export function personName(p: Person | string | null | undefined): string {
  if (!p) return '';
  return typeof p === 'string' ? p : (p.name ?? p.contact ?? '');
}

function entryOf(h: Hit, at: number, q: string): Entry {
  const kind = KINDS[h.kind] ?? { group: 'Others', icon: 'dash' as IconName };
  const owner = personName(h.owner);
  const where = h.kind === 'column' || h.kind === 'port' ? h.ref.replace(/\.[^.]+$/, (m) => (h.kind === 'column' ? '' : m)) : (h.domain ?? '');
  return {
    id: `hit-${at}`,
    group: kind.group,
    icon: kind.icon,
    title: h.title || h.ref,
    text: [where, owner, h.text].filter(Boolean).join(' · '),
    note: noteOf(h, q),
    state: h.state,
    href: h.href,
  };
}

/* Groups stand in the order of their best hit; inside a group the order is the server's. */
export function groupHits(answer: SearchAnswer): Entry[] {
  const entries = answer.results.map((h, i) => entryOf(h, i, answer.q));
  const order = [...new Set(entries.map((e) => e.group))];
  return order.flatMap((g) => entries.filter((e) => e.group === g));
}

export function localEntries(list: readonly Local[], group: string, text: string, prefix: string): Entry[] {
  const wanted = text.trim().toLowerCase();
  return list
    .filter((l) => wanted === '' || ` ${l.label} ${l.words}`.toLowerCase().includes(` ${wanted}`))
    .map((l, i) => ({ id: `${prefix}-${i}`, group, icon: l.icon, title: l.label, text: '', note: '', state: null, href: l.href }));
}
