import { describe, expect, it } from 'vitest';
import { nodeOf, sortNodes, treeCsv, unallocated, visibleRows, type Branch } from './tree';

const row = (id: string | null, spend: number | null, clicks: number | null = 0, name: string | null = null) => ({
  id,
  name,
  spend,
  impressions: 1000,
  clicks,
  conversions: null,
  conversions_value: null,
  priced_impressions: 1000,
  priced_clicks: clicks,
  priced_conversions: null,
  previous_spend: null,
});

describe('a node', () => {
  it('makes its ratios from sums', () => {
    const n = nodeOf({ ...row('1', 50, 100), conversions: 5, priced_conversions: 4, conversions_value: 150 }, ['google_ads']);
    expect(n).toMatchObject({ ctr: 0.1, cpc: 0.5, cpm: 50, roas: 3, cpa: 12.5, level: 'account', name: '1' });
  });
  it('has no ratio where a part is unknown or nothing', () => {
    const n = nodeOf(row('1', 50, 0), ['google_ads']);
    expect(n.cpc).toBeNull();
    expect(n.roas).toBeNull();
  });
  it('has a name in any case', () => {
    expect(nodeOf(row('facebook_ads', 1), []).name).toBe('Meta Ads');
    expect(nodeOf(row(null, 1), ['p', 'a']).name).toBe('No campaign');
    expect(nodeOf(row('7', 1, 0, 'Spring'), ['p', 'a']).name).toBe('Spring');
  });
});

describe('what is not allocated', () => {
  const parent = nodeOf({ ...row('google_ads', 231.33, 10), impressions: 2000 }, []);
  it('makes the parts add up, and may be negative', () => {
    const parts = [nodeOf(row('a', 200, 4), ['google_ads']), nodeOf(row('b', 41.33, 5), ['google_ads'])];
    expect(unallocated(parent, parts)).toMatchObject({ kind: 'unallocated', spend: -10, clicks: 1, impressions: 0, conversions: null });
  });
  it('is absent where they add up, whatever the last digit of the sum', () => {
    const parts = [0.1, 0.2, 231.03].map((s, i) => nodeOf({ ...row(`${i}`, s, i === 0 ? 10 : 0), impressions: i === 0 ? 2000 : 0 }, ['google_ads']));
    expect(unallocated(parent, parts)).toBeNull();
  });
  it('is the whole where nothing is reported below', () => {
    expect(unallocated(parent, [])).toMatchObject({ name: 'Not reported by account', spend: 231.33 });
  });
});

describe('sorting', () => {
  const nodes = [nodeOf(row('a', 1), ['p']), nodeOf(row('b', null), ['p']), nodeOf(row('c', 3), ['p'])];
  it('keeps unknown last both ways', () => {
    expect(sortNodes(nodes, 'spend', true).map((n) => n.name)).toEqual(['c', 'a', 'b']);
    expect(sortNodes(nodes, 'spend', false).map((n) => n.name)).toEqual(['a', 'c', 'b']);
  });
  it('sorts names as people count', () => {
    const names = ['Ad 10', 'Ad 2'].map((n) => nodeOf(row(n, 1, 0, n), ['p', 'a', 'c', 'g']));
    expect(sortNodes(names, 'name', false).map((n) => n.name)).toEqual(['Ad 2', 'Ad 10']);
  });
});

describe('the rows in sight', () => {
  const google = nodeOf(row('google_ads', 10), []);
  const meta = nodeOf(row('facebook_ads', 20), []);
  const account = nodeOf(row('a', 10, 0), ['google_ads']);
  const done = (nodes: Branch['nodes']): Branch => ({ nodes, loading: false, error: null });
  const kinds = (branches: Map<string, Branch>, open: string[]) =>
    visibleRows(branches, new Set(open), 'spend', true).map((r) => ('node' in r ? r.node.name : r.kind));

  it('open below their parent', () => {
    const branches = new Map([
      ['', done([google, meta])],
      ['google_ads', done([account])],
    ]);
    expect(kinds(branches, [])).toEqual(['Meta Ads', 'Google Ads']);
    expect(kinds(branches, ['google_ads'])).toEqual(['Meta Ads', 'Google Ads', 'a']);
  });
  it('say what is missing', () => {
    expect(kinds(new Map(), [])).toEqual(['loading']);
    const branches = new Map([
      ['', done([google])],
      ['google_ads', { nodes: null, loading: false, error: 'no' }],
    ]);
    expect(kinds(branches, ['google_ads'])).toEqual(['Google Ads', 'error']);
  });
  it('become CSV', async () => {
    const rows = visibleRows(new Map([['', done([nodeOf(row('x', 1.5, 2), [])])]]), new Set(), 'spend', true);
    const text = await treeCsv(rows).text();
    expect(text.split('\r\n')[1]).toBe('platform,x,,,,,X,1.5,1000,2,,,,0.002,0.75,1.5,,');
  });
});
