/* Domains in words: roles, phases of readiness, and the matrix of who does what. Pure. */
import * as format from '../../lib/format';
import type { DomainWhole, Readiness, ReadyStep } from '../../lib/types';

export const ROLE_WORD: Record<string, string> = {
  product_owner: 'Product owner',
  analytics_engineer: 'Analytics engineer',
  data_partner: 'Data partner',
  data_steward: 'Data steward',
  governance_lead: 'Governance lead',
};
export function roleWord(role: string): string {
  return ROLE_WORD[role] ?? `${role.charAt(0).toUpperCase()}${role.slice(1).replace(/_/g, ' ')}`;
}

const PHASES: Record<string, string> = { own: 'Owned', products: 'Products', trust: 'Trusted', use: 'Used', meaning: 'Understood' };
export interface Phase {
  name: string;
  title: string;
  done: number;
  steps: ReadyStep[];
}
/* Steps by phase, in the order in which the server gives them. */
export function phasesOf(r: Readiness): Phase[] {
  const out = new Map<string, Phase>();
  for (const s of r.steps) {
    let p = out.get(s.phase);
    if (!p) out.set(s.phase, (p = { name: s.phase, title: PHASES[s.phase] ?? roleWord(s.phase), done: 0, steps: [] }));
    p.steps.push(s);
    if (s.done) p.done += 1;
  }
  return [...out.values()];
}

/* The first thing to do: what is needed comes before what is optional. */
export function nextStep(r: Readiness): ReadyStep | null {
  return r.steps.find((s) => !s.done && !s.optional) ?? r.steps.find((s) => !s.done) ?? null;
}

/* Everybody named in the matrix, once, with what they are per product: R, A, C, I. */
export interface Matrix {
  people: string[];
  rows: { product: string; cells: string[] }[];
}
const PARTS = [
  ['responsible', 'R'],
  ['accountable', 'A'],
  ['consulted', 'C'],
  ['informed', 'I'],
] as const;
export function matrixOf(raci: DomainWhole['raci']): Matrix {
  const people: string[] = [];
  for (const [part] of [PARTS[1], PARTS[0], PARTS[2], PARTS[3]]) for (const row of raci) for (const name of row[part]) if (!people.includes(name)) people.push(name);
  return {
    people,
    rows: raci.map((row) => ({ product: row.product, cells: people.map((name) => PARTS.flatMap(([part, letter]) => (row[part].includes(name) ? [letter] : [])).join(' ')) })),
  };
}
export const RACI_WORD: Record<string, string> = { R: 'responsible', A: 'accountable', C: 'consulted', I: 'informed' };
export function raciWords(cell: string): string {
  return cell === '' ? 'no part' : format.sentenceList(cell.split(' ').map((c) => RACI_WORD[c] ?? c));
}

export interface DomainSummary {
  products: number;
  troubled: number;
  sources_late: number;
  open: number;
}
export function summaryOf(d: Pick<DomainWhole, 'products' | 'sources' | 'requests'>): DomainSummary {
  return {
    products: d.products.length,
    troubled: d.products.filter((p) => p.state === 'stale' || p.state === 'failing').length,
    sources_late: d.sources.filter((s) => s.state === 'late' || s.state === 'failed' || s.state === 'unusual').length,
    open: d.requests.filter((r) => r.state === 'open').length,
  };
}

export function domainSentence(d: Pick<DomainWhole, 'products' | 'sources' | 'requests' | 'readiness'>): { calm: string; trouble: string } {
  const s = summaryOf(d);
  const trouble = [
    s.troubled > 0 ? `${format.plural(s.troubled, 'product')} ${s.troubled === 1 ? 'needs' : 'need'} a look` : '',
    s.sources_late > 0 ? `${format.plural(s.sources_late, 'source')} ${s.sources_late === 1 ? 'needs' : 'need'} a look` : '',
    s.open > 0 ? `${format.plural(s.open, 'request')} ${s.open === 1 ? 'waits' : 'wait'}` : '',
  ].filter((t) => t !== '');
  return {
    calm: `${format.plural(s.products, 'product')} from ${format.plural(d.sources.length, 'source')}; ${d.readiness.done} of ${format.plural(d.readiness.all, 'step')} to a ready domain are done.`,
    trouble: trouble.length > 0 ? format.sentence(format.sentenceList(trouble)) : '',
  };
}
