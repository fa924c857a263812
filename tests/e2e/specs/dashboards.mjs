/* Dashboards of files, and a chart of one's own kept on one. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, looks } from '../lib/looks.mjs';
import { assert, figure, near } from '../lib/test.mjs';

export default async function dashboards(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const all = async () => (await server.api('/api/v1/dashboards')).dashboards;
  const rowsOf = (sql) => server.api('/api/v1/query', { sql });

  const ready = ['Campaign 360', 'Attribution', 'Spend efficiency', 'Funnel', 'Retention', 'Customers', 'North star', 'Out of the ordinary'];
  await t.test('the list begins with what comes with Trellis and holds every dashboard of the files', async () => {
    await go('/dashboards');
    const names = await page.locator('.card h2').allInnerTexts();
    /* those that a ready page shows stand there once */
    const shown = ['spend_efficiency', 'customer_overview', 'north_star'];
    assert.deepEqual(names, [...ready, ...(await all()).filter((d) => !shown.includes(d.name)).map((d) => d.title)]);
    for (const name of shown) assert.equal(await page.locator(`[data-dashboard$=".${name}"]`).count(), 1, name);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('every panel shows the rows that its statement gives, with SQL, owner and state one click away', async () => {
    for (const d of (await all()).filter((x) => x.panels[0].kind === 'port')) {
      await go(`/dashboards/${d.domain}/${d.name}`);
      for (const [i, p] of d.panels.entries()) {
        if (p.kind !== 'port') continue;
        const panel = page.locator(`[data-panel=p${i}]`);
        const answer = await rowsOf(p.sql);
        assert.ok(answer.row_count > 0, `${d.name}: ${p.title}`);
        if (p.chart === 'number') {
          near(figure((await panel.locator('[data-number]').first().getAttribute('title')) ?? ''), answer.rows[0][0], 0.006, p.title);
        } else {
          if (p.chart !== 'table') await panel.getByRole('button', { name: 'Table', exact: true }).click();
          await settled(page);
          const shown = await panel.locator('tbody tr').count();
          assert.equal(shown, Math.min(500, answer.row_count), p.title);
        }
      }
      const first = page.locator('[data-panel=p0]');
      await first.getByRole('button', { name: 'SQL' }).click();
      await settled(page);
      assert.equal(await page.getByRole('dialog').locator('pre').innerText(), d.panels[0].sql);
      await page.keyboard.press('Escape');
      await first.getByRole('button', { name: /Where .+ comes from/ }).click();
      await settled(page);
      assert.ok((await page.getByRole('dialog').innerText()).includes(d.owner.name));
      await page.keyboard.press('Escape');
    }
  });

  await t.test('a chart picks itself, follows the choices, and its address opens it again', async () => {
    await go('/catalog/acquisition/campaign_performance?port=campaign_daily&tab=chart');
    await page.locator('.chart canvas').waitFor();
    await page.locator('[data-choose=grain]').selectOption('month');
    await page.locator('[data-choose=series]').selectOption('platform');
    await settled(page);
    const title = await page.locator('[data-chart-title]').innerText();
    assert.match(title, /by month and/);
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('[data-chart-title]').innerText(), title);
    await page.locator('[data-choose=x]').selectOption('platform');
    await settled(page);
    assert.equal(await page.getByRole('button', { name: 'Bars' }).getAttribute('aria-pressed'), 'true');
    await page.locator('[data-choose=only]').selectOption('platform');
    await page.getByRole('checkbox', { name: 'google_ads' }).check();
    await settled(page);
    await page.getByRole('button', { name: 'Table', exact: true }).last().click();
    await settled(page);
    assert.equal(await page.locator('.result tbody tr').count(), 1);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('kept on a dashboard that is there, and the server asks what the page asked', async () => {
    const before = await all();
    const d = before.find((x) => x.domain === 'acquisition');
    await go('/catalog/acquisition/campaign_performance?port=campaign_daily&tab=chart&of=clicks&how=sum&by=date_day&each=week&split=platform&chart=area');
    await page.getByRole('button', { name: 'SQL', exact: true }).click();
    await settled(page);
    const asked = await page.locator('.result pre').innerText();
    await page.locator('[data-keep]').click();
    await page.getByLabel('Title of the panel').fill('Clicks, kept');
    await page.locator('[data-keep-form] select').first().selectOption(`${d.domain}.${d.name}`);
    await page.getByRole('button', { name: 'Show the file first' }).click();
    await settled(page);
    assert.match(await page.locator('[data-patch]').innerText(), /Clicks, kept/);
    assert.deepEqual(await all(), before, 'nothing is written yet');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.waitForURL(new RegExp(`/dashboards/${d.domain}/${d.name}$`));
    await settled(page);
    const panel = (await all()).find((x) => x.name === d.name && x.domain === d.domain).panels.at(-1);
    assert.equal(panel.title, 'Clicks, kept');
    assert.equal(panel.sql, asked);
    await page.getByRole('heading', { name: 'Clicks, kept' }).waitFor();
  });

  await t.test('kept on a new dashboard, and taken off again', async () => {
    await go('/catalog/acquisition/campaign_performance?port=campaign_daily&tab=chart');
    for (const title of ['First', 'Second']) {
      await page.locator('[data-keep]').click();
      await page.getByLabel('Title of the panel').fill(title);
      if (title === 'First') {
        await page.locator('[data-keep-form] select').first().selectOption('+');
        await page.getByLabel('Its title').fill('Für Größe & Co.');
      } else await page.locator('[data-keep-form] select').first().selectOption('acquisition.fuer_groesse_co');
      await page.getByRole('button', { name: 'Keep it' }).click();
      await page.waitForURL(/\/dashboards\/acquisition\/fuer_groesse_co$/);
      await settled(page);
      if (title === 'First') await page.goBack();
      await settled(page);
    }
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Für Größe & Co.');
    assert.equal(await page.locator('[data-panel]').count(), 2);
    await page.locator('[data-arrange]').click();
    await page.getByRole('button', { name: 'Take First off' }).click();
    await page.locator('[data-show-change]').click();
    await page.locator('[data-apply]').click();
    await page.locator('[data-panel]').first().waitFor();
    await page.getByRole('heading', { name: 'First', exact: true }).waitFor({ state: 'detached' });
    assert.deepEqual((await all()).find((x) => x.name === 'fuer_groesse_co').panels.map((p) => p.title), ['Second']);
  });

  await t.test('one that is not there, one that cannot be read, none at all', async () => {
    await go('/dashboards/web/nothing');
    assert.match(await page.getByRole('alert').innerText(), /Code TR/);
    page.troubles.length = 0;
    await answering(page, '**/api/v1/dashboards', () => broken);
    await go('/dashboards');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    await page.unroute('**/api/v1/dashboards');
    await answering(page, '**/api/v1/dashboards', () => ({ json: { dashboards: [] } }));
    await go('/dashboards');
    await page.locator('[data-empty]').waitFor();
    await page.getByRole('link', { name: 'Campaign 360' }).waitFor();
    await page.unroute('**/api/v1/dashboards');
    page.troubles.length = 0;
  });
  await page.context().close();
  const [one] = await all();
  await looks(context, [
    ['dashboards', '/dashboards'],
    ['dashboard-of-files', `/dashboards/${one.domain}/${one.name}`],
    ['chart', '/catalog/acquisition/campaign_performance?port=campaign_daily&tab=chart&split=platform'],
  ]);
}
