import { describe, expect, it } from 'vitest';
import type { Metric, MetricAnswer } from '../../lib/metrics/types';
import { panelForFile } from '../../lib/query/panel';
import { cohortPanel, creditsPanel, funnelPanel } from './keep';
import { askOfPanel, blankPanel, chartOf, fittedPanels, isWhole, READY, refreshMs, spansOf } from './measured';
import { spendSentence } from './spend';

const metric = (ref: string, change: Partial<Metric> = {}): Metric => ({ name: ref.slice(ref.indexOf('.') + 1), ref, direction: 'up', ...change }) as Metric;

describe('panels as a file holds them', () => {
  it('keeps what a panel of numbers says, and nothing else', () => {
    const p = blankPanel('metrics', { title: 'Cost', metrics: ['acquisition.cac', 'acquisition.true_cac'], by: ['channel'], grain: 'week', days: 90, compare: 'previous', where: "country = 'DE'" });
    expect(panelForFile(p, (r) => r.slice(r.indexOf('.') + 1))).toEqual({ title: 'Cost', metrics: ['cac', 'true_cac'], by: 'channel', grain: 'week', chart: 'line', days: 90, compare: 'previous', where: "country = 'DE'" });
    expect(panelForFile(blankPanel('metrics', { title: 'One', metrics: ['a.b'], chart: 'number' }))).toEqual({ title: 'One', metrics: ['a.b'], chart: 'number' });
  });
  it('keeps journeys among their own words', () => {
    expect(panelForFile(blankPanel('attribution', { title: 'Models', conversion: 'purchase', models: ['last', 'markov'], by: ['channel'] }))).toEqual({ title: 'Models', attribution: { conversion: 'purchase', models: ['last', 'markov'], by: 'channel' }, chart: 'bar' });
    expect(panelForFile(blankPanel('funnel', { title: 'F', steps: ['A', 'B'], window: '7d' }))).toEqual({ title: 'F', funnel: { steps: ['A', 'B'], window: '7d' }, chart: 'bar' });
    expect(panelForFile(blankPanel('retention', { title: 'R', first: 'purchase', again: 'purchase', grain: 'month', counting: 'n_day' }))).toEqual({ title: 'R', retention: { first: 'purchase', again: 'purchase', grain: 'month' }, chart: 'table' });
    expect(panelForFile(blankPanel('retention', { title: 'R', first: 'a', again: 'b', counting: 'rolling' })).retention).toEqual({ first: 'a', again: 'b', kind: 'rolling' });
  });
});

describe('journeys that are kept', () => {
  it('holds the models, the level and the conversion, and says what it cannot hold', () => {
    const s = { conversion: 'purchase', models: ['last', 'markov'], by: 'campaign' as const, range: null, lookback: null, show: 'conversions' };
    expect(creditsPanel(s, 'T')).toEqual({ panel: { title: 'T', attribution: { conversion: 'purchase', models: ['last', 'markov'], by: 'campaign' }, chart: 'bar' }, lost: '' });
    expect(creditsPanel({ ...s, range: '30d', lookback: '7d', show: 'value' }, 'T').lost).toMatch(/newest days.*declares.*not their value/);
  });
  it('holds steps and cohorts', () => {
    expect(funnelPanel({ steps: ['a', 'b'], window: '1d', by: 'device', range: null }, 'F')).toEqual({ panel: { title: 'F', funnel: { steps: ['a', 'b'], window: '1d', by: 'device' }, chart: 'bar' }, lost: 'It shows the whole; what it is divided by stands behind “Look closer”.' });
    expect(cohortPanel({ first: 'order', again: 'order', grain: 'week', kind: 'rolling', by: '' }, 'R')).toEqual({ panel: { title: 'R', retention: { first: 'order', again: 'order', grain: 'week', kind: 'rolling' }, chart: 'table' }, lost: '' });
  });
  it('is written only when it says what it shows', () => {
    expect(isWhole(blankPanel('funnel', { title: 'F', steps: ['a'] }))).toBe(false);
    expect(isWhole(blankPanel('funnel', { title: 'F', steps: ['a', 'b'] }))).toBe(true);
    expect(isWhole(blankPanel('attribution', { title: 'A' }))).toBe(false);
    expect(isWhole(blankPanel('retention', { title: ' ', first: 'a', again: 'a' }))).toBe(false);
  });
});

describe('what a panel asks', () => {
  it('counts its days from the newest that has data, the best first', () => {
    const p = blankPanel('metrics', { metrics: ['acquisition.cac'], by: ['channel'], days: 7, compare: 'previous' });
    expect(askOfPanel(p, metric('acquisition.cac', { direction: 'down' }), '2026-11-21')).toEqual({ metrics: ['acquisition.cac'], by: ['channel'], from: '2026-11-15', to: '2026-11-21', compare: 'previous', order: 'cac', limit: 500 });
    expect(askOfPanel(p, metric('acquisition.cac'), null)).toMatchObject({ order: '-cac' });
  });
  it('draws what suits', () => {
    const flat = { columns: [{ name: 'v', title: 'V', type: 'number', role: 'value' }], rows: [[1]] } as unknown as MetricAnswer;
    expect(chartOf(blankPanel('metrics', { chart: 'line' }), flat, true)).toBe('number');
    const time = { columns: [{ name: 'date', title: 'Day', type: 'date', role: 'time' }, { name: 'k', title: 'K', type: 'text', role: 'key' }, ...flat.columns], rows: [['2026-01-01', 'a', 1]] } as unknown as MetricAnswer;
    expect(chartOf(blankPanel('metrics', { chart: 'area', by: ['k'], grain: 'week' }), time, true)).toBe('stacked');
    expect(chartOf(blankPanel('metrics', { chart: 'area', by: ['k'], grain: 'week' }), time, false)).toBe('line');
    expect(chartOf(blankPanel('metrics', { chart: 'number', by: ['k'], grain: 'week' }), time, true)).toBe('line');
  });
  it('stands ready only with numbers that the mesh has', () => {
    expect(fittedPanels(READY.spend.panels, [])).toEqual([]);
    expect(fittedPanels(READY.spend.panels, [metric('x.spend')]).map((p) => p.metrics)).toEqual([['x.spend'], ['x.spend']]);
  });
  it('leaves no hole beside a panel', () => {
    const [n, p, w] = [blankPanel('metrics', { chart: 'number' }), blankPanel('metrics', { chart: 'line' }), blankPanel('retention', {})];
    expect(spansOf([n, n, n, p, p])).toEqual([2, 2, 2, 3, 3]);
    expect(spansOf([p, w, p, p, p])).toEqual([6, 6, 3, 3, 6]);
    expect(spansOf([n, n, p])).toEqual([3, 3, 6]);
    expect(spansOf([n, p, n])).toEqual([2, 4, 2]);
  });
  it('is as old as it may be', () => {
    expect(refreshMs(900)).toBe(900_000);
    expect(refreshMs(0)).toBeLessThan(60_000);
  });
});

describe('what spend says', () => {
  const column = (name: string, role: string, m: string | null, unit = 'currency') => ({ name, title: name, type: 'number', role, metric: m, unit });
  const answer = (rows: unknown[][]): MetricAnswer =>
    ({
      columns: [{ name: 'channel', title: 'Channel', type: 'text', role: 'key' }, column('cac', 'value', 'a.cac'), column('cac_before', 'before', 'a.cac'), column('true_cac', 'value', 'a.true_cac'), column('true_cac_before', 'before', 'a.true_cac')],
      rows,
      currency: 'EUR',
      compare: { from: '2026-10-01', to: '2026-10-31' },
    }) as unknown as MetricAnswer;
  it('names the cheapest by true cost, and what changed', () => {
    expect(spendSentence(answer([['email', null, null, null, null], ['paid_social', 30, 30, 90, 80], ['paid_search', '41', 40, '58', 50]]))).toBe('Paid search brings the cheapest new customers: EUR 41.00, true CAC EUR 58.00, up 16.0% from 1 Oct – 31 Oct 2026.');
  });
  it('says nothing where no cost is known', () => expect(spendSentence(answer([['email', null, null, null, null]]))).toBe(''));
});
