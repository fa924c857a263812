/* A patch in plain words, and cut into lines to show. Pure. */
import * as format from '../../lib/format';

export interface PatchLine {
  sign: ' ' | '+' | '-';
  text: string;
  /* its number in the file, after the change for what stays or comes, before it for what goes */
  at: number;
}
export interface PatchFile {
  path: string;
  isNew: boolean;
  added: number;
  removed: number;
  hunks: PatchLine[][];
}

/* Unified diff, as the server writes it. */
export function readPatch(patch: string): PatchFile[] {
  const files: PatchFile[] = [];
  let file: PatchFile | undefined;
  let hunk: PatchLine[] | undefined;
  let before = 0;
  let after = 0;
  let leftBefore = 0;
  let leftAfter = 0;
  for (const line of patch.split('\n')) {
    if (hunk && (leftBefore > 0 || leftAfter > 0) && /^[ +-]/.test(line)) {
      const sign = line[0] as PatchLine['sign'];
      hunk.push({ sign, text: line.slice(1), at: sign === '-' ? before : after });
      if (sign !== '+') (before += 1), (leftBefore -= 1);
      if (sign !== '-') (after += 1), (leftAfter -= 1);
      if (file && sign === '+') file.added += 1;
      if (file && sign === '-') file.removed += 1;
      continue;
    }
    const to = /^\+\+\+ (?:b\/)?(.+)$/.exec(line);
    const from = /^--- (.+)$/.exec(line);
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (from) {
      file = { path: '', isNew: from[1] === '/dev/null', added: 0, removed: 0, hunks: [] };
      hunk = undefined;
    } else if (to && file) {
      file.path = to[1] ?? '';
      files.push(file);
    } else if (head && file) {
      hunk = [];
      file.hunks.push(hunk);
      before = Number(head[1]);
      leftBefore = Number(head[2] ?? 1);
      after = Number(head[3]);
      leftAfter = Number(head[4] ?? 1);
    }
  }
  return files;
}

/* Changes one line in domains/web/domain.yaml. */
export function fileSentence(f: PatchFile): string {
  if (f.isNew) return `Writes a new file, ${f.path}, of ${format.plural(f.added, 'line')}.`;
  const lines = (n: number): string => (n === 1 ? 'one line' : `${n} lines`);
  if (f.added === f.removed) return `Changes ${lines(f.added)} in ${f.path}.`;
  if (f.removed === 0) return `Adds ${lines(f.added)} to ${f.path}.`;
  if (f.added === 0) return `Takes ${lines(f.removed)} out of ${f.path}.`;
  return `Changes ${f.path}: ${lines(f.removed)} out, ${lines(f.added)} in.`;
}

/* What people typed into a field of several entries, one to a line or separated by commas. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(/[\n,]/).map((t) => t.trim()).filter(Boolean))];
}
