import { describe, expect, it } from 'vitest';
import { cellsBy, maskWord, moved, summaryOf, summarySentence } from './access';
import { auditDue, consentDue, councilDue, peopleDue, requestsDue, retentionDue, tokensDue } from './due';
import { linkAddress, nameProblem, peopleSentence, tokensSentence, tokenState, userState } from './people';
import { answersOf, byRole, entryOf, grantsChange, ruleChange, ruleProblem } from './rules';
import type { AccessCell, AccessProduct, Matter, Token, User } from './types';

const cell = (role: string, ref: string, more: Partial<AccessCell> = {}): AccessCell => ({ role, ref, purpose: 'analytics', tier: 'masked', rows: null, consent: false, minimum: null, why: [], masks: [], ...more });
const port = (ref: string): AccessProduct['ports'][number] => ({ ref, columns: 5, personal_columns: 1, person_column: null });
const product: AccessProduct = { ref: 'web.sessions', title: null, domain: 'web', ports: [port('web.session'), port('web.visit')] };

describe('what a role sees of a product', () => {
  it('is the most of its ports, and says when it is not all of them', () => {
    const cells = cellsBy({ cells: [cell('a', 'web.session'), cell('a', 'web.visit', { tier: 'aggregated' }), cell('b', 'web.visit', { tier: 'test' })] });
    const a = summaryOf(product, 'a', cells);
    expect(a).toMatchObject({ tier: 'masked', seen: 2, same: 1, all: 2 });
    expect(summarySentence(a)).toBe('Masked 1/2 ports');
    expect(summaryOf(product, 'b', cells)).toMatchObject({ tier: 'test', seen: 1, same: 1 });
  });
  it('is nothing where there is no cell', () => {
    const s = summaryOf(product, 'c', new Map());
    expect(s.tier).toBe('none');
    expect(summarySentence(s)).toBe('Nothing');
  });
  it('names filters of rows and of consent', () => {
    const cells = cellsBy({ cells: [cell('a', 'web.session', { rows: "country = 'DE'", consent: true, masks: [{ column: 'email', class: 'personal', mask: 'partial', to: null, rule: null }, { column: 'id', class: 'personal', mask: 'none', to: null, rule: null }] }), cell('a', 'web.visit')] });
    const s = summaryOf(product, 'a', cells);
    expect(s.masked).toBe(1);
    expect(summarySentence(s)).toBe('Masked, some rows, by consent');
  });
  it('a filter of a port that is not seen counts nothing', () => {
    expect(summaryOf(product, 'a', cellsBy({ cells: [cell('a', 'web.session', { tier: 'none', rows: 'x', consent: true })] }))).toMatchObject({ tier: 'none', rows: false, consent: false });
  });
  it('masks have words', () => {
    expect([maskWord('redact', null), maskWord('generalise', 'year'), maskWord('generalise', 'unheard'), maskWord('tokenise', null)]).toEqual(['hidden', 'only the year', 'only unheard', 'as a token that joins']);
  });
});

describe('arrow keys in the matrix', () => {
  it.each([
    ['ArrowDown', [1, 0]],
    ['ArrowRight', [0, 1]],
    ['ArrowUp', [0, 0]],
    ['ArrowLeft', [0, 0]],
    ['End', [0, 2]],
    ['PageDown', [4, 0]],
  ])('%s', (key, to) => expect(moved(key, 0, 0, 5, 3)).toEqual(to));
  it('stay inside, and leave other keys alone', () => {
    expect(moved('ArrowRight', 4, 2, 5, 3)).toEqual([4, 2]);
    expect(moved('a', 0, 0, 5, 3)).toBeNull();
  });
});

describe('people and tokens in words', () => {
  const u = (more: Partial<User> = {}): User => ({ name: 'anna', title: null, roles: ['marketer'], groups: [], by: 'password', created_at: null, seen_at: null, disabled: false, locked: false, has_password: true, sessions: 0, ...more });
  const t = (more: Partial<Token> = {}): Token => ({ id: 1, title: 'x', begins: 'trt_a', by: 'anna', roles: [], purposes: [], created_at: null, expires_at: '2026-12-31T00:00:00Z', used_at: null, ended_at: null, state: 'active', ...more });
  const now = Date.parse('2026-11-22T00:00:00Z');
  it('states', () => {
    expect(userState(u()).word).toBe('May sign in');
    expect(userState(u({ disabled: true, locked: true })).word).toBe('Disabled');
    expect(userState(u({ locked: true })).word).toBe('Locked for now');
    expect(userState(u({ has_password: false })).word).toBe('Has not come in yet');
    expect(userState(u({ has_password: false, by: 'single_sign_on' })).word).toBe('May sign in');
    expect(tokenState(t(), now).word).toBe('Works');
    expect(tokenState(t({ expires_at: '2026-11-25T00:00:00Z' }), now).word).toBe('Ends in 3 days');
    expect(tokenState(t({ expires_at: '2026-11-22T05:00:00Z' }), now).word).toBe('Ends within a day');
    expect(tokenState(t({ state: 'ended' }), now).word).toBe('Revoked');
    expect(tokenState(t({ state: 'ending' }), now).level).toBe('warn');
  });
  it('sentences', () => {
    expect(peopleSentence([])).toBe('Nobody has an account yet.');
    expect(peopleSentence([u(), u({ has_password: false }), u({ disabled: true })])).toBe('2 people may sign in, 1 of them has not come in yet, 1 is disabled.');
    expect(tokensSentence([t({ state: 'expired' })], now)).toBe('No service token works at present.');
    expect(tokensSentence([t(), t({ expires_at: '2026-11-25T00:00:00Z' })], now)).toBe('2 service tokens work, 1 of them ends soon.');
  });
  it('names and links', () => {
    expect(nameProblem(' ')).toMatch(/missing/);
    expect(nameProblem('anna muster')).toMatch(/no spaces/);
    expect(nameProblem('anna@example.org')).toBe('');
    expect(linkAddress({ link: '/welcome?code=1', url: null }, 'http://127.0.0.1:1')).toBe('http://127.0.0.1:1/welcome?code=1');
    expect(linkAddress({ link: '/welcome?code=1', url: 'https://t.example/welcome?code=1' }, 'http://x')).toBe('https://t.example/welcome?code=1');
  });
  it('tiles', () => {
    expect(peopleDue([u({ locked: true })])).toMatchObject({ level: 'warn', word: 'Locked' });
    expect(tokensDue([t({ expires_at: '2026-11-25T00:00:00Z' })], now)).toMatchObject({ figure: '1', word: 'End soon' });
  });
});

describe('what is due', () => {
  const counts = { open: 0, running: 0, done: 3, declined: 0, overdue: 0 };
  it('requests: none, in time, soon, too late', () => {
    expect(requestsDue({ counts, requests: [] })).toMatchObject({ figure: '0', level: 'ok' });
    expect(requestsDue({ counts: { ...counts, open: 2 }, requests: [{ kind: 'erase', state: 'open', days_left: 20 }] })).toMatchObject({ figure: '2', level: 'ok', text: 'The next is due in 20 days.' });
    expect(requestsDue({ counts: { ...counts, open: 1 }, requests: [{ kind: 'erase', state: 'open', days_left: 1 }, { kind: 'erase', state: 'done', days_left: -9 }] })).toMatchObject({ level: 'warn', text: 'The next is due in 1 day.' });
    expect(requestsDue({ counts: { ...counts, open: 1, overdue: 1 }, requests: [] })).toMatchObject({ level: 'bad', word: 'Overdue' });
  });
  it('council by kind', () => {
    const m = (kind: Matter['kind']): Matter => ({ kind }) as Matter;
    expect(councilDue({ waiting: [], decided: [] }).level).toBe('ok');
    expect(councilDue({ waiting: [m('loosening'), m('loosening'), m('classification')], decided: [] }).text).toBe('2 conflicts between rules and 1 class in doubt.');
  });
  it('consent, retention, audit', () => {
    const consent = { customers: 1200, built: true, waiting: 0, purposes: [{ purpose: 'email', title: 'E-mail', granted: 3, denied: 1, unknown: 9, conflicts: 0 }] };
    expect(consentDue(consent)).toMatchObject({ figure: '1.2k', text: 'customers. Said yes, of those who said anything: E-mail 75%.', word: 'In force' });
    expect(consentDue({ ...consent, built: false }).figure).toBe('–');
    expect(retentionDue({ rules: [], reports: [], next_at: null, holds: 1 }, 0)).toMatchObject({ word: 'No rule', text: 'No rule says how long rows are kept. 1 hold in force.' });
    expect(retentionDue({ rules: [1], reports: [{ at: '2026-01-01T00:00:00Z', rows: 5, problems: ['x'], dry_run: false }], next_at: null, holds: 0 }, Date.parse('2026-01-02T00:00:00Z'))).toMatchObject({ level: 'bad', word: '1 problem' });
    expect(auditDue({ whole: false, entries: 9, problem: 'Entry 7 was changed.' })).toMatchObject({ level: 'bad', text: 'Entry 7 was changed.' });
    expect(auditDue({ whole: true, entries: 9, problem: null }).word).toBe('Whole');
  });
});

describe('a rule as a form', () => {
  it('goes there and back', () => {
    const set = { name: 'birth', columns: ['birth_date', '*_birth'], mask: 'generalise', to: 'year', roles: ['analyst'] };
    const answers = answersOf('mask', set);
    expect(answers).toMatchObject({ columns: 'birth_date\n*_birth', mask: 'generalise', to: 'year', products: '', roles: ['analyst'] });
    expect(entryOf('mask', 'birth', answers)).toEqual(set);
  });
  it('leaves out what is empty, and how coarse where nothing is made coarse', () => {
    expect(entryOf('mask', 'm', { columns: ' email ,, phone ', mask: 'partial', to: 'year', products: '', classification: '', roles: [] })).toEqual({ name: 'm', columns: ['email', 'phone'], mask: 'partial' });
    expect(answersOf('mask', { mask: 'hash', roles: ['*'] }).roles).toEqual([]);
  });
  it.each([
    ['mask', 'No', { mask: 'hash' }, '', /lower-case/],
    ['mask', 'm', {}, '', /Shown/],
    ['mask', 'm', { mask: 'generalise' }, '', /how coarse/],
    ['tier', 't', { at_most: 'masked', products: 'web.*' }, 'shop', /own products, such as shop/],
    ['tier', 't', { at_most: 'masked', products: 'shop.*' }, 'shop', /^$/],
    ['retention', 'r', { keep: 'a year' }, '', /400d/],
    ['retention', 'r', { keep: '400d' }, '', /^$/],
    ['rows', 'r', { where: '' }, '', /Only rows where/],
  ] as const)('%s %s %j of “%s”', (kind, name, answers, domain, wanted) => expect(ruleProblem(kind, name, { ...answers }, domain)).toMatch(wanted));
  it('is a change of one entry', () => {
    expect(ruleChange('mask', 'm', 'web', null)).toEqual({ kind: 'mask', ref: 'web.m', field: 'rule', value: null });
    expect(grantsChange({ name: 'marketer' }, [{ products: ['*'], tier: 'masked', purposes: [], rows: null }]).value).toEqual([{ products: ['*'], tier: 'masked' }]);
  });
  it('groups who gains by role', () => {
    const c = (role: string, ref: string) => ({ role, ref, purpose: 'analytics', words: '' });
    expect(byRole([c('a', 'x.y'), c('b', 'x.y'), c('a', 'x.z')]).map(([r, l]) => [r, l.length])).toEqual([['a', 2], ['b', 1]]);
  });
});
