/* The breakdown as a tree: nodes from rows, what is not allocated, sorting, and the visible rows in order. */
import { csvText } from '../../lib/csv';
import { LEVELS, type Level, type Path } from '../../lib/query/campaign360';
import { platformName } from '../../lib/platforms';
import { numberOf, textOf, type Row } from '../../lib/query/sql';
import { ratio } from './metrics';
import { encodePath, type SortName } from './state';

export interface Node {
  path: Path;
  key: string;
  level: Level;
  kind: 'node' | 'unallocated';
  name: string;
  platform: string | null;
  spend: number | null;
  impressions: number | null;
  clicks: number | null;
  conversions: number | null;
  conversions_value: number | null;
  previous_spend: number | null;
  change: number | null;
  ctr: number | null;
  cpc: number | null;
  cpm: number | null;
  roas: number | null;
  cpa: number | null;
}

export const LEVEL_NAMES: Record<Level, string> = {
  platform: 'platform',
  account: 'account',
  campaign: 'campaign',
  ad_group: 'ad group',
  ad: 'ad',
};

const NO_NAME: Record<Level, string> = {
  platform: 'Unknown platform',
  account: 'No account',
  campaign: 'No campaign',
  ad_group: 'No ad group',
  ad: 'No ad',
};

export function nodeOf(row: Row, parent: Path): Node {
  const id = textOf(row.id ?? null);
  const level = LEVELS[parent.length] as Level;
  const path = [...parent, id];
  const n = (name: string): number | null => numberOf(row[name]);
  const given = textOf(row.name ?? null);
  const spend = n('spend');
  const previous = n('previous_spend');
  return {
    path,
    key: encodePath(path),
    level,
    kind: 'node',
    name: level === 'platform' ? platformName(id) : given && given !== '' ? given : (id ?? NO_NAME[level]),
    platform: path[0] ?? null,
    spend,
    impressions: n('impressions'),
    clicks: n('clicks'),
    conversions: n('conversions'),
    conversions_value: n('conversions_value'),
    previous_spend: previous,
    change: ratio(spend === null || previous === null ? null : spend - previous, previous),
    ctr: ratio(n('clicks'), n('impressions')),
    cpc: ratio(spend, n('priced_clicks')),
    cpm: ratio(spend, n('priced_impressions'), 1000),
    roas: ratio(n('conversions_value'), spend),
    cpa: ratio(spend, n('priced_conversions')),
  };
}

const SUMS = ['spend', 'impressions', 'clicks', 'conversions', 'conversions_value'] as const;
/* Half of the last digit shown; below it a difference is an artefact of adding. */
const TOLERANCE: Record<(typeof SUMS)[number], number> = {
  spend: 0.005,
  impressions: 0.5,
  clicks: 0.5,
  conversions: 0.005,
  conversions_value: 0.005,
};

/* The row that makes the children add up to their parent, or null where they do already. A sum unknown on one side
 * counts as nothing reported there. Where not all children came, the rest is theirs. */
export function unallocated(parent: Node, children: readonly Node[], truncated = false): Node | null {
  const level = LEVELS[parent.path.length] as Level;
  const difference = {} as Record<(typeof SUMS)[number], number | null>;
  let any = false;
  for (const name of SUMS) {
    const known = children.some((c) => c[name] !== null);
    if (parent[name] === null && !known) {
      difference[name] = null;
      continue;
    }
    const sum = children.reduce((total, c) => total + (c[name] ?? 0), 0);
    const d = Math.round(((parent[name] ?? 0) - sum) * 1e6) / 1e6;
    difference[name] = Math.abs(d) < TOLERANCE[name] ? 0 : d;
    if (difference[name] !== 0) any = true;
  }
  if (!any) return null;
  return {
    path: [...parent.path, null],
    key: `${parent.key}/+`,
    level,
    kind: 'unallocated',
    name: truncated
      ? `All after the first ${children.length}`
      : children.length === 0
        ? `Not reported by ${LEVEL_NAMES[level]}`
        : 'Unallocated',
    platform: parent.platform,
    ...difference,
    previous_spend: null,
    change: null,
    ctr: null,
    cpc: null,
    cpm: null,
    roas: null,
    cpa: null,
  };
}

/* One collator for all: making one per comparison costs more than the sort. */
const names = new Intl.Collator('en', { numeric: true });

/* Unknown figures come last in both directions; the unallocated row stays at the end. */
export function sortNodes(nodes: readonly Node[], by: SortName, descending: boolean): Node[] {
  const direction = descending ? -1 : 1;
  return [...nodes].sort((a, b) => {
    if (a.kind !== b.kind) return a.kind === 'unallocated' ? 1 : -1;
    if (by === 'name') return direction * names.compare(a.name, b.name);
    const x = a[by];
    const y = b[by];
    if (x === y) return names.compare(a.name, b.name);
    if (x === null || y === null) return x === null ? 1 : -1;
    return direction * (x - y);
  });
}

/* What is known about the children of one node. */
export interface Branch {
  nodes: Node[] | null;
  truncated?: boolean;
  loading: boolean;
  error: string | null;
}

export type TreeRow =
  | { kind: 'node' | 'unallocated'; node: Node; depth: number; position: number; siblings: number; open: boolean }
  | { kind: 'loading' | 'error'; key: string; parent: string; depth: number; message: string };

/* The rows to show, from the top: roots, and below an open node its children. */
export function visibleRows(
  branches: ReadonlyMap<string, Branch>,
  open: ReadonlySet<string>,
  by: SortName,
  descending: boolean,
): TreeRow[] {
  const out: TreeRow[] = [];
  const walk = (parentKey: string, parent: Node | null, depth: number): void => {
    const branch = branches.get(parentKey);
    if (!branch || (branch.loading && !branch.nodes)) {
      out.push({ kind: 'loading', key: `${parentKey}/loading`, parent: parentKey, depth, message: 'Loading…' });
      return;
    }
    if (branch.error !== null || !branch.nodes) {
      out.push({ kind: 'error', key: `${parentKey}/error`, parent: parentKey, depth, message: branch.error ?? '' });
      return;
    }
    const rest = parent ? unallocated(parent, branch.nodes, branch.truncated) : null;
    const nodes = sortNodes(rest ? [...branch.nodes, rest] : branch.nodes, by, descending);
    nodes.forEach((node, i) => {
      const isOpen = node.kind === 'node' && node.level !== 'ad' && open.has(node.key);
      out.push({ kind: node.kind, node, depth, position: i + 1, siblings: nodes.length, open: isOpen });
      if (isOpen) walk(node.key, node, depth + 1);
    });
  };
  walk('', null, 0);
  return out;
}

/* What the table shows at this moment, with the level and the ids of each row. */
export function treeCsv(rows: readonly TreeRow[]): Blob {
  const figures = [...SUMS, 'previous_spend', 'ctr', 'cpc', 'cpm', 'roas', 'cpa'] as const;
  const nodes = rows.flatMap((r) => ('node' in r ? [r.node] : []));
  const lines = nodes.map((n) => [
    n.kind === 'unallocated' ? 'unallocated' : n.level,
    ...LEVELS.map((_, i) => n.path[i] ?? null),
    n.name,
    ...figures.map((name) => n[name]),
  ]);
  const header = ['level', 'platform', 'account_id', 'campaign_id', 'ad_group_id', 'ad_id', 'name', ...figures];
  return new Blob([csvText(header, lines)], { type: 'text/csv;charset=utf-8' });
}
