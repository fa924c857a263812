/* Paints the graph. Only what is in the window is painted, and only what can be read at its size: names at reading size, plain
 * shapes below it. What is not in order keeps its mark at every size. */
import type { Palette } from '../../lib/charts/look';
import { NODE_H, NODE_W, READABLE, type Layout, type Path, type View } from './layout';
import { insideText, KIND_WORDS, stateWord, troubled } from './words';

export interface Scene {
  layout: Layout;
  view: View;
  width: number;
  height: number;
  lit: Path | null;
  selected: number;
  hovered: number;
  focused: boolean;
  /* a second line for some nodes instead of their kind: the columns of a column's way */
  notes: Map<number, string>;
}

interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const RTL = /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}]/u;

/* Where an edge begins and ends: from right to left side; one that leads back leaves at the left and goes a little lower. */
function ends(l: Layout, e: { from: number; to: number }): { x0: number; y0: number; x1: number; y1: number; way: 1 | -1 } | null {
  const a = l.placed[e.from];
  const b = l.placed[e.to];
  if (!a || !b) return null;
  const back = b.x < a.x + NODE_W;
  const low = back ? NODE_H / 4 : 0;
  return { x0: back ? a.x : a.x + NODE_W, y0: a.y + NODE_H / 2 + low, x1: back ? b.x + NODE_W : b.x, y1: b.y + NODE_H / 2 + low, way: back ? -1 : 1 };
}

/* Seen from afar a line does. */
function curve(g: CanvasRenderingContext2D, l: Layout, e: { from: number; to: number }, straight: boolean): void {
  const at = ends(l, e);
  if (!at) return;
  const { x0, y0, x1, y1, way } = at;
  g.moveTo(x0, y0);
  if (straight) {
    g.lineTo(x1, y1);
    return;
  }
  const bend = way * Math.max(30, Math.abs(x1 - x0) / 2);
  g.bezierCurveTo(x0 + bend, y0, x1 - bend - way * 5, y1, x1 - way * 5, y1);
  g.moveTo(x1 - way * 7, y1 - 4);
  g.lineTo(x1 - way, y1);
  g.lineTo(x1 - way * 7, y1 + 4);
}

/* Rough, on the safe side: the box around both ends with room for the bend. */
function edgeSeen(l: Layout, e: { from: number; to: number }, box: Box): boolean {
  const a = l.placed[e.from];
  const b = l.placed[e.to];
  if (!a || !b) return false;
  return Math.min(a.x, b.x) < box.x1 && Math.max(a.x, b.x) + NODE_W > box.x0 && Math.min(a.y, b.y) < box.y1 && Math.max(a.y, b.y) + NODE_H > box.y0;
}

/* From this scale on a box holds its name, if nothing else. */
const NAMED = 0.24;

/* As much of a text as fits, by halving. */
const widths = new Map<string, string>();
function clipped(g: CanvasRenderingContext2D, text: string, room: number): string {
  /* most names are short: not worth measuring */
  if (text.length * Math.max(9, Number.parseFloat(g.font.replace(/^\d+ /, '')) * 0.7) < room) return text;
  const key = `${g.font}|${room}|${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  let out = text;
  if (g.measureText(text).width > room) {
    const letters = [...text];
    let low = 0;
    let high = letters.length;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (g.measureText(`${letters.slice(0, mid).join('')}…`).width <= room) low = mid;
      else high = mid - 1;
    }
    out = `${letters.slice(0, low).join('')}…`;
  }
  if (widths.size > 20_000) widths.clear();
  widths.set(key, out);
  return out;
}

/* A triangle for "look at it", an octagon for "broken": the same shapes as everywhere on the page. */
function mark(g: CanvasRenderingContext2D, kind: 'warn' | 'bad', x: number, y: number, r: number): void {
  g.beginPath();
  if (kind === 'warn') {
    g.moveTo(x, y - r);
    g.lineTo(x + r, y + r * 0.8);
    g.lineTo(x - r, y + r * 0.8);
  } else {
    for (let i = 0; i < 8; i++) {
      const a = Math.PI / 8 + (i * Math.PI) / 4;
      g[i === 0 ? 'moveTo' : 'lineTo'](x + r * Math.cos(a), y + r * Math.sin(a));
    }
  }
  g.closePath();
  g.fill();
}

type Colors = Record<'surface' | 'line' | 'text' | 'muted' | 'accent' | 'sunken' | 'soft' | 'none' | 'warn' | 'bad' | 'focus' | 'strong', string>;
function colorsOf(p: Palette): Colors {
  return {
    surface: p('--surface'),
    line: p('--line-strong'),
    text: p('--text'),
    muted: p('--muted'),
    accent: p('--accent'),
    sunken: p('--sunken'),
    soft: p('--accent-soft'),
    none: p('--none-soft'),
    warn: p('--warn'),
    bad: p('--bad'),
    focus: p('--focus'),
    strong: p('--line-strong'),
  };
}

function seenBox(s: Scene): Box {
  const { x, y, scale } = s.view;
  return { x0: -x / scale, y0: -y / scale, x1: (s.width - x) / scale, y1: (s.height - y) / scale };
}

/* In small bundles: one stroke over thousands of curves costs more than their sum. */
const BUNDLE = 32;
function strokeEdges(g: CanvasRenderingContext2D, s: Scene, which: Iterable<number>, box: Box): void {
  const l = s.layout;
  let held = 0;
  g.beginPath();
  for (const i of which) {
    const e = l.edges[i];
    if (!e || !edgeSeen(l, e, box)) continue;
    curve(g, l, e, s.view.scale < 0.25);
    if (++held === BUNDLE) {
      g.stroke();
      g.beginPath();
      held = 0;
    }
  }
  g.stroke();
}

function paintNode(g: CanvasRenderingContext2D, s: Scene, i: number, c: Colors, font: string, lit: boolean): void {
  const { scale } = s.view;
  const at = s.layout.placed[i];
  if (!at) return;
  const n = at.node;
  const readable = scale >= READABLE;
  const trouble = troubled(n.state);
  const chosen = lit && i === s.selected;
  const radius = 8;
  if (!readable && !trouble) g.fillStyle = lit ? c.soft : c.none;
  else g.fillStyle = n.kind === 'dashboard' || n.kind === 'metric' || n.kind === 'consumer' ? c.sunken : c.surface;
  g.strokeStyle = trouble ? c[trouble] : lit ? c.accent : c.line;
  g.lineWidth = (chosen ? 2.5 : trouble || (lit && i === s.hovered) ? 1.75 : 1) / Math.min(1, Math.max(scale, 0.5));
  g.beginPath();
  g.roundRect(at.x, at.y, NODE_W, NODE_H, n.kind === 'source' || n.kind === 'stream' ? 3 : radius);
  g.fill();
  g.stroke();
  if (chosen && s.focused) {
    g.lineWidth = 2 / scale;
    g.strokeStyle = c.focus;
    g.beginPath();
    g.roundRect(at.x - 4, at.y - 4, NODE_W + 8, NODE_H + 8, radius + 3);
    g.stroke();
  }
  if (!readable && scale >= NAMED) {
    /* the name alone, as large on the screen as its box allows */
    const size = Math.min(10 / scale, NODE_H * 0.72);
    const pad = 4 / scale;
    const sign = trouble ? 5 / scale : 0;
    if (trouble) {
      g.fillStyle = c[trouble];
      mark(g, trouble, at.x + NODE_W - pad - sign, at.y + NODE_H / 2, sign * 0.8);
    }
    g.textBaseline = 'middle';
    g.textAlign = 'left';
    g.direction = RTL.test(n.label) ? 'rtl' : 'ltr';
    g.fillStyle = c.text;
    g.font = `400 ${size.toFixed(1)}px ${font}`;
    g.fillText(clipped(g, n.label, NODE_W - 2 * pad - 2 * sign), at.x + pad, at.y + NODE_H / 2);
    g.direction = 'ltr';
    return;
  }
  if (!readable) {
    /* too small for words: the mark keeps its size on the screen */
    if (trouble) {
      g.fillStyle = c[trouble];
      mark(g, trouble, at.x + NODE_W / 2, at.y + NODE_H / 2, Math.min(NODE_H * 0.42, 5 / scale));
    }
    return;
  }
  let room = NODE_W - 24;
  if (trouble) {
    g.fillStyle = c[trouble];
    mark(g, trouble, at.x + NODE_W - 17, at.y + 16, 6);
    room -= 18;
  }
  g.textBaseline = 'alphabetic';
  g.textAlign = 'left';
  g.direction = RTL.test(n.label) ? 'rtl' : 'ltr';
  g.fillStyle = c.text;
  g.font = `600 13px ${font}`;
  g.fillText(clipped(g, n.label, room), at.x + 12, at.y + 20);
  g.direction = 'ltr';
  g.font = `400 11px ${font}`;
  const note = s.notes.get(i);
  if (note !== undefined) {
    g.fillStyle = c.accent;
    g.fillText(clipped(g, note, NODE_W - 24), at.x + 12, at.y + 36);
    return;
  }
  const state = trouble || n.state === 'never_built' || n.state === 'never' ? stateWord(n.state) : '';
  const kind = [KIND_WORDS[n.kind], insideText(n)].filter((t) => t !== '').join(' · ');
  let x = at.x + 12;
  if (state) {
    g.fillStyle = trouble ? c[trouble] : c.muted;
    g.font = `600 11px ${font}`;
    g.fillText(state, x, at.y + 36);
    x += g.measureText(`${state}  `).width;
    g.font = `400 11px ${font}`;
  }
  g.fillStyle = c.muted;
  g.fillText(clipped(g, kind, NODE_W - 12 - (x - at.x)), x, at.y + 36);
}

function within(s: Scene, i: number, box: Box): boolean {
  const at = s.layout.placed[i];
  return at !== undefined && at.x <= box.x1 && at.x + NODE_W >= box.x0 && at.y <= box.y1 && at.y + NODE_H >= box.y0;
}

function begin(g: CanvasRenderingContext2D, s: Scene, ratio: number): void {
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.clearRect(0, 0, g.canvas.width, g.canvas.height);
  onto(g, s, ratio);
}
function onto(g: CanvasRenderingContext2D, s: Scene, ratio: number): void {
  g.setTransform(ratio * s.view.scale, 0, 0, ratio * s.view.scale, ratio * s.view.x, ratio * s.view.y);
}

/* The graph with nothing lit. It changes only with the view, so the page keeps it while the pointer moves. */
export function paintGround(g: CanvasRenderingContext2D, s: Scene, p: Palette, font: string, ratio: number): void {
  const { scale } = s.view;
  const c = colorsOf(p);
  const box = seenBox(s);
  begin(g, s, ratio);
  g.lineWidth = Math.max(1.25, 1 / scale);
  g.strokeStyle = c.strong;
  g.globalAlpha = scale < 0.25 ? 0.35 : 0.9;
  strokeEdges(g, s, s.layout.edges.keys(), box);
  g.globalAlpha = 1;
  for (let i = 0; i < s.layout.placed.length; i++) if (within(s, i, box)) paintNode(g, s, i, c, font, false);
}

/* The kept graph, faded where a path is lit, and the path over it. */
export function paint(g: CanvasRenderingContext2D, ground: CanvasImageSource, s: Scene, p: Palette, font: string, ratio: number): void {
  begin(g, s, ratio);
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.globalAlpha = s.lit ? 0.34 : 1;
  g.drawImage(ground, 0, 0);
  g.globalAlpha = 1;
  if (!s.lit) return;
  const c = colorsOf(p);
  const box = seenBox(s);
  onto(g, s, ratio);
  g.lineWidth = Math.max(2, 1.6 / s.view.scale);
  g.strokeStyle = c.accent;
  strokeEdges(g, s, s.lit.edges, box);
  for (const i of s.lit.nodes) if (within(s, i, box)) paintNode(g, s, i, c, font, true);
  if (s.selected >= 0 && !s.lit.nodes.has(s.selected)) paintNode(g, s, s.selected, c, font, true);
}

/* The whole in small, with the window as a frame. */
export function paintMap(g: CanvasRenderingContext2D, s: Scene, p: Palette, width: number, height: number, ratio: number): View {
  const { layout: l, view: v } = s;
  const scale = Math.min((width - 8) / Math.max(1, l.width), (height - 8) / Math.max(1, l.height));
  const map: View = { scale, x: (width - l.width * scale) / 2, y: (height - l.height * scale) / 2 };
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const w = Math.max(1.5, NODE_W * scale);
  const h = Math.max(1, NODE_H * scale);
  for (const late of [false, true]) {
    l.placed.forEach((at, i) => {
      const trouble = troubled(at.node.state);
      if ((trouble !== null) !== late) return;
      g.fillStyle = trouble ? p(trouble === 'bad' ? '--bad' : '--warn') : s.lit?.nodes.has(i) ? p('--accent') : p('--line-strong');
      const grow = late ? 1 : 0;
      g.fillRect(at.x * scale + map.x - grow, at.y * scale + map.y - grow, w + 2 * grow, h + 2 * grow);
    });
  }
  const x0 = (-v.x / v.scale) * scale + map.x;
  const y0 = (-v.y / v.scale) * scale + map.y;
  g.strokeStyle = p('--accent');
  g.lineWidth = 1.5;
  g.strokeRect(
    Math.max(1, x0),
    Math.max(1, y0),
    Math.min(width - 1, x0 + (s.width / v.scale) * scale) - Math.max(1, x0),
    Math.min(height - 1, y0 + (s.height / v.scale) * scale) - Math.max(1, y0),
  );
  return map;
}
