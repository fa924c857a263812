/* What the dashboard shows, read from and written to the query part of its address. The address holds all of it. */
import { addDays, dayCount, isDay, type Grain } from '../../lib/dates';
import type { Path, Period } from '../../lib/query/campaign360';
import { isMetric, type MetricName } from './metrics';

export const PRESETS = [
  { name: '7d', label: 'Last 7 days', days: 7 },
  { name: '28d', label: 'Last 28 days', days: 28 },
  { name: '90d', label: 'Last 90 days', days: 90 },
  { name: '365d', label: 'Last 365 days', days: 365 },
  { name: 'all', label: 'All days', days: null },
] as const;
export type PresetName = (typeof PRESETS)[number]['name'];
export const PANELS = ['figures', 'trend', 'campaigns', 'breakdown'] as const;
export type PanelName = (typeof PANELS)[number];
export const DRAWER_TABS = ['about', 'sql', 'checks'] as const;
export type DrawerTab = (typeof DRAWER_TABS)[number];

export const SORTS = [
  'name',
  'spend',
  'change',
  'impressions',
  'clicks',
  'ctr',
  'cpc',
  'cpm',
  'conversions',
  'conversions_value',
  'roas',
  'cpa',
] as const;
export type SortName = (typeof SORTS)[number];

export interface DashboardState {
  range: PresetName | { from: string; to: string };
  compare: boolean;
  platforms: string[];
  campaigns: string[];
  asOf: string | null;
  metric: MetricName;
  grain: Grain | null;
  sort: SortName;
  descending: boolean;
  open: string[];
  tables: PanelName[];
  drawer: { panel: PanelName; tab: DrawerTab } | null;
}

export const DEFAULT_STATE: DashboardState = {
  range: '28d',
  compare: true,
  platforms: [],
  campaigns: [],
  asOf: null,
  metric: 'roas',
  grain: null,
  sort: 'spend',
  descending: true,
  open: [],
  tables: [],
  drawer: null,
};

function oneOf<T extends string>(value: string | null, allowed: readonly T[]): T | null {
  return allowed.includes(value as T) ? (value as T) : null;
}

export function readState(q: URLSearchParams): DashboardState {
  const from = q.get('from');
  const to = q.get('to');
  const preset = oneOf(q.get('range'), PRESETS.map((p) => p.name));
  const sort = q.get('sort') ?? '';
  const [sortName, direction] = sort.split('.');
  const [panel, tab] = (q.get('drawer') ?? '').split('.');
  const drawerPanel = oneOf(panel ?? null, PANELS);
  const metricName = q.get('metric');
  const asOf = q.get('as_of');
  return {
    range: isDay(from) && isDay(to) && from <= to ? { from, to } : (preset ?? DEFAULT_STATE.range),
    compare: q.get('compare') !== 'none',
    platforms: q.getAll('platform').filter((v) => v !== ''),
    campaigns: q.getAll('campaign').filter((v) => v !== ''),
    asOf: isDay(asOf) ? asOf : null,
    metric: isMetric(metricName) && metricName !== 'spend' ? metricName : DEFAULT_STATE.metric,
    grain: oneOf(q.get('grain'), ['day', 'week', 'month'] as const),
    sort: oneOf(sortName ?? null, SORTS) ?? DEFAULT_STATE.sort,
    descending: oneOf(sortName ?? null, SORTS) ? direction !== 'asc' : DEFAULT_STATE.descending,
    open: q.getAll('open').filter((v) => v !== ''),
    tables: q.getAll('table').filter((v): v is PanelName => oneOf(v, PANELS) !== null),
    drawer: drawerPanel ? { panel: drawerPanel, tab: oneOf(tab ?? null, DRAWER_TABS) ?? 'about' } : null,
  };
}

/* Only what differs from the default is written, so that the plain address stays plain. */
export function writeState(s: DashboardState): URLSearchParams {
  const q = new URLSearchParams();
  if (typeof s.range === 'object') {
    q.set('from', s.range.from);
    q.set('to', s.range.to);
  } else if (s.range !== DEFAULT_STATE.range) {
    q.set('range', s.range);
  }
  if (!s.compare) q.set('compare', 'none');
  for (const v of s.platforms) q.append('platform', v);
  for (const v of s.campaigns) q.append('campaign', v);
  if (s.asOf) q.set('as_of', s.asOf);
  if (s.metric !== DEFAULT_STATE.metric) q.set('metric', s.metric);
  if (s.grain) q.set('grain', s.grain);
  if (s.sort !== DEFAULT_STATE.sort || !s.descending) q.set('sort', `${s.sort}.${s.descending ? 'desc' : 'asc'}`);
  for (const v of s.open) q.append('open', v);
  for (const v of s.tables) q.append('table', v);
  if (s.drawer) q.set('drawer', s.drawer.tab === 'about' ? s.drawer.panel : `${s.drawer.panel}.${s.drawer.tab}`);
  return q;
}

export interface Extent {
  first: string;
  last: string;
}

/* The days that a state means, given the days that there are. Presets end at the last day that has data. */
export function periodOf(range: DashboardState['range'], extent: Extent): Period {
  if (typeof range === 'object') return { from: range.from, to: range.to };
  const preset = PRESETS.find((p) => p.name === range);
  if (!preset || preset.days === null) return { from: extent.first, to: extent.last };
  return { from: addDays(extent.last, 1 - preset.days), to: extent.last };
}

/* The days just before, as many of them. */
export function previousOf(p: Period): Period {
  const n = dayCount(p.from, p.to);
  return { from: addDays(p.from, -n), to: addDays(p.from, -1) };
}

/* "Last 28 days with data" or "18 Oct – 14 Nov 2026" is said by the caller; this names the preset. */
export function presetLabel(range: DashboardState['range']): string | null {
  return typeof range === 'object' ? null : (PRESETS.find((p) => p.name === range)?.label ?? null);
}

/* One text for a path of the breakdown; ids may hold any character, may be empty, and null is not the text "null". */
export function encodePath(path: Path): string {
  const part = (id: string): string => (id === '' ? '~~' : encodeURIComponent(id).replace(/~/g, '%7E'));
  return path.map((id) => (id === null ? '~' : part(id))).join('/');
}

export function decodePath(text: string): Path | null {
  try {
    return text.split('/').map((part) => (part === '~' ? null : part === '~~' ? '' : decodeURIComponent(part)));
  } catch {
    return null;
  }
}
