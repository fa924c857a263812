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
    /* where in what was sent, from 1; null: nowhere in particular */
    readonly at: { line: number; col: number } | null = null,
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
  line?: number | null;
  col?: number | null;
}

export function errorFromBody(status: number, body: unknown): ApiError {
  const e = (body as { error?: ErrorBody } | null)?.error;
  return new ApiError(
    e?.message ?? `The server answered with status ${status}.`,
    status,
    e?.code ?? `HTTP ${status}`,
    e?.hint ?? null,
    e?.retryable ?? status >= 500,
    e?.line ? { line: e.line, col: e.col ?? 1 } : null,
  );
}

export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError';
}

/* Who is asking, as `GET /api/v1/me` told; a change carries its proof that it comes from this page. Kept while the page is open. */
let csrf: Promise<string | null> | null = null;

export function proveWith(value: string | null): void {
  csrf = value === null ? null : Promise.resolve(value);
}
function proof(): Promise<string | null> {
  csrf ??= fetch('/api/v1/me', { credentials: 'same-origin', headers: { accept: 'application/json' } }).then(
    async (r) => (r.ok ? ((await r.json()) as { csrf?: string }).csrf ?? null : null),
    () => null,
  );
  return csrf;
}

/* What happens when the session is over, wherever that shows first. */
let signedOut: (() => void) | null = null;
export function whenSignedOut(act: (() => void) | null): void {
  signedOut = act;
}
/* Where a 401 is an answer to what was typed. */
const OPEN = ['/api/v1/sign-in', '/api/v1/welcome', '/api/v1/password'];

async function ask(path: string, init: RequestInit): Promise<Response> {
  if (init.method === undefined || OPEN.slice(0, 2).includes(path)) return fetch(path, { credentials: 'same-origin', ...init });
  const given = await proof();
  const proven = (value: string | null): RequestInit => ({
    credentials: 'same-origin',
    ...init,
    headers: value === null ? init.headers : { ...(init.headers as Record<string, string>), 'x-trellis-csrf': value },
  });
  const response = await fetch(path, proven(given));
  if (response.status !== 403) return response;
  /* signed in anew in another window: the proof is another one */
  csrf = null;
  const fresh = await proof();
  return fresh === given ? response : fetch(path, proven(fresh));
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await ask(path, init);
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
  if (response.status === 401 && !OPEN.includes(path)) signedOut?.();
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

/* What comes as a file. */
export async function postBlob(path: string, body: unknown): Promise<Blob> {
  const response = await send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return response.blob();
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
  /* what the rows are for; analytics where nothing is said */
  purpose?: string;
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
      purpose: o.purpose ?? 'analytics',
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
