/* A question as a panel of a dashboard's file, and what of it a panel cannot hold. Pure. */
import { dayCount } from '../../lib/dates';
import type { CohortGrain, CohortKind, Level } from '../../lib/measure/types';
import type { MetricAsk, MetricChart } from '../../lib/metrics/types';
import { panelForFile } from '../../lib/query/panel';
import type { AskedChart } from './asked';
import { blankPanel } from './measured';

export interface Kept {
  panel: Record<string, unknown>;
  /* in a sentence; empty: the whole question */
  lost: string;
}

const DAYS = 28;

/* A panel shows the newest days: `days` as many as the question has; nothing chosen: 28. */
export function panelOf(ask: MetricAsk, chart: MetricChart, title: string): Kept {
  const days = ask.from && ask.to ? dayCount(ask.from, ask.to) : DAYS;
  const by = ask.by ?? [];
  const panel: Record<string, unknown> = { title, metrics: ask.metrics };
  if (by.length > 0) panel.by = by.length === 1 ? by[0] : by;
  if (ask.grain) panel.grain = ask.grain;
  panel.chart = chart;
  panel.days = days;
  if (ask.compare) panel.compare = ask.compare;
  if (ask.where) panel.where = ask.where;
  const lost = [
    ...(ask.from && ask.to ? [`It shows the newest ${days} days, whichever they are.`] : []),
    ...(ask.as_of ? ['It shows the figures of now, not those of an earlier day.'] : []),
  ];
  return { panel, lost: lost.join(' ') };
}

/* Panels of journeys look at the newest days, as their pages do where nobody chose others. */
const NEWEST = 'It looks at the newest days, not at those chosen here.';
const said = (...sentences: (string | false)[]): string => sentences.filter(Boolean).join(' ');

export function creditsPanel(s: { conversion: string; models: string[]; by: Level; range: unknown; lookback: string | null; show: string }, title: string): Kept {
  return {
    panel: panelForFile(blankPanel('attribution', { title, conversion: s.conversion, models: s.models, by: [s.by] })),
    lost: said(s.range !== null && NEWEST, s.lookback !== null && 'Touches count for as long as the conversion declares.', s.show === 'value' && 'It shows conversions, not their value.'),
  };
}

export function funnelPanel(s: { steps: string[]; window: string; by: string; range: unknown }, title: string): Kept {
  return {
    panel: panelForFile(blankPanel('funnel', { title, steps: s.steps, window: s.window, by: s.by ? [s.by] : [] })),
    lost: said(s.range !== null && NEWEST, s.by !== '' && 'It shows the whole; what it is divided by stands behind “Look closer”.'),
  };
}

export function cohortPanel(s: { first: string; again: string; grain: CohortGrain; kind: CohortKind; by: string }, title: string): Kept {
  return {
    panel: panelForFile(blankPanel('retention', { title, first: s.first, again: s.again, grain: s.grain, counting: s.kind, by: s.by ? [s.by] : [] })),
    lost: said(s.by !== '' && 'It shows the whole; what it is divided by stands behind “Look closer”.'),
  };
}

/* Panels are asked as whoever looks, for what questions are asked for where nothing else is said. */
const PURPOSE = 'analytics';
export function askedPanel(sql: string, a: AskedChart, purpose: string, title: string): Kept {
  return { panel: panelForFile(blankPanel('sql', { title, sql, ...a })), lost: said(purpose !== PURPOSE && `It is asked for ${PURPOSE}, not for ${purpose.replace(/_/g, ' ')}.`) };
}
