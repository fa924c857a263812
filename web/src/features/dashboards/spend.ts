/* "Paid search brings the cheapest new customers: EUR 235.77, true CAC EUR 395.16, up 60.7% from 25 Sep – 15 Oct." Pure. */
import * as format from '../../lib/format';
import { changeText, figureText } from '../../lib/metrics/figures';
import { valueText } from '../../lib/metrics/names';
import { partsOf, type Figure } from '../../lib/metrics/shape';
import type { MetricAnswer } from '../../lib/metrics/types';
import { numberOf, textOf } from '../../lib/query/sql';

export function spendSentence(a: MetricAnswer): string {
  const p = partsOf(a.columns);
  const figure = (name: string): Figure | undefined => p.figures.find((f) => f.metric === name || f.metric.endsWith(`.${name}`));
  const cac = figure('cac');
  const real = figure('true_cac');
  const by = real ?? cac;
  const key = p.keys[0];
  if (!by || !key) return '';
  const known = a.rows.filter((r) => numberOf(r[by.value]) !== null && textOf(r[key.at]) !== null && textOf(r[key.at]) !== '(none)');
  if (known.length === 0) return '';
  const best = known.reduce((x, y) => ((numberOf(y[by.value]) ?? 0) < (numberOf(x[by.value]) ?? 0) ? y : x));
  const say = (f: Figure): string => figureText(numberOf(best[f.value]), f.unit, a.currency);
  const c = by.before < 0 ? null : changeText(numberOf(best[by.value]), numberOf(best[by.before]), by.unit);
  const span = a.compare ? format.dayRange(a.compare.from, a.compare.to) : '';
  const moved = !c ? '' : c.direction === 0 ? `, as in ${span}` : `, ${c.direction > 0 ? 'up' : 'down'} ${c.text.replace(/^[+−]/, '')} from ${span}`;
  const cost = real && cac ? `${say(cac)}, true CAC ${say(real)}` : say(by);
  return `${valueText('channel', textOf(best[key.at]))} brings the cheapest new customers: ${cost}${moved}.`;
}
