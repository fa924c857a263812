/* Edits in place: shown as a patch, applied to one line of one file, refused with its place, and looked at again after a conflict. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function edit(context) {
  const { t, browser, server, mesh } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const text = (file) => readFile(path.join(mesh, file), 'utf8');
  const dialog = page.getByRole('dialog');

  await t.test('the purpose of a product: patch, one line changed, the page says the new one', async () => {
    const file = 'domains/acquisition/products/campaign_performance/product.yaml';
    const before = await text(file);
    const old = (await server.api('/api/v1/products/acquisition/campaign_performance')).purpose;
    await go('/catalog/acquisition/campaign_performance');
    await page.getByRole('button', { name: /^Edit / }).first().click();
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await settled(page);
    assert.match(await dialog.getByRole('alert').innerText(), /Nothing is changed/);
    await dialog.getByLabel('Tags').fill('flagship\nads\nmonday');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('[data-patch]').waitFor();
    assert.match(await dialog.locator('[data-patch] summary').innerText(), /Changes? .*product\.yaml|Adds? .*product\.yaml/);
    assert.equal(await text(file), before, 'nothing is written before it is confirmed');
    assert.deepEqual(await axeViolations(page), []);
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'monday' }).waitFor();
    const after = await text(file);
    assert.deepEqual((await server.api('/api/v1/products/acquisition/campaign_performance')).tags, ['flagship', 'ads', 'monday']);
    const kept = before.split('\n').filter((l) => l.trim().startsWith('#'));
    for (const line of kept) assert.ok(after.includes(line), `a comment is kept: ${line}`);
    assert.equal((await server.api('/api/v1/products/acquisition/campaign_performance')).purpose, old);
  });

  await t.test('the meaning of a column', async () => {
    await go('/catalog/acquisition/campaign_performance?port=campaign_daily&tab=schema&column=clicks');
    await page.getByRole('button', { name: /Edit its meaning/ }).click();
    await dialog.getByLabel('What it means').fill('How often somebody clicked: “clicks” as the platform counts them.');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await settled(page);
    assert.match(await dialog.locator('[data-patch] summary').innerText(), /campaign_daily\.odcs\.yaml/);
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('How often somebody clicked').waitFor();
    const port = await server.api('/api/v1/ports/acquisition/campaign_daily');
    assert.equal(port.columns.find((c) => c.name === 'clicks').description, 'How often somebody clicked: “clicks” as the platform counts them.');
  });

  await t.test('a term, a new term with all that is missing told by its field, and the owner of a goal', async () => {
    await go('/glossary?term=acquisition.conversion');
    await page.locator('[data-term="acquisition.conversion"]').getByRole('button', { name: /^Edit/ }).click();
    await dialog.getByLabel('What it is not').fill('Sign-ups; see lead.');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('[data-term="acquisition.conversion"]').getByText('Sign-ups; see lead.').waitFor();

    await page.getByRole('button', { name: 'New term' }).click();
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('em').first().waitFor();
    await dialog.getByRole('textbox', { name: /^The word/ }).fill('Warm lead');
    await dialog.getByLabel('What it means').fill('Somebody who answered twice.');
    await dialog.locator('select').selectOption('web');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('[data-term="web.warm_lead"]').waitFor();

    const [goal] = (await server.api('/api/v1/goals')).goals;
    await go('/goals');
    await page.locator(`[data-goal="${goal.name}"]`).getByRole('button', { name: /^Edit/ }).click();
    await dialog.getByLabel('The question').fill('Is it worth what it costs?');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Is it worth what it costs?').waitFor();
  });

  await t.test('roles of a domain', async () => {
    await go('/domains/web');
    await page.getByRole('button', { name: 'Edit roles' }).click();
    await dialog.getByRole('button', { name: 'Add a role' }).click();
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await settled(page);
    assert.match(await dialog.getByRole('alert').innerText(), /needs a name/);
    const n = await dialog.getByRole('combobox').count();
    await dialog.getByLabel(`Role ${n}`, { exact: true }).selectOption('data_steward');
    await dialog.getByLabel(`Name ${n}`).fill('Noor Ali');
    await dialog.getByLabel(`Contact ${n}`).fill('noor@example.org');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Noor Ali' }).or(page.getByText('Noor Ali')).first().waitFor();
    assert.ok((await server.api('/api/v1/domains/web')).roles.some((r) => r.role === 'data_steward' && r.name === 'Noor Ali'));
  });

  await t.test('what the mesh would not hold is refused with its place; a conflict offers to look again', async () => {
    await go('/catalog/acquisition/campaign_performance?port=campaign_daily&tab=schema&column=clicks');
    await page.getByRole('button', { name: /Edit its meaning/ }).click();
    await dialog.getByLabel('Class').selectOption('personal');
    await page.route('**/api/v1/edits', (route) =>
      route.fulfill({ json: { patch: '', files: [], applied: false, errors: [{ code: 'TR104', message: 'The dashboard charts a column that is personal.', hint: 'Chart another column.', file: 'domains/acquisition/dashboards/weekly_performance.yaml', line: 12 }] } }),
    );
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await settled(page);
    assert.match(await dialog.getByRole('alert').innerText(), /charts a column.*weekly_performance\.yaml:12.*TR104/s);
    assert.equal(await dialog.locator('[data-apply]').count(), 0);
    await page.unroute('**/api/v1/edits');
    await dialog.getByRole('button', { name: 'Back to the form' }).click();
    await dialog.getByLabel('Class').selectOption('internal');
    await dialog.getByLabel('Name for people').fill('Clicks, all of them');
    await dialog.getByRole('button', { name: 'Show the change' }).click();
    await dialog.locator('[data-apply]').waitFor();
    await page.route('**/api/v1/edits', (route) =>
      route.fulfill({ status: 409, json: { error: { code: 'TR007', name: 'E_BUSY', message: 'campaign_daily.odcs.yaml has changed since.', retryable: true } } }),
    );
    await dialog.locator('[data-apply]').click();
    await dialog.getByText('Somebody changed the file in the meantime').waitFor();
    await page.unroute('**/api/v1/edits');
    await dialog.getByRole('button', { name: 'Look again' }).click();
    await dialog.locator('[data-apply]').click();
    await dialog.waitFor({ state: 'detached' });
    await until('the new name', async () => (await server.api('/api/v1/ports/acquisition/campaign_daily')).columns.some((c) => c.business_name === 'Clicks, all of them'));
    page.troubles.length = 0;
  });
  await page.context().close();
}
