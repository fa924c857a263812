/* The routes of metrics, each called in one place. */
import { getJson, postBlob, postJson } from '../api';
import type { Explained, MetricAnswer, MetricAsk, MetricChart, MetricList, MetricWhole, SavedView, Understood } from './types';

export const listMetrics = (signal?: AbortSignal): Promise<MetricList> => getJson('/api/v1/metrics', signal);

export function oneMetric(ref: string, signal?: AbortSignal): Promise<MetricWhole> {
  const at = ref.indexOf('.');
  return getJson(`/api/v1/metrics/${encodeURIComponent(ref.slice(0, at))}/${encodeURIComponent(ref.slice(at + 1))}`, signal);
}
export const askMetrics = (ask: MetricAsk, signal?: AbortSignal): Promise<MetricAnswer> => postJson('/api/v1/metrics/query', ask, signal);
export const askMetricsCsv = (ask: MetricAsk): Promise<Blob> => postBlob('/api/v1/metrics/query', { ...ask, format: 'csv' });
export const understand = (text: string, signal?: AbortSignal): Promise<Understood> => postJson('/api/v1/metrics/understand', { text }, signal);

export function explainMetric(ask: MetricAsk, key: Record<string, string | null>, signal?: AbortSignal): Promise<Explained> {
  return postJson('/api/v1/metrics/explain', { ...ask, key }, signal);
}
export async function valuesOf(dimension: string, metric: string | null, q: string, signal?: AbortSignal): Promise<string[]> {
  const search = new URLSearchParams({ dimension, limit: '200' });
  if (metric) search.set('metric', metric);
  if (q) search.set('q', q);
  return (await getJson<{ values: string[] }>(`/api/v1/metrics/values?${search}`, signal)).values;
}

export const listViews = (signal?: AbortSignal): Promise<{ views: SavedView[] }> => getJson('/api/v1/views', signal);
export const saveView = (view: { title: string; ask: MetricAsk; chart: MetricChart | null; shared: boolean }): Promise<unknown> => postJson('/api/v1/views', view);
export const changeView = (id: SavedView['id'], change: { title?: string; shared?: boolean; delete?: boolean }): Promise<unknown> =>
  postJson(`/api/v1/views/${encodeURIComponent(String(id))}`, change);
