/* What the address of the attribution page holds. Pure. */
import { isDay } from '../../lib/dates';
import { isRange, type RangeName } from '../../lib/metrics/ranges';
import type { Conversions, CreditAsk, Level } from '../../lib/measure/types';

export interface CreditState {
  conversion: string;
  by: Level;
  models: string[];
  range: RangeName | { from: string; to: string } | null;
  /* null: as the conversion says */
  lookback: string | null;
  show: 'conversions' | 'value';
}
export const LEVELS: readonly Level[] = ['channel', 'source', 'campaign', 'ad_group', 'ad'];
/* Four that disagree most usefully; more make the picture a crowd. */
const FIRST_MODELS = ['last_non_direct', 'first', 'linear', 'markov'];

export function readCredits(q: URLSearchParams, c: Conversions): CreditState {
  const of = c.conversions.find((x) => x.name === q.get('c')) ?? c.conversions.find((x) => x.count) ?? c.conversions[0];
  const known = new Set(c.models.map((m) => m.name));
  const asked = (q.get('models') ?? '').split(',').filter((m) => known.has(m));
  const first = [c.default, ...FIRST_MODELS.filter((m) => m !== c.default)].filter((m) => known.has(m)).slice(0, 4);
  const from = q.get('from');
  const to = q.get('to');
  const range = q.get('range');
  const lookback = q.get('lookback');
  return {
    conversion: of?.name ?? '',
    by: LEVELS.find((l) => l === q.get('by')) ?? 'channel',
    models: asked.length > 0 ? asked : first,
    range: isDay(from) && isDay(to) && from <= to ? { from, to } : isRange(range) ? range : null,
    lookback: lookback && /^\d{1,3}d$/.test(lookback) ? lookback : null,
    show: q.get('show') === 'value' && of?.has_value ? 'value' : 'conversions',
  };
}

export function askOfCredits(s: CreditState, days: { from: string; to: string } | null): CreditAsk {
  return { conversion: s.conversion, ...(days ?? {}), ...(s.lookback ? { lookback: s.lookback } : {}) };
}
