import { describe, expect, it } from 'vitest';
import { columnsOf, kindWords, type Finding, type FoundState } from './found';

const finding = (column: string, state: FoundState, percent: number, kind = 'email'): Finding => ({ ref: 'web.orders', column, path: null, kind, proposed: 'personal', percent, why: '', values: 1, hits: 1, declared: null, state, file: null, line: 0, at: '2026-01-01T00:00:00Z' });

describe('what was found', () => {
  it('stands by column, what has to be done first in front', () => {
    const v = columnsOf([finding('c', 'classified', 99), finding('p', 'perhaps', 50), finding('u', 'unclassified', 60, 'name'), finding('u', 'unclassified', 97), finding('u', 'unclassified', 55, 'name'), finding('d', 'doubted', 96)]);
    expect(v.map((f) => [f.column, f.kind, f.also])).toEqual([['u', 'email', ['name']], ['p', 'email', []], ['d', 'email', []], ['c', 'email', []]]);
  });
  it('has words', () => {
    expect(kindWords('national_id')).toBe('numbers of identity papers');
    expect(kindWords('blood_group')).toBe('blood group');
  });
});
