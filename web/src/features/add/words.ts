/* What was found in a file, in plain words; what a file and an answer must be before they are sent. Pure. */
import * as format from '../../lib/format';
import { isName } from '../../lib/names';
import type { FoundColumn, UploadLook } from '../../lib/types';

export const FILE_MAX_BYTES = 2 * 1024 ** 3;
const KINDS = ['csv', 'tsv', 'txt', 'xlsx', 'json', 'ndjson', 'jsonl', 'parquet'];
const PACKED = ['gz', 'zst'];

/* Why a file cannot be taken, before a byte of it is sent; null: it can. */
export function fileProblem(file: { name: string; size: number }): string | null {
  if (file.size === 0) return `${file.name} is empty. Was it saved before it was closed?`;
  if (file.size > FILE_MAX_BYTES) return `${file.name} is larger than 2 GB. Put it into a folder of the mesh and use “trellis add files”.`;
  const parts = file.name.toLowerCase().split('.').slice(1);
  const packed = PACKED.includes(parts.at(-1) ?? '');
  const kind = parts.at(packed ? -2 : -1) ?? '';
  if (KINDS.includes(kind)) return null;
  if (kind === 'xls') return `${file.name} is in the old format of Excel. Save it as .xlsx and choose it again.`;
  if (kind === 'numbers' || kind === 'ods') return `${file.name} cannot be read as it is. Export it as .xlsx or .csv and choose it again.`;
  return `${file.name} is not a table that Trellis knows. It reads ${format.sentenceList(['CSV', 'TSV', 'XLSX', 'JSON', 'Parquet'])}, also packed as .gz or .zst.`;
}

export const TYPES = [
  { value: 'VARCHAR', label: 'Text' },
  { value: 'BIGINT', label: 'Whole number' },
  { value: 'DECIMAL(18,6)', label: 'Amount' },
  { value: 'DOUBLE', label: 'Measured number' },
  { value: 'DATE', label: 'Day' },
  { value: 'TIMESTAMP', label: 'Day and time' },
  { value: 'BOOLEAN', label: 'Yes or no' },
] as const;
/* The types to choose from, with the one that was found as it is. */
export function typesFor(found: string): { value: string; label: string }[] {
  const known = TYPES.find((t) => t.value === found);
  const alike = /^DECIMAL/.test(found) ? 'Amount' : /INT$/.test(found) ? 'Whole number' : /^TIMESTAMP/.test(found) ? 'Day and time' : found;
  return known ? [...TYPES] : [{ value: found, label: alike }, ...TYPES.filter((t) => t.label !== alike)];
}
export const CLASSES = [
  { value: 'public', label: 'public' },
  { value: 'internal', label: 'internal' },
  { value: 'confidential', label: 'confidential' },
  { value: 'personal', label: 'personal: hidden' },
  { value: 'sensitive', label: 'sensitive: hidden' },
] as const;
export const isHiddenClass = (c: string | null): boolean => c === 'personal' || c === 'sensitive';

const DELIMITERS: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

/* An Excel workbook of 5 columns; names of columns stand in row 3. */
export function foundSentence(l: UploadLook): string {
  const kind = l.format === 'xlsx' ? 'An Excel workbook' : l.format === 'parquet' ? 'A Parquet file' : /json/.test(l.format) ? 'A JSON file' : 'A text table';
  const facts = [
    format.plural(l.columns.length, 'column'),
    l.delimiter && DELIMITERS[l.delimiter] ? `separated by ${DELIMITERS[l.delimiter]}` : '',
    l.encoding && !/^utf-?8$/i.test(l.encoding) ? `written in ${l.encoding}` : '',
    l.compression && l.compression !== 'none' ? `packed as ${l.compression}` : '',
  ].filter(Boolean);
  const header = l.header_row && l.header_row > 1 ? ` The names of the columns stand in row ${l.header_row}.` : '';
  return `${kind} of ${facts.join(', ')}.${header} ${format.plural(l.rows_sampled, 'row')} ${l.rows_sampled === 1 ? 'was' : 'were'} looked at.`;
}

export interface AddAnswers {
  domain: string;
  name: string;
  title: string;
  description: string;
  currency: string;
}
export function answerProblems(a: AddAnswers): Partial<Record<keyof AddAnswers, string>> {
  const out: Partial<Record<keyof AddAnswers, string>> = {};
  if (!a.domain) out.domain = 'Choose the domain that it belongs to.';
  if (!isName(a.name)) out.name = 'Small letters, digits and single underscores, beginning with a letter.';
  if (a.currency && !/^[A-Za-z]{3}$/.test(a.currency.trim())) out.currency = 'Three letters, such as EUR.';
  return out;
}

/* Only what somebody said differently goes along. */
export function changedColumns(found: readonly FoundColumn[], now: readonly (FoundColumn & { description: string })[]): Record<string, string>[] {
  return now.flatMap((c, i) => {
    const was = found[i];
    const out: Record<string, string> = { name: c.name };
    if (was && c.type !== was.type) out.type = c.type;
    if (was && (c.title ?? '').trim() !== (was.title ?? '') && (c.title ?? '').trim() !== '') out.title = (c.title ?? '').trim();
    if (c.description.trim() !== '') out.description = c.description.trim();
    if (was && c.classification !== was.classification && c.classification) out.classification = c.classification;
    return Object.keys(out).length > 1 ? [out] : [];
  });
}

export function bytesText(n: number): string {
  if (n < 1024) return `${n} bytes`;
  if (n < 1024 ** 2) return `${(n / 1024).toFixed(0)} KB`;
  return n < 1024 ** 3 ? `${(n / 1024 ** 2).toFixed(1)} MB` : `${(n / 1024 ** 3).toFixed(2)} GB`;
}

/* ---- a run, as it goes ---- */
export interface RunEvent {
  event: string;
  ref?: string;
  stream?: string;
  file?: string;
  rows?: number;
  quarantined?: number;
  fraction?: number;
  status?: string;
  message?: string | null;
  errors?: { code: string; message: string; hint?: string | null }[];
  warnings?: unknown[];
}
export interface RunSoFar {
  said: string;
  rows: number | null;
  quarantined: number;
  done: boolean;
  problem: { code: string; message: string; hint: string | null } | null;
}
export const RUN_BEGIN: RunSoFar = { said: 'Starting…', rows: null, quarantined: 0, done: false, problem: null };

export function runStep(s: RunSoFar, e: RunEvent): RunSoFar {
  switch (e.event) {
    case 'load':
      return { ...s, said: `Reading ${(e.file ?? '').split('/').at(-1) || e.stream || 'the file'}`, rows: e.rows ?? s.rows, quarantined: Math.max(s.quarantined, e.quarantined ?? 0) };
    case 'port_started':
      return { ...s, said: `Building ${e.ref ?? ''}` };
    case 'progress':
      return { ...s, said: `Building ${e.ref ?? ''}${e.fraction ? `, ${Math.round(e.fraction * 100)}%` : ''}` };
    case 'port_done': {
      const failed = e.status === 'failed' || e.status === 'refused';
      const problem = failed ? { code: e.status ?? '', message: e.message || `${e.ref ?? 'The table'} could not be built.`, hint: null } : s.problem;
      return { ...s, rows: e.rows ?? s.rows, said: `Built ${e.ref ?? ''}`, problem };
    }
    case 'run_done': {
      const first = e.errors?.[0];
      const problem = first ? { code: first.code, message: first.message, hint: first.hint ?? null } : s.problem;
      return { ...s, done: true, said: 'Done', problem: e.status === 'succeeded' && !first ? null : (problem ?? { code: e.status ?? '', message: 'The run did not end well.', hint: null }) };
    }
    default:
      return s;
  }
}
