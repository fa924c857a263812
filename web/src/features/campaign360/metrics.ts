/* The measures of the dashboard: names, units, and ratios made from sums. */
import type { Unit } from '../../lib/format';
import { numberOf, type Row } from '../../lib/query/sql';
import type { TermName } from '../../lib/terms';

export type MetricName = 'spend' | 'conversions' | 'conversions_value' | 'roas' | 'cpa' | 'ctr' | 'cpc' | 'cpm';

export interface Metric {
  name: MetricName;
  label: string;
  long: string;
  term: TermName;
  unit: Unit;
}

export const METRICS: readonly Metric[] = [
  { name: 'spend', label: 'Spend', long: 'Spend', term: 'spend', unit: 'money' },
  { name: 'conversions', label: 'Conversions', long: 'Claimed conversions', term: 'conversions', unit: 'decimal' },
  { name: 'conversions_value', label: 'Value', long: 'Claimed value', term: 'value', unit: 'money' },
  { name: 'roas', label: 'ROAS', long: 'ROAS', term: 'roas', unit: 'ratio' },
  { name: 'cpa', label: 'CPA', long: 'Cost per acquisition', term: 'cpa', unit: 'unit_money' },
  { name: 'ctr', label: 'CTR', long: 'Click-through rate', term: 'ctr', unit: 'rate' },
  { name: 'cpc', label: 'CPC', long: 'Cost per click', term: 'cpc', unit: 'unit_money' },
  { name: 'cpm', label: 'CPM', long: 'Cost per thousand impressions', term: 'cpm', unit: 'unit_money' },
];

export function metric(name: MetricName): Metric {
  return METRICS.find((m) => m.name === name) as Metric;
}

export function isMetric(name: string | null): name is MetricName {
  return METRICS.some((m) => m.name === name);
}

export type Figures = Record<MetricName, number | null> & { impressions: number | null; clicks: number | null };

/* A row of `figuresStatement` or `trendStatement`. */
export function figuresOf(row: Row | undefined): Figures {
  const get = (name: string): number | null => numberOf(row?.[name]);
  return {
    spend: get('spend'),
    impressions: get('impressions'),
    clicks: get('clicks'),
    conversions: get('conversions'),
    conversions_value: get('conversions_value'),
    roas: get('roas'),
    cpa: get('cpa'),
    ctr: get('ctr'),
    cpc: get('cpc'),
    cpm: get('cpm'),
  };
}

export function ratio(a: number | null, b: number | null, times = 1): number | null {
  return a === null || b === null || b === 0 ? null : (times * a) / b;
}
