/* The script that the first page needs, gzipped, against its budget. Charts come later and are not counted. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 150 * 1024;
const dist = new URL('../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');
const seen = new Set();
const todo = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]);
let total = 0;
while (todo.length > 0) {
  const name = todo.pop();
  if (seen.has(name)) continue;
  seen.add(name);
  const text = readFileSync(new URL(name, dist), 'utf8');
  total += gzipSync(text).length;
  for (const m of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) todo.push(`assets/${m[1]}`);
}
if (seen.size === 0) throw new Error('dist/index.html names no script: run `npm run build` first');
console.log(`first page: ${(total / 1024).toFixed(1)} KB of script gzipped, budget ${BUDGET / 1024} KB`);
if (total > BUDGET) process.exit(1);
