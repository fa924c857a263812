/* Building blocks of the SQL that the page sends. A value never becomes part of the text: it is bound as `$n`. */
import type { Cell, QueryResult } from '../types';

export type Param = string | number | boolean | null;

export interface Statement {
  sql: string;
  params: Param[];
}

/* Collects the values of one statement and hands out their places. A value used twice has one place. */
export class Binder {
  readonly params: Param[] = [];

  value(v: Param): string {
    const at = this.params.indexOf(v);
    if (at >= 0) return `$${at + 1}`;
    this.params.push(v);
    return `$${this.params.length}`;
  }
  date(iso: string): string {
    return `CAST(${this.value(iso)} AS DATE)`;
  }
  integer(n: number): string {
    return `CAST(${this.value(n)} AS INTEGER)`;
  }
  list(values: readonly Param[]): string {
    return values.map((v) => this.value(v)).join(', ');
  }
}

/* Names come from the mesh's declaration, which allows only this shape; anything else is a bug and is refused. */
export function identifier(name: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`not a name of a mesh: ${name}`);
  return name;
}

export function tableName(domain: string, port: string): string {
  return `${identifier(domain)}.${identifier(port)}`;
}

export type Row = Record<string, Cell>;

/* Rows as objects, by the names of the columns. */
export function toObjects(result: QueryResult): Row[] {
  const names = result.columns.map((c) => c.name);
  return result.rows.map((cells) => {
    const row: Row = {};
    names.forEach((name, i) => (row[name] = cells[i] ?? null));
    return row;
  });
}

export function numberOf(v: Cell | undefined): number | null {
  if (v === null || v === undefined || v === '') return null;
  const n = typeof v === 'number' ? v : Number(v);
  return Number.isFinite(n) ? n : null;
}

export function textOf(v: Cell | undefined): string | null {
  return v === null || v === undefined ? null : String(v);
}
