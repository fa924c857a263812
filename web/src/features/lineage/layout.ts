/* Where the nodes of a lineage graph stand, and what hangs on what. The server gives each node its layer and its order in it;
 * here these become places. Pure: nothing of the browser. */
import type { Lineage, LineageNode } from '../../lib/types';

export const NODE_W = 196;
export const NODE_H = 46;
const GAP_Y = 14;
const LAYER_GAP = 76;
const WRAP_GAP = 28;
/* A layer of more nodes than this is broken into columns beside each other: a graph of about the window's shape can be seen whole. */
export const WRAP_ROWS = 24;
const SHAPE = 2;

export interface Placed {
  node: LineageNode;
  x: number;
  y: number;
}
export interface Layout {
  placed: Placed[];
  edges: Lineage['edges'];
  /* per node: places in edges */
  into: number[][];
  out: number[][];
  /* per layer: places in placed, top to bottom, left to right */
  layers: number[][];
  width: number;
  height: number;
}

/* How many rows a layer may have before it is broken: as few as keep the whole about twice as wide as tall. */
function rowsFor(layers: number[]): number {
  const longest = Math.max(0, ...layers);
  let rows = WRAP_ROWS;
  while (rows < longest) {
    const width = layers.reduce((w, n) => w + Math.ceil(n / rows) * (NODE_W + WRAP_GAP) - WRAP_GAP + LAYER_GAP, 0);
    if (width <= rows * (NODE_H + GAP_Y) * SHAPE) break;
    rows += Math.ceil(rows / 4);
  }
  return rows;
}

export function layoutOf(graph: Pick<Lineage, 'nodes' | 'edges'>): Layout {
  const byLayer = new Map<number, number[]>();
  graph.nodes.forEach((n, i) => {
    const list = byLayer.get(n.layer);
    if (list) list.push(i);
    else byLayer.set(n.layer, [i]);
  });
  const layers = [...byLayer.keys()]
    .sort((a, b) => a - b)
    .map((layer) => (byLayer.get(layer) as number[]).sort((a, b) => (graph.nodes[a]?.order ?? 0) - (graph.nodes[b]?.order ?? 0) || a - b));

  const most = rowsFor(layers.map((l) => l.length));
  const tallest = Math.max(0, ...layers.map((l) => Math.min(l.length, most)));
  const height = Math.max(0, tallest * (NODE_H + GAP_Y) - GAP_Y);
  const placed: Placed[] = graph.nodes.map((node) => ({ node, x: 0, y: 0 }));
  let x = 0;
  for (const layer of layers) {
    const columns = Math.ceil(layer.length / most);
    const rows = Math.ceil(layer.length / columns);
    const top = (height - (rows * (NODE_H + GAP_Y) - GAP_Y)) / 2;
    layer.forEach((i, place) => {
      const p = placed[i] as Placed;
      p.x = x + Math.floor(place / rows) * (NODE_W + WRAP_GAP);
      p.y = top + (place % rows) * (NODE_H + GAP_Y);
    });
    x += columns * (NODE_W + WRAP_GAP) - WRAP_GAP + LAYER_GAP;
  }

  const into: number[][] = placed.map(() => []);
  const out: number[][] = placed.map(() => []);
  graph.edges.forEach((e, i) => {
    out[e.from]?.push(i);
    into[e.to]?.push(i);
  });
  return { placed, edges: graph.edges, into, out, layers, width: Math.max(0, x - LAYER_GAP), height };
}

export interface Path {
  nodes: Set<number>;
  edges: Set<number>;
}

/* All that leads to a node and all that comes from it. */
export function pathOf(l: Layout, start: number): Path {
  const nodes = new Set<number>([start]);
  const edges = new Set<number>();
  const walk = (next: number[][], end: 'from' | 'to'): void => {
    const seen = new Set<number>([start]);
    const todo = [start];
    while (todo.length > 0) {
      for (const e of next[todo.pop() as number] ?? []) {
        edges.add(e);
        const other = l.edges[e]?.[end] as number;
        if (seen.has(other)) continue;
        seen.add(other);
        nodes.add(other);
        todo.push(other);
      }
    }
  };
  walk(l.into, 'from');
  walk(l.out, 'to');
  return { nodes, edges };
}

/* The nodes that are `wanted` and the edges between two of them. */
export function pathAmong(l: Layout, wanted: (n: LineageNode) => boolean): Path {
  const nodes = new Set<number>();
  l.placed.forEach((p, i) => {
    if (wanted(p.node)) nodes.add(i);
  });
  const edges = new Set<number>();
  l.edges.forEach((e, i) => {
    if (nodes.has(e.from) && nodes.has(e.to)) edges.add(i);
  });
  return { nodes, edges };
}

export type Step = 'left' | 'right' | 'up' | 'down';

/* The node that an arrow key leads to: along an edge to the nearest neighbour, or up and down in the layer. */
export function stepFrom(l: Layout, at: number, step: Step): number {
  const here = l.placed[at];
  if (!here) return l.layers[0]?.[0] ?? -1;
  if (step === 'left' || step === 'right') {
    const ends = step === 'left' ? (l.into[at] ?? []).map((e) => l.edges[e]?.from as number) : (l.out[at] ?? []).map((e) => l.edges[e]?.to as number);
    let best = at;
    let least = Infinity;
    for (const i of ends) {
      const p = l.placed[i] as Placed;
      const far = Math.abs(p.y - here.y) + Math.abs(p.x - here.x) / 1000;
      if (i !== at && far < least) {
        least = far;
        best = i;
      }
    }
    return best;
  }
  const layer = l.layers.find((list) => list.includes(at)) ?? [];
  const place = layer.indexOf(at) + (step === 'up' ? -1 : 1);
  return layer[Math.min(layer.length - 1, Math.max(0, place))] ?? at;
}

export function nodeAt(l: Layout, x: number, y: number, slack = 0): number {
  return l.placed.findIndex((p) => x >= p.x - slack && x <= p.x + NODE_W + slack && y >= p.y - slack && y <= p.y + NODE_H + slack);
}

/* ---- the part of the plane that is seen ---- */
export interface View {
  x: number;
  y: number;
  scale: number;
}
export const MIN_SCALE = 0.04;
export const MAX_SCALE = 2;
/* Below this a name cannot be read any more. */
export const READABLE = 0.5;

const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));

/* The whole graph in the middle of the window, or what matters of it, hardly larger than life. */
export function fit(l: Layout, width: number, height: number, nodes: ReadonlySet<number> | null = null, margin = 32): View {
  if (l.placed.length === 0 || width <= 0 || height <= 0) return { x: 0, y: 0, scale: 1 };
  const list = nodes && nodes.size > 0 ? l.placed.filter((_, i) => nodes.has(i)) : l.placed;
  const box = list.reduce((b, p) => ({ x0: Math.min(b.x0, p.x), y0: Math.min(b.y0, p.y), x1: Math.max(b.x1, p.x + NODE_W), y1: Math.max(b.y1, p.y + NODE_H) }), {
    x0: Infinity,
    y0: Infinity,
    x1: -Infinity,
    y1: -Infinity,
  });
  const [w, h] = [Math.max(1, box.x1 - box.x0), Math.max(1, box.y1 - box.y0)];
  const scale = clamp(Math.min((width - 2 * margin) / w, (height - 2 * margin) / h), MIN_SCALE, 1.15);
  return { x: (width - w * scale) / 2 - box.x0 * scale, y: (height - h * scale) / 2 - box.y0 * scale, scale };
}

/* Larger or smaller around a point of the window. */
export function zoomAt(v: View, factor: number, x: number, y: number): View {
  const scale = clamp(v.scale * factor, MIN_SCALE, MAX_SCALE);
  const f = scale / v.scale;
  return { x: x - (x - v.x) * f, y: y - (y - v.y) * f, scale };
}

/* The same view, moved as little as needed for a node to be in sight, and large enough to be read. */
export function reveal(l: Layout, v: View, i: number, width: number, height: number, margin = 24): View {
  const p = l.placed[i];
  if (!p) return v;
  let next = v;
  if (v.scale < READABLE) {
    const scale = 0.8;
    next = { scale, x: width / 2 - (p.x + NODE_W / 2) * scale, y: height / 2 - (p.y + NODE_H / 2) * scale };
  }
  const left = p.x * next.scale + next.x;
  const top = p.y * next.scale + next.y;
  const dx = clamp(left, margin, Math.max(margin, width - margin - NODE_W * next.scale)) - left;
  const dy = clamp(top, margin, Math.max(margin, height - margin - NODE_H * next.scale)) - top;
  return { ...next, x: next.x + dx, y: next.y + dy };
}
