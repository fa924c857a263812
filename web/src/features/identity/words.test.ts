import { describe, expect, it } from 'vitest';
import type { Rules } from '../customers/types';
import { AGREES, entrySentence, limitSentence, recordName, shareSentence, span, yamlOf } from './words';

const kind = (more: object) => ({ name: 'anonymous_id', title: '', normalise: 'none', limit: 5, per_s: 604_800, blocked: 0, patterns: [], ...more });

describe('rules in words', () => {
  it('says a limit and its time', () => {
    expect(limitSentence(kind({}))).toBe('At most 5 for each customer within 7 days.');
    expect(limitSentence(kind({ limit: 1, per_s: null }))).toBe('One for each customer.');
    expect(limitSentence(kind({ limit: null, per_s: null }))).toBe('Any number of them.');
    expect([span(86_400), span(7200), span(90)]).toEqual(['one day', '2 hours', '90 seconds']);
    expect(shareSentence(12, 31)).toBe('2.58 for each');
  });
  it('writes them as the file would', () => {
    const rules: Rules = { sha: '', fuzzy: false, blocked: ['-1', 'n/a'], patterns: ['^[0-]*$'], kinds: [kind({ name: 'user_id', limit: 1, per_s: null }), kind({ name: 'email', normalise: 'email', per_s: null }), kind({}), kind({ name: 'loyalty', limit: null, per_s: null })] };
    expect(yamlOf(rules)).toBe(`kinds:
  - {name: user_id, limit: 1}
  - {name: email, limit: 5, normalise: email}
  - {name: anonymous_id, limit: 5, per: 7d}
  - {name: loyalty}
blocked: {values: ["-1", "n/a"], patterns: ["^[0-]*$"]}
`);
  });
  it('calls a record by its system', () => {
    expect([recordName('hubspot:21'), recordName('offline_file:a:b'), recordName('x')]).toEqual(['Record 21 of hubspot', 'Record a:b of offline file', 'Record x']);
    expect(AGREES.unknown.word).toBe('Not known');
  });
  it('tells why of a line', () => {
    const line = { action: 'refused' as const, cause: 'evidence', kind: 'anonymous_id', refused_by: 'user_id', decision_id: null };
    expect(entrySentence(line).cause).toBe('Visitor id was left out: a customer may not have one more user id.');
    expect(entrySentence({ ...line, action: 'merged', decision_id: 3 })).toEqual({ between: 'took in', cause: 'because somebody decided so (decision 3).' });
  });
});
