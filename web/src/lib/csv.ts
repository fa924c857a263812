/* Rows that the page put together itself, as RFC 4180 text. A text that a spreadsheet would run as a formula gets a ' in front, as the server writes it. */
import type { Cell } from './types';

function isFormula(text: string): boolean {
  const bare = text.trimStart();
  if (/^[=@＝＠＋－]/.test(bare) || /^[\t\r\n]/.test(text)) return true;
  return /^[+-]/.test(bare) && (bare !== text || !/^[+-][0-9 .()/-]*(e[+-]?[0-9]+)?$/i.test(bare));
}

function field(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  if (typeof cell === 'string' && isFormula(text)) return `"'${text.replace(/"/g, '""')}"`;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csvText(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
