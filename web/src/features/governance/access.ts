/* Tiers and masks in words, and what a role sees of a whole product. Pure. */
import type { IconName } from '../../components/Icon.svelte';
import * as format from '../../lib/format';
import type { Mask, Tier } from '../../lib/types';
import type { Access, AccessCell, AccessProduct } from './types';

export const TIERS: Record<Tier, { word: string; icon: IconName; level: 'open' | 'masked' | 'sums' | 'test' | 'none'; about: string }> = {
  raw: { word: 'As it is', icon: 'eye', level: 'open', about: 'Rows as they are, personal values too.' },
  masked: { word: 'Masked', icon: 'masked', level: 'masked', about: 'All rows; personal values through their masks.' },
  aggregated: { word: 'Only sums', icon: 'sum', level: 'sums', about: 'Counts, sums and averages over groups that are large enough; no single row.' },
  test: { word: 'Test rows', icon: 'flask', level: 'test', about: 'Made-up rows of the same shape; no real value.' },
  none: { word: 'Nothing', icon: 'minus', level: 'none', about: 'It does not exist for this role: not in the catalog, nor in search, nor in error texts.' },
};
const ORDER: Tier[] = ['none', 'test', 'aggregated', 'masked', 'raw'];

/* masked and partial look alike to a reader: what the value still says is what counts. */
export function maskWord(mask: Mask, to: string | null): string {
  switch (mask) {
    case 'redact':
      return 'hidden';
    case 'null':
      return 'left empty';
    case 'hash':
      return 'as a keyed hash';
    case 'tokenise':
      return 'as a token that joins';
    case 'partial':
      return 'in part';
    case 'generalise':
      return to ? (GENERAL[to] ?? `only ${to}`) : 'coarser';
    case 'none':
      return 'as it is';
  }
}
const GENERAL: Record<string, string> = {
  day: 'only the day',
  month: 'only the month',
  year: 'only the year',
  decade: 'only the decade',
  prefix2: 'only its first two signs',
  age_band: 'only the band of age',
};
/* What a value becomes, by an example that is nobody's. */
export function maskSample(mask: Mask, to: string | null, column = 'email'): string {
  switch (mask) {
    case 'redact':
      return 'hidden: personal';
    case 'null':
      return format.UNKNOWN;
    case 'hash':
      return '9f2c41d0…';
    case 'tokenise':
      return 'tok_7Qm2…';
    case 'partial':
      return /mail|recipient/.test(column) ? 'a***@example.org' : /phone|mobile|tel|number/.test(column) ? '***1234' : 'A***';
    case 'generalise':
      return { day: '1984-06-12', month: '1984-06', year: '1984', decade: '1980s', prefix2: '10…', age_band: '35–44' }[to ?? ''] ?? '…';
    case 'none':
      return '';
  }
}

export interface Summary {
  tier: Tier;
  /* ports that are seen at all, and those of the same tier */
  seen: number;
  same: number;
  all: number;
  rows: boolean;
  consent: boolean;
  masked: number;
}
export const cellKey = (role: string, ref: string): string => `${role} ${ref}`;
export function cellsBy(a: Pick<Access, 'cells'>): Map<string, AccessCell> {
  return new Map(a.cells.map((c) => [cellKey(c.role, c.ref), c]));
}
/* The most that a role sees of any port of a product, and whether that holds for all of them. */
export function summaryOf(product: AccessProduct, role: string, cells: ReadonlyMap<string, AccessCell>): Summary {
  const own = product.ports.map((p) => cells.get(cellKey(role, p.ref)));
  const tiers = own.map((c) => c?.tier ?? 'none');
  const tier = tiers.reduce<Tier>((best, t) => (ORDER.indexOf(t) > ORDER.indexOf(best) ? t : best), 'none');
  return {
    tier,
    seen: tiers.filter((t) => t !== 'none').length,
    same: tiers.filter((t) => t === tier).length,
    all: tiers.length,
    rows: own.some((c) => c?.rows != null && c.tier !== 'none'),
    consent: own.some((c) => c?.consent === true && c.tier !== 'none'),
    masked: own.reduce((n, c) => n + (c && c.tier === 'masked' ? c.masks.filter((m) => m.mask !== 'none').length : 0), 0),
  };
}
/* For readers of the screen, and as the tip of a cell. */
export function summarySentence(s: Summary): string {
  if (s.tier === 'none') return TIERS.none.word;
  const parts = [s.same < s.all ? `${TIERS[s.tier].word} ${s.same}/${s.all} ports` : TIERS[s.tier].word];
  if (s.rows) parts.push('some rows');
  if (s.consent) parts.push('by consent');
  return parts.join(', ');
}

/* How many products a role sees in each form, for its head. */
export function roleCounts(a: Access, role: string, cells: ReadonlyMap<string, AccessCell>): Record<Tier, number> {
  const n: Record<Tier, number> = { raw: 0, masked: 0, aggregated: 0, test: 0, none: 0 };
  for (const p of a.products) n[summaryOf(p, role, cells).tier] += 1;
  return n;
}

/* The next cell for an arrow key, held inside the table. */
export function moved(key: string, row: number, column: number, rows: number, columns: number): [number, number] | null {
  const to: Record<string, [number, number]> = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, columns - 1],
    PageUp: [row - 10, column],
    PageDown: [row + 10, column],
  };
  const at = to[key];
  if (!at) return null;
  return [Math.max(0, Math.min(rows - 1, at[0])), Math.max(0, Math.min(columns - 1, at[1]))];
}
