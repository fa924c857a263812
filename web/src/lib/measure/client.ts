/* The routes of journeys, steps and anomalies, each called in one place. */
import { getJson, postJson } from '../api';
import type { Anomalies, Annotation, Claimed, CohortAsk, Cohorts, Conversions, CreditAsk, Credits, Driver, Funnel, FunnelAsk, Lag, Steps, TopPaths } from './types';

export const listConversions = (signal?: AbortSignal): Promise<Conversions> => getJson('/api/v1/attribution/conversions', signal);
export const askCredits = (ask: CreditAsk, signal?: AbortSignal): Promise<Credits> => postJson('/api/v1/attribution', ask, signal);
export const askPaths = (ask: CreditAsk, signal?: AbortSignal): Promise<TopPaths> => postJson('/api/v1/attribution/paths', ask, signal);
export const askLag = (ask: CreditAsk, signal?: AbortSignal): Promise<Lag> => postJson('/api/v1/attribution/lag', ask, signal);
export function askClaimed(ask: { conversion?: string; from?: string; to?: string }, signal?: AbortSignal): Promise<Claimed> {
  const q = new URLSearchParams(Object.entries(ask).filter((e): e is [string, string] => typeof e[1] === 'string'));
  return getJson(`/api/v1/attribution/claimed?${q}`, signal);
}
export const listSteps = (q: string, signal?: AbortSignal): Promise<Steps> => getJson(`/api/v1/funnels/steps?${new URLSearchParams({ limit: '100', ...(q ? { q } : {}) })}`, signal);
export const askFunnel = (ask: FunnelAsk, signal?: AbortSignal): Promise<Funnel> => postJson('/api/v1/funnel', ask, signal);
export const askCohorts = (ask: CohortAsk, signal?: AbortSignal): Promise<Cohorts> => postJson('/api/v1/cohorts', ask, signal);

export function askAnomalies(days: number, metric: string | null, signal?: AbortSignal): Promise<Anomalies> {
  return getJson(`/api/v1/anomalies?${new URLSearchParams({ days: String(days), ...(metric ? { metric } : {}) })}`, signal);
}
/* the findings alone: what explains them takes longer */
export const askUnusual = (days: number, signal?: AbortSignal): Promise<Anomalies> => getJson(`/api/v1/anomalies?days=${days}&explained=0`, signal);
export const explainAnomaly = (ask: { metric: string; day: string; against?: string }, signal?: AbortSignal): Promise<{ drivers: Driver[] }> => postJson('/api/v1/anomalies/explain', ask, signal);
export const listAnnotations = (from: string, to: string, signal?: AbortSignal): Promise<{ annotations: Annotation[] }> => getJson(`/api/v1/annotations?${new URLSearchParams({ from, to })}`, signal);
