/* Kinds and states of the graph in words, and where a node leads to. */
import * as format from '../../lib/format';
import { levelOfState, STATE_WORDS, type TrustLevel } from '../../lib/trust';
import type { LineageKind, LineageNode, State } from '../../lib/types';

export const KIND_WORDS: Record<LineageKind, string> = {
  domain: 'Domain',
  source: 'Source',
  stream: 'Stream',
  product: 'Product',
  port: 'Port',
  dashboard: 'Dashboard',
  consumer: 'Consumer',
};

const SOURCE_WORDS: Record<string, string> = {
  ok: 'In time',
  late: 'Late',
  failed: 'Failed',
  unusual: 'Unusual',
  never: 'Never loaded',
  loaded: 'Loaded',
  empty: 'Empty',
};

export function stateWord(state: string | null): string {
  if (!state) return '';
  return STATE_WORDS[state as State] ?? SOURCE_WORDS[state] ?? format.sentence(state.replace(/_/g, ' ')).replace(/\.$/, '');
}

export function stateLevel(state: string | null): TrustLevel {
  if (state === 'late' || state === 'unusual') return 'warn';
  return state ? levelOfState(state) : 'none';
}

/* Stands out in the graph: somebody has to do something. */
export function troubled(state: string | null): 'warn' | 'bad' | null {
  const level = stateLevel(state);
  return level === 'warn' || level === 'bad' ? level : null;
}

export function insideText(n: LineageNode): string {
  if (n.inside === 0) return '';
  if (n.kind === 'domain') return format.plural(n.inside, 'product');
  if (n.kind === 'product') return format.plural(n.inside, 'port');
  if (n.kind === 'source') return format.plural(n.inside, 'stream');
  return '';
}

/* The page of a node; null where it has none of its own. */
export function nodeHref(n: LineageNode): string | null {
  const part = (text: string): string => encodeURIComponent(text);
  const bare = n.id.slice(n.id.indexOf(':') + 1);
  const [domain = '', name = ''] = [n.domain ?? bare.split('.')[0], bare.split('.').slice(1).join('.')];
  switch (n.kind) {
    case 'domain':
      return `/domains/${part(n.domain || bare)}`;
    case 'source':
      return `/sources/${part(domain)}/${part(name || n.label)}`;
    case 'stream':
      return `/sources/${part(domain)}/${part(name.split('__')[0] ?? '')}`;
    case 'product':
      return `/catalog/${part(domain)}/${part(n.product || name || n.label)}`;
    case 'port':
      return `/ports/${part(domain)}/${part(name || n.label)}`;
    case 'dashboard':
      return `/dashboards/${part(domain)}/${part(name || n.label)}`;
    case 'consumer':
      return null;
  }
}
