/* Which port and which tab of a product the address means; what its states say in words. Pure. */
import * as format from '../../lib/format';
import type { Column, History, Port, Why } from '../../lib/types';

export const TABS = [
  { name: 'overview', label: 'Overview' },
  { name: 'chart', label: 'Chart' },
  { name: 'schema', label: 'Schema' },
  { name: 'quality', label: 'Quality' },
  { name: 'lineage', label: 'Lineage' },
  { name: 'usage', label: 'Usage' },
  { name: 'runs', label: 'Runs' },
  { name: 'runbook', label: 'Runbook' },
  { name: 'history', label: 'History' },
  { name: 'use', label: 'Use it' },
] as const;
export type TabName = (typeof TABS)[number]['name'];

export function tabOf(text: string | null): TabName {
  return TABS.find((t) => t.name === text)?.name ?? 'overview';
}

/* The name by which the address knows a port: its own, with the major where it is not the default. */
export function portKey(p: { ref: string }): string {
  return p.ref.slice(p.ref.indexOf('.') + 1);
}

export function choosePort<P extends { ref: string; name: string }>(ports: readonly P[], wanted: string | null): P | undefined {
  return ports.find((p) => portKey(p) === wanted) ?? ports.find((p) => p.name === wanted) ?? ports[0];
}

export function filterColumns(columns: readonly Column[], text: string): Column[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return columns.filter((c) => {
    const hay = `${c.name} ${c.business_name ?? ''} ${c.description ?? ''} ${c.type} ${c.classification ?? ''}`.toLowerCase();
    return words.every((w) => hay.includes(w));
  });
}

export function span(seconds: number): string {
  const hours = seconds / 3600;
  if (hours < 1) return format.plural(Math.max(1, Math.round(seconds / 60)), 'minute');
  if (hours < 48) return format.plural(Math.round(hours), 'hour');
  return format.plural(Math.round(hours / 24), 'day');
}

/* What was promised, and whether it is kept now. */
export function promiseOf(h: Pick<History, 'allowed_lag_s' | 'freshness'> | undefined): { promise: string; now: string; kept: boolean | null } | null {
  if (!h) return null;
  const newest = h.freshness.reduce<History['freshness'][number] | undefined>((a, b) => (!a || b.at > a.at ? b : a), undefined);
  if (h.allowed_lag_s === null) return { promise: 'No freshness is promised.', now: newest ? `The newest data is ${span(newest.lag_s)} old.` : '', kept: null };
  const promise = `Promised: never older than ${span(h.allowed_lag_s)}.`;
  if (!newest) return { promise, now: 'Nothing has been measured yet.', kept: null };
  const kept = newest.lag_s <= h.allowed_lag_s;
  return { promise, now: `The newest data is ${span(newest.lag_s)} old: ${kept ? 'kept' : 'not kept'}.`, kept };
}

/* The last of the chain is where to mend. */
export function causeOf(w: Why | undefined): Why['chain'][number] | undefined {
  return w && w.chain.length > 0 ? w.chain[w.chain.length - 1] : undefined;
}

export function hiddenText(p: Pick<Port, 'columns'>): (column: string, cell: unknown) => string {
  const hidden = new Set(p.columns.filter((c) => c.hidden).map((c) => c.name));
  return (column, cell) => (hidden.has(column) ? 'hidden: personal' : cell === null || cell === undefined ? format.UNKNOWN : String(cell));
}
