/* Everything by keyboard alone: skip link, filters, tree, drawer. */
import { open, settled } from '../lib/browser.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function keyboard({ t, browser, server }) {
  const page = await open(browser);
  await page.goto(server.at('/dashboards/campaign-360'));
  await page.locator('[data-answer]').waitFor();
  await settled(page);
  const focused = () =>
    page.evaluate(() => {
      const e = document.activeElement;
      return (e?.getAttribute('aria-label') ?? e?.innerText ?? '').trim();
    });

  await t.test('Tab goes over the page in its order, with the focus to be seen', async () => {
    await page.evaluate(() => document.activeElement?.blur());
    const seen = [];
    for (let i = 0; i < 28; i++) {
      await page.keyboard.press('Tab');
      seen.push(await focused());
      const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(ring, 'none', `a ring around ${seen.at(-1)}`);
    }
    const at = (name) => seen.findIndex((s) => s.startsWith(name));
    const order = ['Skip to the page', 'Trellis', 'Home', 'Catalog', 'Switch to', 'Find products', 'Dates', 'Compare', 'Platforms', 'Campaigns', 'As reported'].map(at);
    assert.ok(order.every((n) => n >= 0), `all reached: ${seen.join(' | ')}`);
    assert.deepEqual(order, [...order].sort((a, b) => a - b));
  });

  await t.test('a filter opens with Enter, closes with Escape, and gives the focus back', async () => {
    await page.getByRole('button', { name: /^Platforms:/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Platforms' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('group', { name: 'Platforms' }).waitFor({ state: 'detached' });
    assert.match(await focused(), /^Platforms:/);
  });

  await t.test('the tree is walked with the arrows', async () => {
    await page.locator('[data-row="0"]').focus();
    const level = () => page.evaluate(() => Number(document.activeElement.getAttribute('aria-level')));
    const expanded = () => page.evaluate(() => document.activeElement.getAttribute('aria-expanded'));
    assert.equal(await level(), 1);
    await page.keyboard.press('ArrowRight');
    await until('the first row to open', async () => (await expanded()) === 'true');
    await until('its children', async () => (await page.locator('[data-row="1"][aria-level="2"]').count()) === 1);
    await page.keyboard.press('ArrowRight');
    await until('the first child', async () => (await level()) === 2);
    await page.keyboard.press('ArrowLeft');
    await until('the parent again', async () => (await level()) === 1);
    await page.keyboard.press('ArrowLeft');
    await until('the first row to close', async () => (await expanded()) === 'false');
    await page.keyboard.press('End');
    await settled(page);
    const last = await page.locator('[role=treegrid]').getAttribute('aria-rowcount');
    await until('the last row', async () => (await page.evaluate(() => document.activeElement.getAttribute('aria-rowindex'))) === last);
  });

  await t.test('the drawer holds the focus and lets it go', async () => {
    const button = page.locator('[data-panel=figures]').getByRole('button', { name: 'SQL' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      const inside = await page.evaluate(() => {
        const e = document.activeElement;
        return e === document.body || e?.closest('dialog') !== null;
      });
      assert.ok(inside, 'Tab stays in the drawer');
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok(await button.evaluate((b) => b === document.activeElement), 'the focus is back on the button');
  });

  await t.test('a term explains itself to the keyboard', async () => {
    await page.getByRole('button', { name: 'ROAS', exact: true }).first().focus();
    await page.getByRole('tooltip').filter({ hasText: 'Return on ad spend' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('tooltip').filter({ hasText: 'Return on ad spend' }).waitFor({ state: 'hidden' });
  });
  await t.test('in a low window, or a magnified one, every page of the side is in reach', async () => {
    const low = await open(browser, { width: 720, height: 450 });
    await low.goto(server.at('/glossary'));
    await settled(low);
    const last = low.locator('.side a[href="/governance"]');
    await last.scrollIntoViewIfNeeded();
    const box = await last.boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= 450, JSON.stringify(box));
    await low.context().close();
  });
  await page.context().close();
}
