/* What the editor knows of the mesh: tables to complete, tables that a text names, and places in it. Pure. */
import type { Column, PortSummary, Product } from '../../lib/types';

export interface Table {
  /* as SQL names it: domain.port */
  name: string;
  title: string;
  built: boolean;
  summary: PortSummary;
}

export function tablesOf(products: readonly Product[]): Table[] {
  return products
    .flatMap((p) => p.ports.map((port) => ({ name: `${port.domain}.${port.name}`, title: port.description ?? p.title ?? '', built: port.built_at !== null, summary: port })))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/* Tables whose name stands in the text, so that their columns are asked for. */
export function namedTables(text: string, tables: readonly { name: string }[]): string[] {
  const words = new Set(text.toLowerCase().match(/[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*/g) ?? []);
  return tables.filter((t) => words.has(t.name)).map((t) => t.name);
}

/* Schemas, their tables, their columns; columns that one may not see are not offered. */
export function schemaOf(tables: readonly { name: string }[], columns: ReadonlyMap<string, Column[]>): Record<string, Record<string, string[]>> {
  const out: Record<string, Record<string, string[]>> = {};
  for (const t of tables) {
    const [domain, port] = t.name.split('.') as [string, string];
    (out[domain] ??= {})[port] = (columns.get(t.name) ?? []).filter((c) => !c.hidden).map((c) => c.name);
  }
  return out;
}

/* A place in a text, from 1, as an offset; beyond the end: the end. */
export function offsetOf(text: string, at: { line: number; col: number }): number {
  const lines = text.split('\n');
  const line = Math.min(Math.max(1, at.line), lines.length);
  let offset = 0;
  for (let i = 0; i < line - 1; i++) offset += (lines[i] ?? '').length + 1;
  return Math.min(offset + Math.min(Math.max(0, at.col - 1), (lines[line - 1] ?? '').length), text.length);
}
