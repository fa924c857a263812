/* Each page and state, at three widths, light and dark: axe finds nothing, nothing sticks out, and a picture is kept. */
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { assert } from '../lib/test.mjs';

const PRODUCT = '/catalog/acquisition/campaign_performance?port=campaign_daily';
const VIEWS = [
  ['campaign-360', '/dashboards/campaign-360'],
  ['campaign-360-open', '/dashboards/campaign-360?open=google_ads&open=facebook_ads&metric=cpa'],
  ['campaign-360-tables', '/dashboards/campaign-360?table=figures&table=trend&table=campaigns'],
  ['campaign-360-about', '/dashboards/campaign-360?drawer=breakdown'],
  ['campaign-360-sql', '/dashboards/campaign-360?drawer=trend.sql'],
  ['campaign-360-checks', '/dashboards/campaign-360?drawer=figures.checks'],
  ['campaign-360-year', '/dashboards/campaign-360?range=365d'],
  ['home', '/'],
  ['search', '/'],
  ['runs', '/runs'],
  ['catalog', '/catalog'],
  ['catalog-none', '/catalog?q=zzzzqqqq'],
  ['product', `${PRODUCT}`],
  ['product-schema', `${PRODUCT}&tab=schema&column=spend`],
  ['product-quality', `${PRODUCT}&tab=quality`],
  ['product-lineage', `${PRODUCT}&tab=lineage`],
  ['product-usage', `${PRODUCT}&tab=usage`],
  ['product-runs', `${PRODUCT}&tab=runs`],
  ['product-runbook', `${PRODUCT}&tab=runbook`],
  ['product-history', `${PRODUCT}&tab=history`],
  ['product-use', `${PRODUCT}&tab=use&in=python`],
];
const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];

export default async function appearance({ t, browser, server, screenshots }) {
  for (const scheme of ['light', 'dark']) {
    for (const [width, height] of SIZES) {
      const page = await open(browser, { width, height, scheme });
      await page.goto(server.at('/dashboards/campaign-360'));
      await page.locator('[data-answer]').waitFor();
      for (const [name, address] of VIEWS) {
        /* pages at every width and in both schemes; their states at the widest in both, at the narrowest in one */
        const whole = ['campaign-360', 'home', 'catalog', 'product', 'search'].includes(name);
        if (!whole && (width === 1024 || (width === 390 && scheme === 'dark'))) continue;
        await t.test(`${name} at ${width}, ${scheme}: axe finds nothing and it fits`, async () => {
          await page.goto(server.origin + address);
          await settled(page);
          if (name === 'search') {
            await page.keyboard.press('Control+k');
            await page.getByRole('combobox', { name: /^Find products/ }).fill('purchase');
            await page.getByRole('option').first().waitFor();
          }
          await page.screenshot({ path: path.join(screenshots, `${name}-${width}-${scheme}.png`), fullPage: !address.includes('drawer') && name !== 'search' });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
          assert.deepEqual(await axeViolations(page), []);
        });
      }
      await page.context().close();
    }
  }

  await t.test('the reader chooses dark, and it stays', async () => {
    const page = await open(browser, { scheme: 'light' });
    await page.goto(server.at('/dashboards/campaign-360'));
    await page.getByRole('button', { name: 'Switch to dark' }).click();
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    await page.reload();
    await page.getByRole('button', { name: 'Switch to light' }).waitFor();
    assert.equal(await background(), dark);
    await page.context().close();
  });
}
