import { describe, expect, it } from 'vitest';
import { goalProgress, goalValue } from './goal';
import type { Goal } from './types';

const goal = (more: Partial<Goal>): Goal => ({
  name: 'g',
  title: null,
  question: null,
  domain: null,
  owner: null,
  unit: 'ratio',
  direction: 'up',
  value: 3,
  problem: null,
  day_from: null,
  day_to: null,
  baseline: { value: 2, from: null, to: null, frozen: null },
  target: { value: 4, by: '2026-12-31' },
  progress: 0.5,
  window_days: 28,
  series: [],
  products: [],
  port: null,
  sql: null,
  north_star: false,
  ...more,
});

describe('a goal', () => {
  it('is written in its unit, and an unknown number is a dash', () => {
    expect(goalValue(1234.5, 'currency', 'EUR')).toBe('EUR 1,234.50');
    expect(goalValue(0.1234, 'percent', 'EUR')).toBe('12.34%');
    expect(goalValue(1, 'days', 'EUR')).toBe('1 day');
    expect(goalValue(12345, 'count', 'EUR')).toBe('12,345');
    expect(goalValue(null, 'count', 'EUR')).toBe('–');
  });
  it('says how far it has come, and never rounds up to reached', () => {
    expect(goalProgress(goal({}), 'EUR')).toBe('50% of the way from 2.00 to 4.00 by 31 Dec 2026');
    expect(goalProgress(goal({ progress: 0.999 }), 'EUR')).toMatch(/^99% /);
    expect(goalProgress(goal({ progress: 1.2 }), 'EUR')).toMatch(/^Reached/);
    expect(goalProgress(goal({ progress: -0.1 }), 'EUR')).toMatch(/^Further away/);
    expect(goalProgress(goal({ baseline: null }), 'EUR')).toBeNull();
  });
});
