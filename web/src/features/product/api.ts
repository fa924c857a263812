/* The addresses that a product's page asks. */
import type { Port } from '../../lib/types';
import { portKey } from './state';

const part = encodeURIComponent;
export const productPath = (domain: string, name: string): string => `/api/v1/products/${part(domain)}/${part(name)}`;
export const portPath = (p: Pick<Port, 'domain' | 'ref'>): string => `/api/v1/ports/${part(p.domain)}/${part(portKey(p))}`;
/* The page of what a column or a port comes from: a stream belongs to its source. */
export function refHref(ref: string, portHref: (ref: string) => string): string {
  const stream = /^([a-z0-9_]+)\.(.+?)__/.exec(ref);
  return stream ? `/sources/${stream[1]}/${stream[2]}` : portHref(ref);
}
