import { describe, expect, it } from 'vitest';
import { safeNext, signInHref } from './next';
import { onLoopback, passwordProblem, problemOf, refusal } from './words';

describe('the way back after signing in', () => {
  it.each([
    ['/catalog?q=orders', '/catalog?q=orders'],
    ['/catalog/web/sessions?tab=schema', '/catalog/web/sessions?tab=schema'],
    ['/governance/people', '/governance/people'],
    ['/catalog?token=abc&q=x', '/catalog?q=x'],
  ])('%s leads there', (text, to) => expect(safeNext(text)).toBe(to));

  it.each([
    [null],
    [''],
    ['https://evil.example/catalog'],
    ['//evil.example/catalog'],
    ['/\\evil.example'],
    ['\\\\evil.example'],
    ['/\t/evil.example'],
    ['/catalog\\..\\..'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['/api/v1/query'],
    ['/sign-in?next=/sign-in'],
    ['/welcome?code=1'],
    ['/no/such/page'],
    ['/../..//evil.example'],
    ['catalog'],
    [' /catalog'],
    ['/%2f/evil.example'],
    ['http:///catalog'],
  ])('%s leads home', (text) => expect(safeNext(text)).toBe('/'));

  it('keeps where one was', () => {
    expect(signInHref('/catalog?domain=web')).toBe('/sign-in?next=%2Fcatalog%3Fdomain%3Dweb');
    expect(signInHref('/')).toBe('/sign-in');
    expect(signInHref('/sign-in')).toBe('/sign-in');
  });
});

describe('what the way in says', () => {
  it('says the same of a wrong name and a wrong password', () => {
    const a = refusal({ status: 401, message: 'no user anna', hint: null });
    expect(a).toEqual(refusal({ status: 401, message: 'wrong password', hint: 'x' }));
    expect(a.text).not.toMatch(/anna/);
  });
  it('says how long, where it is locked', () => {
    expect(refusal({ status: 429, message: 'locked', hint: 'Try again in 4 minutes.' })).toMatchObject({ title: 'Too many attempts', text: 'Try again in 4 minutes.', level: 'warn' });
    expect(refusal({ status: 429, message: 'locked', hint: null }).text).toMatch(/Wait a minute/);
    expect(refusal({ status: 500, message: 'It broke.', hint: null })).toMatchObject({ text: 'It broke.', level: 'bad' });
  });
  it('knows the problems of single sign-on; an unknown word says nothing of its own', () => {
    expect(problemOf(null)).toBeNull();
    expect(problemOf('denied')?.title).toBe('You are not let in');
    expect(problemOf('<img src=x>')).toEqual(problemOf('provider'));
  });
  it.each([
    ['short', 'short', '', /Twelve characters/, /^$/],
    ['anneliese.muster', 'anneliese.muster', 'Anneliese.Muster', /name is no password/, /^$/],
    ['correct horse battery', 'correct horse', '', /^$/, /not the same/],
    ['correct horse battery', 'correct horse battery', 'anna', /^$/, /^$/],
    ['🦊🦊🦊🦊🦊🦊', '🦊🦊🦊🦊🦊🦊', '', /these are 6/, /^$/],
  ])('a new password: %s', (password, again, name, wrong, other) => {
    const p = passwordProblem(password, again, name);
    expect(p.password).toMatch(wrong);
    expect(p.again).toMatch(other);
  });
  it('knows this machine', () => {
    expect(['127.0.0.1', 'localhost', '[::1]', 'trellis.example.org'].map(onLoopback)).toEqual([true, true, true, false]);
  });
});
