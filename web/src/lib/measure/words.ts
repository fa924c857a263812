/* Answers about journeys in sentences, and spans of time as people say them. Pure. */
import * as format from '../format';
import { changeText, figureText } from '../metrics/figures';
import { inside, valueText } from '../metrics/names';
import type { Anomaly, Cohorts, CohortGrain, CohortKind, Credits, CreditModel, CreditRow, Driver, Funnel, Level, Reason } from './types';

export const LEVEL_WORDS: Record<Level, string> = { channel: 'Channel', source: 'Source', campaign: 'Campaign', ad_group: 'Ad set', ad: 'Ad' };

/* 40 s, 4 min, 5 h, 3.2 days */
export function span(s: number | null | undefined): string {
  if (s === null || s === undefined) return format.UNKNOWN;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129_600) return `${Math.round(s / 3600)} h`;
  const days = s / 86_400;
  const text = days >= 10 || Number.isInteger(days) ? String(Math.round(days)) : days.toFixed(1);
  return `${text} ${text === '1' ? 'day' : 'days'}`;
}
/* How long a funnel may take, to choose from; a file may say others: 90min, 2d. */
export const WINDOWS = ['1h', '1d', '3d', '7d', '14d', '30d', '90d'];
export function windowText(w: string): string {
  const [, n = '', unit = ''] = /^(\d+)(s|min|m|h|d)$/.exec(w) ?? [];
  const word: Record<string, string> = { s: 'second', min: 'minute', m: 'minute', h: 'hour', d: 'day' };
  return word[unit] ? `${n} ${word[unit]}${n === '1' ? '' : 's'}` : w;
}
/* 30d from 2592000 and back */
export const daysText = (s: number): string => `${Math.round(s / 86_400)}d`;

export const percent = (share: number | null | undefined, digits = 0): string =>
  share === null || share === undefined ? format.UNKNOWN : `${(share * 100).toFixed(share > 0 && share < 0.1 && digits === 0 ? 1 : digits).replace('-', '−')}%`;

/* Of the keys of a row the finest, in words; what is above it stands below. */
export function rowName(r: CreditRow, by: Level): string {
  const own = r.key[by];
  if (own === '(none)' || r.title === '(none)') return 'No touch known';
  return by === 'channel' || r.title === r.key.channel ? valueText('channel', r.key.channel ?? r.title) : r.title || (own ?? 'not known');
}
export const rowAbove = (r: CreditRow, by: Level): string => (by === 'channel' ? '' : valueText('channel', r.key.channel ?? null));

export const isNone = (r: CreditRow): boolean => r.title === '(none)' || r.key.channel === '(none)';

/* "By last touch, direct brings the most: 2,153 of 6,949 purchases (31%). Markov chain sees paid social 30% higher …" */
export function creditSentences(a: Credits, models: readonly CreditModel[], lead: string, withValue: boolean): string[] {
  const figure = (r: CreditRow, m: string): number => (withValue ? (r.credits[m]?.value ?? 0) : (r.credits[m]?.conversions ?? 0));
  const whole = withValue ? (a.total.value ?? 0) : a.total.conversions;
  const rows = a.rows.filter((r) => !isNone(r));
  const title = (m: string): string => inside(a.models.find((x) => x.name === m)?.title ?? m);
  const first = a.models.find((m) => m.name === lead)?.name ?? a.models[0]?.name;
  if (!first || rows.length === 0 || whole <= 0) return [];
  const say = (v: number): string => (withValue ? figureText(v, 'currency', a.currency) : format.exact(v, 'decimal'));
  const top = rows.reduce((x, y) => (figure(y, first) > figure(x, first) ? y : x));
  const what = withValue ? `of ${say(whole)} from ${plural(a.title)}` : `of ${format.exact(whole, 'count')} ${plural(a.title)}`;
  const out = [`By ${title(first)}, ${inside(rowName(top, a.by))} brings the most: ${say(figure(top, first))} ${what} (${percent(figure(top, first) / whole)}).`];
  /* where another model disagrees most, of those that carry weight */
  let most: { r: CreditRow; m: string; by: number } | null = null;
  for (const m of a.models.map((x) => x.name).filter((x) => x !== first)) {
    for (const r of rows) {
      const base = figure(r, first);
      /* a rule that passes direct over says little of it, by design */
      if (base < whole * 0.03 || (first === 'last_non_direct' && r.key.channel === 'direct')) continue;
      const by = (figure(r, m) - base) / base;
      if (!most || Math.abs(by) > Math.abs(most.by)) most = { r, m, by };
    }
  }
  if (most && Math.abs(most.by) >= 0.02) out.push(`${cap(title(most.m))} ${models.find((x) => x.name === most.m)?.kind === 'data' ? 'finds' : 'gives'} ${inside(rowName(most.r, a.by))} ${percent(Math.abs(most.by))} ${most.by > 0 ? 'more' : 'less'} than that.`);
  return out;
}
const cap = (t: string): string => t.replace(/^./, (c) => c.toUpperCase());
/* Purchase → purchases; "Deal won" and other phrases stay as they are. */
export function plural(title: string): string {
  const t = inside(title);
  return /^[a-z]+$/.test(t) ? (/(s|x|ch|sh)$/.test(t) ? `${t}es` : `${t}s`) : `conversions “${title}”`;
}

export function funnelSentences(f: Funnel): string[] {
  const [first] = f.steps;
  const last = f.steps.at(-1);
  if (!first || !last || first.people === 0 || f.steps.length < 2) return [];
  const out = [`${percent(last.rate)} of ${format.plural(first.people, 'person', 'people')} at “${first.title}” get to “${last.title}” within ${span(f.window_s)}.`];
  const worst = f.steps.slice(1).reduce((a, b) => (b.dropped > a.dropped ? b : a));
  const before = f.steps[f.steps.indexOf(worst) - 1];
  if (worst.dropped > 0 && before) out.push(`Most are lost between “${before.title}” and “${worst.title}”: ${format.exact(worst.dropped, 'count')} of ${format.exact(before.people, 'count')}.`);
  return out;
}
/* "Of those not yet buyers, 45% go on from … to …; of the others 77%. That is 53% of all lost there." */
export function reasonSentence(r: Reason, steps: readonly { title: string }[]): string {
  const from = steps[r.step - 1]?.title ?? '';
  const to = steps[r.step]?.title ?? '';
  return `${r.title}, ${valueText(r.dimension, r.value)}: ${percent(r.rate)} go on from “${from}” to “${to}”, of all others ${percent(r.others)}. That explains ${percent(r.share_of_loss)} of the people lost there.`;
}

export const KIND_WORDS: Record<CohortKind, { title: string; about: string }> = {
  n_day: { title: 'In that period', about: 'Who did it again in just that period.' },
  unbounded: { title: 'Then or later', about: 'Who did it again in that period or any later one. Young cohorts have had less time to.' },
  rolling: { title: 'By then', about: 'Who has done it again by the end of that period, at least once.' },
};
export function periodName(grain: CohortGrain, n: number): string {
  return n === 0 ? `same ${grain}` : `${grain} ${n}`;
}
export function cohortSentences(c: Cohorts): string[] {
  const k = c.all.rates.findLastIndex((r, i) => r !== null && i > 0);
  const at = c.all.rates[1] !== null && c.all.rates[1] !== undefined ? 1 : k;
  const rate = at > 0 ? c.all.rates[at] : null;
  if (rate === null || rate === undefined) return [];
  const after = at === 1 ? `in the ${c.grain} after` : `in ${c.grain} ${at}`;
  const when = c.kind === 'n_day' ? after : c.kind === 'rolling' ? `by the end of ${c.grain} ${at}` : `${after} or later`;
  const out = [`${percent(rate)} of people come back to “${c.again.title}” ${when} their first “${c.first.title}”.`];
  const known = c.cohorts.filter((x) => x.whole > at && x.size >= 30 && x.kept[at] !== null && x.kept[at] !== undefined);
  if (known.length > 1) {
    const of = (x: (typeof known)[0]): number => (x.kept[at] ?? 0) / x.size;
    const best = known.reduce((a, b) => (of(b) > of(a) ? b : a));
    const worst = known.reduce((a, b) => (of(b) < of(a) ? b : a));
    if (best !== worst) out.push(`Best were those of ${cohortName(best.cohort, c.grain)} (${percent(of(best))}), worst those of ${cohortName(worst.cohort, c.grain)} (${percent(of(worst))}).`);
  }
  return out;
}
export function cohortName(day: string, grain: CohortGrain): string {
  return grain === 'month' ? format.day(day).replace(/^\d+ /, '') : grain === 'week' ? `the week of ${format.day(day)}` : format.day(day);
}

/* "Orders were 12 on 3 Nov 2026, where 60 were expected (51 to 69)." */
export function unusualSentence(x: Anomaly, currency: string): string {
  const say = (v: number | null): string => figureText(v, x.unit, currency);
  const c = changeText(x.value, x.expected, x.unit);
  const day = format.day(x.day);
  const off = c && c.direction !== 0 ? `, ${c.text.replace(/^[+−]/, '')} ${c.direction > 0 ? 'above' : 'below'}` : '';
  if (x.kind === 'shift') return `${x.title} has another level since ${format.day(x.since ?? x.day)}: ${say(x.value)} where ${say(x.expected)} was usual${off}.`;
  return `${x.title} on ${day}: ${say(x.value)}${off === '' ? ';' : `${off} the`} expected ${say(x.expected)} (${say(x.low)} to ${say(x.high)}).`;
}
/* "Channel, Paid search: from 40 to 12, 58% of the change." */
export function driverSentence(d: Driver, unit: Anomaly['unit'], currency: string): string {
  const say = (v: number | null): string => figureText(v, unit, currency);
  const from = d.before !== null || d.after !== null ? `from ${say(d.before)} to ${say(d.after)}` : d.change !== null ? `${d.change > 0 ? '+' : '−'}${say(Math.abs(d.change))}` : '';
  const share = d.share !== null ? `, ${percent(d.share)} of the change` : '';
  const why = d.mix !== null && d.rate !== null && Math.abs(d.mix) > Math.abs(d.rate) ? ', by its weight in the whole' : '';
  return `${d.title || d.dimension}, ${valueText(d.dimension, d.value)}: ${from}${share}${why}.`;
}
