import { describe, expect, it } from 'vitest';
import { foremost, happened, kindText, haveRoom, MARKS_MAX, placeOf, whenText } from './happened';
import type { Annotation } from './types';

const note = (day: string, change: Partial<Annotation> = {}): Annotation => ({ day, until: null, title: `of ${day}`, kind: 'other', ref: null, href: null, source: 'file', ...change });
const days = Array.from({ length: 30 }, (_, i) => `2026-09-${String(i + 1).padStart(2, '0')}`);

describe('what happened, on an axis of time', () => {
  it('where all have no room, what people wrote stays, in the order of days', () => {
    const { told } = happened([...days.map((d) => note(d, { source: 'platform' })), note(days[3] ?? '', { title: 'ours' })], days, 'day');
    expect(foremost(told, 3).map((t) => t.note.title)).toContain('ours');
    expect(foremost(told, 3)).toHaveLength(3);
    expect(foremost(told, 3).map((t) => t.note.day)).toEqual([...foremost(told, 3).map((t) => t.note.day)].sort());
    expect(foremost(told, told.length)).toEqual(told);
  });
  it('stands in its period', () => {
    const weeks = ['2026-08-31', '2026-09-07', '2026-09-14'];
    expect([note('2026-09-01'), note('2026-09-06'), note('2026-09-07'), note('2026-09-20'), note('2026-09-21'), note('2026-08-30')].map((x) => placeOf(x, weeks, 'week'))).toEqual([0, 0, 1, 2, -1, -1]);
    expect(placeOf(note('2026-08-20', { until: '2026-09-02' }), weeks, 'week')).toBe(0);
    expect(placeOf(note('2026-09-02'), [], 'week')).toBe(-1);
  });
  it('is numbered in its order; two of a period share their mark', () => {
    const h = happened([note('2026-09-09'), note('2026-09-03', { until: '2026-09-05' }), note('2026-09-09', { source: 'platform', title: 'began' })], days, 'day');
    expect(h.flags).toEqual([{ day: '2026-09-03', until: '2026-09-05', title: '1' }, { day: '2026-09-09', until: null, title: '2' }]);
    expect(h.told.map((t) => [t.n, t.note.title])).toEqual([[1, 'of 2026-09-03'], [2, 'of 2026-09-09'], [2, 'began']]);
  });
  it('marks no more than one can read, what people wrote first, and tells all', () => {
    const h = happened([...days.map((d) => note(d, { source: 'trellis' })), note('2026-09-02')], days, 'day');
    expect(h.flags).toHaveLength(MARKS_MAX);
    expect(h.flags[0]?.day).toBe('2026-09-02');
    expect(h.told).toHaveLength(31);
    expect(h.told.filter((t) => t.n === null)).toHaveLength(31 - MARKS_MAX - 1);
  });
  it('has its words above a picture where they stand on no others', () => {
    const places = [{ at: 41, title: 'Higher than expected' }, { at: 40, title: 'Black Week' }, { at: 5, title: 'New checkout' }];
    expect(haveRoom(places, 43, 520)).toEqual([true, false, true]);
    expect(haveRoom(places, 43, 5200)).toEqual([true, true, true]);
    expect(haveRoom([{ at: 0, title: '1' }, { at: 1, title: '2' }], 30, 600)).toEqual([true, true]);
    expect(haveRoom([{ at: 0, title: 'x' }], 1, 0)).toEqual([true]);
  });
  it('is said in words', () => {
    expect(whenText({ day: '2026-09-14', until: '2026-09-20' })).toMatch(/14.*20 Sep 2026/);
    expect(kindText({ kind: 'promotion', source: 'file' })).toBe('promotion');
    expect(kindText({ kind: 'campaign', source: 'platform' })).toBe('campaign, seen at the platform');
    expect(kindText({ kind: 'other', source: 'file' })).toBe('');
  });
});
