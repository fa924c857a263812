/* Who is asking and what they may do: asked once, at the start of the page. A new session is a new page. */
import { getJson, proveWith } from './api';
import { may, mayEdit } from './rights';
import { findRoute, isOpen } from './routes';
import type { Me, Right } from './types';

class Who {
  me = $state.raw<Me | undefined>(undefined);

  may(right: Right, domain?: string): boolean {
    return may(this.me, right, domain);
  }
  mayEdit(kind: string, ref: string): boolean {
    return mayEdit(this.me, kind, ref);
  }
  /* A page that is there, and theirs. */
  opens(path: string): boolean {
    const found = findRoute(path);
    return found !== null && isOpen(found.route, this.me);
  }

  async load(signal?: AbortSignal): Promise<Me> {
    const me = await getJson<Me>('/api/v1/me', signal);
    proveWith(me.csrf);
    this.me = me;
    return me;
  }
}
export const who = new Who();
