import { describe, expect, it } from 'vitest';
import { may, mayAny, mayEdit, mayWhole, neededSentence } from './rights';
import { findRoute, navItems } from './routes';
import { sections } from '../features/governance/sections';
import type { Me } from './types';

const who = (rights: Me['rights']): Me => ({ name: 'anna', kind: 'user', title: null, roles: ['x'], role_words: [], rights, sees: { test: 0, aggregated: 0, masked: 1, raw: 0 }, purposes: ['analytics'], csrf: 'c', expires_at: null, has_password: true, session_id: 1 });

describe('rights', () => {
  const build = who([{ right: 'build', domains: ['web'] }]);
  const all = who([{ right: 'administer', domains: null }]);
  it('hold in their domains', () => {
    expect([may(build, 'build'), may(build, 'build', 'web'), may(build, 'build', 'shop'), mayWhole(build, 'build')]).toEqual([true, true, false, false]);
    expect([may(all, 'administer', 'shop'), mayWhole(all, 'administer'), may(all, 'audit')]).toEqual([true, true, false]);
  });
  it('to edit are those of the domain of a thing, or of the whole mesh', () => {
    const whole = who([{ right: 'build', domains: null }]);
    expect([mayEdit(build, 'product', 'web.sessions'), mayEdit(build, 'product', 'shop.orders'), mayEdit(build, 'domain', 'web'), mayEdit(build, 'term', 'revenue'), mayEdit(whole, 'term', 'revenue'), mayEdit(undefined, 'domain', 'web')]).toEqual([true, false, true, false, true, false]);
  });
  it('nobody known may nothing', () => {
    expect(may(undefined, 'build')).toBe(false);
    expect(mayAny(undefined, ['build'])).toBe(false);
    expect(mayAny(undefined, [])).toBe(true);
  });
  it('are named when they are missing', () => {
    expect(neededSentence(['administer'])).toBe('the right “administer”');
    expect(neededSentence(['approve', 'audit', 'privacy'])).toBe('one of the rights “approve”, “audit” and “privacy”');
  });
});

describe('what is shown of governance', () => {
  const labels = (me: Me | undefined): string[] => navItems(me).map((n) => n.label);
  it('is not there without a right to it', () => {
    expect(labels(undefined)).not.toContain('Governance');
    expect(labels(who([{ right: 'build', domains: null }]))).not.toContain('Governance');
    expect(labels(who([{ right: 'approve', domains: ['web'] }]))).toContain('Governance');
  });
  it('is each page by its own right', () => {
    const hrefs = (me: Me): string[] => sections(me).map((s) => s.href);
    expect(hrefs(who([]))).toEqual([]);
    expect(hrefs(who([{ right: 'approve', domains: null }]))).toEqual(['/governance', '/governance/council']);
    expect(hrefs(who([{ right: 'administer', domains: null }]))).toEqual(expect.arrayContaining(['/governance/access', '/governance/people', '/governance/tokens']));
    expect(hrefs(who([{ right: 'privacy', domains: null }]))).not.toContain('/governance/people');
  });
  it('takes some rights in the whole mesh', () => {
    const hrefs = sections(who([{ right: 'administer', domains: ['web'] }])).map((s) => s.href);
    expect(hrefs).toContain('/governance/access');
    expect(hrefs).not.toContain('/governance/people');
  });
  it('leaves out of the navigation what takes a right', () => {
    expect(labels(who([]))).toEqual(['Home', 'Explore', 'Dashboards', 'Customers', 'Catalog', 'Lineage', 'Goals', 'Glossary', 'Requests']);
    expect(labels(who([{ right: 'build', domains: ['web'] }]))).toEqual(expect.arrayContaining(['Sources', 'Live']));
  });
  it('only names pages that are there', () => {
    const everything = who((['build', 'approve', 'administer', 'reveal', 'detokenise', 'consent', 'privacy', 'audit'] as const).map((right) => ({ right, domains: null })));
    for (const s of sections(everything)) expect(findRoute(s.href), s.href).not.toBeNull();
  });
});
