/* Pages at three widths, light and dark: axe finds nothing, nothing sticks out, and a picture is kept. A change looks at the widest in light and the
 * narrowest in dark; the long tier (TRELLIS_LONG) at all six. */
import path from 'node:path';
import { axeViolations, open, settled } from './browser.mjs';
import { assert } from './test.mjs';

const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];

const looked = (width, scheme) => process.env.TRELLIS_LONG || (scheme === 'light' ? width === 1440 : width === 390);

export async function looks({ t, browser, server, screenshots }, views) {
  for (const scheme of ['light', 'dark']) {
    for (const [width, height] of SIZES) {
      if (!looked(width, scheme)) continue;
      const page = await open(browser, { width, height, scheme });
      await page.goto(server.address);
      for (const [name, address] of views) {
        await t.test(`${name} at ${width}, ${scheme}: axe finds nothing and it fits`, async () => {
          await page.goto(server.origin + address);
          await settled(page);
          await page.screenshot({ path: path.join(screenshots, `${name}-${width}-${scheme}.png`), fullPage: true });
          await fits(page);
          assert.deepEqual(await axeViolations(page), []);
        });
      }
      assert.deepEqual(page.troubles, []);
      await page.context().close();
    }
  }
}

export async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
}

/* An answer of the server, replaced; gives a way to count how often it was asked for. */
export async function answering(page, glob, answer) {
  let asked = 0;
  await page.route(glob, (route) => {
    asked += 1;
    return route.fulfill(answer(route.request()));
  });
  return () => asked;
}

export const broken = {
  status: 500,
  json: { error: { code: 'TR001', name: 'E_INTERNAL', message: 'The store could not be read.', hint: 'Look into the log.', retryable: true } },
};
