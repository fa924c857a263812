/* Very many campaigns, and names as people write them. The rows are the program's own, multiplied on their way. */
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { assert, until } from '../lib/test.mjs';

const MANY = 10_000;
const NAMES = [
  '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>',
  'تخفيضات الربيع 🎁 ٢٠٢٦',
  'Ein außerordentlich langer Kampagnenname ohne Ende '.repeat(8),
  'x'.repeat(300),
];

function multiply(answer, idColumn, nameColumn) {
  const at = (name) => answer.columns.findIndex((c) => c.name === name);
  const [id, name, spend, roas] = [idColumn, nameColumn, 'spend', 'roas'].map(at);
  const model = answer.rows[0];
  answer.rows = Array.from({ length: MANY }, (_, i) => {
    const row = [...model];
    row[id] = `c${i}`;
    row[name] = NAMES[i] ?? `Campaign ${i}`;
    row[spend] = i < NAMES.length ? 1e6 - i : ((i * 7919) % MANY) / 3;
    if (roas >= 0) row[roas] = 0.5 + ((i * 613) % 900) / 200;
    return row;
  });
  answer.row_count = MANY;
}

export default async function extremes({ t, browser, server, screenshots }) {
  const [account] = await server.rows(
    `SELECT account_id FROM acquisition.account_daily WHERE platform = 'google_ads' AND account_id IS NOT NULL GROUP BY account_id ORDER BY account_id LIMIT 1`,
  );
  const parent = `google_ads/${encodeURIComponent(account.account_id)}`;
  const page = await open(browser);
  await page.goto(server.at('/dashboards/campaign-360'));
  await page.locator('[data-answer]').waitFor();
  await page.route('**/api/v1/query', async (route) => {
    const { sql } = route.request().postDataJSON();
    const tree = sql.includes('max(campaign_name) AS name');
    const list = sql.includes('max(campaign_name) AS campaign_name');
    if (!tree && !list) return route.continue();
    const answer = await (await route.fetch()).json();
    multiply(answer, tree ? 'id' : 'campaign_id', tree ? 'name' : 'campaign_name');
    return route.fulfill({ json: answer });
  });
  await page.goto(`${server.origin}/dashboards/campaign-360?range=all&open=google_ads&open=${encodeURIComponent(parent)}`);
  await settled(page);

  await t.test('ten thousand campaigns: only those in sight are in the page, and each can be reached', async () => {
    const grid = page.locator('[role=treegrid]');
    await until('all rows', async () => Number(await grid.getAttribute('aria-rowcount')) > MANY);
    assert.ok((await page.locator('[role=treegrid] .row').count()) < 60);
    await page.locator('[data-row="0"]').focus();
    await page.keyboard.press('End');
    await settled(page);
    const last = await grid.getAttribute('aria-rowcount');
    await until('the last row', async () => (await page.evaluate(() => document.activeElement.getAttribute('aria-rowindex'))) === last);
    await page.getByRole('button', { name: /^Campaigns:/ }).click();
    await page.getByRole('searchbox', { name: 'Find a campaign' }).fill('Campaign 9876');
    await page.getByRole('group', { name: 'Campaigns' }).getByRole('checkbox', { name: /^Campaign 9876/ }).waitFor();
    await page.keyboard.press('Escape');
  });

  await t.test('names of any length, script and markup stay text and stay in their place', async () => {
    await page.locator('[role=treegrid]').evaluate((g) => (g.scrollTop = 0));
    await page.getByText('تخفيضات الربيع 🎁 ٢٠٢٦').first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
    const canvas = page.locator('[data-panel=campaigns] canvas').first();
    const box = await canvas.boundingBox();
    for (let x = 0.5; x < 1; x += 0.01) await page.mouse.move(box.x + box.width * x, box.y + box.height * 0.5);
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    assert.deepEqual(await axeViolations(page), []);
    assert.deepEqual(page.troubles, []);
    await page.screenshot({ path: path.join(screenshots, 'extremes-1440-light.png'), fullPage: true });
  });
  await page.context().close();
}
