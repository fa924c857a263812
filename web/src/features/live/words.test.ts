import { describe, expect, it } from 'vitest';
import { channelWord, countBySource, delayMs, device, grouped, type LiveEvent, rates, reasonWord, title, where } from './words';

const event = (more: Partial<LiveEvent> = {}): LiveEvent => ({
  seq: 1,
  received_at: '2026-01-05T10:00:00.000Z',
  loaded_at: '2026-01-05T10:00:00.120Z',
  source: 'web.site',
  type: 'page',
  name: '',
  message_id: 'm1',
  verdict: 'passed',
  reason: null,
  summary: {},
  ...more,
});

describe('an event in words', () => {
  it('is called by its name, else by its type', () => {
    expect(title(event({ name: 'Order Completed' }))).toBe('Order Completed');
    expect(title(event())).toBe('Page view');
    expect(title(event({ type: 'merge' }))).toBe('merge');
  });
  it('says where it comes from', () => {
    expect(where(event({ summary: { page_host: 'shop.example', page_path: '/p' } }))).toBe('shop.example/p');
    expect(where(event({ summary: { library: 'analytics-node' } }))).toBe('analytics-node');
    expect(where(event())).toBe('');
  });
  it('says on what, and marks bots', () => {
    expect(device(event({ summary: { browser: 'Safari', operating_system: 'iOS' } }))).toBe('Safari on iOS');
    expect(device(event({ summary: { is_bot: true, bot_name: 'Googlebot' } }))).toBe('Bot: Googlebot');
    expect(device(event({ summary: { is_bot: true } }))).toBe('Bot');
  });
  it('knows how long it took, and never less than nothing', () => {
    expect(delayMs(event())).toBe(120);
    expect(delayMs(event({ loaded_at: '2026-01-05T09:59:59.000Z' }))).toBe(0);
  });
  it('has words for reasons and channels, also for those that are new', () => {
    expect(reasonWord('missing')).toMatch(/requires/);
    expect(reasonWord('brand_new')).toBe('brand new');
    expect(reasonWord(null)).toBe('');
    expect(channelWord('paid_search')).toBe('Paid search');
    expect(channelWord('influencer_x')).toBe('influencer x');
    expect(channelWord(undefined)).toBe('');
  });
});

describe('counts', () => {
  it('puts times into spans, the newest last', () => {
    expect(rates([1000, 9000, 9500, 9999], 10_000, 5, 2000)).toEqual([1, 0, 0, 0, 3]);
    expect(rates([-99_000], 10_000, 5, 2000)).toEqual([0, 0, 0, 0, 0]);
  });
  it('counts verdicts by source', () => {
    const counts = countBySource([event(), event({ verdict: 'quarantined' }), event({ source: 'app.x' })]);
    expect(counts.get('web.site')).toEqual({ passed: 1, quarantined: 1, duplicate: 0 });
    expect(counts.get('app.x')).toEqual({ passed: 1, quarantined: 0, duplicate: 0 });
  });
});

describe('columns of an event', () => {
  it('are grouped, empty ones and our own left out', () => {
    const groups = grouped({ occurred_at: 'x', user_id: 'hidden: personal', email: null, event: 'Hi', p_total: 3, utm_source: 'a', gpc: false, library: 'l', _line: 4, message_id: 'm' });
    expect(groups.map((g) => g.title)).toEqual(['When', 'Who', 'What', 'Where from', 'Device', 'Further']);
    expect(groups.find((g) => g.title === 'What')?.rows).toEqual([
      ['event', 'Hi'],
      ['p_total', 3],
    ]);
    expect(groups.find((g) => g.title === 'Further')?.rows).toEqual([['library', 'l']]);
  });
});
