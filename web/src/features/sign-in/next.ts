/* The way back after signing in: only to a page of this very server. Pure. */
import { findOpen, findRoute } from '../../lib/routes';

/* Anything that is not plainly a page of ours is the first page: another origin, "//host", "/\host", a script's address. */
export function safeNext(text: string | null): string {
  if (text === null || !text.startsWith('/') || /^\/[/\\]|[\\\u0000-\u001f]/.test(text)) return '/';
  let url: URL;
  try {
    url = new URL(text, 'http://own.invalid');
  } catch {
    return '/';
  }
  if (url.origin !== 'http://own.invalid' || findOpen(url.pathname)) return '/';
  if (url.pathname !== '/' && findRoute(url.pathname) === null) return '/';
  url.searchParams.delete('token');
  return url.pathname + url.search;
}

export function signInHref(here: string): string {
  const next = safeNext(here);
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`;
}
