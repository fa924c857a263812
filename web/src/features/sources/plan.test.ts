import { describe, expect, it } from 'vitest';
import { planRows, planSentence, type SourcePlan } from './plan';

const plan = (more: Partial<SourcePlan> = {}): SourcePlan => ({
  source: 'web.site',
  unplanned: 'pass',
  dedup_window_s: 1,
  rate: 1000,
  origins: [],
  days: 7,
  planned: [
    { type: 'track', event: 'Order Completed', description: '', closed: false, file: 'a', members: [] },
    { type: 'page', event: '*', description: '', closed: false, file: 'b', members: [] },
  ],
  seen: [
    { type: 'track', event: 'Order Completed', events: 5, newest: '2026-01-02T00:00:00' },
    { type: 'page', event: 'Home', events: 3, newest: '2026-01-03T00:00:00' },
    { type: 'page', event: null, events: 4, newest: '2026-01-01T00:00:00' },
    { type: 'track', event: 'Clicked', events: 9, newest: null },
  ],
  rejected: [
    { type: 'track', event: 'Order Completed', reason: 'missing', field: null, count: 2 },
    { type: null, event: null, reason: 'unknown_type', field: null, count: 1 },
  ],
  ...more,
});

describe('plan and what came', () => {
  it('puts both into one row, all names of a type under its star, the busiest first', () => {
    expect(planRows(plan()).map((r) => [r.type, r.event, r.planned !== null, r.events, r.rejected, r.newest])).toEqual([
      ['track', 'Clicked', false, 9, 0, null],
      ['page', '*', true, 7, 0, '2026-01-03T00:00:00'],
      ['track', 'Order Completed', true, 5, 2, '2026-01-02T00:00:00'],
    ]);
  });
  it('says how many are planned and what becomes of the others', () => {
    expect(planSentence(planRows(plan()), 'pass')).toBe('2 event types are planned; 1 that came is not, and pass all the same.');
    expect(planSentence(planRows(plan({ seen: [], planned: [] })), 'pass')).toMatch(/^No event type is planned yet; 1 that came/);
    expect(planSentence([], 'quarantine')).toBe('No event type is planned yet.');
  });
});
