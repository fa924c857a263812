import { describe, expect, it } from 'vitest';
import type { Cell } from '../types';
import { valueColors, valueText } from './names';
import { daysOf, newestDay, periodLabel } from './ranges';
import { chartsFor, drawFigure, partsOf, periodEnd, spoken, withFigures, type Figure } from './shape';
import type { MetricAnswer, MetricColumn } from './types';

const time: MetricColumn = { name: 'week', title: null, type: 'date', role: 'time' };
const key = (name: string): MetricColumn => ({ name, title: null, type: 'text', role: 'key' });
const value = (name: string): MetricColumn => ({ name, title: null, type: 'number', role: 'value', metric: `a.${name}`, unit: 'currency' });
const before = (name: string): MetricColumn => ({ name: `${name}_before`, title: null, type: 'number', role: 'before', metric: `a.${name}`, unit: 'currency' });
function answer(columns: MetricColumn[], rows: Cell[][], more: Partial<MetricAnswer> = {}): MetricAnswer {
  return { columns, rows, total: null, from: '2026-11-02', to: '2026-11-20', range_said: null, compare: null, currency: 'EUR', time_zone: 'UTC', sql: '', ports: [], definitions: [], notes: [], truncated: false, ...more };
}
const figure = (a: MetricAnswer): Figure => partsOf(a.columns).figures[0] as Figure;
const many = (n: number): Cell[][] => Array.from({ length: n }, (_, i) => [`k${i}`, n - i]);

describe('the chart that picks itself', () => {
  const rows: [string, MetricColumn[], Cell[][], boolean, string][] = [
    ['one figure', [value('spend')], [[1]], true, 'number'],
    ['over time', [time, value('spend')], [['2026-11-02', 1]], true, 'line'],
    ['over time by one', [time, key('channel'), value('spend')], [['2026-11-02', 'a', 1]], false, 'line'],
    ['a ratio over time by two', [time, key('a'), key('b'), value('cac')], [['2026-11-02', 'a', 'b', 1]], false, 'table'],
    ['few values', [key('channel'), value('spend')], many(8), true, 'bar'],
    ['very many values', [key('campaign'), value('spend')], many(200), true, 'table'],
    ['countries', [key('country'), value('spend')], ['DE', 'FR', 'IT', 'ES', 'US', 'BR', null].map((c, i): Cell[] => [c, i]), true, 'map'],
    ['countries by words of no map', [key('country'), value('spend')], many(9), true, 'bar'],
    ['two dimensions that add up', [key('channel'), key('device'), value('spend')], [['a', 'b', 1]], true, 'stacked'],
    ['two dimensions of a ratio', [key('channel'), key('device'), value('cac')], [['a', 'b', 1]], false, 'table'],
  ];
  for (const [what, columns, data, additive, best] of rows) it(`${what}: ${best}`, () => expect(chartsFor({ columns, rows: data }, additive)[0]).toBe(best));
});

describe('what is drawn', () => {
  it('keeps periods without rows as gaps, and knows those that the range cuts', () => {
    const a = answer([time, value('spend')], [['2026-11-02', 5], ['2026-11-16', 7]], { from: '2026-11-04' });
    const d = drawFigure(a, figure(a), { grain: 'week', weekStart: 'monday', additive: true });
    expect(d.xs).toEqual(['2026-11-02', '2026-11-09', '2026-11-16']);
    expect(d.series[0]?.values).toEqual([5, null, 7]);
    expect(d.partial).toEqual({ first: true, last: true });
    expect(spoken('Spend', d, String)).toBe('Spend: 3 points in time; the highest is 7, 2026-11-16.');
  });
  it('puts what is too many together only where a sum is true', () => {
    const rows = Array.from({ length: 12 }, (_, i): Cell[] => ['2026-11-02', `k${String(i).padStart(2, '0')}`, 12 - i]);
    const a = answer([time, key('x'), value('spend')], rows);
    const sums = drawFigure(a, figure(a), { grain: 'week', weekStart: 'monday', additive: true });
    expect(sums.series.map((s) => s.name)).toEqual(['k00', 'k01', 'k02', 'k03', 'k04', 'k05', 'k06', 'Others']);
    expect(sums.series.at(-1)?.values).toEqual([15]);
    const ratios = drawFigure(a, figure(a), { grain: 'week', weekStart: 'monday', additive: false });
    expect(ratios.series).toHaveLength(7);
    expect(ratios.left).toMatch(/5 more are not drawn/);
  });
  it('pairs each figure with the one before, and never draws an unknown one as 0', () => {
    const a = answer([key('channel'), value('cac'), before('cac')], [['email', null, 3], ['sms', 4, null]]);
    const d = drawFigure(a, figure(a), { grain: null, weekStart: 'monday', additive: false });
    expect(d.series[0]).toMatchObject({ values: [null, 4], before: [3, null] });
  });
  it('leaves out values of which nothing is known, never a period', () => {
    const a = answer([key('channel'), value('cac'), before('cac')], [['email', null, 3], ['sms', null, null], ['direct', 4, null]]);
    expect(withFigures(a).answer.rows.map((r) => r[0])).toEqual(['email', 'direct']);
    expect(withFigures(a).without.map((r) => r[0])).toEqual(['sms']);
    const t = answer([time, value('cac')], [['2026-11-02', null]]);
    expect(withFigures(t).answer).toBe(t);
  });
  it('ends quarters and years where they end', () => {
    expect(periodEnd('2026-01-01', 'quarter')).toBe('2026-03-31');
    expect(periodEnd('2028-01-01', 'year')).toBe('2028-12-31');
    expect(periodLabel('2026-04-01', 'quarter', (d) => d)).toBe('Q2 2026');
  });
});

describe('spans by name', () => {
  it('count from the newest day that has data', () => {
    expect(daysOf('this_month', '2026-11-21', 'monday')).toEqual({ from: '2026-11-01', to: '2026-11-21' });
    expect(daysOf('last_month', '2026-03-02', 'monday')).toEqual({ from: '2026-02-01', to: '2026-02-28' });
    expect(daysOf('last_quarter', '2026-02-10', 'monday')).toEqual({ from: '2025-10-01', to: '2025-12-31' });
    expect(daysOf('last_week', '2026-11-22', 'sunday')).toEqual({ from: '2026-11-15', to: '2026-11-21' });
    expect(daysOf('7d', '2026-11-03', 'monday')).toEqual({ from: '2026-10-28', to: '2026-11-03' });
  });
  it('never from a day that is still to come', () => {
    expect(newestDay(['2026-11-20', '2027-01-01', null], '2026-11-22')).toBe('2026-11-20');
    expect(newestDay([null], '2026-11-22')).toBe('2026-11-22');
  });
});

describe('colours', () => {
  it('never repeat among eight, and a channel keeps its own before others take it', () => {
    const all = ['paid_search', 'paid_shopping', 'organic_search', 'display', 'referral', 'email', 'direct', 'paid_social'];
    expect(new Set(valueColors('channel', all)).size).toBe(8);
    const common = ['paid_search', 'paid_social', 'paid_shopping', 'cross_network', 'email', 'organic_search', 'organic_social', 'referral', 'direct', 'affiliate', 'ai', 'display'];
    expect(new Set(valueColors('channel', common)).size).toBe(common.length);
    for (const c of common) expect(valueColors('first_channel', [c])).toEqual(valueColors('campaign__channel', [c]));
    expect(valueText('first_channel', 'organic_social')).toBe('Organic social');
    expect(valueColors('channel', ['referral', 'display'])[1]).toBe(valueColors('channel', ['display'])[0]);
    expect(new Set(valueColors('campaign', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])).size).toBe(8);
  });
});
