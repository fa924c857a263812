import { describe, expect, it } from 'vitest';
import { lineageRequest, readLineage, writeLineage } from './state';

const round = (text: string): string => writeLineage(readLineage(new URLSearchParams(text)));

describe('the address of the lineage page', () => {
  it('begins with all domains', () => {
    expect(readLineage(new URLSearchParams(''))).toEqual({ level: 'domain', domain: '', focus: '', node: '', column: '', table: false });
    expect(round('')).toBe('/lineage');
  });
  it('goes round', () => {
    for (const text of ['level=product&domain=web', 'focus=acquisition.campaign_daily&column=spend', 'level=product&focus=web.sessions&node=web.orders&view=table', 'domain=web'])
      expect(round(text)).toBe(`/lineage?${text}`);
  });
  it('shows ports where a port or a column is meant, and no column without a port', () => {
    expect(readLineage(new URLSearchParams('focus=a.b')).level).toBe('port');
    expect(readLineage(new URLSearchParams('focus=a.b&column=c&level=domain')).level).toBe('port');
    expect(readLineage(new URLSearchParams('column=c')).column).toBe('');
    expect(readLineage(new URLSearchParams('level=galaxy')).level).toBe('domain');
  });
  it('asks the server for just that', () => {
    expect(lineageRequest(readLineage(new URLSearchParams('focus=a.b&domain=a')), 2000)).toBe('/api/v1/lineage?level=port&limit=2000&focus=a.b&domain=a');
  });
});
