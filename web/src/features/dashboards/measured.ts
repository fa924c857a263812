/* Panels of numbers and journeys: what they ask, which chart they take, and those that stand ready where a mesh has no file. Pure. */
import { addDays } from '../../lib/dates';
import type { Compare, Metric, MetricAsk, MetricGrain } from '../../lib/metrics/types';
import { chartsFor } from '../../lib/metrics/shape';
import type { MetricAnswer, MetricChart } from '../../lib/metrics/types';
import type { DashboardPanel, PanelKind } from '../../lib/types';

export const REFRESH: { value: string; s: number; label: string }[] = [
  { value: 'live', s: 0, label: 'live' },
  { value: '15min', s: 900, label: 'every 15 minutes' },
  { value: '1h', s: 3600, label: 'every hour' },
  { value: '24h', s: 86_400, label: 'once a day' },
];
const LIVE_MS = 15_000;
export const refreshMs = (s: number): number => (s > 0 ? s * 1000 : LIVE_MS);

export const JOURNEYS: readonly PanelKind[] = ['attribution', 'funnel', 'retention'];
/* It says what it shows, so that a file may hold it. */
export function isWhole(p: DashboardPanel): boolean {
  const asks: Record<PanelKind, boolean> = { port: true, sql: p.sql !== null, metrics: p.metrics.length > 0, attribution: p.conversion !== null, funnel: p.steps.length > 1, retention: p.first !== null && p.again !== null };
  return p.title.trim() !== '' && asks[p.kind];
}

export function blankPanel(kind: PanelKind, change: Partial<DashboardPanel>): DashboardPanel {
  return {
    title: '',
    chart: kind === 'retention' || kind === 'sql' ? 'table' : kind === 'metrics' ? 'line' : 'bar',
    port: '',
    x: null,
    grain: null,
    series: null,
    where: null,
    measures: [],
    sql: null,
    state: null,
    reads: [],
    kind,
    metrics: [],
    by: [],
    days: 0,
    compare: null,
    conversion: null,
    models: [],
    steps: [],
    window: null,
    first: null,
    again: null,
    counting: null,
    ...change,
  };
}

export const columnOf = (ref: string): string => ref.slice(ref.lastIndexOf('.') + 1);

/* `newest`: the day that a span counts back from, where one is asked for. */
export function askOfPanel(p: DashboardPanel, lead: Metric | undefined, newest: string | null): MetricAsk {
  const grain = (p.grain ?? null) as MetricGrain | null;
  const ranked = p.by.length > 0 && !grain && p.metrics[0];
  return {
    metrics: p.metrics,
    ...(p.by.length > 0 ? { by: p.by } : {}),
    ...(grain ? { grain } : {}),
    ...(newest && p.days > 0 ? { from: addDays(newest, 1 - p.days), to: newest } : {}),
    ...(p.where ? { where: p.where } : {}),
    ...(p.compare ? { compare: p.compare as Compare } : {}),
    ...(ranked ? { order: `${lead?.direction === 'down' ? '' : '-'}${columnOf(p.metrics[0] ?? '')}` } : {}),
    limit: 500,
  };
}

/* What was asked for, where it suits; an area is a line of several. */
export function chartOf(p: DashboardPanel, answer: MetricAnswer, additive: boolean): MetricChart {
  const suits = chartsFor(answer, additive);
  const wanted = p.chart === 'area' ? (additive && p.by.length > 0 ? 'stacked' : 'line') : (p.chart as MetricChart);
  if (wanted === 'number' && p.by.length === 0 && !p.grain) return 'number';
  return suits.includes(wanted) ? wanted : (suits[0] ?? 'table');
}

const m = (title: string, metrics: string[], change: Partial<DashboardPanel> = {}): DashboardPanel => blankPanel('metrics', { title, metrics, ...change });
const number = (title: string, metric: string): DashboardPanel => m(title, [metric], { chart: 'number', compare: 'previous' });

/* Which file of a mesh a page shows, and what it shows where there is none. */
export interface Ready {
  title: string;
  about: string;
  file: string;
  /* whose name is in a mesh says that the page has something to show */
  panels: DashboardPanel[];
}
export const READY: Record<'customers' | 'spend' | 'north-star', Ready> = {
  customers: {
    title: 'Customers',
    about: 'Who our customers are, what they bring, whether they come back.',
    file: 'customer_overview',
    panels: [
      number('New customers', 'new_customers'),
      number('Customers who ordered', 'buying_customers'),
      number('Share of returning customers', 'returning_share'),
      m('Customers won by month', ['customers_won'], { grain: 'month', chart: 'bar', days: 364 }),
      m('Value by first channel', ['lifetime_value', 'retention_rate'], { by: ['first_channel'], chart: 'table', days: 364 }),
      blankPanel('retention', { title: 'Who comes back', first: 'purchase', again: 'purchase', grain: 'month', counting: 'n_day' }),
    ],
  },
  spend: {
    title: 'Spend efficiency',
    about: 'What advertising cost, what it brought, and what a new customer cost us, by channel.',
    file: 'spend_efficiency',
    panels: [
      number('Spend', 'spend'),
      number('Return on ad spend', 'roas'),
      m('Spend by channel and week', ['spend'], { by: ['channel'], grain: 'week', chart: 'stacked', days: 182 }),
      m('Return by channel', ['roas', 'claimed_roas'], { by: ['channel'], chart: 'bar' }),
    ],
  },
  'north-star': {
    title: 'North star',
    about: 'The few numbers that everybody looks at: what came in, from whom, and who came back.',
    file: 'north_star',
    panels: [
      number('Revenue', 'revenue'),
      number('Orders', 'orders'),
      number('Active users', 'active_users'),
      m('Revenue by week', ['revenue'], { grain: 'week', days: 364 }),
      m('New customers by week', ['new_customers'], { grain: 'week', days: 182 }),
    ],
  },
};

/* Metrics of the mesh only: a panel without any is left out. */
export function fittedPanels(panels: readonly DashboardPanel[], list: readonly Metric[]): DashboardPanel[] {
  return panels.flatMap((p) => {
    if (p.kind !== 'metrics') return list.length > 0 ? [p] : [];
    const metrics = p.metrics.flatMap((n) => list.find((x) => x.ref === n || x.name === n)?.ref ?? []);
    return metrics.length > 0 ? [{ ...p, metrics }] : [];
  });
}

/* How many of six columns each panel takes: three figures to a row, two pictures, a wide table alone; what would stand beside
 * nothing takes its row whole. */
const ROW = 6;
export function spansOf(panels: readonly Pick<DashboardPanel, 'kind' | 'chart' | 'metrics'>[]): number[] {
  const wanted = panels.map((p) => (p.kind === 'retention' || (p.chart === 'table' && p.metrics.length > 3) ? ROW : p.kind === 'metrics' && p.chart === 'number' ? 2 : 3));
  const out: number[] = [];
  for (let i = 0; i < wanted.length; ) {
    let used = 0;
    const row: number[] = [];
    for (; i < wanted.length && used + (wanted[i] as number) <= ROW; i++) {
      row.push(wanted[i] as number);
      used += wanted[i] as number;
    }
    /* figures stay small; the others share what is left */
    const grows = row.filter((w) => w > 2).length || (used === 4 ? 2 : 0);
    out.push(...row.map((w) => (grows > 0 && (w > 2 || used === 4) ? w + (ROW - used) / grows : w)));
  }
  return out;
}
