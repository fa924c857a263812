import { describe, expect, it } from 'vitest';
import type { LineageKind, LineageNode } from '../../lib/types';
import { insideText, nodeHref, stateWord, troubled } from './words';

const node = (kind: LineageKind, ref: string, inside = 0): LineageNode => ({ id: `${kind}:${ref}`, ref, kind, label: ref, domain: null, product: null, state: null, layer: 0, order: 0, inside });

describe('a node', () => {
  it('has a page, whatever it is', () => {
    expect(nodeHref(node('domain', 'acquisition'))).toBe('/domains/acquisition');
    expect(nodeHref(node('source', 'acquisition.google_ads'))).toBe('/sources/acquisition/google_ads');
    expect(nodeHref(node('stream', 'acquisition.google_ads__campaign_stats'))).toBe('/sources/acquisition/google_ads');
    expect(nodeHref(node('product', 'web.orders'))).toBe('/catalog/web/orders');
    expect(nodeHref(node('port', 'web.orders_v2'))).toBe('/ports/web/orders_v2');
    expect(nodeHref(node('dashboard', 'web.weekly'))).toBe('/dashboards/web/weekly');
    expect(nodeHref(node('consumer', 'Finance'))).toBeNull();
    expect(nodeHref(node('metric', 'acquisition.cac'))).toBe('/metrics/acquisition/cac');
  });
  it('stands out when somebody has to do something', () => {
    expect(['fresh', 'ok', 'never_built', null].map(troubled)).toEqual([null, null, null, null]);
    expect(['stale', 'late', 'unusual'].map(troubled)).toEqual(['warn', 'warn', 'warn']);
    expect(['failing', 'failed'].map(troubled)).toEqual(['bad', 'bad']);
    expect(['failing', 'never', 'some_thing'].map(stateWord)).toEqual(['Failing', 'Never loaded', 'Some thing']);
  });
  it('says what it holds', () => {
    expect(insideText(node('product', 'a.b', 1))).toBe('1 port');
    expect(insideText(node('domain', 'a', 3))).toBe('3 products');
    expect(insideText(node('port', 'a.b', 3))).toBe('');
  });
});
