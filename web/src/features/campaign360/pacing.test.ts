import { describe, expect, it } from 'vitest';
import type { Pace } from '../../lib/types';
import { inOrder, phaseOf, sentenceOf, titleOf, verdict } from './pacing';

const pace = (more: Partial<Pace> = {}): Pace => ({
  metric: 'spend',
  platform: '',
  campaign_id: '',
  currency: 'EUR',
  from: '2026-11-01',
  to: '2026-11-30',
  target: 50000,
  actual: 41200,
  expected: 35000,
  projected: 58857,
  days_done: 21,
  days_all: 30,
  last_day: '2026-11-21',
  ...more,
});

describe('pacing', () => {
  it('says what came, of how much, and where it leads', () => {
    expect(sentenceOf(pace())).toBe('EUR 41,200 of EUR 50,000 in 21 of 30 days; going on like this, EUR 58,857 by 30 Nov 2026.');
    expect(sentenceOf(pace({ actual: null, expected: null }))).toMatch(/not known/);
    expect(sentenceOf(pace({ metric: 'conversions', target: 900, actual: 410.5, days_done: 30 }))).toBe('410.5 of 900 in 30 of 30 days.');
  });
  it('warns of too much of what costs, and of too little of anything', () => {
    expect(verdict(pace())).toEqual({ level: 'warn', word: '18% ahead' });
    expect(verdict(pace({ metric: 'conversions' })).level).toBe('ok');
    expect(verdict(pace({ metric: 'conversions', actual: 20000 }))).toEqual({ level: 'warn', word: '43% behind' });
    expect(verdict(pace({ actual: 36000 }))).toEqual({ level: 'ok', word: 'On pace' });
    expect(verdict(pace({ days_done: 30, actual: 50000, expected: 50000 }))).toEqual({ level: 'ok', word: 'Met' });
    expect(verdict(pace({ days_done: 0 })).word).toBe('Begins 1 Nov 2026');
    expect(verdict(pace({ expected: 0 })).word).toBe('Not known');
  });
  it('is named by what it is a target of', () => {
    expect(titleOf(pace(), null)).toBe('Spend, everything');
    expect(titleOf(pace({ platform: 'google_ads', campaign_id: '7' }), null)).toBe('Spend, Google Ads, campaign 7');
    expect(titleOf(pace({ platform: 'google_ads', campaign_id: '7' }), 'Sale')).toBe('Spend, Google Ads, Sale');
  });
  it('puts what runs and is furthest off first', () => {
    const list = [pace({ days_done: 0, metric: 'a' }), pace({ metric: 'b', actual: 35000 }), pace({ metric: 'c', days_done: 30 }), pace({ metric: 'd', actual: 10 })];
    expect(inOrder(list).map((p) => p.metric)).toEqual(['d', 'b', 'c', 'a']);
    expect(list.map(phaseOf)).toEqual(['ahead_of_us', 'running', 'over', 'running']);
  });
});
