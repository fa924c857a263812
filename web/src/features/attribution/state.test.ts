import { describe, expect, it } from 'vitest';
import type { Conversions } from '../../lib/measure/types';
import { askOfCredits, readCredits } from './state';

const c: Conversions = {
  conversions: [
    { name: 'purchase', title: 'Purchase', from: 'orders', by: 'customer', lookback_s: 2_592_000, has_value: true, count: 5, newest: '2026-11-21T10:00:00Z' },
    { name: 'lead', title: 'Lead', from: 'events', by: 'customer', lookback_s: 2_592_000, has_value: false, count: 5, newest: null },
  ],
  models: ['last', 'last_non_direct', 'first', 'linear', 'markov', 'shapley'].map((name) => ({ name, title: name, kind: 'rule' as const, about: '' })),
  default: 'last',
  levels: ['channel', 'source', 'campaign', 'ad_group', 'ad'],
  paid: [],
  consent: null,
};
const read = (q: string) => readCredits(new URLSearchParams(q), c);

describe('the address of attribution', () => {
  it('begins with the first conversion and four models, the default first', () => {
    expect(read('')).toEqual({ conversion: 'purchase', by: 'channel', models: ['last', 'last_non_direct', 'first', 'linear'], range: null, lookback: null, show: 'conversions' });
  });
  it('holds what was chosen', () => {
    expect(read('c=lead&by=ad&models=markov,first&from=2026-01-01&to=2026-01-31&lookback=7d')).toEqual({ conversion: 'lead', by: 'ad', models: ['markov', 'first'], range: { from: '2026-01-01', to: '2026-01-31' }, lookback: '7d', show: 'conversions' });
  });
  it('takes nothing that is not there', () => {
    const s = read('c=nothing&by=planet&models=magic&from=2026-02-01&to=2026-01-01&lookback=soon');
    expect(s).toEqual(read(''));
    expect(read('c=lead&show=value').show).toBe('conversions');
  });
  it('asks with the days that it means', () => {
    expect(askOfCredits(read('lookback=7d'), { from: '2026-01-01', to: '2026-01-31' })).toEqual({ conversion: 'purchase', from: '2026-01-01', to: '2026-01-31', lookback: '7d' });
  });
});
