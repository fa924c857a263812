/* Governance against the API: what is due, who sees what and why, a product as a role gets it, rules changed through a form, the council. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';

const matter = (id, more) => ({
  id,
  kind: 'loosening',
  title: `Matter ${id}`,
  words: 'web.mail is weaker than emails of the mesh',
  domain: 'web',
  rule: { name: 'mail', file: 'domains/web/policies.yaml', line: 3 },
  against: { name: 'emails', file: 'governance/policies.yaml', line: 4 },
  asked_by: null,
  asked_at: null,
  needs: 2,
  of: 'approve',
  approved_by: [],
  may: true,
  why_not: null,
  decision: null,
  decided_by: null,
  decided_at: null,
  reason: null,
  ...more,
});

export default async function governance(context) {
  const { t, browser, server, mesh } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const order = ['none', 'test', 'aggregated', 'masked', 'raw'];

  await t.test('governance: what is due, each leading on; one that fails leaves the others', async () => {
    await answering(page, '**/api/v1/council', () => broken);
    await go('/governance');
    assert.match(await page.locator('[data-due=Council]').innerText(), /Could not be read: The store could not be read/);
    const roles = (await server.api('/api/v1/governance/access?limit=1')).roles.length;
    assert.match(await page.locator('[data-due="Who sees what"]').innerText(), new RegExp(`${roles}[\\s\\S]*products`));
    assert.match(await page.locator('[data-due="Audit log"]').innerText(), /Whole/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/council');
    await page.locator('[data-due=Council]').getByRole('button', { name: 'Try again' }).click();
    await until('it comes', async () => (await page.getByText('Could not be read').count()) === 0);
    await page.locator('[data-due="Who sees what"] a').click();
    await page.waitForURL(/\/governance\/access$/);
  });

  await t.test('access: each cell is what the API says of the ports of the product', async () => {
    for (const purpose of ['analytics', 'email']) {
      await go(`/governance/access?purpose=${purpose}`);
      const a = await server.api(`/api/v1/governance/access?purpose=${purpose}&limit=100`);
      assert.equal(await page.getByLabel('For the purpose').inputValue(), purpose);
      const shown = Object.fromEntries(await page.locator('[data-cell]').evaluateAll((all) => all.map((e) => [e.dataset.cell, e.dataset.tier])));
      assert.equal(Object.keys(shown).length, a.products.length * a.roles.length);
      for (const p of a.products)
        for (const r of a.roles) {
          const tiers = p.ports.map((o) => a.cells.find((c) => c.role === r.name && c.ref === o.ref)?.tier ?? 'none');
          const most = tiers.reduce((x, y) => (order.indexOf(y) > order.indexOf(x) ? y : x), 'none');
          assert.equal(shown[`${r.name}~${p.ref}`], most, `${r.name} of ${p.ref} for ${purpose}`);
        }
    }
  });

  await t.test('access: a cell says form, masks and rules, and shows the rows as the role gets them', async () => {
    const a = await server.api('/api/v1/governance/access?limit=100');
    const cell = a.cells.find((c) => c.tier === 'masked' && c.role !== 'admin' && c.masks.some((m) => m.rule?.file));
    assert.ok(cell, 'the demo has a masked column with a rule');
    const product = a.products.find((p) => p.ports.some((o) => o.ref === cell.ref));
    await go('/governance/access');
    await page.locator(`[data-cell="${cell.role}~${product.ref}"]`).click();
    const part = page.getByRole('dialog').locator(`[data-port="${cell.ref}"]`);
    for (const m of cell.masks) assert.match(await part.locator(`[data-mask="${m.column}"]`).innerText(), new RegExp(`${m.rule?.name ?? 'no rule names it'}`));
    const ruled = cell.masks.find((m) => m.rule?.file);
    assert.match(await part.locator(`[data-mask="${ruled.column}"]`).innerText(), new RegExp(`${ruled.rule.file}:${ruled.rule.line}`));
    assert.deepEqual(await axeViolations(page), []);
    await part.getByRole('button', { name: 'See it as this role' }).click();
    await page.locator(`[data-as="${cell.role}"] tbody tr`).first().waitFor();
    const [domain, port] = cell.ref.split('.');
    const preview = await server.api(`/api/v1/governance/preview/${domain}/${port}?role=${cell.role}&limit=20`);
    assert.deepEqual(await page.locator(`[data-as] thead th`).allInnerTexts(), preview.columns.map((c) => c.name));
    assert.equal(await page.locator(`[data-as] tbody tr`).count(), preview.rows.length);
    assert.match(await page.getByRole('complementary', { name: 'What it does not see' }).innerText(), new RegExp(cell.masks[0].column));
    assert.deepEqual(await axeViolations(page), []);
    await page.reload();
    await page.locator(`[data-as="${cell.role}"]`).waitFor();
    await page.getByRole('button', { name: 'Close the preview' }).click();
    await settled(page);
    assert.equal(await page.locator('[data-as]').count(), 0);
  });

  await t.test('access: what a role does not see, it is answered as something that is not there', async () => {
    const a = await server.api('/api/v1/governance/access?limit=100');
    const hidden = a.roles.flatMap((r) => a.products.flatMap((p) => p.ports.map((o) => [r.name, o.ref]))).find(([r, ref]) => !a.cells.some((c) => c.role === r && c.ref === ref && c.tier !== 'none'));
    assert.ok(hidden, 'the demo hides something from some role');
    await go(`/governance/access?as=${hidden[0]}&see=${hidden[1]}`);
    await page.locator('[data-nothing]').waitFor();
    assert.match(await page.locator('[data-nothing]').innerText(), /a name that does not exist/);
  });

  await t.test('access: arrows go over the cells, one stop in the tab order; filters stand in the address', async () => {
    await go('/governance/access');
    const cells = page.locator('[data-cell]');
    assert.equal(await page.locator('[data-cell][tabindex="0"]').count(), 1);
    await cells.first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.at), '1 1');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.dataset.at), '1 1', 'the focus goes back');
    await page.getByLabel(/^Role/).selectOption('marketer');
    await page.waitForURL(/role=marketer/);
    await settled(page);
    await until('one role', async () => (await page.locator('[data-cell]:not([data-cell^="marketer~"])').count()) === 0);
    await page.getByLabel('Product', { exact: true }).fill('no such product');
    await page.getByText('No product is like that.').waitFor();
  });

  await t.test('access: very many roles and products, and long names, stay inside their frame', async () => {
    const long = 'Leitende Datenschutzbeauftragte für Lateinamerika und die Karibik';
    const roles = Array.from({ length: 20 }, (_, i) => ({ name: `role_${i}`, title: i === 3 ? long : `Role ${i}`, about: null, groups: [], rights: [], grants: [], file: 'governance/roles.yaml', line: i }));
    const products = Array.from({ length: 60 }, (_, i) => ({ ref: `d${Math.floor(i / 25)}.p${i}`, title: i === 0 ? 'x'.repeat(120) : `منتج ${i} 🦊`, domain: `d${Math.floor(i / 25)}`, ports: [{ ref: `d.o${i}`, columns: 3, personal_columns: i % 3, person_column: null }] }));
    const cells = roles.flatMap((r, i) => products.map((p, k) => ({ role: r.name, ref: p.ports[0].ref, purpose: 'analytics', tier: order[(i + k) % 5], rows: k % 7 ? null : 'x', consent: k % 2 === 0, minimum: 10, why: [], masks: [] })));
    await answering(page, '**/api/v1/governance/access*', () => ({ json: { roles, purposes: [{ name: 'analytics', title: null }], purpose: 'analytics', total: 10_000, offset: 100, products, cells } }));
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await go('/governance/access?offset=100');
      await fits(page);
      assert.match(await page.locator('.pages').innerText(), /Products 101 to 160 of 10,000/);
    }
    assert.deepEqual(await axeViolations(page), []);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.waitForURL(/offset=200/);
    await page.unroute('**/api/v1/governance/access*');
  });

  await t.test('policies: every rule of the API in words, with its file and line', async () => {
    await go('/governance/policies');
    const { rules } = await server.api('/api/v1/governance/policies');
    assert.ok(rules.length > 3);
    const text = await page.locator('main').innerText();
    for (const r of rules) {
      assert.ok(text.toLowerCase().includes(r.words.replace(/\.$/, '').toLowerCase()), r.words);
      if (r.file) assert.ok(text.includes(`${r.file}:${r.line}`), `${r.file}:${r.line}`);
    }
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('policies: a mask is changed in a form: who gains and loses, the lines, and only then the file', async () => {
    const { rules } = await server.api('/api/v1/governance/policies');
    const rule = rules.find((r) => r.kind === 'mask' && r.domain === null && r.name === 'phones');
    assert.equal(rule?.set.mask, 'partial', 'the demo shows telephone numbers in part');
    const file = path.join(mesh, rule.file);
    const before = await readFile(file, 'utf8');
    try {
      await go('/governance/policies');
      await page.getByRole('button', { name: `Change ${rule.name}`, exact: true }).click();
      await page.getByLabel('Shown', { exact: true }).selectOption('');
      await page.getByRole('button', { name: 'See who gains and who loses' }).click();
      await settled(page);
      assert.match(await page.getByRole('alert').innerText(), /“Shown” is missing/);
      await page.getByLabel('Shown', { exact: true }).selectOption('redact');
      await page.getByRole('button', { name: 'See who gains and who loses' }).click();
      await page.locator('[data-how=loses] li').first().waitFor();
      assert.equal(await page.locator('[data-how=gains]').count(), 0, 'nobody sees more by a stricter mask');
      await page.locator('[data-apply]').waitFor();
      assert.match(await page.locator('[data-patch]').innerText(), /partial[\s\S]*redact/);
      assert.deepEqual(await axeViolations(page), []);
      assert.equal(await readFile(file, 'utf8'), before, 'nothing is written yet');
      await page.locator('[data-apply]').click();
      await page.getByText('holds from the next question on').waitFor();
      assert.notEqual(await readFile(file, 'utf8'), before);
      await until('the new rule', async () => (await server.api('/api/v1/governance/policies')).rules.find((r) => r.kind === 'mask' && r.name === rule.name)?.set.mask === 'redact');
    } finally {
      await writeFile(file, before);
      await until('the rule of before', async () => (await server.api('/api/v1/governance/policies')).rules.find((r) => r.kind === 'mask' && r.name === rule.name)?.set.mask === 'partial');
    }
  });

  await t.test('policies: a change that sets a domain against the mesh names both rules, and is not offered', async () => {
    await go('/governance/policies');
    await page.getByRole('button', { name: 'Change emails', exact: true }).click();
    await page.getByLabel('Shown', { exact: true }).selectOption('redact');
    await page.getByRole('button', { name: 'See who gains and who loses' }).click();
    await page.getByText('The mesh would not hold with this change').waitFor();
    assert.match(await page.getByRole('dialog').innerText(), /masks\.letters of the domain "lifecycle" loosens masks\.emails[\s\S]*domains\/lifecycle\/policies\.yaml:\d+/);
    assert.equal(await page.locator('[data-apply]').count(), 0);
    await page.keyboard.press('Escape');
  });

  await t.test('policies: what a role is given, with a grant more; a wrong one is told with its place', async () => {
    await go('/governance/policies?grants=tester');
    const form = page.locator('[data-grants=tester]');
    await form.waitFor();
    await page.getByRole('button', { name: 'Add a grant' }).click();
    await page.getByRole('button', { name: 'See who gains and who loses' }).click();
    await settled(page);
    assert.match(await form.innerText(), /names no product/);
    await form.getByLabel('Products').last().fill('acquisition.campaign_performance');
    await page.getByRole('button', { name: 'See who gains and who loses' }).click();
    await page.locator('[data-how=gains]').waitFor();
    assert.match(await page.locator('[data-how=gains]').innerText(), /tester[\s\S]*acquisition\.campaign_daily/);
    await page.getByRole('button', { name: 'Back to the form' }).click();
    await form.getByLabel('Products').last().fill('acquisition.no_such_thing');
    await page.getByRole('button', { name: 'See who gains and who loses' }).click();
    await page.getByText('The mesh would not hold with this change').waitFor();
    assert.match(await page.getByRole('dialog').innerText(), /governance\/roles\.yaml/);
    assert.equal(await page.locator('[data-apply]').count(), 0);
    await page.keyboard.press('Escape');
  });

  await t.test('found: what looks personal by state, the surest first, and a class that is taken over as a change of the file', async () => {
    const finding = (column, state, percent, more = {}) => ({ ref: 'web.shop_orders', column, path: null, kind: 'email', proposed: 'personal', percent, why: 'its values look like e-mail addresses', values: 200, hits: 2 * percent, declared: null, state, file: 'domains/web/products/shop_orders/shop_orders.odcs.yaml', line: 9, at: new Date().toISOString(), ...more });
    const findings = [finding('note', 'perhaps', 40), finding('contact', 'unclassified', 97), finding('contact', 'unclassified', 60, { kind: 'name' }), finding('city', 'doubted', 96, { declared: 'internal' }), finding('email', 'classified', 99, { declared: 'personal' })];
    const sent = [];
    await answering(page, '**/api/v1/scan', () => ({ json: { looked: 3, findings } }));
    await answering(page, '**/api/v1/scan/accept', (r) => {
      const body = r.postDataJSON();
      sent.push(body);
      return { json: { columns: 1, left: 0, patch: '--- a/x.yaml\n+++ b/x.yaml\n@@ -1,1 +1,1 @@\n-  classification: internal\n+  classification: personal\n', files: [{ path: 'x.yaml', how: 'changed' }], applied: body.apply, errors: [] } };
    });
    await go('/governance/found');
    assert.match(await page.locator('[data-answer-found]').innerText(), /3 columns look personal and wait for somebody’s word; 1 more are settled/);
    assert.deepEqual(await page.locator('[data-found] .column').allInnerTexts(), ['contact', 'note', 'city']);
    assert.match(await page.locator('[data-found] tbody tr').first().innerText(), /e-mail addresses or names of people/);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Declare personal: web.shop_orders.contact' }).click();
    await page.locator('[data-patch]').waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-apply]').click();
    await page.getByText('1 class written.').waitFor();
    assert.deepEqual(sent, [false, true].map((apply) => ({ ref: 'web.shop_orders', column: 'contact', apply })));
    await page.getByRole('tab', { name: /Settled/ }).click();
    await settled(page);
    assert.deepEqual(await page.locator('[data-found] .column').allInnerTexts(), ['email']);
    await page.unroute('**/api/v1/scan');
    await page.unroute('**/api/v1/scan/accept');
    /* and as it is */
    await go('/governance/found');
    const real = (await server.api('/api/v1/scan')).findings;
    if (real.length === 0) await page.locator('[data-empty]').waitFor();
    else assert.ok((await page.locator('[data-found]').count()) === 1);
  });

  await t.test('council: what waits, a decision with its reason, what is not one’s own, what was decided', async () => {
    const sent = [];
    await answering(page, '**/api/v1/council**', (r) => {
      if (r.method() === 'POST') {
        sent.push([decodeURIComponent(new URL(r.url()).pathname.split('/').pop()), r.postDataJSON()]);
        return { json: { matter: matter('a/1') } };
      }
      return { json: { waiting: sent.length > 0 ? [] : [matter('a/1', { approved_by: ['bert'] }), matter('b', { may: false, why_not: 'you asked for it' })], decided: [matter('c', { decision: 'decline', decided_by: 'bert', decided_at: '2026-11-20T10:00:00Z', reason: 'Too much.' })] } };
    });
    await go('/governance/council');
    assert.match(await page.locator('[data-answer-council]').innerText(), /2 matters wait for a decision, 1 of them for yours/);
    assert.match(await page.locator('[data-matter="a/1"]').innerText(), /1 of 2 said yes[\s\S]*domains\/web\/policies\.yaml:3[\s\S]*governance\/policies\.yaml:4[\s\S]*so far bert/);
    assert.match(await page.locator('[data-matter=b]').innerText(), /You asked for it\./);
    assert.equal(await page.locator('[data-matter=b] button').count(), 0);
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByRole('button', { name: 'Approve it' }).click();
    await settled(page);
    assert.match(await page.locator('[data-matter="a/1"]').innerText(), /A decision needs its reason/);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByLabel('Why is it right?').fill('Agreed with the works council.');
    await page.getByRole('button', { name: 'Approve it' }).click();
    await page.getByText('Nothing waits', { exact: true }).waitFor();
    assert.deepEqual(sent, [['a/1', { decision: 'approve', reason: 'Agreed with the works council.' }]]);
    await page.getByRole('tab', { name: /Decided/ }).click();
    await settled(page);
    assert.match(await page.locator('[data-matter=c]').innerText(), /Declined[\s\S]*“Too much\.”[\s\S]*bert/);
    await page.unroute('**/api/v1/council**');
    await answering(page, '**/api/v1/council', () => broken);
    await go('/governance/council');
    await page.getByText('The council’s queue could not be read').waitFor();
    await page.unroute('**/api/v1/council');
  });

  await page.context().close();
  await looks(context, [
    ['governance', '/governance'],
    ['access', '/governance/access'],
    ['access-cell', '/governance/access?cell=marketer~shared.customer'],
    ['access-as', '/governance/access?as=marketer&see=shared.customer'],
    ['policies', '/governance/policies'],
    ['policies-grants', '/governance/policies?grants=marketer'],
    ['council', '/governance/council'],
    ['found', '/governance/found'],
  ]);
}
