/* The answer in a sentence or two, from the rows. Pure. */
import * as format from '../../lib/format';
import { changeText, figureText } from '../../lib/metrics/figures';
import { inside, valueText } from '../../lib/metrics/names';
import { isLeftOut, partsOf, type Figure } from '../../lib/metrics/shape';
import type { Metric, MetricAnswer } from '../../lib/metrics/types';
import { numberOf, textOf } from '../../lib/query/sql';
import type { Cell } from '../../lib/types';

type Better = Metric['direction'];

function against(now: number | null, before: number | null, f: Figure, currency: string): string {
  const c = changeText(now, before, f.unit);
  if (!c) return '';
  if (c.direction === 0) return `, as before`;
  return `, ${c.direction > 0 ? 'up' : 'down'} ${c.text.replace(/^[+−]/, '')} from ${figureText(before, f.unit, currency)}`;
}

const nameOf = (keys: { at: number; name: string }[], r: Cell[]): string => keys.map((k) => valueText(k.name, textOf(r[k.at]))).join(', ');

/* `adds`: an amount, of which there is most and least; else a rate or a cost, of which one is best. */
export function answerSentences(answer: MetricAnswer, f: Figure, better: Better, adds = false): string[] {
  const p = partsOf(answer.columns);
  const show = (n: number | null): string => figureText(n, f.unit, answer.currency);
  const now = (r: Cell[]): number | null => numberOf(r[f.value]);
  const before = (r: Cell[]): number | null => (f.before < 0 ? null : numberOf(r[f.before]));
  const whole = answer.total ?? (p.time < 0 && p.keys.length === 0 ? (answer.rows[0] ?? null) : null);
  const out: string[] = [];
  const known = answer.rows.filter((r) => now(r) !== null);
  if (known.length === 0) return [];
  const name = inside(f.title);
  /* two totals over what happens to be shown of either period do not compare */
  if (isLeftOut(answer) && whole && (p.time >= 0 || p.keys.length === 0)) {
    out.push(`${cap(f.title)}: ${show(now(whole))} in what is shown to you; small groups of people are left out.`);
    return out;
  }
  if (p.keys.length === 0) {
    if (whole) out.push(`${cap(f.title)}: ${show(now(whole))}${against(now(whole), before(whole), f, answer.currency)}.`);
    if (p.time >= 0 && known.length > 1) {
      const top = known.reduce((a, b) => ((now(b) ?? 0) > (now(a) ?? 0) ? b : a));
      const day = textOf(top[p.time])?.slice(0, 10) ?? '';
      out.push(`Highest on ${format.day(day)} with ${show(now(top))}.`);
    }
    return out;
  }
  if (p.time >= 0) {
    if (whole) out.push(`${cap(f.title)}, all together: ${show(now(whole))}${against(now(whole), before(whole), f, answer.currency)}.`);
    return out;
  }
  /* what has no name is nobody's best */
  const named = known.filter((r) => p.keys.every((k) => textOf(r[k.at]) !== null && textOf(r[k.at]) !== '(none)'));
  const list = named.length > 0 ? named : known;
  const high = list.reduce((a, b) => ((now(b) ?? 0) > (now(a) ?? 0) ? b : a));
  const low = list.reduce((a, b) => ((now(b) ?? 0) < (now(a) ?? 0) ? b : a));
  const [first, second] = better === 'down' ? [low, high] : [high, low];
  const word = better === 'down' ? 'Lowest' : 'Highest';
  const lead = adds && better !== 'down' ? `Most ${name}` : better === 'none' ? `${word} ${name}` : `Best ${name}`;
  out.push(`${lead}: ${nameOf(p.keys, first)} with ${show(now(first))}${against(now(first), before(first), f, answer.currency)}.`);
  if (second !== first) out.push(`${better === 'down' ? 'Highest' : adds ? 'Least' : 'Lowest'}: ${nameOf(p.keys, second)} with ${show(now(second))}${against(now(second), before(second), f, answer.currency)}.`);
  const moved = list.filter((r) => before(r) !== null);
  if (moved.length > 2) {
    const most = moved.reduce((a, b) => (Math.abs((now(b) ?? 0) - (before(b) ?? 0)) > Math.abs((now(a) ?? 0) - (before(a) ?? 0)) ? b : a));
    const c = changeText(now(most), before(most), f.unit);
    if (c && c.direction !== 0 && most !== first && most !== second) out.push(`Most changed: ${nameOf(p.keys, most)}, ${c.text} to ${show(now(most))}.`);
  }
  return out;
}

const cap = (t: string): string => t.replace(/^./, (c) => c.toUpperCase());
