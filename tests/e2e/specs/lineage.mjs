/* The lineage page against the graph that the API gives: levels, paths, columns, keys, the table, and two thousand nodes. */
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';

/* All that is above and below a node. */
function reach(graph, start) {
  const walk = (from, to) => {
    const seen = new Set([start]);
    const todo = [start];
    while (todo.length > 0) {
      const at = todo.pop();
      for (const e of graph.edges) {
        if (e[from] !== at || seen.has(e[to])) continue;
        seen.add(e[to]);
        todo.push(e[to]);
      }
    }
    return seen;
  };
  return new Set([...walk('from', 'to'), ...walk('to', 'from')]);
}

/* Two thousand ports in eight layers, each with up to two that feed it. */
function many(count = 2000) {
  const layers = 8;
  const names = ['تخفيضات الربيع 🎁', 'x'.repeat(300), '<img src=x onerror="window.harmed=1">'];
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: `port:big.port_${i}`,
    ref: `big.port_${i}`,
    kind: 'port',
    label: names[i] ?? `campaign_measures_by_day_${i}`,
    domain: 'big',
    product: null,
    state: i % 97 === 0 ? 'failing' : i % 41 === 0 ? 'stale' : 'fresh',
    layer: i % layers,
    order: Math.floor(i / layers),
    inside: 0,
  }));
  const edges = [];
  for (let i = 0; i < count; i++) {
    for (const k of [1, 2]) {
      const j = i + 1 + ((i * 7 + k * 13) % 24) * layers;
      if (j < count && nodes[j].layer > nodes[i].layer) edges.push({ from: i, to: j, columns: 3 });
    }
  }
  return { level: 'port', focus: null, nodes, edges, hidden: 0 };
}

export default async function lineage(context) {
  const { t, browser, server, screenshots } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const canvas = page.locator('.graph canvas').first();
  const said = (name) => canvas.getAttribute(`data-${name}`);
  const painted = (n) => until(`${n} nodes painted`, async () => (await said('painted')) === String(n));
  const go = async (search) => {
    await page.goto(`${server.origin}/lineage${search}`);
    await settled(page);
  };

  await t.test('lineage begins with the domains, and Enter opens one', async () => {
    const domains = await server.api('/api/v1/lineage?level=domain');
    await go('');
    await painted(domains.nodes.length);
    assert.match(await page.locator('[data-summary]').innerText(), new RegExp(`${domains.nodes.filter((n) => n.kind === 'domain').length} domains`));
    await page.getByRole('combobox', { name: 'Find in the graph' }).fill('acquisition');
    await page.keyboard.press('Enter');
    await until('it to be chosen', async () => (await said('selected')) === 'domain:acquisition');
    await page.locator('.graph').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/level=product&domain=acquisition/);
    const products = await server.api('/api/v1/lineage?level=product&domain=acquisition');
    await painted(products.nodes.length);
    await page.goBack();
    await painted(domains.nodes.length);
  });

  await t.test('arrows walk along the edges, and the path of the chosen node is lit', async () => {
    const graph = await server.api('/api/v1/lineage?level=product&domain=acquisition');
    const start = graph.nodes.findIndex((n) => n.ref === 'acquisition.campaign_performance' && n.kind === 'product');
    await go(`?level=product&domain=acquisition&node=${graph.nodes[start].id}`);
    await painted(graph.nodes.length);
    assert.equal(Number(await said('lit')), reach(graph, start).size);
    await page.locator('.graph').focus();
    for (const [key, end, other] of [
      ['ArrowLeft', 'to', 'from'],
      ['ArrowRight', 'from', 'to'],
    ]) {
      const before = graph.nodes.findIndex((n) => n.id === new URL(page.url()).searchParams.get('node'));
      await page.keyboard.press(key);
      await until('another node', async () => (await said('selected')) !== graph.nodes[before].id);
      const after = graph.nodes.findIndex((n) => n.id === new URL(page.url()).searchParams.get('node'));
      assert.ok(graph.edges.some((e) => e[end] === before && e[other] === after), `${key}: an edge between ${graph.nodes[before].id} and ${graph.nodes[after].id}`);
      assert.match(await page.locator('.graph [aria-live]').innerText(), new RegExp(`^${graph.nodes[after].label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}, `), 'it is said');
    }
    await page.keyboard.press('Escape');
    await until('nothing chosen', async () => (await said('selected')) === '');
    assert.equal(await said('lit'), '0');
  });

  await t.test('the pointer lights a path, a click chooses, and zoom, pan and fit move the picture', async () => {
    const graph = await server.api('/api/v1/lineage?level=product&domain=acquisition');
    await go('?level=product&domain=acquisition');
    await painted(graph.nodes.length);
    const box = await canvas.boundingBox();
    let at = null;
    for (let y = 0.1; y < 0.95 && !at; y += 0.04) {
      await page.mouse.move(box.x + box.width * 0.12, box.y + box.height * y);
      if (Number(await said('lit')) > 1) at = box.y + box.height * y;
    }
    assert.ok(at, 'a node under the pointer');
    await page.mouse.click(box.x + box.width * 0.12, at);
    await until('it to be chosen', async () => (await said('selected')) !== '');
    const card = page.getByRole('complementary', { name: /^Chosen:/ });
    assert.match(await card.innerText(), /Fed by/);
    await card.getByRole('button', { name: /^Let go/ }).click();
    const scale = async () => Number(await said('scale'));
    const first = await scale();
    await page.getByRole('button', { name: 'Larger' }).click();
    await until('larger', async () => (await scale()) > first);
    await page.getByRole('button', { name: 'Show all' }).click();
    await until('all again', async () => Math.abs((await scale()) - first) < 0.01);
  });

  await t.test('the table says what the graph shows', async () => {
    const graph = await server.api('/api/v1/lineage?level=product');
    await go('?level=product');
    await page.getByRole('button', { name: 'Table' }).click();
    const rows = page.getByRole('group', { name: 'Lineage as a table' }).locator('tbody tr');
    assert.equal(await rows.count(), graph.nodes.length);
    const at = graph.nodes.findIndex((n) => n.ref === 'acquisition.campaign_performance' && n.kind === 'product');
    const row = await page.locator(`[data-node="${graph.nodes[at].id}"]`).innerText();
    const feeding = graph.edges.filter((e) => e.to === at);
    assert.ok(feeding.length > 3 && row.includes(`and ${feeding.length - 3} more`), row);
    assert.ok(row.includes(graph.nodes[feeding[0].from].label), row);
  });

  await t.test('a column is followed to where it comes from', async () => {
    const graph = await server.api('/api/v1/lineage?level=port&focus=acquisition.campaign_daily&limit=5000');
    const way = await server.api('/api/v1/ports/acquisition/campaign_daily/lineage?column=spend');
    const refs = new Set(way.nodes.map((n) => n.ref));
    await go('?focus=acquisition.campaign_daily&node=port:acquisition.campaign_daily');
    await page.getByLabel('Follow a column').selectOption('spend');
    await page.waitForURL(/column=spend/);
    await page.locator('[data-column-way]').waitFor();
    assert.match(await page.locator('[data-column-way]').innerText(), new RegExp(`${way.nodes.length - 1} other columns in ${refs.size} tables`));
    await until('its way lit', async () => Number(await said('lit')) === graph.nodes.filter((n) => refs.has(n.ref)).length);
    await page.getByRole('button', { name: 'Table' }).click();
    const stream = way.nodes.find((n) => n.kind === 'stream');
    const row = await page.locator(`[data-node="stream:${stream.ref}"]`).innerText();
    assert.ok(row.includes(stream.column), `${stream.column} in ${row}`);
  });

  await t.test('a port opens its page', async () => {
    await go('?focus=acquisition.campaign_daily&node=port:acquisition.campaign_daily');
    await page.locator('.graph').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/acquisition.*campaign_daily/);
    await settled(page);
    assert.equal(await page.getByRole('heading', { name: 'No such page' }).count(), 0);
  });

  await t.test('what there is not is said', async () => {
    await go('?focus=acquisition.nothing_like_this');
    await page.getByText(/Nothing is called/).waitFor();
    await go('?level=product');
    await page.getByRole('combobox', { name: 'Find in the graph' }).fill('zzzz');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing in this graph is called “zzzz”.').waitFor();
  });
  page.troubles.length = 0;

  await t.test('two thousand nodes: painted, walked, named by a reader, and nothing sticks out', async () => {
    const graph = many();
    await answering(page, '**/api/v1/lineage?*', () => ({ json: graph }));
    const began = Date.now();
    await page.goto(`${server.origin}/lineage?level=port`);
    await painted(2000);
    console.log(`# lineage of 2,000 nodes painted ${Date.now() - began} ms after it was asked for`);
    await page.locator('.graph').focus();
    await page.keyboard.press('Home');
    await until('the first node', async () => (await said('selected')) === 'port:big.port_0');
    assert.ok(Number(await said('scale')) > 0.45, 'large enough to read');
    assert.match(await page.locator('.graph [aria-live]').innerText(), /تخفيضات/);
    const moves = [];
    for (let i = 0; i < 20; i++) {
      const t0 = performance.now();
      await page.keyboard.press(i % 2 ? 'ArrowDown' : 'ArrowRight');
      moves.push(performance.now() - t0);
    }
    console.log(`# a step in it: ${Math.round(moves.sort((a, b) => a - b)[10])} ms, slowest ${Math.round(moves.at(-1))} ms`);
    await page.keyboard.press('0');
    await settled(page);
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    await fits(page);
    assert.deepEqual(await axeViolations(page), []);
    await page.screenshot({ path: path.join(screenshots, 'lineage-2000-1440-light.png') });
    await page.getByRole('button', { name: 'Table' }).click();
    const rows = page.getByRole('group', { name: 'Lineage as a table' }).locator('tbody tr');
    assert.equal(await rows.count(), 500);
    await page.getByRole('button', { name: 'Show all 2,000' }).click();
    await settled(page);
    assert.equal(await rows.count(), 2000);
    await fits(page);
    await page.unroute('**/api/v1/lineage?*');
  });

  await t.test('an empty graph and one that cannot be read say so', async () => {
    await answering(page, '**/api/v1/lineage?*', () => ({ json: { level: 'domain', focus: null, nodes: [], edges: [], hidden: 0 } }));
    await go('');
    assert.match(await page.locator('[data-empty]').innerText(), /trellis add/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/lineage?*');
    await answering(page, '**/api/v1/lineage?*', () => broken);
    await go('');
    assert.match(await page.getByRole('alert').innerText(), /The store could not be read.*Code TR001/s);
    await page.unroute('**/api/v1/lineage?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await canvas.waitFor();
  });
  await page.context().close();

  await looks(context, [
    ['lineage', '/lineage'],
    ['lineage-domain', '/lineage?level=product&domain=acquisition&node=product:acquisition.campaign_performance'],
    ['lineage-column', '/lineage?focus=acquisition.campaign_daily&column=spend'],
    ['lineage-table', '/lineage?level=product&domain=acquisition&view=table'],
  ]);
}
