import { describe, expect, it } from 'vitest';
import { inline, parseMarkdown, safeHref, type Block } from './markdown';

const textOf = (b: unknown): string => JSON.stringify(b);

describe('the markdown of a runbook', () => {
  it('has headings, paragraphs, lists, code, tables and quotes', () => {
    const blocks = parseMarkdown('# Title\n\nOne\ntwo.\n\n- a\n- b\n  1. c\n\n```sql\nSELECT 1 -- *x*\n```\n\n| h | i |\n|---|---|\n| 1 | `2` |\n\n> said\n\n---\n');
    expect(blocks.map((b) => b.kind)).toEqual(['heading', 'paragraph', 'list', 'code', 'table', 'quote', 'rule']);
    expect(textOf(blocks[1])).toContain('One two.');
    expect((blocks[2] as Extract<Block, { kind: 'list' }>).items).toHaveLength(2);
    expect(textOf(blocks[2])).toContain('"ordered":true');
    expect((blocks[3] as Extract<Block, { kind: 'code' }>).text).toBe('SELECT 1 -- *x*');
    expect((blocks[4] as Extract<Block, { kind: 'table' }>).rows).toHaveLength(1);
  });
  it('keeps the number that a list begins with, and items of several lines', () => {
    const [list] = parseMarkdown('3. first\n   goes on\n4. second');
    expect(list).toMatchObject({ kind: 'list', ordered: true, start: 3 });
    expect(textOf(list)).toContain('first goes on');
  });
  it('reads marks inside a line, and leaves names with underscores alone', () => {
    expect(inline('**b** and *i* and `c`').map((x) => x.kind)).toEqual(['strong', 'text', 'em', 'text', 'code']);
    expect(inline('spend_by_day and 2 * 3 * 4')).toEqual([{ kind: 'text', text: 'spend_by_day and 2 * 3 * 4' }]);
    expect(inline('a \\*b\\*')).toEqual([{ kind: 'text', text: 'a *b*' }]);
  });
  it('lets no markup and no script through', () => {
    expect(textOf(parseMarkdown('<script>alert(1)</script>'))).toContain('<script>');
    expect(parseMarkdown('<img src=x onerror=alert(1)>')[0]?.kind).toBe('paragraph');
    for (const bad of ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', '//evil.example', 'vbscript:x', '../other.md']) expect(safeHref(bad)).toBeNull();
    for (const good of ['https://example.org/a?b', 'mailto:a@example.org', '/catalog/a/b']) expect(safeHref(good)).toBe(good);
    expect(inline('[x](javascript:alert)')).toEqual([{ kind: 'link', href: null, children: [{ kind: 'text', text: 'x' }] }]);
  });
  it('ends for whatever it is given', () => {
    for (const odd of ['', '```', '| a', '- ', '1. a\n- b', '> > > >'.repeat(50), '*'.repeat(5000), '['.repeat(5000), '- a\n\n\n\n- b', '  - deep\n- shallow', '\t- tab']) parseMarkdown(odd);
    expect(textOf(parseMarkdown('  - deep\n- shallow'))).toContain('shallow');
  });
});
