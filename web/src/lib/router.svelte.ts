/* Where the page is. One place reads and writes the address; Back and Forward work, and so does a cold start. */
import { findOpen, findRoute, movedTo } from './routes';

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  hash = $state(location.hash);

  constructor() {
    window.addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (e) => this.#click(e));
    this.#follow();
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
    this.hash = location.hash;
    this.#follow();
  }

  /* An address of before leads to where its page is now, without a step back. */
  #follow(): void {
    const to = movedTo(this.path);
    if (to !== null) this.go(to + this.search, true);
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.search);
  }

  /* `replace` for what is not worth a step back, such as a default that was filled in. */
  go(href: string, replace = false): void {
    const url = new URL(href, location.href);
    if (url.href === location.href) return;
    const moved = url.pathname !== location.pathname;
    history[replace ? 'replaceState' : 'pushState'](null, '', url);
    this.#read();
    if (moved) window.scrollTo(0, 0);
  }

  /* The same page with other values in its address; an empty one is left out. */
  set(values: Record<string, string | string[] | null | undefined>, replace = false): void {
    const q = this.query;
    for (const [name, value] of Object.entries(values)) {
      if (Array.isArray(value)) {
        q.delete(name);
        for (const one of value) q.append(name, one);
      } else if (value === null || value === undefined || value === '') q.delete(name);
      else q.set(name, value);
    }
    const text = q.toString();
    this.go(`${this.path}${text ? `?${text}` : ''}`, replace);
  }

  #click(e: MouseEvent): void {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const link = (e.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !isPage(url.pathname)) return;
    if (url.hash && url.pathname === location.pathname && url.search === location.search) return; /* a place on this page */
    e.preventDefault();
    this.go(url.href);
  }
}

export function isPage(path: string): boolean {
  return path === '/' || findRoute(path) !== null || findOpen(path) !== null || movedTo(path) !== null;
}

const part = encodeURIComponent;

/* Page of a port, where its product is not at hand: `domain.port` or `domain.port_vN`. */
export function portHref(ref: string): string {
  const at = ref.indexOf('.');
  return `/ports/${part(ref.slice(0, at))}/${part(ref.slice(at + 1))}`;
}

export const router = new Router();
