/* Markdown of a runbook as a tree: what people use in a README. No markup of the text itself is ever taken over, and a link leads
 * only to the web, to mail, or to a place of this page. Pure. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'em'; children: Inline[] }
  | { kind: 'link'; href: string | null; children: Inline[] };
export type Block =
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

const DEPTH_MAX = 12;

/* https, http and mailto; what is relative to the README's folder has no address here. */
export function safeHref(href: string): string | null {
  const h = href.trim();
  return /^(https?:\/\/|mailto:)[^\s]+$/i.test(h) || /^\/(?!\/)[^\s\\]*$/.test(h) ? h : null;
}

const SPAN = /`+|\*\*|__|\*|_|\[|\\|<(?:https?:\/\/|mailto:)[^\s<>]+>/g;

export function inline(text: string, depth = 0): Inline[] {
  const out: Inline[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain) out.push({ kind: 'text', text: plain });
    plain = '';
  };
  const push = (i: Inline): void => {
    flush();
    out.push(i);
  };
  let at = 0;
  while (at < text.length) {
    SPAN.lastIndex = at;
    const m = SPAN.exec(text);
    if (!m || depth > DEPTH_MAX) {
      plain += text.slice(at);
      break;
    }
    plain += text.slice(at, m.index);
    const mark = m[0];
    const start = m.index;
    at = start + mark.length;
    if (mark === '\\') {
      plain += text[at] ?? '\\';
      at += 1;
    } else if (mark.startsWith('`')) {
      const end = text.indexOf(mark, at);
      if (end < 0) plain += mark;
      else {
        push({ kind: 'code', text: text.slice(at, end).trim() });
        at = end + mark.length;
      }
    } else if (mark.startsWith('<')) {
      const href = mark.slice(1, -1);
      push({ kind: 'link', href: safeHref(href), children: [{ kind: 'text', text: href }] });
    } else if (mark === '[') {
      const link = /^\[([^\]]*)\]\(([^()\s]+)(?:\s+"[^"]*")?\)/.exec(text.slice(start));
      if (!link) plain += mark;
      else {
        push({ kind: 'link', href: safeHref(link[2] ?? ''), children: inline(link[1] ?? '', depth + 1) });
        at = start + link[0].length;
      }
    } else {
      const before = text[start - 1] ?? ' ';
      const word = mark.startsWith('_') && /\w/.test(before);
      const end = word || /\s/.test(text[at] ?? ' ') ? -1 : text.indexOf(mark, at + 1);
      if (end < 0 || /\s/.test(text[end - 1] ?? ' ') || (mark.startsWith('_') && /\w/.test(text[end + mark.length] ?? ' '))) plain += mark;
      else {
        push({ kind: mark.length === 2 ? 'strong' : 'em', children: inline(text.slice(at, end), depth + 1) });
        at = end + mark.length;
      }
    }
  }
  flush();
  return out;
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((c) => c.trim().replace(/\\\|/g, '|'));
}

const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const FENCE = /^\s*(```+|~~~+)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;

export function parseMarkdown(text: string, depth = 0): Block[] {
  return blocksOf(text.replace(/\r\n?/g, '\n').replace(/\t/g, '    ').split('\n'), depth);
}

function blocksOf(lines: string[], depth: number): Block[] {
  const out: Block[] = [];
  let i = 0;
  const line = (n: number): string => lines[n] ?? '';
  while (i < lines.length) {
    const l = line(i);
    const fence = FENCE.exec(l);
    const heading = HEADING.exec(l);
    if (l.trim() === '') {
      i++;
    } else if (fence) {
      const body: string[] = [];
      const mark = (fence[1] ?? '```').slice(0, 3);
      for (i++; i < lines.length && !line(i).trim().startsWith(mark); i++) body.push(line(i));
      i++;
      out.push({ kind: 'code', text: body.join('\n') });
    } else if (heading) {
      out.push({ kind: 'heading', level: (heading[1] ?? '#').length, children: inline(heading[2] ?? '') });
      i++;
    } else if (RULE.test(l)) {
      out.push({ kind: 'rule' });
      i++;
    } else if (/^\s*>/.test(l) && depth < DEPTH_MAX) {
      const body: string[] = [];
      for (; i < lines.length && /^\s*>/.test(line(i)); i++) body.push(line(i).replace(/^\s*> ?/, ''));
      out.push({ kind: 'quote', blocks: blocksOf(body, depth + 1) });
    } else if (l.includes('|') && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(line(i + 1)) && line(i + 1).includes('-')) {
      const head = cells(l).map((c) => inline(c));
      const rows: Inline[][][] = [];
      for (i += 2; i < lines.length && line(i).includes('|') && line(i).trim() !== ''; i++) rows.push(cells(line(i)).map((c) => inline(c)));
      out.push({ kind: 'table', head, rows });
    } else if (ITEM.test(l) && depth < DEPTH_MAX) {
      i = listOf(lines, i, depth, out);
    } else {
      const body: string[] = [l.trim()];
      for (i++; i < lines.length && line(i).trim() !== '' && !FENCE.test(line(i)) && !HEADING.test(line(i)) && !ITEM.test(line(i)) && !/^\s*>/.test(line(i)); i++) body.push(line(i).trim());
      out.push({ kind: 'paragraph', children: inline(body.join(' ')) });
    }
  }
  return out;
}

function listOf(lines: string[], begin: number, depth: number, out: Block[]): number {
  const first = ITEM.exec(lines[begin] ?? '');
  const indent = (first?.[1] ?? '').length;
  const ordered = /\d/.test(first?.[2] ?? '');
  const items: string[][] = [];
  let i = begin;
  for (; i < lines.length; i++) {
    const l = lines[i] ?? '';
    const m = ITEM.exec(l);
    const deep = l.length - l.trimStart().length;
    if (m && (m[1] ?? '').length <= indent + 1) {
      if ((m[1] ?? '').length < indent || /\d/.test(m[2] ?? '') !== ordered) break;
      items.push([m[3] ?? '']);
    } else if (l.trim() === '') {
      const next = lines[i + 1] ?? '';
      if (!(ITEM.test(next) || next.startsWith(' '.repeat(indent + 2)))) break;
      items.at(-1)?.push('');
    } else if (deep > indent || (items.at(-1)?.at(-1) !== '' && !HEADING.test(l) && !FENCE.test(l))) {
      items.at(-1)?.push(l.slice(Math.min(deep, indent + (ordered ? 3 : 2))));
    } else break;
  }
  out.push({ kind: 'list', ordered, start: ordered ? Number.parseInt(first?.[2] ?? '1', 10) : 1, items: items.map((body) => blocksOf(body, depth + 1)) });
  return i;
}
