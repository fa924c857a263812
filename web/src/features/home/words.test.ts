import { describe, expect, it } from 'vitest';
import type { Home } from '../../lib/types';
import { healthSentence, sharesOf } from './words';

const health = (more: Partial<Home['health']>): Home['health'] => ({
  ports: 54,
  fresh: 54,
  stale: 0,
  failing: 0,
  never_built: 0,
  rows_quarantined: 0,
  sources_late: 0,
  requests_open: 0,
  ...more,
});

describe('the sentence of Home', () => {
  it('says what is in order and what is not', () => {
    expect(healthSentence(health({}))).toBe('All 54 tables are fresh.');
    expect(healthSentence(health({ fresh: 50, failing: 1, stale: 3 }))).toBe('50 of 54 tables are fresh; 1 is failing and 3 are stale.');
    expect(healthSentence(health({ sources_late: 1 }))).toBe('All 54 tables are fresh, but 1 source is late.');
    expect(healthSentence(health({ ports: 1, fresh: 1 }))).toBe('The one table is fresh.');
    expect(healthSentence(health({ ports: 2, fresh: 1, never_built: 1 }))).toBe('1 of 2 tables is fresh; 1 was never built.');
    expect(healthSentence(health({ ports: 0, fresh: 0 }))).toBe('Nothing is published yet.');
  });
  it('leaves out what there is none of', () => {
    expect(sharesOf({ fresh: 3, stale: 0, failing: 1, never_built: 0 }).map((s) => s.word)).toEqual(['fresh', 'failing']);
  });
});
