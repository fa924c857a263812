/* Where the page is. One place reads and writes the address; Back and Forward work, and so does a cold start. */

class Router {
  path = $state(location.pathname);
  search = $state(location.search);

  constructor() {
    window.addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (e) => this.#click(e));
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  /* `replace` for what is not worth a step back, such as a default that was filled in. */
  go(href: string, replace = false): void {
    const url = new URL(href, location.href);
    if (url.pathname === location.pathname && url.search === location.search) return;
    const moved = url.pathname !== location.pathname;
    history[replace ? 'replaceState' : 'pushState'](null, '', url);
    this.#read();
    if (moved) window.scrollTo(0, 0);
  }

  #click(e: MouseEvent): void {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const link = (e.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !isPage(url.pathname)) return;
    e.preventDefault();
    this.go(url.href);
  }
}

export function isPage(path: string): boolean {
  return path === '/' || path.startsWith('/dashboards') || path === '/data' || path.startsWith('/data/');
}

/* Page of a port: `domain.port` or `domain.port_vN`. */
export function portHref(ref: string): string {
  return `/data/${ref.replace('.', '/')}`;
}

export const router = new Router();
