import { describe, expect, it } from 'vitest';
import type { Lineage, LineageNode } from '../../lib/types';
import { fit, layoutOf, nodeAt, NODE_H, NODE_W, pathAmong, pathOf, reveal, stepFrom, WRAP_ROWS, zoomAt } from './layout';

const node = (id: string, layer: number, order: number, state = 'fresh'): LineageNode => ({
  id,
  ref: id,
  kind: 'port',
  label: id,
  domain: 'd',
  product: null,
  state,
  layer,
  order,
  inside: 0,
});
/* a, b -> c -> d, e; f stands alone */
const GRAPH: Pick<Lineage, 'nodes' | 'edges'> = {
  nodes: [node('c', 1, 0), node('b', 0, 1), node('a', 0, 0), node('d', 2, 0), node('e', 2, 1), node('f', 0, 2)],
  edges: [
    { from: 2, to: 0, columns: 3 },
    { from: 1, to: 0, columns: 1 },
    { from: 0, to: 3, columns: 2 },
    { from: 0, to: 4, columns: 2 },
  ],
};
const L = layoutOf(GRAPH);
const names = (set: Set<number>): string[] => [...set].map((i) => L.placed[i]?.node.id ?? '').sort();

describe('layout', () => {
  it('puts layers from left to right and nodes by their order', () => {
    expect(L.layers.map((l) => l.map((i) => L.placed[i]?.node.id))).toEqual([['a', 'b', 'f'], ['c'], ['d', 'e']]);
    const [c, b, a, d] = L.placed;
    expect(a?.x).toBe(b?.x);
    expect((a?.y ?? 0) < (b?.y ?? 0)).toBe(true);
    expect((a?.x ?? 0) < (c?.x ?? 0) && (c?.x ?? 0) < (d?.x ?? 0)).toBe(true);
    /* a layer of one stands in the middle of a layer of three */
    expect(c?.y).toBe(b?.y);
  });
  it('breaks a tall layer into columns without two nodes in one place', () => {
    const n = WRAP_ROWS * 20 + 5;
    const l = layoutOf({ nodes: Array.from({ length: n }, (_, i) => node(`n${i}`, 0, i)), edges: [] });
    const places = new Set(l.placed.map((p) => `${p.x},${p.y}`));
    expect(places.size).toBe(n);
    expect(new Set(l.placed.map((p) => p.x)).size).toBeGreaterThan(1);
    expect(l.width / l.height).toBeGreaterThan(1);
    expect(l.width / l.height).toBeLessThan(3);
    expect(Math.max(...l.placed.map((p) => p.y)) + NODE_H).toBeLessThanOrEqual(l.height);
    expect(Math.max(...l.placed.map((p) => p.x)) + NODE_W).toBe(l.width);
  });
  it('holds nothing of an empty graph', () => {
    const l = layoutOf({ nodes: [], edges: [] });
    expect([l.width, l.height]).toEqual([0, 0]);
    expect(fit(l, 800, 600).scale).toBe(1);
  });
});

describe('paths', () => {
  it('are all that is above and below, and nothing beside', () => {
    const p = pathOf(L, 2);
    expect(names(p.nodes)).toEqual(['a', 'c', 'd', 'e']);
    expect([...p.edges].sort()).toEqual([0, 2, 3]);
    expect(names(pathOf(L, 0).nodes)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(names(pathOf(L, 5).nodes)).toEqual(['f']);
  });
  it('end where domains feed each other in a ring', () => {
    const ring = layoutOf({
      nodes: [node('x', 0, 0), node('y', 1, 0)],
      edges: [
        { from: 0, to: 1, columns: 0 },
        { from: 1, to: 0, columns: 0 },
      ],
    });
    expect(pathOf(ring, 0).nodes.size).toBe(2);
    expect(pathOf(ring, 0).edges.size).toBe(2);
  });
  it('may be named', () => {
    const p = pathAmong(L, (n) => n.id === 'a' || n.id === 'c' || n.id === 'e');
    expect([...p.edges].sort()).toEqual([0, 3]);
  });
});

describe('arrows', () => {
  const step = (from: string, s: 'left' | 'right' | 'up' | 'down'): string => {
    const at = L.placed.findIndex((p) => p.node.id === from);
    return L.placed[stepFrom(L, at, s)]?.node.id ?? '';
  };
  it('go along edges and inside a layer, and stay where there is no way', () => {
    expect(step('b', 'right')).toBe('c');
    expect(step('c', 'left')).toBe('b');
    expect(step('d', 'right')).toBe('d');
    expect(step('a', 'down')).toBe('b');
    expect(step('a', 'up')).toBe('a');
    expect(step('f', 'right')).toBe('f');
  });
  it('begin at the first node', () => expect(L.placed[stepFrom(L, -1, 'right')]?.node.id).toBe('a'));
});

describe('view', () => {
  it('fits the whole, and hardly larger than life', () => {
    const v = fit(L, 400, 300);
    expect(v.x).toBeGreaterThan(0);
    expect(L.width * v.scale + v.x).toBeLessThan(400);
    expect(fit(L, 10_000, 10_000).scale).toBe(1.15);
  });
  it('fits what matters, where only that is asked for', () => {
    const v = fit(L, 400, 300, new Set([3, 4]));
    const [d, e] = [L.placed[3], L.placed[4]];
    expect((d?.x ?? 0) * v.scale + v.x).toBeGreaterThan(0);
    expect(((e?.y ?? 0) + NODE_H) * v.scale + v.y).toBeLessThan(300);
    expect(v.scale).toBeGreaterThan(fit(L, 400, 300).scale);
  });
  it('keeps the point under the pointer when zooming', () => {
    const v = { x: 10, y: 20, scale: 0.5 };
    const z = zoomAt(v, 2, 110, 220);
    expect((110 - z.x) / z.scale).toBeCloseTo((110 - v.x) / v.scale);
    expect((220 - z.y) / z.scale).toBeCloseTo((220 - v.y) / v.scale);
  });
  it('brings a node into sight and to a size that can be read', () => {
    const v = reveal(L, { x: -5000, y: -5000, scale: 0.1 }, 3, 800, 600);
    const p = L.placed[3];
    expect(v.scale).toBeGreaterThan(0.45);
    const left = (p?.x ?? 0) * v.scale + v.x;
    expect(left).toBeGreaterThan(0);
    expect(left + NODE_W * v.scale).toBeLessThan(800);
    expect(reveal(L, { x: 5, y: 300, scale: 1 }, 99, 800, 600)).toEqual({ x: 5, y: 300, scale: 1 });
  });
  it('finds the node under a point', () => {
    const p = L.placed[3];
    expect(nodeAt(L, (p?.x ?? 0) + 2, (p?.y ?? 0) + 2)).toBe(3);
    expect(nodeAt(L, -50, -50)).toBe(-1);
  });
});
