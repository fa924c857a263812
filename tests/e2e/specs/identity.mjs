/* Identity against the API: counts, rules in words, other rules on trial before they are written, and the ledger. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';
import { people } from './customers.mjs';

export default async function identity(context) {
  const { t, browser } = context;
  const server = await people(context);
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };

  await t.test('identity: how many people out of how many identifiers, and the rules in words', async () => {
    await go('/identity');
    const s = await server.api('/api/v1/identity');
    const identifiers = s.kinds.reduce((n, k) => n + k.identifiers, 0);
    assert.match(await page.locator('.lead').innerText(), new RegExp(`^${s.customers} customers out of ${identifiers} identifiers`));
    const rules = page.locator('.rules li');
    assert.equal(await rules.count(), s.rules.kinds.length);
    assert.match(await rules.first().innerText(), /User id[\s\S]*One for each customer\./);
    assert.match(await rules.last().innerText(), /At most 5 for each customer within 7 days\./);
    assert.match(await page.getByRole('tabpanel').innerText(), /link nobody:[\s\S]*undefined/);
  });

  await t.test('identity: other rules are tried on history, and written only after that', async () => {
    await go('/identity');
    const { yaml } = await server.api('/api/v1/identity');
    await page.getByRole('button', { name: 'Try other rules' }).click();
    const text = page.getByLabel('governance/identity.yaml');
    assert.equal(await text.inputValue(), yaml);
    await text.fill('kinds: 3\n');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await settled(page);
    assert.match(await page.getByRole('alert').innerText(), /These are no rules yet/);
    page.troubles.length = 0;
    const other = yaml.replace('{name: user_id, limit: 1}', '{name: user_id, limit: 2}');
    await text.fill(other);
    await settled(page);
    assert.equal(await page.getByRole('button', { name: 'Go on to the change' }).count(), 0, 'not before it was tried');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    const preview = await server.api('/api/v1/identity/preview', { yaml: other });
    await page.locator('[data-preview]').waitFor();
    assert.match(await page.locator('[data-preview]').innerText(), new RegExp(`${preview.now.customers} customers would become ${preview.then.customers}[\\s\\S]*${preview.merged} would become one with others`));
    assert.equal(await page.locator('[data-preview] tbody tr').count(), preview.changed.length);
    await text.press('End');
    await text.pressSequentially(' ');
    await page.getByText('has changed since it was tried').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Go on to the change' }).count(), 0, 'another text is tried anew');
    await text.fill(other);
    await page.getByRole('button', { name: 'Go on to the change' }).click();
    await page.locator('[data-apply]').waitFor();
    assert.deepEqual(await axeViolations(page), []);
    assert.equal((await server.api('/api/v1/identity')).rules.kinds[0].limit, 1, 'nothing is written yet');
    await page.locator('[data-apply]').click();
    await page.getByText('are written into governance/identity.yaml').waitFor();
    assert.equal((await server.api('/api/v1/identity')).rules.kinds[0].limit, 2);
    const customers = (n) => async () => (await server.api('/api/v1/identity')).customers === n;
    await until('the customers that the new rules make', customers(preview.then.customers));
    await server.api('/api/v1/edits', { changes: [{ kind: 'identity', ref: 'rules', field: 'rules', value: yaml }], apply: true });
    await until('those of the old rules again', customers(preview.now.customers));
  });

  await t.test('identity: the ledger, by what happened, page by page', async () => {
    await go('/identity?tab=ledger');
    const all = await server.api('/api/v1/identity/ledger?limit=50');
    const lines = page.locator('[data-action]');
    assert.equal(await lines.count(), Math.min(50, all.total));
    await page.getByRole('button', { name: 'Not joined' }).click();
    await settled(page);
    const refused = await server.api('/api/v1/identity/ledger?action=refused');
    assert.equal(await lines.count(), refused.entries.length);
    assert.match(await lines.first().innerText(), /Visitor id was left out: a customer may not have one more user id\./);
    await answering(page, '**/ledger?*', (r) => ({ json: r.url().includes('before=') ? { total: 51, entries: [{ ...all.entries[0], cursor: 'z', source: 'the oldest' }] } : { total: 51, entries: Array.from({ length: 50 }, (_, i) => ({ ...all.entries[0], cursor: String(i) })) } }));
    await go('/identity?tab=ledger');
    await page.getByRole('button', { name: 'Show older' }).click();
    await page.getByText('the oldest').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Show older' }).count(), 0);
    await page.unroute('**/ledger?*');
  });

  await t.test('identity: records that are alike, answered by keyboard one after the other', async () => {
    await go('/identity?tab=review');
    assert.match(await page.locator('[data-empty]').innerText(), /only alike are not compared/, 'without fuzzy rules');
    const field = (name, agrees) => ({ field: name, a: 'A…', b: agrees === 'unknown' ? null : 'A…', words: 'so it is', agrees });
    const pair = (id) => ({ id, a: `hubspot:${id}`, b: `shopify:${id}`, probability: 0.87, state: 'waiting', decided_at: null, decided_by: null, reason: null, decision_id: null, fields: [field('first_name', 'yes'), field('street', 'nearly'), field('phone', 'no'), field('birth_date', 'unknown')] });
    const review = { on: true, revealed: false, link: 0.99, review: 0.7, records: 10, compared: 45, passed_over: 0, waiting: 3, linked: 2, same: 0, different: 0, pairs: ['1', '2', '3'].map(pair) };
    const answers = [];
    await answering(page, '**/api/v1/identity/review**', (r) => {
      if (r.method() !== 'POST') return { json: review };
      const body = r.postDataJSON();
      answers.push([new URL(r.url()).pathname.split('/').pop(), body.same ?? body.reveal, body.reason]);
      const id = answers[answers.length - 1][0];
      return { json: { ...review, revealed: true, pairs: [{ ...pair(id), fields: [{ ...field('first_name', 'yes'), a: 'Anneliese', b: 'Anneliese' }] }] } };
    });
    await go('/identity?tab=review');
    const shown = () => page.locator('[data-pair]').getAttribute('data-pair');
    assert.match(await page.getByRole('tabpanel').innerText(), /3 pairs wait[\s\S]*87\.00%[\s\S]*Record 1 of hubspot/);
    assert.deepEqual(await page.locator('.agrees').allInnerTexts(), ['Yes', 'Nearly', 'No', 'Not known']);
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('s');
    await settled(page);
    assert.equal(await shown(), '2', 'the first one comes again at the end');
    await page.getByRole('button', { name: 'Show the values whole' }).click();
    await page.getByLabel('Why do you need to see them?').fill('yes or no');
    assert.equal(answers.length, 0, 'letters in a field are no answers');
    await page.keyboard.press('Enter');
    await page.getByText('Anneliese').first().waitFor();
    await page.getByRole('heading', { name: 'Are these one person?' }).click();
    await page.keyboard.press('y');
    await page.getByText('1 answer written down').waitFor();
    assert.equal(await page.getByText('Anneliese').count(), 0, 'gone with the pair');
    assert.equal(await shown(), '3');
    await page.keyboard.press('n');
    await page.getByText('2 answers written down').waitFor();
    assert.equal(await shown(), '1');
    await page.getByRole('button', { name: 'Yes, one person' }).click();
    await page.getByText('Nothing waits').waitFor();
    assert.deepEqual(answers, [['2', true, 'yes or no'], ['2', true, ''], ['3', false, ''], ['1', true, '']]);
    await page.unroute('**/api/v1/identity/review**');
  });

  await t.test('identity: the tabs by keyboard; nobody yet; a broken answer', async () => {
    await go('/identity');
    await page.getByRole('tab', { name: 'Rules' }).focus();
    await page.keyboard.press('ArrowRight');
    await settled(page);
    assert.equal(await page.getByRole('tab', { name: 'To review' }).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('End');
    assert.match(page.url(), /tab=decisions/);
    const s = await server.api('/api/v1/identity');
    await answering(page, '**/api/v1/identity', () => ({ json: { ...s, built: false, customers: 0, kinds: [], largest: [] } }));
    await go('/identity');
    assert.match(await page.locator('[data-empty]').innerText(), /Nobody is known yet/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/identity');
    await answering(page, '**/api/v1/identity', () => broken);
    await go('/identity');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    page.troubles.length = 0;
  });
  await page.context().close();
  await looks({ ...context, server }, [
    ['identity', '/identity'],
    ['identity-ledger', '/identity?tab=ledger'],
    ['identity-review', '/identity?tab=review'],
  ]);
  await server.stop();
}
