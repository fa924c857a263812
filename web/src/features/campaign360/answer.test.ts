import { describe, expect, it } from 'vitest';
import { answer, movers, type CampaignRow } from './answer';
import type { Figures } from './metrics';

const row = (name: string, s1: number, v1: number, s0: number, v0: number): CampaignRow => ({
  platform: 'facebook_ads',
  accountId: 'a',
  campaignId: name,
  name,
  spend: s1,
  conversions: 1,
  value: v1,
  roas: s1 ? v1 / s1 : null,
  previousSpend: s0,
  previousValue: v0,
});
const figures = (spend: number | null, roas: number | null): Figures => ({
  spend,
  impressions: 1,
  clicks: 1,
  conversions: 1,
  conversions_value: spend !== null && roas !== null ? spend * roas : null,
  roas,
  cpa: 1,
  ctr: 1,
  cpc: 1,
  cpm: 1,
});
const text = (pieces: { text: string }[]): string => pieces.map((p) => p.text).join('');

describe('movers', () => {
  it('add up to the whole change', () => {
    const rows = [row('a', 100, 300, 80, 320), row('b', 50, 200, 60, 180), row('c', 0, 0, 20, 100)];
    const whole = 500 / 150 - 600 / 160;
    const found = movers(rows);
    expect(found.reduce((sum, m) => sum + m.effect, 0)).toBeCloseTo(whole, 12);
    expect(found.reduce((sum, m) => sum + m.share, 0)).toBeCloseTo(1, 12);
  });
  it('puts first what did most in the direction of the change', () => {
    const rows = [row('steady', 100, 300, 100, 300), row('Spring sale', 100, 100, 100, 300)];
    expect(movers(rows)[0]?.row.name).toBe('Spring sale');
    expect(movers(rows)[0]?.share).toBeCloseTo(1);
  });
  it('says nothing without a period before', () => {
    expect(movers([row('a', 100, 300, 0, 0)])).toEqual([]);
    expect(movers([])).toEqual([]);
  });
});

describe('the sentence', () => {
  it('says what was spent, what came back, and why it changed', () => {
    const rows = [row('steady', 6150, 18450, 6150, 18450), row('Spring sale', 6150, 19680, 6150, 23370)];
    expect(text(answer('Last 28 days with data', figures(12300, 3.1), figures(12300, 3.4), rows, 'EUR'))).toBe(
      'Last 28 days with data: spend EUR 12.3k, returned 3.10 per EUR, down from 3.40; most of the change is Meta Ads / Spring sale.',
    );
  });
  it('does not make a story of nothing', () => {
    expect(text(answer('All days', figures(100, 3), figures(100, 3.01), [], 'EUR'))).toContain('about as before (3.01)');
    expect(text(answer('All days', figures(100, 3), null, null, 'EUR'))).toBe('All days: spend EUR 100.00, returned 3.00 per EUR.');
    expect(text(answer('All days', figures(100, null), null, null, 'EUR'))).toContain('no return reported');
    expect(text(answer('All days', figures(null, null), null, null, 'EUR'))).toContain('no spend is known');
  });
  it('says so when no campaign stands out', () => {
    const rows = Array.from({ length: 20 }, (_, i) => row(`c${i}`, 10, 30, 10, 40));
    expect(text(answer('Days', figures(200, 3), figures(200, 4), rows, 'EUR'))).toContain('spread over many campaigns');
  });
});
