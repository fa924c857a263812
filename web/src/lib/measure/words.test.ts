import { describe, expect, it } from 'vitest';
import type { Anomaly, Cohorts, Credit, CreditModel, Credits, Driver, Funnel, Reason } from './types';
import { cohortSentences, creditSentences, driverSentence, funnelSentences, percent, plural, reasonSentence, span, unusualSentence } from './words';

const credit = (conversions: number): Credit => ({ conversions, value: conversions * 10, low: null, high: null, value_low: null, value_high: null, cost_per: null, return: null });
const models: CreditModel[] = [
  { name: 'last_non_direct', title: 'Last touch but direct', kind: 'rule', about: '' },
  { name: 'markov', title: 'Markov chain', kind: 'data', about: '' },
];
const credits = (rows: [string, number, number][]): Credits => ({
  conversion: 'purchase',
  title: 'Purchase',
  by: 'channel',
  from: '2026-01-01',
  to: '2026-01-31',
  lookback_s: 2_592_000,
  models,
  rows: rows.map(([channel, a, b]) => ({ key: { channel }, title: channel, spend: null, touches: 1, credits: { last_non_direct: credit(a), markov: credit(b) } })),
  all: rows.length,
  total: { conversions: 100, value: 1000, journeys: 90, open_journeys: 10, untouched: 5 },
  consent: null,
  currency: 'EUR',
  ports: [],
  notes: [],
  budget: [],
});

describe('spans of time and shares', () => {
  it.each([
    [40, '40 s'],
    [600, '10 min'],
    [7200, '2 h'],
    [86_400, '24 h'],
    [604_800, '7 days'],
    [250_000, '2.9 days'],
    [null, '–'],
  ])('%s is %s', (s, text) => expect(span(s)).toBe(text));
  it.each([
    [0.25, '25%'],
    [0.034, '3.4%'],
    [0, '0%'],
    [null, '–'],
  ])('share %s is %s', (s, text) => expect(percent(s)).toBe(text));
  it('speaks of several', () => {
    expect(plural('Purchase')).toBe('purchases');
    expect(plural('Deal won')).toBe('conversions “Deal won”');
  });
});

describe('what attribution says', () => {
  it('names the most, and where another model disagrees most', () => {
    expect(creditSentences(credits([['email', 50, 40], ['paid_search', 30, 45], ['(none)', 20, 20]]), models, 'last_non_direct', false)).toEqual([
      'By last touch but direct, e-mail brings the most: 50 of 100 purchases (50%).',
      'Markov chain finds paid search 50% more than that.',
    ]);
  });
  it('does not wonder that a rule which passes direct over gives it little', () => {
    expect(creditSentences(credits([['email', 50, 50], ['direct', 10, 60]]), models, 'last_non_direct', false)).toHaveLength(1);
  });
  it('says nothing where nothing was', () => expect(creditSentences(credits([]), models, 'last_non_direct', false)).toEqual([]));
});

describe('what a funnel says', () => {
  const step = (title: string, people: number, dropped: number) => ({ step: title, title, kind: 'event', people, rate: people / 100, rate_before: null, median_s: null, dropped });
  const f = { steps: [step('View', 100, 0), step('Add', 40, 60), step('Order', 30, 10)], window_s: 604_800 } as unknown as Funnel;
  it('names the way through and the largest loss', () => {
    expect(funnelSentences(f)).toEqual(['30% of 100 people at “View” get to “Order” within 7 days.', 'Most are lost between “View” and “Add”: 60 of 100.']);
  });
  it('says nothing of nobody', () => expect(funnelSentences({ ...f, steps: [step('View', 0, 0), step('Add', 0, 0)] })).toEqual([]));
  it('gives a reason with both sides', () => {
    const r: Reason = { step: 1, dimension: 'device', title: 'Device', value: 'mobile', people: 50, rate: 0.3, others: 0.5, share_of_loss: 0.2, p: 0.001 };
    expect(reasonSentence(r, f.steps)).toBe('Device, mobile: 30% go on from “View” to “Add”, of all others 50%. That explains 20% of the people lost there.');
  });
});

describe('what cohorts say', () => {
  const c: Cohorts = {
    first: { step: 'order', title: 'Order', kind: 'order' },
    again: { step: 'order', title: 'Order', kind: 'order' },
    grain: 'month',
    kind: 'n_day',
    periods: 3,
    cohorts: [
      { cohort: '2026-01-01', size: 100, kept: [10, 30, 20], whole: 3 },
      { cohort: '2026-02-01', size: 100, kept: [10, 20, 5], whole: 2 },
      { cohort: '2026-03-01', size: 100, kept: [10, 90, null], whole: 1 },
    ],
    all: { size: 300, rates: [0.1, 0.25, 0.2] },
    dimension: null,
    by: [],
  };
  it('leaves out the cohort whose period is not over', () => {
    expect(cohortSentences(c)).toEqual(['25% of people come back to “Order” in the month after their first “Order”.', 'Best were those of Jan 2026 (30%), worst those of Feb 2026 (20%).']);
  });
  it('says nothing where nothing is over', () => expect(cohortSentences({ ...c, all: { size: 0, rates: [null, null, null] } })).toEqual([]));
});

describe('what is out of the ordinary', () => {
  const x = { metric: 'shared.orders', title: 'Orders', unit: 'count', day: '2026-11-03', value: 30, expected: 60, low: 51, high: 69, kind: 'drop', since: null } as unknown as Anomaly;
  it('says how far off', () => expect(unusualSentence(x, 'EUR')).toBe('Orders on 3 Nov 2026: 30, 50.0% below the expected 60 (51 to 69).'));
  it('tells a level from a day', () => expect(unusualSentence({ ...x, kind: 'shift', since: '2026-11-01' }, 'EUR')).toBe('Orders has another level since 1 Nov 2026: 30 where 60 was usual, 50.0% below.'));
  it('names what explains it', () => {
    const d: Driver = { dimension: 'channel', title: 'Channel', value: 'paid_search', change: -18, share: 0.6, before: 30, after: 12, rate: null, mix: null };
    expect(driverSentence(d, 'count', 'EUR')).toBe('Channel, Paid search: from 30 to 12, 60% of the change.');
  });
});
