/* What the page does when something is wrong: one panel, the server, the session, a product. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { trellis, trellisOk } from '../lib/program.mjs';
import { assert } from '../lib/test.mjs';

export default async function trouble({ t, browser, server, mesh, screenshots }) {
  const shot = (page, name) => page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });

  await t.test('a panel that fails says why, and the rest stays', async () => {
    const page = await open(browser);
    await page.goto(server.at('/dashboards/campaign-360'));
    await page.locator('[data-answer]').waitFor();
    await page.route('**/api/v1/query', async (route) => {
      if (!route.request().postDataJSON().sql.includes('AS bucket')) return route.continue();
      return route.fulfill({
        status: 504,
        json: { error: { code: 'TR020', name: 'E_TIMEOUT', message: 'The query took longer than 30 s.', hint: 'Choose fewer days.', retryable: true } },
      });
    });
    await page.reload();
    await page.getByText('The query took longer than 30 s.').waitFor();
    await settled(page);
    assert.match(await page.locator('[data-panel=trend]').innerText(), /Choose fewer days\.\s+Code TR020/);
    assert.ok((await page.locator('.row.node').count()) > 0, 'the breakdown stays');
    assert.ok((await page.locator('[data-panel=campaigns] canvas').count()) > 0, 'the scatter stays');
    assert.deepEqual(await axeViolations(page), []);
    await shot(page, 'partial-1440-light');
    await page.unroute('**/api/v1/query');
    await page.locator('[data-panel=trend]').getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-panel=trend] canvas').waitFor();
    await page.context().close();
  });

  await t.test('a level of the tree that fails says so in its place', async () => {
    const page = await open(browser);
    await page.goto(server.at('/dashboards/campaign-360'));
    await page.locator('[data-answer]').waitFor();
    await settled(page);
    await page.route('**/api/v1/query', (route) =>
      route.request().postDataJSON().sql.includes('account_daily') ? route.abort() : route.continue(),
    );
    await page.locator('[data-key=google_ads] .name').click();
    await page.getByText('Could not be loaded: The Trellis server does not answer.').waitFor();
    await page.unroute('**/api/v1/query');
    await page.locator('.row.error').getByRole('button', { name: 'Try again' }).click();
    await page.locator('[aria-level="2"][data-key^="google_ads/"]').first().waitFor();
    await page.context().close();
  });

  await t.test('without a session the page leads to the way in, which says which address to open', async () => {
    for (const scheme of ['light', 'dark']) {
      const page = await open(browser, { scheme });
      await page.goto(server.origin);
      await page.getByRole('heading', { name: 'On this machine' }).waitFor();
      assert.deepEqual(await axeViolations(page), []);
      await shot(page, `no-session-1440-${scheme}`);
      await page.context().close();
    }
  });

  await t.test('a failing product says so on the dashboard, with its cause and owner, and serves its last good version', async () => {
    const file = path.join(mesh, 'domains/acquisition/products/campaign_performance/campaign_daily.sql');
    const sql = await readFile(file, 'utf8');
    const count = 'SELECT count(*) AS n, sum(spend_reporting) AS spend FROM acquisition.campaign_daily';
    const [before] = await server.rows(count);
    try {
      /* right to read, wrong to run: no platform is a number */
      await writeFile(file, `SELECT * FROM (\n${sql.replace(/;\s*$/, '')}\n) AS whole WHERE CAST(platform AS INTEGER) > 0\n`);
      const run = await trellis(['run'], { cwd: mesh });
      assert.notEqual(run.code, 0);
      for (const scheme of ['light', 'dark']) {
        const page = await open(browser, { scheme });
        await page.goto(server.at('/dashboards/campaign-360'));
        await page.locator('[data-banner=product]').waitFor();
        await settled(page);
        const banner = await page.locator('[data-banner=product]').locator('..').innerText();
        assert.match(banner, /Failing: acquisition\.campaign_daily/);
        assert.match(banner, /last good version|still served/);
        const product = await server.api('/api/v1/products/acquisition/campaign_performance');
        assert.ok(banner.includes(product.owner.contact), `the owner in: ${banner}`);
        const port = product.ports.find((p) => p.name === 'campaign_daily');
        assert.ok(port.state_reason && banner.includes(port.state_reason.slice(1)), `the cause, ${port.state_reason}, in: ${banner}`);
        assert.match(await page.locator('[data-panel=figures] .badge').innerText(), /Failing/);
        assert.ok((await page.locator('[data-tile=spend] .value').count()) === 1, 'figures are still there');
        assert.deepEqual(await axeViolations(page), []);
        await shot(page, `failing-1440-${scheme}`);
        await page.goto(`${server.origin}/data/acquisition/campaign_daily`);
        await settled(page);
        assert.deepEqual(await axeViolations(page), []);
        await page.context().close();
      }
      assert.deepEqual((await server.rows(count))[0], before);
    } finally {
      await writeFile(file, sql);
      await trellisOk(['run'], { cwd: mesh });
    }
    const page = await open(browser);
    await page.goto(server.at('/dashboards/campaign-360'));
    await page.locator('[data-answer]').waitFor();
    await settled(page);
    assert.equal(await page.locator('[data-banner=product]').count(), 0);
    await page.context().close();
  });
}
