/* The search from everywhere: by keyboard alone, by synonym and with typos, and what it says when there is nothing. */
import { axeViolations, late, open, settled } from '../lib/browser.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function palette({ t, browser, server }) {
  const page = await open(browser);
  await page.goto(server.address);
  await page.locator('[data-answer]').waitFor();
  await settled(page);
  const input = page.getByRole('combobox', { name: /^Find products/ });
  const chosen = () => page.getByRole('option', { selected: true }).innerText();

  let best;
  await t.test('slash opens it, and the owner of a word is found by its synonym', async () => {
    await page.keyboard.press('/');
    await input.waitFor();
    assert.ok(await input.evaluate((e) => e === document.activeElement), 'the field has the focus');
    await page.keyboard.type('purchase');
    await page.getByRole('group', { name: 'Terms' }).getByRole('option').filter({ hasText: 'by synonym “purchase”' }).first().waitFor();
    const { results } = await server.api('/api/v1/search?q=purchase&limit=24');
    assert.ok(results.some((r) => r.kind === 'term' && r.field === 'synonym'));
    best = results[0];
    await until('the best hit to be chosen', async () => (await chosen()).startsWith(results[0].title));
    const text = await page.getByRole('listbox').innerText();
    assert.match(text, /by synonym “purchase”/);
    assert.ok(text.includes(results[0].owner), 'the owner is named');
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('arrows choose, Enter opens, and the page has the focus', async () => {
    const first = await chosen();
    await page.keyboard.press('ArrowDown');
    await settled(page);
    assert.notEqual(await chosen(), first);
    await page.keyboard.press('ArrowUp');
    await settled(page);
    assert.equal(await chosen(), first);
    assert.equal(await input.getAttribute('aria-activedescendant'), await page.getByRole('option', { selected: true }).getAttribute('id'));
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname + url.search === best.href);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  await t.test('Ctrl-K opens it anywhere, a typo is forgiven, Escape closes it', async () => {
    await page.keyboard.press('Control+k');
    await input.fill('campagn performance');
    await page.getByRole('group', { name: 'Products' }).getByRole('option', { name: /Campaign Performance/ }).first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  await t.test('only the last of what was typed is shown, however the answers come', async () => {
    await late(page, '**/api/v1/search?q=spe&**', () => 600);
    await page.keyboard.press('Control+k');
    await input.fill('spe');
    await new Promise((done) => setTimeout(done, 120));
    await input.fill('glossary');
    await page.getByRole('group', { name: 'Pages' }).getByRole('option', { name: 'Glossary' }).waitFor();
    await new Promise((done) => setTimeout(done, 900));
    assert.equal(await page.getByRole('option', { name: /^spend/ }).count(), 0);
    await page.unroute('**/api/v1/search?q=spe&**');
    await page.keyboard.press('Escape');
  });

  await t.test('Enter opens what was typed, not what an earlier answer left on screen', async () => {
    const { results } = await server.api('/api/v1/search?q=campaign%20performance&limit=24');
    const slow = '**/api/v1/search?q=campaign%20performance&**';
    await late(page, slow, () => 500);
    await page.keyboard.press('Control+k');
    await input.fill('spend');
    await page.getByRole('option', { name: /spend/i }).first().waitFor();
    await input.fill('campaign performance');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname + url.search === results[0].href);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.unroute(slow);
  });

  await t.test('what is not there can be asked for, with the words already in the form', async () => {
    await page.keyboard.press('Control+k');
    await input.fill('zzyzx qwrtp');
    await page.getByText('Nothing is called “zzyzx qwrtp”.').waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('link', { name: 'Ask for it' }).click();
    await page.waitForURL(/\/requests\?new=product&title=zzyzx/);
    await settled(page);
    assert.ok(await page.locator('input, textarea').evaluateAll((all) => all.some((e) => e.value === 'zzyzx qwrtp')), 'the title is filled in');
  });

  await t.test('a search that does not answer says so, and the pages can still be reached', async () => {
    await page.route('**/api/v1/search?**', (route) => route.abort());
    await page.keyboard.press('Escape');
    await page.locator('h1').first().click();
    await page.keyboard.press('Control+k');
    await input.fill('lineage');
    await page.getByText('The search does not answer.').waitFor();
    await page.getByRole('option', { name: 'Lineage' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/lineage/);
    await page.unroute('**/api/v1/search?**');
  });
  await page.context().close();
}
