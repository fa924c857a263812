/* How far a group of figures can be trusted, from the state of the ports it is made of. */
import * as format from './format';
import type { PortSummary, State } from './types';

export type TrustLevel = 'ok' | 'warn' | 'bad' | 'none';

export interface Trust {
  level: TrustLevel;
  word: string;
  detail: string;
}

export const STATE_WORDS: Record<State, string> = {
  fresh: 'Fresh',
  stale: 'Stale',
  failing: 'Failing',
  never_built: 'Never built',
};

export function levelOfState(state: string): TrustLevel {
  switch (state) {
    case 'fresh':
    case 'loaded':
    case 'succeeded':
    case 'passed':
    case 'built':
    case 'unchanged':
    case 'ok':
      return 'ok';
    case 'stale':
    case 'warned':
    case 'interrupted':
    case 'cancelled':
    case 'running':
      return 'warn';
    case 'failing':
    case 'failed':
    case 'refused':
      return 'bad';
    default:
      return 'none';
  }
}

const WORST: Record<State, number> = { fresh: 0, stale: 1, never_built: 2, failing: 3 };

export function worstPort<P extends PortSummary>(ports: readonly P[]): P | undefined {
  return ports.reduce<P | undefined>((w, p) => (!w || WORST[p.state] > WORST[w.state] ? p : w), undefined);
}

export function checkTotals(ports: readonly PortSummary[]): { passed: number; total: number; failed: number } {
  let passed = 0;
  let total = 0;
  let failed = 0;
  for (const p of ports) {
    const c = p.checks;
    passed += c.passed;
    failed += c.failed;
    total += c.passed + c.warned + c.failed + c.not_evaluated;
  }
  return { passed, total, failed };
}

export function trustOf(ports: readonly PortSummary[], now: number): Trust {
  const worst = worstPort(ports);
  if (!worst) return { level: 'none', word: 'Unknown', detail: 'no port answers for these figures' };
  const { passed, total } = checkTotals(ports);
  const checks = total > 0 ? `${passed} of ${total} checks` : 'no checks';
  const oldest = ports.reduce<string | null>((o, p) => (p.built_at && (!o || p.built_at < o) ? p.built_at : o), null);
  const built = format.ago(oldest, now);
  const level = levelOfState(worst.state);
  const word = STATE_WORDS[worst.state];
  if (worst.state === 'fresh') return { level, word, detail: `${built}, ${checks}` };
  if (worst.state === 'never_built') return { level, word, detail: worst.name };
  return { level, word, detail: `${worst.state === 'failing' ? 'last good version' : 'built'} ${built}, ${checks}` };
}
