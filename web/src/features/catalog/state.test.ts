import { describe, expect, it } from 'vitest';
import { isNarrowed, readState, toggled, windowOf, writeState } from './state';

const read = (text: string): ReturnType<typeof readState> => readState(new URLSearchParams(text));

describe('the address of the catalog', () => {
  it('comes back as it was written', () => {
    for (const text of ['', 'q=spend', 'domain=web%2Cbrand&state=stale&sort=use', 'owner=Ruiz%2C+Ana']) expect(writeState(read(text))).toBe(text);
  });
  it('leaves out the order that goes without saying', () => {
    expect(writeState(read('sort=title'))).toBe('');
    expect(writeState(read('q=a&sort=relevance'))).toBe('q=a');
    expect(writeState(read('q=a&sort=title'))).toBe('q=a&sort=title');
    expect(writeState(read('sort=nonsense'))).toBe('');
  });
  it('keeps an owner with a comma in one piece, and one owner at a time', () => {
    const s = read('owner=Ruiz%2C+Ana');
    expect(s.chosen.owner).toEqual(['Ruiz, Ana']);
    expect(toggled(s, 'owner', 'Weber').chosen.owner).toEqual(['Weber']);
    expect(toggled(read('domain=web'), 'domain', 'brand').chosen.domain).toEqual(['web', 'brand']);
    expect(toggled(read('domain=web'), 'domain', 'web').chosen.domain).toEqual([]);
  });
  it('knows when something is left out', () => {
    expect(isNarrowed(read('sort=use'))).toBe(false);
    expect(isNarrowed(read('tag=ads'))).toBe(true);
  });
});

describe('the rows that are drawn', () => {
  it('are those in sight with some to spare, however many there are', () => {
    const w = windowOf(-72 * 5000, 900, 72, 10000, 50);
    expect(w.from).toBe(4992);
    expect(w.to).toBe(5021);
    expect(w.pages).toEqual([99, 100]);
  });
  it('end with the list and begin with it', () => {
    expect(windowOf(200, 900, 72, 3, 50)).toEqual({ from: 0, to: 3, pages: [0] });
    expect(windowOf(-1e6, 900, 72, 10, 50).to).toBe(10);
    expect(windowOf(0, 900, 72, 0, 50).pages).toEqual([]);
  });
});
