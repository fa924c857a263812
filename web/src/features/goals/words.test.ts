import { describe, expect, it } from 'vitest';
import type { Goal } from '../../lib/types';
import { goalsSentence, inOrder, standing } from './words';

const goal = (name: string, more: Partial<Goal> = {}): Goal => ({
  name,
  title: null,
  question: null,
  domain: null,
  owner: null,
  unit: 'ratio',
  direction: 'up',
  value: null,
  problem: null,
  day_from: null,
  day_to: null,
  baseline: null,
  target: null,
  progress: null,
  window_days: 28,
  series: [],
  products: [],
  port: null,
  sql: null,
  north_star: false,
  ...more,
});
const target = (value: number): Goal['target'] => ({ value, by: '2026-12-31' });

describe('goals', () => {
  it('begin with the north star, then what cannot be measured', () => {
    const list = inOrder([goal('b', { value: 1, target: target(2) }), goal('c', { problem: 'x' }), goal('z', { north_star: true }), goal('a', { value: 1 })]);
    expect(list.map((g) => g.name)).toEqual(['z', 'c', 'b', 'a']);
  });
  it('stand somewhere', () => {
    expect(standing(goal('x', { value: 3, target: target(3), progress: 1 }))).toBe('reached');
    expect(standing(goal('x', { value: 10, target: target(12), direction: 'down', progress: 1.2 }))).toBe('reached');
    expect(standing(goal('x', { value: 2.5, target: target(3), progress: 0.5 }))).toBe('under_way');
    expect(standing(goal('x', { value: 1.9, target: target(3), progress: -0.2 }))).toBe('behind');
    expect(standing(goal('x', { value: 1 }))).toBe('open');
    expect(standing(goal('x', { value: 1, problem: 'no such column' }))).toBe('unmeasured');
  });
  it('are summed up without what there is none of', () => {
    expect(goalsSentence([goal('a', { value: 3, target: target(3) }), goal('b')])).toBe('2 goals: 1 reached and 1 not measured.');
  });
});
