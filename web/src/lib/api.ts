/* The only place that talks to the server. One error class; every call can be aborted. */
import type { Statement } from './query/sql';
import type { QueryResult } from './types';

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly hint: string | null = null,
    readonly retryable = false,
  ) {
    super(message);
    this.name = 'ApiError';
  }
  get sessionMissing(): boolean {
    return this.status === 401;
  }
}

interface ErrorBody {
  code?: string;
  message?: string;
  hint?: string | null;
  retryable?: boolean;
}

export function errorFromBody(status: number, body: unknown): ApiError {
  const e = (body as { error?: ErrorBody } | null)?.error;
  return new ApiError(
    e?.message ?? `The server answered with status ${status}.`,
    status,
    e?.code ?? `HTTP ${status}`,
    e?.hint ?? null,
    e?.retryable ?? status >= 500,
  );
}

export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError';
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (e) {
    if (isAbort(e)) throw e;
    throw new ApiError(
      'The Trellis server does not answer.',
      0,
      'UNREACHABLE',
      'Is `trellis serve` still running? Start it again and reload this page.',
      true,
    );
  }
  if (response.ok) return response;
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    /* not JSON: the status alone has to do */
  }
  throw errorFromBody(response.status, body);
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await send(path, { signal, headers: { accept: 'application/json' } });
  return (await response.json()) as T;
}

export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(path, {
    method: 'POST',
    signal,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/* A piece of a file, as it is. */
export async function putBytes<T>(path: string, bytes: Blob, signal?: AbortSignal): Promise<T> {
  const response = await send(path, { method: 'PUT', signal, headers: { accept: 'application/json', 'content-type': 'application/octet-stream' }, body: bytes });
  return (await response.json()) as T;
}

/* An answer that comes line by line, a JSON value each. */
export async function postLines(path: string, body: unknown, line: (value: unknown) => void, signal?: AbortSignal): Promise<void> {
  const response = await send(path, { method: 'POST', signal, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    for (const text of lines) if (text.trim() !== '') line(JSON.parse(text));
    if (done) return;
  }
}

export interface QueryOptions {
  asOf?: string | null;
  limit?: number;
  signal?: AbortSignal;
}

function queryInit(statement: Statement, format: 'json' | 'csv', o: QueryOptions): RequestInit {
  return {
    method: 'POST',
    signal: o.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      sql: statement.sql,
      params: statement.params,
      as_of: o.asOf ?? null,
      purpose: 'analytics',
      limit: o.limit ?? 10000,
      format,
    }),
  };
}

/* Rows in one piece. An answer that broke off in mid-stream carries `error` and is an error here too. */
export async function query(statement: Statement, o: QueryOptions = {}): Promise<QueryResult> {
  const response = await send('/api/v1/query', queryInit(statement, 'json', o));
  const body = (await response.json()) as QueryResult & { error?: ErrorBody };
  if (body.error) throw errorFromBody(500, body);
  return body;
}

export async function queryCsv(statement: Statement, o: QueryOptions = {}): Promise<Blob> {
  const response = await send('/api/v1/query', queryInit(statement, 'csv', { limit: 1000000, ...o }));
  return response.blob();
}
