import { describe, expect, it } from 'vitest';
import { partsOf, type Figure } from '../../lib/metrics/shape';
import type { Metric, MetricAnswer, MetricColumn } from '../../lib/metrics/types';
import { answerSentences } from './answer';
import { panelOf } from '../dashboards/keep';
import { askOf, EMPTY, exploreHref, firstState, fitted, nextDimension, readState, stateOf, suggestions } from './state';

const metric = (name: string, more: Partial<Metric> = {}): Metric => ({
  name, ref: `a.${name}`, domain: 'a', title: null, description: null, type: 'simple', unit: 'currency', direction: 'none', additive: true, owner: null, synonyms: [], terms: [], formula: null,
  dimensions: ['channel', 'campaign'], grains: ['day', 'week', 'month'], ports: [], state: 'fresh', version: '', ambiguous: false, file: null, line: null, ...more,
});

describe('the address of Explore', () => {
  it('says a question whole, and reads it back', () => {
    const s = { ...EMPTY, metrics: ['cac', 'web.roas'], by: ['channel'], grain: 'week' as const, range: { from: '2026-01-01', to: '2026-03-31' }, where: "country = 'DE' AND name = 'a&b=c,d'", compare: 'previous' as const, chart: 'line' as const, order: '-cac' };
    const href = exploreHref(s);
    expect(href).toContain('/explore?m=cac,web.roas&by=channel&grain=week&from=2026-01-01&to=2026-03-31&where=');
    expect(readState(new URL(href, 'http://x').searchParams)).toEqual(s);
  });
  it('leaves out what nobody chose, and what is not right', () => {
    expect(exploreHref({})).toBe('/explore');
    expect(readState(new URLSearchParams('m=cac,cac,DROP TABLE,&grain=hour&from=2026-02-30&to=2026-03-01&chart=pie&order=1;x&compare=next'))).toEqual({ ...EMPTY, metrics: ['cac'] });
  });
  it('asks with days only where days were chosen', () => {
    const s = { ...EMPTY, metrics: ['cac'], by: ['channel'] };
    expect(askOf(s, null)).toEqual({ metrics: ['cac'], by: ['channel'] });
    const ask = askOf({ ...s, where: "a = 'x'", compare: 'year' }, { from: '2026-01-01', to: '2026-01-31' });
    expect(ask).toEqual({ metrics: ['cac'], by: ['channel'], from: '2026-01-01', to: '2026-01-31', where: "a = 'x'", compare: 'year' });
    expect(askOf(stateOf(ask), { from: '2026-01-01', to: '2026-01-31' })).toEqual(ask);
  });
  it('reads a question as the server writes it', () => {
    expect(stateOf({ metrics: ['cac'], by: ['channel'], grain: null, from: '2026-10-01', to: '2026-10-31', where: null, compare: 'none' })).toEqual({ ...EMPTY, metrics: ['cac'], by: ['channel'], range: { from: '2026-10-01', to: '2026-10-31' } });
  });
  it('counts the days of a question anew that was kept with a span by name', () => {
    expect(stateOf({ metrics: ['cac'], from: '2026-10-01', to: '2026-10-31', range: 'this_month' }).range).toBe('this_month');
    expect(stateOf({ metrics: ['cac'], from: '2026-10-01', to: '2026-10-31', range: 'whenever' }).range).toEqual({ from: '2026-10-01', to: '2026-10-31' });
  });
  it('drops dimensions and grains that another number does not have', () => {
    const list = [metric('cac'), metric('reach', { dimensions: ['campaign'], grains: ['week'] })];
    expect(fitted({ ...EMPTY, metrics: ['cac', 'reach'], by: ['channel', 'campaign'], grain: 'day' }, list)).toMatchObject({ by: ['campaign'], grain: null });
    expect(fitted({ ...EMPTY, metrics: ['gone'], by: ['x'] }, list).by).toEqual(['x']);
  });
  it('begins with the north star, else with spend, else with anything', () => {
    const all = { metrics: [metric('roas'), metric('spend')], dimensions: [] };
    expect(firstState(all, ['roas'])?.metrics).toEqual(['roas']);
    expect(firstState(all, [null])).toMatchObject({ metrics: ['spend'], by: ['channel'] });
    expect(firstState({ metrics: [metric('x', { dimensions: [] })], dimensions: [] }, [])).toMatchObject({ grain: 'day' });
    expect(firstState({ metrics: [], dimensions: [] }, [])).toBeNull();
  });
  it('knows the way down, by what may be asked', () => {
    expect(nextDimension('channel', ['campaign', 'ad'])).toBe('campaign');
    expect(nextDimension('campaign_name', ['channel', 'ad_group_name'])).toBe('ad_group_name');
    expect(nextDimension('ad', ['channel'])).toBeNull();
    expect(nextDimension('device', ['campaign'])).toBeNull();
  });
  it('suggests only what can be answered', () => {
    expect(suggestions([metric('true_cac', { title: 'True customer acquisition cost' }), metric('spend')]).map((s) => s.title)).toEqual(['Compare channels by true CAC', 'Where the money went, week by week']);
    expect(suggestions([metric('true_cac', { state: 'never_built' }), metric('cac', { title: 'CAC' })])[0]?.title).toBe('Compare channels by CAC');
    expect(suggestions([])).toEqual([]);
  });
});

describe('a question as a panel of a file', () => {
  it('holds what a panel can, and says what it cannot', () => {
    expect(panelOf({ metrics: ['spend'], by: ['channel'], compare: 'previous', order: '-spend' }, 'bar', 'T')).toEqual({ panel: { title: 'T', metrics: ['spend'], by: 'channel', chart: 'bar', days: 28, compare: 'previous' }, lost: '' });
    const k = panelOf({ metrics: ['spend'], by: ['country', 'device'], grain: 'week', from: '2026-01-01', to: '2026-03-31', where: "a = 'x'", as_of: '2026-04-01' }, 'map', 'T');
    expect(k.panel).toEqual({ title: 'T', metrics: ['spend'], by: ['country', 'device'], grain: 'week', chart: 'map', days: 90, where: "a = 'x'" });
    expect(k.lost).toMatch(/newest 90 days.*earlier day/);
  });
});

describe('the answer in a sentence', () => {
  const columns: MetricColumn[] = [
    { name: 'channel', title: 'Channel', type: 'text', role: 'key' },
    { name: 'cac', title: 'True CAC', type: 'number', role: 'value', metric: 'a.cac', unit: 'currency' },
    { name: 'cac_before', title: null, type: 'number', role: 'before', metric: 'a.cac', unit: 'currency' },
  ];
  const a: MetricAnswer = {
    columns, rows: [['email', 10, 12], ['display', 50, 20], ['(none)', 1, 1], ['sms', 20, 21], ['paid_social', null, 4]], total: null, from: '2026-11-01', to: '2026-11-21', range_said: null, compare: null,
    currency: 'EUR', time_zone: 'UTC', sql: '', ports: [], definitions: [], notes: [], truncated: false,
  };
  const f = partsOf(columns).figures[0] as Figure;
  it('names the best by which way is better, never what has no name', () => {
    expect(answerSentences(a, f, 'down')).toEqual(['Best true CAC: E-mail with EUR 10.00, down 16.7% from EUR 12.00.', 'Highest: Display with EUR 50.00, up 150% from EUR 20.00.']);
    expect(answerSentences(a, f, 'up')[0]).toBe('Best true CAC: Display with EUR 50.00, up 150% from EUR 20.00.');
    expect(answerSentences(a, f, 'none')[0]).toMatch(/^Highest true CAC: Display/);
  });
  it('speaks of most and least where it is an amount', () => {
    expect(answerSentences(a, f, 'up', true)[0]).toMatch(/^Most true CAC: Display/);
    expect(answerSentences(a, f, 'up', true)[1]).toMatch(/^Least: E-mail/);
  });
  it('never takes a total of what may be shown for the whole', () => {
    const days = [{ name: 'date', title: 'Day', type: 'date', role: 'time' }, ...columns.slice(1)] as MetricColumn[];
    const cut = { ...a, columns: days, rows: [['2026-11-01', 10, 12], ['2026-11-02', null, 5]], total: [null, 10, 17], notes: ['you see figures about groups of people: groups of fewer than 10, and those too near to one that was shown before, are left out'] };
    const g = partsOf(days).figures[0] as Figure;
    expect(answerSentences(cut, g, 'up')).toEqual(['True CAC: EUR 10.00 in what is shown to you; small groups of people are left out.']);
    expect(answerSentences({ ...cut, notes: [] }, g, 'up')[0]).toBe('True CAC: EUR 10.00, down 41.2% from EUR 17.00.');
  });
  it('says nothing where nothing is known', () => {
    expect(answerSentences({ ...a, rows: [['email', null, 3]] }, f, 'down')).toEqual([]);
  });
});
