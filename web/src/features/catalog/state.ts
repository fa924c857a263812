/* Everything the address of the catalog holds. Pure. */
import type { FacetName } from '../../lib/types';

export const FACETS: { name: FacetName; title: string; many: boolean }[] = [
  { name: 'domain', title: 'Domain', many: true },
  { name: 'state', title: 'State', many: true },
  { name: 'owner', title: 'Owner', many: false },
  { name: 'tag', title: 'Tag', many: true },
  { name: 'status', title: 'Status', many: true },
];
export const SORTS = [
  { name: 'relevance', label: 'Best match' },
  { name: 'title', label: 'Name' },
  { name: 'state', label: 'Needs a look first' },
  { name: 'freshness', label: 'Newest data' },
  { name: 'use', label: 'Most used' },
] as const;
export type CatalogSort = (typeof SORTS)[number]['name'];

export interface CatalogState {
  q: string;
  sort: CatalogSort | null;
  chosen: Record<FacetName, string[]>;
}

export function readState(q: URLSearchParams): CatalogState {
  const sort = q.get('sort');
  const chosen = {} as CatalogState['chosen'];
  for (const f of FACETS) {
    const value = q.get(f.name) ?? '';
    /* the name of an owner may hold a comma */
    chosen[f.name] = value === '' ? [] : f.many ? value.split(',').filter(Boolean) : [value];
  }
  return { q: q.get('q') ?? '', sort: SORTS.find((s) => s.name === sort)?.name ?? null, chosen };
}

/* What the server is asked, without the place in the list; also the tail of the page's own address. */
export function writeState(s: CatalogState): string {
  const q = new URLSearchParams();
  if (s.q.trim()) q.set('q', s.q.trim());
  for (const f of FACETS) if (s.chosen[f.name].length > 0) q.set(f.name, s.chosen[f.name].join(','));
  if (s.sort && s.sort !== (s.q.trim() ? 'relevance' : 'title')) q.set('sort', s.sort);
  return q.toString();
}

export function toggled(s: CatalogState, name: FacetName, value: string): CatalogState {
  const many = FACETS.find((f) => f.name === name)?.many ?? false;
  const now = s.chosen[name];
  const next = now.includes(value) ? now.filter((v) => v !== value) : many ? [...now, value] : [value];
  return { ...s, chosen: { ...s.chosen, [name]: next } };
}

export function isNarrowed(s: CatalogState): boolean {
  return s.q.trim() !== '' || FACETS.some((f) => s.chosen[f.name].length > 0);
}

/* The rows to draw for what is seen, with some to spare, and the pages they are on. */
export function windowOf(top: number, height: number, row: number, total: number, page: number): { from: number; to: number; pages: number[] } {
  const SPARE = 8;
  const from = Math.min(total, Math.max(0, Math.floor(-top / row) - SPARE));
  const to = Math.max(from, Math.min(total, Math.ceil((height - top) / row) + SPARE));
  const pages: number[] = [];
  for (let p = Math.floor(from / page); p * page < to; p++) pages.push(p);
  return { from, to, pages };
}
