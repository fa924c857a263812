/* A new mesh: the page says what it will show and what to type. */
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { serve, trellisOk } from '../lib/program.mjs';
import { assert } from '../lib/test.mjs';

export default async function empty({ t, browser, temp, screenshots }) {
  await t.test('an empty mesh says what to do next, on each page', async () => {
    await trellisOk(['init', 'bare'], { cwd: temp });
    const server = await serve(path.join(temp, 'bare'));
    try {
      for (const scheme of ['light', 'dark']) {
        const page = await open(browser, { scheme });
        await page.goto(server.address);
        await page.locator('[data-empty] pre').waitFor();
        assert.match(await page.locator('[data-empty]').innerText(), /trellis add campaign_performance --domain acquisition/);
        assert.deepEqual(await axeViolations(page), []);
        await page.screenshot({ path: path.join(screenshots, `empty-1440-${scheme}.png`), fullPage: true });
        await page.goto(`${server.origin}/catalog`);
        await page.getByText('Never built').first().waitFor();
        await settled(page);
        assert.deepEqual(await axeViolations(page), []);
        await page.goto(`${server.origin}/runs`);
        await page.getByText(/^No run yet/).waitFor();
        await settled(page);
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(page.troubles, []);
        await page.context().close();
      }
    } finally {
      await server.stop();
    }
  });
}
