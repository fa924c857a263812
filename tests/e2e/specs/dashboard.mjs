/* Campaign 360 on the demo mesh: every figure against the API, filters, drill-down, the address, Back. */
import { open, settled } from '../lib/browser.mjs';
import { assert, figure, near, until } from '../lib/test.mjs';

const SUMS = `sum(spend_reporting) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
  sum(conversions) AS conversions, sum(conversions_value_reporting) AS conversions_value`;
const TILES = [
  ['spend', 0.005, (r) => r.spend],
  ['conversions', 0.005, (r) => r.conversions],
  ['conversions_value', 0.005, (r) => r.conversions_value],
  ['roas', 0.005, (r) => r.conversions_value / r.spend],
  ['ctr', 0.005, (r) => (100 * r.clicks) / r.impressions],
];

const tile = async (page, name) => figure(await page.locator(`[data-tile=${name}] .value`).getAttribute('data-exact'));

async function tilesEqual(page, row) {
  for (const [name, tolerance, meant] of TILES) near(await tile(page, name), Number(meant(row)), tolerance + 1e-9, name);
}
const cell = async (page, key, column) =>
  figure(await page.locator(`[data-key="${key}"] [data-column=${column}]`).innerText());

export default async function dashboard({ t, browser, server }) {
  const [extent] = await server.rows(
    'SELECT min(date_day) AS first_day, max(date_day) AS last_day, max(date_day) - 27 AS from_day FROM acquisition.campaign_daily',
  );
  const { from_day: from, last_day: to } = extent;
  const where = 'WHERE date_day BETWEEN CAST($1 AS DATE) AND CAST($2 AS DATE)';
  const totals = async (more = '', params = [], options = {}) =>
    (await server.rows(`SELECT ${SUMS} FROM acquisition.campaign_daily ${where} ${more}`, [from, to, ...params], options))[0];

  const page = await open(browser);
  await page.goto(server.at('/dashboards/campaign-360'));
  await page.locator('[data-answer]').waitFor();
  const go = async (query = '') => {
    await page.goto(`${server.origin}/dashboards/campaign-360${query}`);
    await settled(page);
  };

  await t.test('the printed address opens the dashboard and leaves no token in sight', async () => {
    await page.goto(server.at('/dashboards/campaign-360'));
    await page.locator('[data-answer]').waitFor();
    await settled(page);
    const url = new URL(page.url());
    assert.equal(url.pathname, '/dashboards/campaign-360');
    assert.equal(url.search, '');
    assert.match(await page.title(), /^Campaign 360/);
  });

  await t.test('figures on the page equal figures of the API, for the last 28 days that have data', async () => {
    await tilesEqual(page, await totals());
    const text = await page.locator('.answer').innerText();
    assert.match(text, /^Last 28 days with data: spend [A-Z]{3} [\d.,]+[km]?, returned \d+\.\d\d per [A-Z]{3}/);
    assert.match(text, /platform-claimed/);
  });

  await t.test('the comparison is the 28 days before', async () => {
    const [row] = await server.rows(
      `SELECT ${SUMS} FROM acquisition.campaign_daily WHERE date_day BETWEEN CAST($1 AS DATE) - 28 AND CAST($1 AS DATE) - 1`,
      [from],
    );
    const now = await tile(page, 'spend');
    const delta = await page.locator('[data-tile=spend] .delta').innerText();
    near(figure(delta.replace(/[^\d.,%+−-]/g, '').replace('+', '')), (100 * (now - row.spend)) / row.spend, 0.06, 'change of spend');
    await page.getByRole('button', { name: /^Compare/ }).click();
    await page.waitForURL(/compare=none/);
    await settled(page);
    assert.equal(await page.locator('[data-tile=spend] .delta').count(), 0);
    await page.goBack();
    await settled(page);
    assert.equal(await page.locator('[data-tile=spend] .delta').count(), 1);
  });

  await t.test('a platform is chosen, is in the address, and Back undoes it', async () => {
    await page.getByRole('button', { name: /^Platforms:/ }).click();
    await page.getByRole('checkbox', { name: 'Google Ads' }).check();
    await page.waitForURL(/platform=google_ads/);
    await page.keyboard.press('Escape');
    await settled(page);
    await tilesEqual(page, await totals('AND platform = $3', ['google_ads']));
    await page.goBack();
    await settled(page);
    await tilesEqual(page, await totals());
  });

  await t.test('a campaign is found by its name and chosen', async () => {
    const [best] = await server.rows(
      `SELECT platform, account_id, campaign_id, max(campaign_name) AS name FROM acquisition.campaign_daily ${where}
       AND campaign_name IS NOT NULL GROUP BY platform, account_id, campaign_id ORDER BY sum(spend_reporting) DESC NULLS LAST LIMIT 1`,
      [from, to],
    );
    await page.getByRole('button', { name: /^Campaigns:/ }).click();
    await page.getByRole('searchbox', { name: 'Find a campaign' }).fill(best.name);
    await page.getByRole('group', { name: 'Campaigns' }).getByRole('checkbox', { name: best.name }).first().check();
    await page.waitForURL(/campaign=/);
    await page.keyboard.press('Escape');
    await settled(page);
    const [platform, account, campaign] = new URL(page.url()).searchParams.get('campaign').split(':');
    await tilesEqual(page, await totals('AND platform = $3 AND account_id = $4 AND campaign_id = $5', [platform, account, campaign]));
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.waitForURL((u) => u.search === '');
  });

  await t.test('own dates', async () => {
    await page.getByRole('button', { name: /^Dates:/ }).click();
    await page.getByLabel('From', { exact: true }).fill(from);
    await page.getByLabel('To', { exact: true }).fill(from);
    await page.getByRole('button', { name: 'Show these days' }).click();
    await page.waitForURL(new RegExp(`from=${from}&to=${from}`));
    await settled(page);
    const [row] = await server.rows(`SELECT ${SUMS} FROM acquisition.campaign_daily WHERE date_day = CAST($1 AS DATE)`, [from]);
    await tilesEqual(page, row);
  });

  await t.test('an address opened cold shows what it says', async () => {
    await go('?platform=tiktok_ads&compare=none&metric=cpa&sort=name.asc&table=trend');
    await tilesEqual(page, await totals('AND platform = $3', ['tiktok_ads']));
    assert.match(await page.locator('[data-panel=trend] h2').innerText(), /CPA/);
    assert.ok((await page.locator('[data-panel=trend] tbody tr').count()) > 5);
    assert.match(await page.locator('[role=columnheader][aria-sort=ascending]').innerText(), /^Name\s*↑$/);
  });

  await t.test('the breakdown adds up, level by level, down to the ad', async () => {
    await go();
    const byPlatform = await server.rows(
      `SELECT platform, ${SUMS} FROM acquisition.campaign_daily ${where} GROUP BY platform ORDER BY spend DESC NULLS LAST`,
      [from, to],
    );
    for (const row of byPlatform) near(await cell(page, row.platform, 'spend'), row.spend ?? NaN, 0.0051, row.platform);
    const ports = ['account_daily', 'campaign_daily', 'ad_group_daily', 'ad_daily'];
    const ids = ['account_id', 'campaign_id', 'ad_group_id', 'ad_id'];
    const path = ['google_ads'];
    for (const [i, port] of ports.entries()) {
      const key = path.map(encodeURIComponent).join('/');
      await page.locator(`[data-key="${key}"] .name`).first().click();
      const conditions = ['platform', ...ids].slice(0, path.length).map((c, k) => `${c} = $${k + 3}`);
      const children = await server.rows(
        `SELECT ${ids[i]} AS id, sum(spend_reporting) AS spend FROM acquisition.${port} ${where} AND ${conditions.join(' AND ')}
         GROUP BY id ORDER BY spend DESC NULLS LAST, id`,
        [from, to, ...path],
      );
      assert.ok(children.length > 0, `${port} has rows below ${key}`);
      const first = children[0];
      const childKey = [...path, first.id].map(encodeURIComponent).join('/');
      await page.locator(`[data-key="${childKey}"]`).waitFor();
      near(await cell(page, childKey, 'spend'), first.spend, 0.0051, childKey);
      /* children and the unallocated row together are the parent */
      const parent = await cell(page, key, 'spend');
      const sum = children.reduce((total, c) => total + (c.spend ?? 0), 0);
      const rest = page.locator(`[data-key="${key}/+"] [data-column=spend]`);
      if (Math.abs(parent - sum) > 0.0101) near(figure(await rest.innerText()), parent - sum, 0.0101, `unallocated of ${key}`);
      path.push(first.id);
    }
    assert.equal(new URL(page.url()).searchParams.getAll('open').length, 4);
    const level = await page.locator(`[data-key="${path.map(encodeURIComponent).join('/')}"]`).getAttribute('aria-level');
    assert.equal(level, '5');
  });

  await t.test('the open rows are in the address, and come back with it', async () => {
    const url = page.url();
    const shown = await page.locator('[role=treegrid]').getAttribute('aria-rowcount');
    await page.goto('about:blank');
    await page.goto(url);
    await settled(page);
    await until('the same rows', async () => (await page.locator('[role=treegrid]').getAttribute('aria-rowcount')) === shown);
  });

  await t.test('sorting moves the rows', async () => {
    await go();
    await page.getByRole('columnheader', { name: 'ROAS' }).getByRole('button').click();
    await page.waitForURL(/sort=roas.desc/);
    await settled(page);
    const values = (await page.locator('.row.node [data-column=roas]').allInnerTexts()).filter((v) => v !== '–').map(figure);
    assert.deepEqual(values, [...values].sort((a, b) => b - a));
  });

  await t.test('the SQL in the drawer is what was asked, and gives the same figures', async () => {
    await go();
    await page.locator('[data-panel=figures]').getByRole('button', { name: 'SQL' }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('group', { name: 'SQL of the figures' }).waitFor();
    const sql = await drawer.getByRole('group', { name: 'SQL of the figures' }).innerText();
    const params = await drawer.locator('dl').first().locator('dd').allInnerTexts();
    const rows = await server.rows(sql, params);
    near(await tile(page, 'spend'), rows.find((r) => r.period === 'current').spend, 0.005, 'spend by the shown SQL');
    await drawer.getByRole('group', { name: 'SQL of acquisition.campaign_daily' }).waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).search, '');
  });

  await t.test('owner, definition, upstream, checks and runs are one click away', async () => {
    await page.locator('[data-panel=breakdown] .badge').click();
    const drawer = page.getByRole('dialog');
    const product = await server.api('/api/v1/products/acquisition/campaign_performance');
    await drawer.getByText(product.owner.name).first().waitFor();
    const levels = ['account_daily', 'campaign_daily', 'ad_group_daily', 'ad_daily'];
    for (const p of product.ports.filter((x) => levels.includes(x.name))) await drawer.getByRole('link', { name: p.ref, exact: true }).first().waitFor();
    assert.match(await drawer.innerText(), /Cost per acquisition/);
    const up = product.ports.find((p) => p.name === 'campaign_daily').upstream[0].ref;
    await drawer.getByRole('link', { name: up, exact: true }).first().waitFor();
    await drawer.getByRole('tab', { name: 'Checks and runs' }).click();
    await page.waitForURL(/drawer=breakdown.checks/);
    await settled(page);
    assert.ok((await drawer.locator('tbody tr').count()) > 3);
    await page.goBack();
    await drawer.waitFor({ state: 'detached' });
  });

  await t.test('a table stands behind each chart, and its CSV holds the same rows', async () => {
    await go('?table=campaigns&compare=none');
    const shown = await page.locator('[data-panel=campaigns] tbody tr').count();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('[data-panel=campaigns]').getByRole('button', { name: 'CSV' }).click(),
    ]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString('utf8').trim().split('\r\n');
    assert.match(lines[0], /^platform,account_id,campaign_id,campaign_name,spend/);
    assert.equal(lines.length - 1, shown);
  });

  await t.test('a click on a campaign in the chart shows that campaign alone', async () => {
    await go();
    const canvas = page.locator('[data-panel=campaigns] canvas').first();
    const box = await canvas.boundingBox();
    /* the chart does not tell where its dots are: look where the pointer becomes a hand */
    let hit = false;
    for (let y = box.height * 0.1; y < box.height * 0.85 && !hit; y += 9) {
      for (let x = box.width * 0.1; x < box.width * 0.97 && !hit; x += 9) {
        await page.mouse.move(box.x + x, box.y + y);
        if ((await canvas.evaluate((c) => c.parentElement.style.cursor)) === 'pointer') {
          await page.mouse.click(box.x + x, box.y + y);
          hit = true;
        }
      }
    }
    assert.ok(hit, 'a dot to click on');
    await page.waitForURL(/campaign=/);
    await settled(page);
    assert.equal(await page.locator('.row.node').count(), 1);
  });

  await t.test('a measure is chosen by its tile', async () => {
    await go();
    await page.getByRole('button', { name: 'Show Cost per click over time' }).click();
    await page.waitForURL(/metric=cpc/);
    await settled(page);
    assert.match(await page.locator('[data-panel=trend] h2').innerText(), /CPC/);
  });

  await t.test('as reported on a day: what was known then, said plainly', async () => {
    const known = (await server.api('/api/v1/ports/acquisition/campaign_daily')).built_at.slice(0, 10);
    const day = (n) => new Date(Date.parse(known) + n * 86_400_000).toISOString().slice(0, 10);
    for (const asOf of [day(1), day(-400)]) {
      await go(`?as_of=${asOf}`);
      assert.match(await page.locator('.banner.info').innerText(), /^As reported on/);
      const [range] = await server.rows(
        'SELECT max(date_day) - 27 AS first_day, max(date_day) AS last_day FROM acquisition.campaign_daily',
        [],
        { as_of: asOf },
      );
      if (range.last_day === null) {
        await page.getByText(/^Nothing was known by the end of/).waitFor();
        continue;
      }
      const [row] = await server.rows(`SELECT ${SUMS} FROM acquisition.campaign_daily ${where}`, [range.first_day, range.last_day], { as_of: asOf });
      await tilesEqual(page, row);
    }
    await page.getByRole('button', { name: 'Show what is known now' }).first().click();
    await page.waitForURL((u) => u.search === '');
    await settled(page);
    await tilesEqual(page, await totals());
  });

  await t.test('a long range is shown by the week and by the month', async () => {
    await go('?range=365d');
    const pressed = (name) => page.locator('.grains button', { hasText: name }).getAttribute('aria-pressed');
    assert.equal(await pressed('Week'), 'true');
    await page.locator('.grains button', { hasText: 'Month' }).click();
    await page.waitForURL(/grain=month/);
    await settled(page);
    assert.equal(await pressed('Month'), 'true');
  });

  await t.test('the page said nothing on the console and threw nothing', async () => {
    assert.deepEqual(page.troubles, []);
  });
  await page.context().close();
}
