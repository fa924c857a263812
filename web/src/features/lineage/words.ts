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
  metric: 'Metric',
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
  const dot = n.ref.indexOf('.');
  const domain = part(dot < 0 ? n.ref : n.ref.slice(0, dot));
  const name = dot < 0 ? '' : n.ref.slice(dot + 1);
  switch (n.kind) {
    case 'domain':
      return `/domains/${part(n.ref)}`;
    case 'source':
      return `/sources/${domain}/${part(name)}`;
    case 'stream':
      return `/sources/${domain}/${part(name.split('__')[0] ?? '')}`;
    case 'product':
      return `/catalog/${domain}/${part(name)}`;
    case 'port':
      return `/ports/${domain}/${part(name)}`;
    case 'metric':
      return `/metrics/${domain}/${part(name)}`;
    case 'dashboard':
      return name === '' ? null : `/dashboards/${domain}/${part(name)}`;
    case 'consumer':
      return null;
  }
}
