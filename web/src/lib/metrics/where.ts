/* Filters by clicks as the text of a condition, and back. What was typed by hand and is more than that stays as it is. Pure. */

export interface Filter {
  dimension: string;
  /* null: where it is not known */
  values: (string | null)[];
  /* all but these */
  not: boolean;
}
export interface Where {
  filters: Filter[];
  /* the rest of the condition, as it was written; empty: none */
  rest: string;
}

const literal = (v: string): string => `'${v.replace(/'/g, "''")}'`;

function one(f: Filter): string {
  const some = f.values.filter((v): v is string => v !== null);
  const unknown = some.length < f.values.length;
  const parts: string[] = [];
  if (some.length === 1) parts.push(`${f.dimension} ${f.not ? '<>' : '='} ${literal(some[0] as string)}`);
  else if (some.length > 1) parts.push(`${f.dimension} ${f.not ? 'NOT IN' : 'IN'} (${some.map(literal).join(', ')})`);
  if (unknown) parts.push(`${f.dimension} IS ${f.not ? 'NOT ' : ''}NULL`);
  else if (f.not && some.length > 0) parts.push(`${f.dimension} IS NULL`);
  if (parts.length < 2) return parts.join('');
  /* leaving some values out keeps the rows where it is not known */
  return `(${parts.join(f.not && unknown ? ' AND ' : ' OR ')})`;
}

export function whereText(w: Where): string {
  const parts = w.filters.filter((f) => f.values.length > 0).map(one);
  if (w.rest !== '') parts.push(parts.length > 0 ? `(${w.rest})` : w.rest);
  return parts.join(' AND ');
}

const NAME = /^[a-z][a-z0-9_]*/;

/* Reads what whereText writes. Anything else as a whole is `rest`. */
export function readWhere(text: string): Where {
  const t = text.trim();
  if (t === '') return { filters: [], rest: '' };
  const filters: Filter[] = [];
  let at = 0;
  const space = (): void => {
    while (/\s/.test(t[at] ?? '')) at += 1;
  };
  const word = (w: string): boolean => {
    space();
    const here = t.slice(at, at + w.length);
    if (here.toUpperCase() !== w || (/\w$/.test(w) && /\w/.test(t[at + w.length] ?? ''))) return false;
    at += w.length;
    return true;
  };
  const name = (): string | null => {
    space();
    const m = NAME.exec(t.slice(at));
    if (!m) return null;
    at += m[0].length;
    return m[0];
  };
  const text_ = (): string | null => {
    space();
    if (t[at] !== "'") return null;
    let out = '';
    for (let i = at + 1; i < t.length; i++) {
      if (t[i] !== "'") out += t[i];
      else if (t[i + 1] === "'") {
        out += "'";
        i += 1;
      } else {
        at = i + 1;
        return out;
      }
    }
    return null;
  };
  const comparison = (): Filter | null => {
    const dimension = name();
    if (dimension === null) return null;
    if (word('IS')) {
      const not = word('NOT');
      return word('NULL') ? { dimension, values: [null], not } : null;
    }
    if (word('=') || word('<>')) {
      const not = t.slice(0, at).endsWith('<>');
      const v = text_();
      return v === null ? null : { dimension, values: [v], not };
    }
    const not = word('NOT');
    if (!word('IN') || !word('(')) return null;
    const values: string[] = [];
    do {
      const v = text_();
      if (v === null) return null;
      values.push(v);
    } while (word(','));
    return word(')') ? { dimension, values, not } : null;
  };
  const term = (): Filter | null => {
    if (!word('(')) return comparison();
    const first = comparison();
    if (!first) return null;
    const either = word('OR');
    if (!either && !word('AND')) return null;
    const second = comparison();
    if (!second || second.dimension !== first.dimension || second.values[0] !== null || !word(')')) return null;
    /* "not these, or not known" is how values are left out; "these, or not known" holds both */
    if (first.not) return either ? (second.not ? null : first) : second.not ? { ...first, values: [...first.values, null] } : null;
    return either && !second.not ? { ...first, values: [...first.values, null] } : null;
  };
  for (;;) {
    const f = term();
    if (!f) return { filters: [], rest: t };
    filters.push(f);
    space();
    if (at >= t.length) break;
    if (!word('AND')) return { filters: [], rest: t };
  }
  if (new Set(filters.map((f) => f.dimension)).size < filters.length) return { filters: [], rest: t };
  return { filters, rest: '' };
}

export function setFilter(w: Where, f: Filter): Where {
  const others = w.filters.filter((x) => x.dimension !== f.dimension);
  const at = w.filters.findIndex((x) => x.dimension === f.dimension);
  if (f.values.length === 0) return { ...w, filters: others };
  return { ...w, filters: at < 0 ? [...others, f] : w.filters.map((x, i) => (i === at ? f : x)) };
}

/* Only this value from now on. Beside a condition written by hand, both hold. */
export function narrowed(text: string, dimension: string, value: string | null): string {
  return whereText(setFilter(readWhere(text), { dimension, values: [value], not: false }));
}
