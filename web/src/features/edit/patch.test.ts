import { describe, expect, it } from 'vitest';
import { fileSentence, listOf, readPatch } from './patch';

const ONE = `--- a/domains/web/domain.yaml
+++ b/domains/web/domain.yaml
@@ -1,4 +1,4 @@
 name: web
-title: Web
+title: Web shop
 # --- a comment that looks like a head
 owner: {name: Kim}
`;

describe('readPatch', () => {
  it('reads lines with their numbers', () => {
    const [f] = readPatch(ONE);
    expect(f).toMatchObject({ path: 'domains/web/domain.yaml', isNew: false, added: 1, removed: 1 });
    expect(f?.hunks[0]?.map((l) => `${l.sign}${l.at}`)).toEqual([' 1', '-2', '+2', ' 3', ' 4']);
  });
  it('does not take a removed line for the head of a file', () => {
    const [f, more] = readPatch('--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,1 @@\n--- old comment\n SELECT 1\n');
    expect(f?.removed).toBe(1);
    expect(f?.hunks[0]?.[0]?.text).toBe('-- old comment');
    expect(more).toBeUndefined();
  });
  it('knows new files, and several of them', () => {
    const files = readPatch(`--- /dev/null\n+++ b/a.yaml\n@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n${ONE}`);
    expect(files.map((f) => [f.path, f.isNew])).toEqual([['a.yaml', true], ['domains/web/domain.yaml', false]]);
  });
});

describe('fileSentence', () => {
  it.each([
    [{ isNew: false, added: 1, removed: 1 }, 'Changes one line in f.yaml.'],
    [{ isNew: false, added: 3, removed: 0 }, 'Adds 3 lines to f.yaml.'],
    [{ isNew: false, added: 0, removed: 1 }, 'Takes one line out of f.yaml.'],
    [{ isNew: false, added: 2, removed: 1 }, 'Changes f.yaml: one line out, 2 lines in.'],
    [{ isNew: true, added: 12, removed: 0 }, 'Writes a new file, f.yaml, of 12 lines.'],
  ])('%o', (f, text) => expect(fileSentence({ path: 'f.yaml', hunks: [], ...f })).toBe(text));
});

it('lists are read from lines and commas', () => {
  expect(listOf(' a, b\nc,,a\n')).toEqual(['a', 'b', 'c']);
});
