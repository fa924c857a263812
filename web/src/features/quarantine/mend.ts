/* What a person writes into the mending form, as the request of the server. */

export interface Change {
  how: 'set' | 'rename' | 'remove' | 'cast';
  path: string;
  value: string;
}
export const HOW: { value: Change['how']; label: string; ask: string | null }[] = [
  { value: 'set', label: 'Set to', ask: 'Value' },
  { value: 'cast', label: 'Read as', ask: 'number, text or boolean' },
  { value: 'rename', label: 'Rename to', ask: 'New name' },
  { value: 'remove', label: 'Take out', ask: null },
];

export interface Which {
  ids?: number[];
  ask?: Record<string, string>;
}
export interface FixBody extends Which {
  set?: Record<string, unknown>;
  rename?: Record<string, string>;
  cast?: Record<string, string>;
  remove?: string[];
  drop?: boolean;
}

/* A value as typed: JSON where it is JSON, else a text. `12.5` is a number, `"12.5"` and `abc` are texts. */
export function valueOf(typed: string): unknown {
  const text = typed.trim();
  if (text === '') return '';
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return typed;
  }
}

/* What is wrong with the form; null: nothing. */
export function problemOf(changes: readonly Change[]): string | null {
  if (changes.length === 0) return 'Say what to change.';
  for (const c of changes) {
    if (c.path.trim() === '') return 'Each change needs the field that it is about.';
    if ((c.how === 'rename' || c.how === 'cast') && c.value.trim() === '') return `What is ${c.path} to become?`;
    if (c.how === 'cast' && !['number', 'text', 'boolean'].includes(c.value.trim())) return 'A field is read as number, text or boolean.';
  }
  return null;
}

export function fixBody(which: Which, changes: readonly Change[]): FixBody {
  const body: FixBody = { ...which };
  for (const c of changes) {
    const path = c.path.trim();
    if (c.how === 'set') (body.set ??= {})[path] = valueOf(c.value);
    else if (c.how === 'rename') (body.rename ??= {})[path] = c.value.trim();
    else if (c.how === 'cast') (body.cast ??= {})[path] = c.value.trim();
    else (body.remove ??= []).push(path);
  }
  return body;
}

/* A first change to offer for a reason. */
export function proposal(reason: string, field: string | null): Change[] {
  const path = field ?? '';
  if (reason === 'wrong_type') return [{ how: 'cast', path, value: 'number' }];
  if (reason === 'unknown_member') return [{ how: 'remove', path, value: '' }];
  return [{ how: 'set', path, value: '' }];
}

export function replaySentence(r: { loaded: number; still: number; duplicates: number; suppressed: number }): string {
  const parts = [`${r.loaded.toLocaleString('en')} loaded`];
  if (r.still > 0) parts.push(`${r.still.toLocaleString('en')} still set aside, with the reason they have now`);
  if (r.duplicates > 0) parts.push(`${r.duplicates.toLocaleString('en')} had come another way meanwhile`);
  if (r.suppressed > 0) parts.push(`${r.suppressed.toLocaleString('en')} of people whose events are not kept`);
  return `${parts.join(', ')}.`;
}
