/* Steps that funnels and retention are made of. Pure. */
import type { PickItem } from '../../components/PickList.svelte';
import * as format from '../format';
import type { StepKind } from './types';

export const KIND_TITLES: Record<string, string> = { event: 'Event', page: 'Page', screen: 'Screen', email: 'E-mail', order: 'Order', ticket: 'Ticket', touch: 'Touch', conversion: 'Conversion' };

/* The way that a shop is usually looked at; else the most frequent events, the more frequent first. */
const WAY = [/product.*view|view.*item/i, /product.*add|add.*(cart|basket)/i, /checkout.*start|begin.*checkout/i, /order.*complet|^purchase$/i];
export function firstSteps(steps: readonly StepKind[]): string[] {
  const events = steps.filter((s) => s.kind === 'event');
  const way = WAY.flatMap((w) => events.find((e) => w.test(e.title))?.step ?? []);
  if (way.length >= 2) return way;
  const end = steps.find((s) => s.kind === 'conversion' && s.count > 0) ?? steps.find((s) => s.kind === 'order' && s.count > 0);
  const start = steps.find((s) => s.kind === 'page') ?? events[0];
  return start && end ? [start.step, end.step] : events.slice(0, 2).map((s) => s.step);
}
/* What usually begins a customer, and what brings them back. */
export const usualStep = (steps: readonly StepKind[]): string => (steps.find((s) => s.step === 'conversion:purchase' && s.count > 0) ?? steps.find((s) => s.kind === 'order') ?? steps[0])?.step ?? '';
export const withoutStep = (steps: readonly string[], i: number): string[] => steps.filter((_, k) => k !== i);

/* To choose from: two steps may be called the same, and count as one. */
export function stepItems(steps: readonly StepKind[]): PickItem[] {
  const seen = new Set<string>();
  return steps.flatMap((s) => {
    if (seen.has(s.step)) return [];
    seen.add(s.step);
    return [{ value: s.step, title: s.title, about: `${format.exact(s.count, 'count')} times`, words: [s.step], group: KIND_TITLES[s.kind] ?? s.kind }];
  });
}
