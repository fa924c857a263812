/* The last weeks of a number, asked one after the other so that a long list does not ask for all at once. */
import { askMetrics } from '../../lib/metrics/client';
import { partsOf } from '../../lib/metrics/shape';
import type { Metric, MetricGrain } from '../../lib/metrics/types';
import { numberOf } from '../../lib/query/sql';

export interface Spark {
  values: (number | null)[];
  /* of the whole span, where it adds up, else of its last period */
  last: number | null;
  grain: MetricGrain;
  from: string;
  to: string;
}
const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

async function turn(signal: AbortSignal): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  if (signal.aborted) {
    leave();
    throw new DOMException('aborted', 'AbortError');
  }
}
function leave(): void {
  running -= 1;
  waiting.shift()?.();
}

export async function sparkOf(m: Metric, signal: AbortSignal): Promise<Spark> {
  await turn(signal);
  try {
    const grain = m.grains.includes('day') ? 'day' : (m.grains[0] ?? 'day');
    const a = await askMetrics({ metrics: [m.ambiguous ? m.ref : m.name], grain }, signal);
    const f = partsOf(a.columns).figures[0];
    const values = f ? a.rows.map((r) => numberOf(r[f.value])) : [];
    return { values, last: f && a.total ? numberOf(a.total[f.value]) : (values.findLast((v) => v !== null) ?? null), grain, from: a.from, to: a.to };
  } finally {
    leave();
  }
}
