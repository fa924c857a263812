import { expect, it } from 'vitest';
import { errorFromBody } from './api';
import { csvText } from './csv';
import { trustOf } from './trust';
import type { PortSummary, State } from './types';

const now = Date.parse('2026-11-21T12:00:00Z');
const port = (state: State, built_at: string | null = '2026-11-21T11:48:00Z', failed = 0): PortSummary => ({
  domain: 'd',
  product: 'p',
  name: 'n',
  ref: 'd.n',
  version: '1.0.0',
  major: 1,
  description: null,
  materialization: 'table',
  state,
  state_reason: null,
  stale_cause: null,
  built_at,
  rows: 1,
  data_from: null,
  data_to: null,
  checks: { passed: 8 - failed, warned: 0, failed, not_evaluated: 1 },
});

it('is as good as the worst port', () => {
  expect(trustOf([port('fresh')], now)).toEqual({ level: 'ok', word: 'Fresh', detail: '12 min ago, 8 of 9 checks' });
  expect(trustOf([port('fresh'), port('stale')], now).level).toBe('warn');
  expect(trustOf([port('failing', null, 2), port('stale')], now)).toMatchObject({ level: 'bad', word: 'Failing' });
  expect(trustOf([], now).level).toBe('none');
});

it('takes the age of the oldest', () => {
  expect(trustOf([port('fresh'), port('fresh', '2026-11-20T00:00:00Z')], now).detail).toContain('2 days ago');
});

it('reads errors of any shape', () => {
  const e = errorFromBody(403, { error: { code: 'TR012', message: 'No.', hint: 'Ask.', retryable: false } });
  expect(e).toMatchObject({ status: 403, code: 'TR012', message: 'No.', hint: 'Ask.', retryable: false });
  expect(errorFromBody(502, null)).toMatchObject({ code: 'HTTP 502', retryable: true });
});

it('writes CSV that comes back', () => {
  expect(csvText(['a', 'b'], [['x,"y"', null], ['line\nbreak', 2]])).toBe('a,b\r\n"x,""y""",\r\n"line\nbreak",2\r\n');
});
