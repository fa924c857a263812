import { describe, expect, it } from 'vitest';
import type { Readiness, ReadyStep } from '../../lib/types';
import { matrixOf, nextStep, phasesOf, raciWords, roleWord } from './words';

const step = (id: string, phase: string, done: boolean, optional = false): ReadyStep => ({ id, phase, title: id, done, optional, missing: null, command: null, href: null });
const ready = (...steps: ReadyStep[]): Readiness => ({ domain: 'd', done: steps.filter((s) => s.done).length, all: steps.length, steps, pitfalls: [] });

describe('readiness', () => {
  it('is told by phase, in the given order', () => {
    const phases = phasesOf(ready(step('a', 'own', true), step('b', 'use', false), step('c', 'own', false)));
    expect(phases.map((p) => [p.title, p.done, p.steps.map((s) => s.id)])).toEqual([
      ['Owned', 1, ['a', 'c']],
      ['Used', 0, ['b']],
    ]);
  });
  it('names what is needed before what is optional', () => {
    expect(nextStep(ready(step('a', 'own', false, true), step('b', 'use', false)))?.id).toBe('b');
    expect(nextStep(ready(step('a', 'own', false, true), step('b', 'use', true)))?.id).toBe('a');
    expect(nextStep(ready(step('a', 'own', true)))).toBeNull();
  });
});

describe('who does what', () => {
  it('is a matrix of products and people, those who account first', () => {
    const m = matrixOf([
      { product: 'p', responsible: ['Tom'], accountable: ['Ana'], consulted: ['Finance'], informed: [] },
      { product: 'q', responsible: ['Ana'], accountable: ['Ana'], consulted: [], informed: ['Tom'] },
    ]);
    expect(m.people).toEqual(['Ana', 'Tom', 'Finance']);
    expect(m.rows).toEqual([
      { product: 'p', cells: ['A', 'R', 'C'] },
      { product: 'q', cells: ['R A', 'I', ''] },
    ]);
    expect(raciWords('R A')).toBe('responsible and accountable');
    expect(raciWords('')).toBe('no part');
  });
  it('has words for roles, known or not', () => expect(['data_steward', 'chief_of_data'].map(roleWord)).toEqual(['Data steward', 'Chief of data']));
});
