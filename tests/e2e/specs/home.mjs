/* Home against the API: the sentence, the north star, what changed, the domains. And a server that does not answer. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { assert, figure, near } from '../lib/test.mjs';

export default async function home({ t, browser, server }) {
  const page = await open(browser);
  await page.goto(server.address);
  await page.locator('[data-answer]').waitFor();
  await settled(page);
  const told = await server.api('/api/v1/home');

  await t.test('the printed address opens Home and leaves no token in sight', async () => {
    const url = new URL(page.url());
    assert.equal(url.pathname + url.search, '/');
    assert.match(await page.title(), /^Home/);
  });

  await t.test('Home says how many tables are fresh', async () => {
    const { ports, fresh } = told.health;
    const text = await page.locator('[data-answer]').innerText();
    assert.match(text, fresh === ports ? new RegExp(`^All ${ports} tables are fresh`) : new RegExp(`^${fresh} of ${ports} tables`));
    if (told.health.sources_late > 0) assert.match(text, new RegExp(`${told.health.sources_late} source`));
  });

  await t.test('the north star shows its value, its target and its owner', async () => {
    assert.ok(told.north_star, 'the demo has a north star');
    const star = page.locator('[data-north-star]');
    near(figure(await star.locator('[data-value]').innerText()), told.north_star.value, 0.0051, 'the north star');
    const text = await star.innerText();
    assert.ok(text.includes(told.north_star.title) && text.includes(told.north_star.owner.name), text);
    assert.ok(text.includes(`target ${told.north_star.target.value.toFixed(2)}`), text);
    assert.equal(told.north_star.where, "platform <> 'amazon_ads'");
    assert.match(text, /without Amazon Ads/, 'which rows are counted is said in words');
    await star.locator('[data-goal-source]').click();
    await page.getByRole('heading', { name: 'What it is made of' }).waitFor();
    assert.match(await page.locator('main').innerText(), new RegExp(told.north_star.title.slice(0, 6)));
    await page.goBack();
    await page.locator('[data-answer]').waitFor();
    await settled(page);
  });

  await t.test('what is out of the ordinary stands there in sentences, and leads to what explains it', async () => {
    const found = (await server.api('/api/v1/anomalies?days=7&explained=0')).anomalies;
    const card = page.locator('[data-unusual]');
    assert.equal(await card.getAttribute('data-unusual'), String(found.length));
    assert.equal(await card.locator('li').count(), Math.min(3, found.length));
    for (const [i, x] of found.slice(0, 3).entries()) assert.ok((await card.locator('li').nth(i).innerText()).startsWith(x.title), x.title);
  });

  await t.test('what changed stands there with its time and owner, what needs somebody first', async () => {
    const act = told.changes.filter((c) => c.severity !== 'info');
    assert.ok(act.length > 0, 'the demo has rows in quarantine');
    const shown = await page.locator('[data-list=act] .title').allInnerTexts();
    assert.deepEqual(shown, act.map((c) => c.title));
    for (const c of act.filter((x) => x.href)) assert.ok((await page.locator(`[data-list=act] a[href="${c.href}"]`).count()) >= 1, c.href);
    await page.locator('[data-list=act] .title a').first().click();
    await settled(page);
    assert.notEqual(new URL(page.url()).pathname, '/');
    assert.equal(await page.getByRole('heading', { name: 'No such page' }).count(), 0);
    await page.goBack();
    await page.locator('[data-answer]').waitFor();
  });

  await t.test('every domain stands there with its tables and its readiness', async () => {
    for (const d of told.domains) {
      const row = await page.locator(`[data-domain="${d.name}"]`).innerText();
      assert.ok(row.includes(d.title || d.name), row);
      if (d.fresh > 0) assert.match(row, new RegExp(`${d.fresh} fresh`));
      assert.match(row, new RegExp(`${d.ready_done} of ${d.ready_all}`));
    }
  });

  await t.test('the list of runs holds every run, and the old addresses lead on', async () => {
    const { runs } = await server.api('/api/v1/runs?limit=100');
    await page.goto(`${server.origin}/runs`);
    await settled(page);
    assert.equal(await page.getByRole('group', { name: 'Last runs' }).locator('tbody tr').count(), runs.length);
    await page.goto(`${server.origin}/data`);
    await page.waitForURL(/\/catalog$/);
  });

  await t.test('a Home that cannot be read says why, and comes back', async () => {
    await page.route('**/api/v1/home', (route) =>
      route.fulfill({ status: 500, json: { error: { code: 'TR001', name: 'E_INTERNAL', message: 'The store could not be read.', retryable: true } } }),
    );
    await page.goto(server.origin);
    await page.getByText('The store could not be read.').waitFor();
    assert.match(await page.locator('main').innerText(), /Code TR001/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/home');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-answer]').waitFor();
  });
  await page.context().close();

  await t.test('a narrow window has a bar at the bottom and a menu with every page', async () => {
    const small = await open(browser, { width: 390, height: 844 });
    await small.goto(server.address);
    await small.locator('[data-answer]').waitFor();
    const bar = small.getByRole('navigation', { name: 'Pages', exact: true });
    assert.equal(await bar.getByRole('link', { name: 'Requests' }).isVisible(), false);
    await bar.getByRole('button', { name: 'Menu' }).click();
    const dialog = small.getByRole('dialog');
    await dialog.waitFor();
    assert.deepEqual(await axeViolations(small), []);
    await dialog.getByRole('link', { name: 'Glossary' }).click();
    await small.waitForURL(/\/glossary$/);
    await small.getByRole('dialog').waitFor({ state: 'detached' });
    await small.context().close();
  });
}
