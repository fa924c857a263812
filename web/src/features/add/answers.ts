/* The answers of the form for a new product: kept while one goes back and forth, turned into what is sent, and what is said against
 * them put beside its field. Pure. */
import { isName, nameFrom } from '../../lib/names';
import { isTime, quoted } from '../../lib/query/panel';
import { Binder, tableName, type Statement } from '../../lib/query/sql';
import type { Aggregate, Column, FileError, TimeGrain } from '../../lib/types';
import { listOf } from '../edit/patch';

export interface Kept {
  column: string;
  grain: TimeGrain | '';
}
export interface Counted {
  column: string;
  aggregate: Aggregate;
  name: string;
}
export interface Condition {
  column: string;
  is: string;
  value: string;
}
export interface ProductAnswers {
  title: string;
  name: string;
  ownName: boolean;
  domain: string;
  purpose: string;
  limitations: string;
  consumers: string;
  metrics: string;
  freshness: string;
  unit: 'h' | 'd';
  availability: string;
  owner_name: string;
  owner_contact: string;
  from: string;
  columns: Kept[];
  measures: Counted[];
  where: Condition[];
}
export const EMPTY: ProductAnswers = {
  title: '',
  name: '',
  ownName: false,
  domain: '',
  purpose: '',
  limitations: '',
  consumers: '',
  metrics: '',
  freshness: '26',
  unit: 'h',
  availability: '',
  owner_name: '',
  owner_contact: '',
  from: '',
  columns: [],
  measures: [],
  where: [],
};

export const STEPS = [
  { name: 'brief', label: 'What it is for' },
  { name: 'data', label: 'From which data' },
  { name: 'rows', label: 'Look at its rows' },
  { name: 'files', label: 'Its files' },
] as const;
export type StepName = (typeof STEPS)[number]['name'];
export const stepOf = (text: string | null): StepName => STEPS.find((s) => s.name === text)?.name ?? 'brief';

export const CONDITIONS = [
  { value: '=', label: 'is' },
  { value: '<>', label: 'is not' },
  { value: '>', label: 'is more than' },
  { value: '>=', label: 'is at least' },
  { value: '<', label: 'is less than' },
  { value: '<=', label: 'is at most' },
  { value: 'contains', label: 'contains' },
  { value: 'starts_with', label: 'begins with' },
  { value: 'empty', label: 'is empty' },
  { value: 'not_empty', label: 'is not empty' },
] as const;
export const needsValue = (is: string): boolean => is !== 'empty' && is !== 'not_empty';

/* Read back from where the browser kept them; anything torn is as if nothing had been kept. */
export function readAnswers(text: string | null): ProductAnswers {
  try {
    const v = JSON.parse(text ?? '') as Partial<ProductAnswers>;
    const out: Record<string, unknown> = { ...EMPTY };
    for (const [key, empty] of Object.entries(EMPTY)) {
      const kept = (v as Record<string, unknown>)[key];
      if (typeof kept === typeof empty && Array.isArray(kept) === Array.isArray(empty)) out[key] = kept;
    }
    return out as unknown as ProductAnswers;
  } catch {
    return { ...EMPTY };
  }
}

export const measureName = (m: Pick<Counted, 'column' | 'aggregate'>): string => (m.column === '' ? 'row_count' : m.aggregate === 'sum' ? m.column : `${m.aggregate}_${m.column}`);

/* What the page itself knows to be missing, by the answer's name. */
export function missing(a: ProductAnswers): Record<string, string> {
  const out: Record<string, string> = {};
  if (!a.domain) out.domain = 'Choose the domain that owns it.';
  if (!isName(a.name)) out.name = 'Small letters, digits and single underscores, beginning with a letter.';
  if (!a.purpose.trim()) out.purpose = 'Say which decision or question it is for.';
  if (listOf(a.consumers).length === 0) out.consumers = 'Name at least one person, team or dashboard that will use it.';
  if (listOf(a.metrics).length === 0) out.success_metrics = 'Say at least one thing by which you will know that it was worth it.';
  if (!/^[1-9]\d{0,3}$/.test(a.freshness.trim())) out['sla.freshness'] = 'How old the newest data may be, as a whole number.';
  if (a.availability.trim() && !(Number(a.availability) > 0 && Number(a.availability) <= 100)) out['sla.availability'] = 'A percentage up to 100, such as 99.5.';
  if (!a.from) out.from = 'Choose the table that it is made from.';
  else if (a.columns.length === 0 && a.measures.length === 0) out.columns = 'Choose at least one column.';
  a.where.forEach((w, i) => {
    if (needsValue(w.is) && w.value.trim() === '') out[`where[${i}].value`] = 'With what?';
  });
  return out;
}

const STEP_OF: [RegExp, StepName][] = [[/^(from|columns|measures|where|key|time_column|sql)/, 'data']];
export const stepOfField = (field: string): StepName => STEP_OF.find(([r]) => r.test(field))?.[1] ?? 'brief';

export function draftAnswers(a: ProductAnswers): Record<string, unknown> {
  const out: Record<string, unknown> = {
    domain: a.domain,
    name: a.name || nameFrom(a.title, 'product'),
    purpose: a.purpose.trim(),
    consumers: listOf(a.consumers),
    success_metrics: a.metrics.split('\n').map((t) => t.trim()).filter(Boolean),
    sla: { freshness: `${a.freshness.trim()}${a.unit}`, ...(a.availability.trim() ? { availability: Number(a.availability) } : {}) },
    from: a.from,
    columns: a.columns.map((c) => ({ column: c.column, ...(c.grain ? { grain: c.grain } : {}) })),
  };
  if (a.title.trim()) out.title = a.title.trim();
  if (a.limitations.trim()) out.limitations = a.limitations.trim();
  if (a.owner_name.trim() || a.owner_contact.trim()) out.owner = { name: a.owner_name.trim(), contact: a.owner_contact.trim() };
  if (a.measures.length > 0) out.measures = a.measures.map((m) => ({ ...(m.column ? { column: m.column } : {}), aggregate: m.aggregate, name: m.name || measureName(m) }));
  if (a.where.length > 0) out.where = a.where.map((w) => ({ column: w.column, is: w.is, ...(needsValue(w.is) ? { value: w.value } : {}) }));
  return out;
}

/* ---- its rows before it exists ---- */
function conditionOf(w: Condition, b: Binder, type: string): string {
  const c = quoted(w.column);
  switch (w.is) {
    case 'empty':
      return /VARCHAR/.test(type) ? `(${c} IS NULL OR ${c} = '')` : `${c} IS NULL`;
    case 'not_empty':
      return /VARCHAR/.test(type) ? `(${c} IS NOT NULL AND ${c} <> '')` : `${c} IS NOT NULL`;
    case 'contains':
      return `contains(lower(CAST(${c} AS VARCHAR)), lower(${b.value(w.value)}))`;
    case 'starts_with':
      return `starts_with(lower(CAST(${c} AS VARCHAR)), lower(${b.value(w.value)}))`;
    default:
      return `${c} ${w.is} CAST(${b.value(w.value)} AS ${/^[A-Z]+(\(\d+,\d+\))?$/.test(type) ? type : 'VARCHAR'})`;
  }
}

export function previewStatement(a: ProductAnswers, columns: readonly Pick<Column, 'name' | 'type'>[]): Statement | null {
  if (!a.from || (a.columns.length === 0 && a.measures.length === 0) || a.from.includes('__')) return null;
  const b = new Binder();
  const typeOf = (name: string): string => columns.find((c) => c.name === name)?.type ?? '';
  const grouped = a.measures.length > 0 || a.columns.some((c) => c.grain);
  const parts = [
    ...a.columns.map((c) => (c.grain && isTime(typeOf(c.column)) ? `CAST(date_trunc('${c.grain}', ${quoted(c.column)}) AS DATE) AS ${quoted(c.column)}` : quoted(c.column))),
    ...a.measures.map((m) => `${m.aggregate === 'count_distinct' ? 'count(DISTINCT ' : `${m.aggregate}(`}${m.column ? quoted(m.column) : '*'}) AS ${quoted(m.name || measureName(m))}`),
  ];
  const at = a.from.indexOf('.');
  const by = a.columns.map((_, i) => i + 1).join(', ');
  const where = a.where.filter((w) => w.column && (!needsValue(w.is) || w.value !== '')).map((w) => conditionOf(w, b, typeOf(w.column)));
  const sql = [
    `SELECT\n  ${parts.join(',\n  ')}`,
    `FROM ${tableName(a.from.slice(0, at), a.from.slice(at + 1))}`,
    ...(where.length > 0 ? [`WHERE ${where.join('\n  AND ')}`] : []),
    ...(grouped && by ? [`GROUP BY ${by}`] : []),
    ...(by ? [`ORDER BY ${by}`] : []),
  ].join('\n');
  return { sql, params: b.params };
}

/* ---- what is said against answers ---- */
export function fieldErrors(errors: readonly FileError[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const e of errors) if (e.field && !out[e.field]) out[e.field] = e.hint && !e.message.includes(e.hint) ? `${e.message}: ${e.hint}` : e.message;
  return out;
}
export const looseErrors = (errors: readonly FileError[]): FileError[] => errors.filter((e) => !e.field);
