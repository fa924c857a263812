/* The Data page and a port's page against the API. */
import { open, settled } from '../lib/browser.mjs';
import { assert } from '../lib/test.mjs';

export default async function data({ t, browser, server }) {
  const page = await open(browser);
  await page.goto(server.address);
  await page.locator('[data-answer]').waitFor();
  const { products } = await server.api('/api/v1/products');
  const { sources } = await server.api('/api/v1/sources');
  const { runs } = await server.api('/api/v1/runs?limit=20');

  await t.test('Data lists every product, port, source and run', async () => {
    await page.getByRole('link', { name: 'Data', exact: true }).click();
    await page.waitForURL(/\/data$/);
    await settled(page);
    for (const p of products) {
      for (const port of p.ports) {
        assert.ok((await page.locator(`a[href="/data/${port.ref.replace('.', '/')}"]`).count()) >= 1, port.ref);
      }
    }
    assert.equal(await page.locator('[data-source]').count(), sources.length);
    assert.equal(await page.getByRole('group', { name: 'Last runs' }).locator('tbody tr').count(), runs.length);
  });

  await t.test('rows in quarantine are named with reason, file and line', async () => {
    const found = sources.flatMap((s) => s.streams.flatMap((st) => st.quarantine));
    assert.ok(found.length > 0, 'the demo has a broken file');
    const text = await page.locator('main').innerText();
    for (const q of found) assert.ok(text.includes(`${q.first_file}${q.first_line === null ? '' : `:${q.first_line}`}`), `${q.first_file}:${q.first_line}`);
  });

  await t.test('a port shows its columns, SQL, graph, checks and rows', async () => {
    const port = await server.api('/api/v1/ports/acquisition/campaign_daily');
    await page.locator('a[href="/data/acquisition/campaign_daily"]').first().click();
    await page.waitForURL(/\/data\/acquisition\/campaign_daily$/);
    await settled(page);
    assert.equal(await page.locator('h1').innerText(), 'acquisition.campaign_daily');
    const columns = await page.getByRole('region', { name: 'Columns' }).locator('tbody tr').allInnerTexts();
    assert.equal(columns.length, port.columns.length);
    const spend = port.lineage.find((l) => l.column === 'spend');
    assert.ok(spend.from.length > 0);
    const line = columns.find((c) => c.startsWith('spend\t') || c.startsWith('spend'));
    assert.match(line, new RegExp(spend.from.length > 2 ? `${spend.from.length} columns` : spend.from[0].ref));
    await page.locator('.lineage details').nth(port.columns.filter((c) => (port.lineage.find((l) => l.column === c.name)?.from.length ?? 0) > 2).findIndex((c) => c.name === 'spend')).locator('summary').click();
    for (const f of spend.from) await page.locator('.lineage').getByText(`${f.ref}.${f.column}`).first().waitFor();
    assert.equal((await page.getByRole('group', { name: 'SQL of acquisition.campaign_daily' }).innerText()).trim(), port.sql.trim());
    assert.ok((await page.getByRole('group', { name: 'The first 20 rows' }).locator('tbody tr').count()) === 20);
    for (const u of port.upstream) assert.ok((await page.getByRole('link', { name: u.ref, exact: true }).count()) >= 1, u.ref);
  });

  await t.test('a port that does not exist says so', async () => {
    await page.goto(`${server.origin}/data/acquisition/campain_daily`);
    await page.getByText('There is no such port').waitFor();
  });
  await t.test('an address that does not exist says so', async () => {
    await page.goto(`${server.origin}/data/a/b/c`);
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
  });
  await page.context().close();
}
