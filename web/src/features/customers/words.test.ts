import { describe, expect, it } from 'vitest';
import type { ConsentNow, Interaction, WhyIdentifier } from './types';
import { consentWord, daysOf, entryPlace, entryTitle, evidenceTree, kindWord, shortId, signOf, utc, visitSummary } from './words';

const entry = (at: string, kind = 'page', more: Partial<Interaction> = {}): Interaction => ({
  interaction_id: `${kind}:${at}`,
  occurred_at: at,
  kind,
  name: null,
  channel_group: null,
  campaign_name: null,
  page_host: 'shop.example',
  page_path: '/x',
  page_title: null,
  order_id: null,
  revenue_reporting: null,
  device_category: null,
  is_bot: false,
  is_internal: false,
  source: 'web.site',
  session_id: null,
  begins_session: null,
  ...more,
});
const consent = (more: Partial<ConsentNow>): ConsentNow => ({ purpose: 'advertising', status: 'unknown', granted: false, source: 'policy', since: null, expires_at: null, conflict: false, policy_version: null, ...more });

describe('times of rows', () => {
  it('are UTC where they say no zone', () => {
    expect(utc('2026-03-02T09:05:00')).toBe('2026-03-02T09:05:00Z');
    expect(utc('2026-03-02 09:05:00.25')).toBe('2026-03-02T09:05:00.25Z');
    expect(utc('2026-03-02T09:05:00Z')).toBe('2026-03-02T09:05:00Z');
    expect(utc('2026-03-02T09:05:00+02:00')).toBe('2026-03-02T09:05:00+02:00');
    expect(utc('')).toBeNull();
    expect(utc(null)).toBeNull();
  });
});

describe('days and visits', () => {
  it('folds calls until a touchpoint begins them, and leaves orders apart', () => {
    const days = daysOf(
      [
        entry('2026-03-01T11:01:00', 'group'),
        entry('2026-03-01T11:00:05', 'order', { order_id: '5001', revenue_reporting: 42 }),
        entry('2026-03-01T11:00:00', 'track', { name: 'Order Completed' }),
        entry('2026-03-01T10:50:00', 'page', { begins_session: true, channel_group: 'direct' }),
        entry('2026-03-01T10:10:00', 'page'),
        entry('2026-03-01T10:00:00', 'page', { begins_session: true, channel_group: 'paid_search', campaign_name: 'Spring' }),
      ],
      'Europe/Berlin',
    );
    expect(days.map((d) => d.day)).toEqual(['2026-03-01']);
    const pieces = days[0]?.pieces ?? [];
    expect(pieces.map((p) => (p.visit ? p.entries.length : p.entry.kind))).toEqual([3, 'order', 2]);
    const [first, , last] = pieces;
    if (!first?.visit || !last?.visit) throw new Error('two visits');
    expect([first.channel, first.whole, last.channel, last.campaign, last.whole]).toEqual(['Direct', true, 'Paid search', 'Spring', true]);
    expect(visitSummary(first)).toBe('1 page, 1 action');
    expect(visitSummary(last)).toBe('2 pages');
  });
  it('ends a visit after half an hour and at the end of a day of the mesh, not of the browser', () => {
    const days = daysOf([entry('2026-03-02T00:10:00'), entry('2026-03-01T23:10:00'), entry('2026-03-01T22:50:00'), entry('2026-03-01T22:10:00')], 'Europe/Berlin');
    expect(days.map((d) => [d.day, d.pieces.map((p) => (p.visit ? p.entries.length : 0))])).toEqual([
      ['2026-03-02', [1, 1]],
      ['2026-03-01', [1, 1]],
    ]);
  });
  it('knows that more of a visit may not have come yet', () => {
    const [p] = daysOf([entry('2026-03-01T10:00:00')], 'UTC')[0]?.pieces ?? [];
    expect(p?.visit && p.whole).toBe(false);
  });
  it('says what happened', () => {
    expect(entryTitle(entry('x', 'order', { order_id: '7', name: 'paid' }))).toBe('Order 7, paid');
    expect(entryTitle(entry('x', 'email', { name: 'click' }))).toBe('Clicked in an e-mail');
    expect(entryTitle(entry('x', 'page', { page_title: 'Shoes' }))).toBe('Shoes');
    expect(entryPlace(entry('x', 'page', { page_title: 'Shoes' }))).toBe('shop.example/x');
    expect(entryTitle(entry('x', 'page', { name: 'page_view' }))).toBe('/x');
    expect(entryTitle(entry('x', 'new_kind'))).toBe('New kind');
  });
});

describe('consent', () => {
  it('tells silence from a word, and a yes that no longer holds', () => {
    expect(consentWord(consent({})).word).toBe('Not asked, not allowed');
    expect(consentWord(consent({ granted: true })).text).toMatch(/silence as a yes/);
    expect(consentWord(consent({ status: 'granted', granted: true, source: 'gpc', since: '2026-03-01T10:00:00' }), 'UTC').text).toBe('They said yes: Global Privacy Control of the browser on 1 Mar 2026, 10:00.');
    expect(consentWord(consent({ status: 'granted', granted: false })).word).toBe('Yes, expired');
    expect(consentWord(consent({ status: 'denied', conflict: true, source: 'segment' })).text).toMatch(/different things/);
    expect(consentWord(consent({ status: 'withdrawn' })).word).toBe('Withdrawn');
  });
});

describe('a customer without a name', () => {
  it('has a sign of its own that is mirrored', () => {
    const sign = signOf('c_hjuxnohpyhg3j5yy2f7uoyqrk4');
    expect(sign).toHaveLength(25);
    for (let row = 0; row < 5; row++) expect([sign[row * 5], sign[row * 5 + 1]]).toEqual([sign[row * 5 + 4], sign[row * 5 + 3]]);
    expect(new Set(Array.from({ length: 200 }, (_, i) => signOf(`c_${i}`).join())).size).toBeGreaterThan(190);
  });
  it('is called by the beginning of its id, and kinds have words', () => {
    expect(shortId('c_hjuxnohpyhg3j5yy2f7uoyqrk4')).toBe('c_hjuxnohp…');
    expect(shortId('short')).toBe('short');
    expect(kindWord('loyalty_card')).toBe('Loyalty card');
  });
});

describe('evidence as a tree', () => {
  const by = { evidence: '1', source: 'web.site', message_id: 'm', first_seen: null, last_seen: null, decision_id: null };
  const identifier = (ref: string, ...way: string[]): WhyIdentifier => ({ ref, kind: 'email', value: ref, first_seen: null, last_seen: null, evidences: 1, path: [...way, ref].map((x, i) => ({ identifier: x, by: i === 0 ? null : by })) });
  it('hangs each on the one before it', () => {
    const t = evidenceTree({ from: 'a', identifiers: [identifier('c', 'a', 'b'), identifier('d', 'a', 'b'), identifier('b', 'a'), identifier('a'), identifier('e', 'a')] });
    expect(t.nodes.map((n) => [n.identifier.ref, n.depth, n.row, n.parent])).toEqual([
      ['a', 0, 1, -1],
      ['b', 1, 0.5, 0],
      ['c', 2, 0, 1],
      ['d', 2, 1, 1],
      ['e', 1, 2, 0],
    ]);
    expect([t.depth, t.rows]).toEqual([2, 3]);
  });
  it('stands alone where there is one, or none', () => {
    expect(evidenceTree({ from: 'a', identifiers: [identifier('a')] }).nodes).toHaveLength(1);
    expect(evidenceTree({ from: null, identifiers: [] }).nodes).toHaveLength(0);
  });
});
