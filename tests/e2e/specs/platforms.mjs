/* Real landed files of the seven platforms, where the reference data is there: their control totals reach the page, and
 * where a platform's reports of two levels disagree, the tree says so. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { open, settled } from '../lib/browser.mjs';
import { root, serve, trellisOk } from '../lib/program.mjs';
import { assert, figure, near } from '../lib/test.mjs';

const data = path.join(process.env.TRELLIS_SHARED ?? path.join(root, '../shared'), 'data/ad_platforms');
/* pack, folder, platform, and the control totals of `campaign_daily`: spend, impressions, clicks */
const PLATFORMS = [
  ['google_ads', 'google_ads', 'google_ads', 231.33, 1854, 280],
  ['meta_ads', 'facebook_ads', 'facebook_ads', 643.63, 37275, 149],
  ['linkedin_ads', 'linkedin', 'linkedin_ads', 530.62, 1359, 919],
  ['microsoft_ads', 'microsoft_ads', 'microsoft_ads', 946.34, 7569, 592],
  ['tiktok_ads', 'tiktok', 'tiktok_ads', 444.792, 34470, 244],
  ['pinterest_ads', 'pinterest', 'pinterest_ads', 12.375, 165000, 4950],
  ['amazon_ads', 'amazon_ads', 'amazon_ads', 1.67, 1095, 2],
];

export default async function platforms({ t, browser, temp, screenshots }) {
  if (!existsSync(data)) {
    console.log(`# not run: the platforms' own files, since there is no reference data at ${data}`);
    return;
  }
  await t.test('the control totals of seven platforms reach the page', async () => {
    const shop = path.join(temp, 'shop');
    await trellisOk(['init', 'shop'], { cwd: temp });
    for (const [pack, folder] of PLATFORMS) {
      await trellisOk(['add', pack, '--domain', 'acquisition', '--path', path.join(data, folder)], { cwd: shop });
    }
    await trellisOk(['add', 'campaign_performance', '--domain', 'acquisition'], { cwd: shop });
    await trellisOk(['run'], { cwd: shop });
    const server = await serve(shop);
    try {
      const page = await open(browser);
      await page.goto(server.at('/dashboards/campaign-360'));
      await page.locator('[data-answer]').waitFor();
      await page.goto(`${server.origin}/dashboards/campaign-360?range=all&compare=none&open=google_ads&open=microsoft_ads`);
      await settled(page);
      const cell = async (key, column) => figure(await page.locator(`[data-key="${key}"] [data-column=${column}]`).innerText());
      const money = await server.rows(`SELECT platform, sum(spend) AS spend, sum(spend_reporting) AS reporting,
        sum(CASE WHEN spend_reporting IS NULL THEN spend END) AS without_rate FROM acquisition.campaign_daily GROUP BY platform`);
      for (const [, , platform, spend, impressions, clicks] of PLATFORMS) {
        assert.equal(await cell(platform, 'impressions'), impressions, `impressions of ${platform}`);
        assert.equal(await cell(platform, 'clicks'), clicks, `clicks of ${platform}`);
        const row = money.find((r) => r.platform === platform);
        near(row.spend, spend, 1e-9, `spend of ${platform} in its own currency`);
        if (row.without_rate === null) {
          near(await cell(platform, 'spend'), row.reporting, 0.0051, `spend of ${platform}`);
        } else {
          assert.equal(await page.locator('.banner.warn', { hasText: 'Not in these figures:' }).count(), 1);
        }
      }
      /* each level is its own report: accounts and campaigns of these two disagree, and the difference is a row */
      for (const platform of ['google_ads', 'microsoft_ads']) {
        const [accounts] = await server.rows('SELECT sum(spend_reporting) AS spend FROM acquisition.account_daily WHERE platform = $1', [platform]);
        near(await cell(`${platform}/+`, 'spend'), (await cell(platform, 'spend')) - accounts.spend, 0.0151, `unallocated of ${platform}`);
      }
      await page.screenshot({ path: path.join(screenshots, 'real-files-1440-light.png'), fullPage: true });
      assert.deepEqual(page.troubles, []);
    } finally {
      await server.stop();
    }
  });
}
