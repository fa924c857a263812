import { describe, expect, it } from 'vitest';
import type { ConsentPurpose, Look, PrivacyRequest } from './types';
import { actWord, dueMark, lookSentence, purposeSentence, requestsSentence, shareOf, verdictMark, whoWord } from './words';

const request = (over: Partial<PrivacyRequest>): PrivacyRequest => ({
  id: 1, kind: 'erase', state: 'open', overdue: false, identifier_kind: 'email', received_at: '2026-11-01T00:00:00Z', due_at: '2026-12-01T00:00:00Z', days_left: 20, extended: false, extension_reason: null, note: null, asked_by: 'anna',
  asked_at: '2026-11-01T00:00:00Z', anonymise: false, started_at: null, closed_at: null, closed_by: null, answer: null, problem: null, receipt_id: null, ...over,
});

describe('requests', () => {
  it('tell how long there is', () => {
    expect(dueMark(request({})).word).toBe('20 days left');
    expect(dueMark(request({ days_left: 1 }))).toEqual({ level: 'warn', word: '1 day left' });
    expect(dueMark(request({ days_left: 0 })).word).toBe('Due today');
    expect(dueMark(request({ days_left: -3, overdue: true }))).toEqual({ level: 'bad', word: '3 days late' });
    expect(dueMark(request({ state: 'running' })).word).toBe('In work');
    expect(dueMark(request({ state: 'running', problem: 'the disk is full' }))).toEqual({ level: 'bad', word: 'Stopped' });
    expect(dueMark(request({ state: 'done', days_left: -9 })).level).toBe('ok');
  });
  it('say who waits', () => {
    expect(requestsSentence({ open: 0, running: 0, overdue: 0, done: 2 })).toBe('No one waits for an answer. 2 requests done so far.');
    expect(requestsSentence({ open: 2, running: 1, overdue: 1, done: 0 })).toContain('3 people wait for an answer, 1 of them past the day');
  });
  it('say where a person is', () => {
    const look: Look = { person: { known: true, customer_id: 'c_1', customer_ids: 1, identifiers: [{ kind: 'email', count: 2, shared: 0 }], evidence: 3 }, held: [], places: [{ place: 'raw', what: 'web.x', rows: 4, cells: 0, how: 'deleted' }, { place: 'desk', what: 'y', rows: 0, cells: 1, how: 'blanked' }], rows: 4, cells: 1, built_again: [], left: [], backups: [] };
    expect(lookSentence(look)).toBe('One customer with 2 identifiers. 4 rows in 1 place, and 1 mention in rows of others.');
    expect(lookSentence({ ...look, person: { ...look.person, known: false }, rows: 0, cells: 0 })).toContain('Nobody is known');
  });
});

describe('the log', () => {
  it('names acts and outcomes in plain words', () => {
    expect(actWord('reveal')).toBe('Shown in clear');
    expect(actWord('sign_in')).toBe('Came in');
    expect(verdictMark('ok').word).toBe('Allowed');
    expect(verdictMark('E_DENIED').level).toBe('bad');
    expect(verdictMark('E_ENGINE').word).toBe('Failed');
    expect(whoWord({ principal: 'anna', roles: ['marketer', 'analyst'] } as never)).toBe('anna (marketer, analyst)');
  });
});

describe('consent', () => {
  const p: ConsentPurpose = { purpose: 'email', title: 'Email', default: 'denied', expires_s: null, granted: 30, denied: 10, expired: 0, unknown: 60, conflicts: 0, counts_as_granted: 30 };
  it('draws shares of all customers', () => {
    expect([shareOf(p, 'granted'), shareOf(p, 'denied'), shareOf(p, 'unknown')]).toEqual([30, 10, 60]);
    expect(shareOf({ ...p, granted: 0, denied: 0, unknown: 0 }, 'granted')).toBe(0);
  });
  it('says what holds without a word', () => {
    expect(purposeSentence(p, 100)).toContain('30 of 100 customers');
    expect(purposeSentence({ ...p, default: 'granted' }, 100)).toContain('count as having agreed');
  });
});
