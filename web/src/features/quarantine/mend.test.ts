import { describe, expect, it } from 'vitest';
import { fixBody, problemOf, proposal, replaySentence, valueOf } from './mend';

describe('values as typed', () => {
  it.each([
    ['12.5', 12.5],
    ['"12.5"', '12.5'],
    ['true', true],
    ['null', null],
    ['abc', 'abc'],
    ['{"a":1}', { a: 1 }],
    ['', ''],
    [' EUR', ' EUR'],
  ])('%s', (typed, value) => expect(valueOf(typed)).toEqual(value));
});

describe('the request', () => {
  it('gathers changes by kind', () => {
    expect(
      fixBody({ ids: [4] }, [
        { how: 'set', path: ' properties.total ', value: '3' },
        { how: 'rename', path: 'properties.totl', value: 'total' },
        { how: 'cast', path: 'properties.n', value: 'number' },
        { how: 'remove', path: 'properties.x', value: '' },
      ]),
    ).toEqual({ ids: [4], set: { 'properties.total': 3 }, rename: { 'properties.totl': 'total' }, cast: { 'properties.n': 'number' }, remove: ['properties.x'] });
  });
  it('is not sent when something is missing', () => {
    expect(problemOf([])).toMatch(/Say/);
    expect(problemOf([{ how: 'set', path: '', value: '1' }])).toMatch(/field/);
    expect(problemOf([{ how: 'rename', path: 'a', value: '' }])).toMatch(/become/);
    expect(problemOf([{ how: 'cast', path: 'a', value: 'date' }])).toMatch(/number, text/);
    expect(problemOf([{ how: 'remove', path: 'a', value: '' }])).toBeNull();
  });
  it('offers a first change', () => {
    expect(proposal('wrong_type', 'properties.total')).toEqual([{ how: 'cast', path: 'properties.total', value: 'number' }]);
    expect(proposal('missing', null)).toEqual([{ how: 'set', path: '', value: '' }]);
  });
  it('says what came of a replay', () => {
    expect(replaySentence({ loaded: 10, still: 0, duplicates: 0, suppressed: 0 })).toBe('10 loaded.');
    expect(replaySentence({ loaded: 1, still: 2, duplicates: 3, suppressed: 4 })).toMatch(/2 still.*3 had.*4 of people/);
  });
});
