import { describe, expect, it } from 'vitest';
import type { Column, Product } from '../../lib/types';
import { namedTables, offsetOf, schemaOf, tablesOf } from './complete';

const column = (name: string, hidden = false) => ({ name, type: 'VARCHAR', hidden }) as Column;

describe('what the editor knows', () => {
  it('offers tables in order, and no column that is hidden', () => {
    const products = [{ title: 'P', ports: [{ domain: 'web', name: 'session', built_at: null, description: null }, { domain: 'acquisition', name: 'spend', built_at: 'x', description: 'd' }] }] as unknown as Product[];
    const tables = tablesOf(products);
    expect(tables.map((t) => [t.name, t.title, t.built])).toEqual([['acquisition.spend', 'd', true], ['web.session', 'P', false]]);
    expect(schemaOf(tables, new Map([['web.session', [column('device'), column('email', true)]]]))).toEqual({ acquisition: { spend: [] }, web: { session: ['device'] } });
  });
  it('finds the tables that a text names', () => {
    expect(namedTables('SELECT * FROM Web.Session s JOIN x.y ON s.a = web.sessions', [{ name: 'web.session' }, { name: 'web.sessions' }, { name: 'a.b' }])).toEqual(['web.session', 'web.sessions']);
  });
  it('finds the place of an error, inside the text whatever was said', () => {
    const text = 'SELECT a\nFROM b';
    expect(offsetOf(text, { line: 2, col: 6 })).toBe(14);
    expect(offsetOf(text, { line: 1, col: 99 })).toBe(8);
    expect(offsetOf(text, { line: 9, col: 99 })).toBe(text.length);
  });
});
