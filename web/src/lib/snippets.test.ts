import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuote, snippets, sqlFor } from './snippets';

describe('the texts to paste', () => {
  it('name few columns and take all of many', () => {
    expect(sqlFor('a.b', ['x', 'y'], 10)).toBe('SELECT x, y\nFROM a.b\nLIMIT 10');
    expect(sqlFor('a.b', Array.from({ length: 500 }, (_, i) => `c${i}`), 10)).toContain('SELECT *');
    expect(sqlFor('a.b', ['Order No', 'say "x"'], 1)).toContain('SELECT "Order No", "say ""x"""');
  });
  it('quote what a shell would take for its own', () => {
    for (const text of ["it's", '$(id) `id` "x" \\ !', 'two\nlines', "''"]) {
      expect(execFileSync('sh', ['-c', `printf %s ${shellQuote(text)}`]).toString()).toBe(text);
    }
  });
  it('hold the name of the key and never a key', () => {
    const all = snippets('http://127.0.0.1:8080', 'acquisition.campaign_daily', ['date_day']);
    expect(all.map((s) => s.name)).toEqual(['sql', 'cli', 'curl', 'python', 'r']);
    for (const s of all.filter((x) => x.text.includes('http'))) expect(s.text).toContain('TRELLIS_TOKEN');
    for (const s of all) expect(s.text).not.toMatch(/[0-9a-f]{32}/);
  });
});
