/* What the address of the lineage page holds. */
export type Level = 'domain' | 'product' | 'port';
export interface LineageState {
  level: Level;
  domain: string;
  focus: string;
  node: string;
  column: string;
  table: boolean;
}

const LEVELS: readonly Level[] = ['domain', 'product', 'port'];

/* Without a level: domains, or ports where one of them or a column is meant. */
export function readLineage(q: URLSearchParams): LineageState {
  const focus = q.get('focus') ?? '';
  const column = focus ? (q.get('column') ?? '') : '';
  const given = LEVELS.find((l) => l === q.get('level'));
  return {
    level: column ? 'port' : (given ?? (focus ? 'port' : 'domain')),
    domain: q.get('domain') ?? '',
    focus,
    node: q.get('node') ?? '',
    column,
    table: q.get('view') === 'table',
  };
}

export function writeLineage(s: LineageState): string {
  const q = new URLSearchParams();
  if (s.level !== (s.focus ? 'port' : 'domain')) q.set('level', s.level);
  if (s.domain) q.set('domain', s.domain);
  if (s.focus) q.set('focus', s.focus);
  if (s.focus && s.column) q.set('column', s.column);
  if (s.node) q.set('node', s.node);
  if (s.table) q.set('view', 'table');
  const text = q.toString();
  return `/lineage${text ? `?${text}` : ''}`;
}

/* What the server is asked for. */
export function lineageRequest(s: LineageState, limit: number): string {
  const q = new URLSearchParams({ level: s.level, limit: String(limit) });
  if (s.focus) q.set('focus', s.focus);
  if (s.domain) q.set('domain', s.domain);
  return `/api/v1/lineage?${q.toString()}`;
}
