import { describe, expect, it } from 'vitest';
import type { DataRequest } from '../../lib/types';
import { aboutHref, age, draftBody, draftProblem, inOrder, readDraft, requestLevel, requestsSentence, whoAnswers, type Draft } from './words';

const request = (id: number, more: Partial<DataRequest> = {}): DataRequest => ({
  id,
  kind: 'product',
  ref: null,
  field: null,
  domain: null,
  title: 't',
  body: null,
  asker: null,
  state: 'open',
  asked_at: '2026-11-01T00:00:00Z',
  age_s: 60,
  answer: null,
  answered_by: null,
  answered_at: null,
  ...more,
});
const draft = (more: Partial<Draft> = {}): Draft => ({ kind: 'product', title: 'Orders by hour', body: '', ref: '', field: '', domain: '', ...more });

describe('asking', () => {
  it('is filled in from the address', () => {
    expect(readDraft(new URLSearchParams('new=feedback&title=wrong&ref=web.orders&field=amount'))).toEqual({ kind: 'feedback', title: 'wrong', body: '', ref: 'web.orders', field: 'amount', domain: '' });
    expect(readDraft(new URLSearchParams('new=castle'))).toBeNull();
    expect(readDraft(new URLSearchParams(''))).toBeNull();
    expect(readDraft(new URLSearchParams({ new: 'product', title: 'x'.repeat(999) }))?.title.length).toBe(200);
  });
  it('says what is missing', () => {
    expect(draftProblem(draft())).toBeNull();
    expect(draftProblem(draft({ title: '  ' }))).toMatch(/few words/);
    expect(draftProblem(draft({ ref: 'The orders' }))).toMatch(/domain\.name/);
    expect(draftProblem(draft({ ref: 'conversion' }))).toBeNull();
    expect(draftProblem(draft({ title: 'ض'.repeat(101) }))).toMatch(/too long/);
    expect(draftProblem(draft({ kind: 'feedback' }))).toMatch(/about/);
    expect(draftProblem(draft({ kind: 'access' }))).toMatch(/access/);
    expect(draftProblem(draft({ kind: 'access', ref: 'web.orders' }))).toBeNull();
  });
  it('sends no empty texts, and no field without its table', () => {
    expect(draftBody(draft({ title: ' Orders ', field: 'amount' }))).toEqual({ kind: 'product', title: 'Orders', body: null, ref: null, field: null, domain: null });
  });
  it('goes to the owner of the domain, or of shared', () => {
    const domain = (name: string, owner: string): { name: string; title: null; description: null; owner: { name: string; contact: null }; support: null; north_star: null } => ({ name, title: null, description: null, owner: { name: owner, contact: null }, support: null, north_star: null });
    const mesh = { domains: [domain('web', 'Wim'), domain('shared', 'Sam')] };
    expect(whoAnswers(mesh, 'web.orders', null).person?.name).toBe('Wim');
    expect(whoAnswers(mesh, null, 'web').person?.name).toBe('Wim');
    expect(whoAnswers(mesh, null, null)).toEqual({ person: { name: 'Sam', contact: null }, domain: 'shared' });
    expect(whoAnswers({ domains: [] }, null, null).person).toBeNull();
  });
});

describe('what it is about', () => {
  it('has a page', () => {
    const mesh = { domains: [{ name: 'web', title: null, description: null, owner: null, support: null, north_star: null }] };
    expect(aboutHref(mesh, 'web.orders', 'amount')).toBe('/ports/web/orders');
    expect(aboutHref(mesh, 'web', null)).toBe('/domains/web');
    expect(aboutHref(mesh, 'conversion', null)).toBe('/glossary?term=conversion');
    expect(aboutHref(mesh, 'web.orders', null)).toBe('/catalog?q=web.orders');
  });
});

describe('the list', () => {
  it('has the longest waiting on top, then what was answered last', () => {
    const list = inOrder([
      request(1, { state: 'done', answered_at: '2026-11-03' }),
      request(2, { age_s: 10 }),
      request(3, { age_s: 99 }),
      request(4, { state: 'answered', answered_at: '2026-11-05' }),
    ]);
    expect(list.map((r) => r.id)).toEqual([3, 2, 4, 1]);
  });
  it('says ages and what waits', () => {
    expect([60, 5400, 40 * 3600].map(age)).toEqual(['1 min', '2 h', '2 days']);
    expect(requestsSentence([])).toMatch(/Nobody/);
    expect(requestsSentence([request(1, { age_s: 200000 }), request(2)])).toBe('2 requests wait for an answer, the oldest for 2 days.');
    expect(requestsSentence([request(1, { state: 'done' })])).toBe('The one request is answered.');
    expect(requestLevel(request(1, { age_s: 8 * 86400 }))).toBe('warn');
    expect(requestLevel(request(1))).toBe('none');
  });
});
