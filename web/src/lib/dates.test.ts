import { describe, expect, it } from 'vitest';
import * as dates from './dates';

it('knows a day from other text', () => {
  expect(dates.isDay('2024-02-29')).toBe(true);
  for (const bad of ['2023-02-29', '2024-2-1', '2024-13-01', 'today', '', null]) expect(dates.isDay(bad)).toBe(false);
});

it('adds days over the change to summer time and over years', () => {
  expect(dates.addDays('2026-03-28', 2)).toBe('2026-03-30');
  expect(dates.addDays('2026-01-01', -1)).toBe('2025-12-31');
  expect(dates.dayCount('2026-03-01', '2026-03-31')).toBe(31);
  expect(dates.eachDay('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
});

describe('buckets', () => {
  it('start where the mesh starts its week', () => {
    expect(dates.bucketOf('2026-11-22', 'week', 'monday')).toBe('2026-11-16');
    expect(dates.bucketOf('2026-11-22', 'week', 'sunday')).toBe('2026-11-22');
    expect(dates.bucketOf('2026-11-22', 'month', 'monday')).toBe('2026-11-01');
  });
  it('cover the range', () => {
    expect(dates.eachBucket('2026-01-15', '2026-03-02', 'month', 'monday')).toEqual(['2026-01-01', '2026-02-01', '2026-03-01']);
    expect(dates.eachBucket('2026-11-15', '2026-11-23', 'week', 'monday')).toEqual(['2026-11-09', '2026-11-16', '2026-11-23']);
    expect(dates.bucketEnd('2024-02-01', 'month')).toBe('2024-02-29');
  });
});

it('chooses a readable grain', () => {
  expect(dates.grainFor('2026-01-01', '2026-01-28')).toBe('day');
  expect(dates.grainFor('2026-01-01', '2026-12-31')).toBe('week');
  expect(dates.grainFor('2020-01-01', '2026-12-31')).toBe('month');
});

it('puts an instant on the day of the zone', () => {
  expect(dates.dayInZone('2026-11-21T23:30:00Z', 'Europe/Berlin')).toBe('2026-11-22');
  expect(dates.dayInZone('2026-11-21T23:30:00Z', 'No/Where')).toBe('2026-11-21');
});
