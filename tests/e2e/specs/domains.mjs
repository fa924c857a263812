/* Domains: the list, one whole, and each step of readiness leading somewhere. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert } from '../lib/test.mjs';

export default async function domains(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const main = page.locator('main');
  const { domains: list } = await server.api('/api/v1/domains');

  await t.test('each domain stands in the list with its owner and its products', async () => {
    await go('/domains');
    assert.equal(await page.locator('[data-domain]').count(), list.length);
    for (const d of list) {
      const row = await page.locator(`[data-domain="${d.name}"]`).innerText();
      assert.ok(row.includes(d.title), row);
      if (d.owner?.name) assert.ok(row.includes(d.owner.name), row);
      assert.match(row, new RegExp(`${d.products} products?, ${d.ports} ports?`));
      assert.match(row, new RegExp(`${d.ready_done} of ${d.ready_all} steps done`));
    }
    await page.locator('[data-domain="acquisition"] a').click();
    await page.waitForURL(/\/domains\/acquisition$/);
  });

  await t.test('a domain says who answers, what it offers and who does what', async () => {
    const d = await server.api('/api/v1/domains/acquisition');
    await go('/domains/acquisition');
    const text = await main.innerText();
    assert.equal(await page.locator('h1').innerText(), d.title);
    for (const k of d.kpis) assert.ok(text.includes(k), k);
    assert.ok(text.includes(d.support.channel), d.support.channel);
    assert.equal(await page.getByRole('group', { name: 'Products' }).locator('tbody tr').count(), d.products.length);
    for (const p of d.products) await page.locator(`a[href="/catalog/acquisition/${p.name}"]`).first().waitFor();
    for (const s of d.sources) assert.ok((await page.locator(`a[href="/sources/acquisition/${s.name}"]`).count()) > 0, s.name);
    for (const g of d.goals) assert.ok(text.includes(g.title), g.title);
    for (const r of d.roles) assert.ok(text.includes(r.name), r.name);
    const table = page.getByRole('group', { name: 'Who does what' });
    const people = (await table.locator('thead th').allInnerTexts()).slice(1);
    assert.ok(d.raci.length > 0, 'the demo has a matrix');
    for (const row of d.raci) {
      const cells = await table.locator('tbody tr', { hasText: row.product }).first().locator('td').allTextContents();
      for (const name of row.accountable) assert.match(cells[people.indexOf(name)], /accountable/);
      for (const name of row.responsible) assert.match(cells[people.indexOf(name)], /responsible/);
    }
  });

  await t.test('every missing step of readiness has its reason and a way to mend it that exists', async () => {
    const d = await server.api('/api/v1/domains/acquisition');
    await go('/domains/acquisition');
    assert.equal(await page.locator('[data-step]').count(), d.readiness.steps.length);
    const missing = d.readiness.steps.filter((s) => !s.done);
    assert.ok(missing.length > 0, 'the demo has something to do');
    for (const s of missing) {
      const text = await page.locator(`[data-step="${s.id}"]`).innerText();
      assert.ok(s.missing && text.includes(s.missing), `${s.id}: ${text}`);
      assert.ok(s.command || s.href, `${s.id} has a way to mend it`);
      if (s.command) assert.ok(text.replace(/\s+/g, ' ').includes(s.command), `${s.command} in ${text}`);
    }
    for (const href of new Set(missing.map((s) => s.href).filter((h) => h))) {
      await go(href);
      assert.equal(await page.getByRole('heading', { name: 'No such page' }).count(), 0, href);
    }
    await go('/domains/acquisition');
    for (const p of d.readiness.pitfalls) assert.ok((await main.innerText()).includes(p.text), p.id);
  });

  await t.test('a domain without products, and one that is not there', async () => {
    await go('/domains/brand');
    await page.getByText(/No product yet/).waitFor();
    await page.getByRole('link', { name: 'Ask for a product' }).click();
    await page.waitForURL(/\/requests\?new=product&domain=brand/);
    page.troubles.length = 0;
    await go('/domains/nowhere');
    await page.getByText('There is no such domain').waitFor();
    page.troubles.length = 0;
  });

  await t.test('very many products, long names, other scripts, and a broken answer', async () => {
    const d = await server.api('/api/v1/domains/acquisition');
    const names = ['تخفيضات الربيع 🎁', 'x'.repeat(300), '<img src=x onerror="window.harmed=1">'];
    d.products = Array.from({ length: 2000 }, (_, i) => ({ ...d.products[0], name: `p_${i}`, title: names[i] ?? `Product ${i}`, purpose: 'long '.repeat(100), state: ['fresh', 'stale', 'failing', 'never_built'][i % 4], state_reason: 'Meta source is late since 06:00' }));
    await answering(page, '**/api/v1/domains/acquisition', () => ({ json: d }));
    await go('/domains/acquisition');
    assert.match(await page.locator('[data-answer-domain]').innerText(), /2,000 products/);
    assert.equal(await page.getByRole('group', { name: 'Products' }).locator('tbody tr').count(), 50);
    await page.getByRole('button', { name: 'Show all 2,000' }).click();
    await settled(page);
    assert.equal(await page.getByRole('group', { name: 'Products' }).locator('tbody tr').count(), 2000);
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    await fits(page);
    await page.unroute('**/api/v1/domains/acquisition');
    for (const [glob, route] of [
      ['**/api/v1/domains', '/domains'],
      ['**/api/v1/domains/acquisition', '/domains/acquisition'],
    ]) {
      await answering(page, glob, () => broken);
      await go(route);
      assert.match(await page.getByRole('alert').innerText(), /The store could not be read.*Code TR001/s);
      await page.unroute(glob);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
    }
    assert.deepEqual(await axeViolations(page), []);
  });
  await page.context().close();
  await looks(context, [
    ['domains', '/domains'],
    ['domain', '/domains/acquisition'],
    ['domain-empty', '/domains/brand'],
  ]);
}
