/* The glossary: meanings, owners, what is claimed twice, and the way to settle it. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function glossary(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const { terms } = await server.api('/api/v1/glossary');
  const { clashes } = await server.api('/api/v1/clashes');
  const refOf = (term) => (term.domain ? `${term.domain}.${term.name}` : term.name);

  await t.test('each term stands with its meaning, what it is not, its owner and its columns', async () => {
    await go('/glossary');
    assert.equal(await page.locator('[data-term]').count(), terms.length);
    for (const term of terms) {
      const text = await page.locator(`[data-term="${refOf(term)}"]`).innerText();
      assert.ok(text.includes(term.definition), refOf(term));
      if (term.not_this) assert.ok(text.includes(term.not_this), refOf(term));
      assert.ok(text.includes(term.owner.name), refOf(term));
      for (const c of term.columns.slice(0, 5)) assert.ok(text.includes(`${c.ref}.${c.column}`), text);
    }
    assert.match(await page.locator('[data-answer-glossary]').innerText(), new RegExp(`^${terms.length} terms, ${terms.filter((x) => x.status === 'agreed').length} agreed`));
  });

  await t.test('whose “conversion” is, and what it means: found by a synonym, with both owners side by side', async () => {
    await go('/glossary');
    await page.getByRole('searchbox', { name: 'Find a term' }).fill('purchase');
    await until('fewer terms', async () => (await page.locator('[data-term]').count()) < 5);
    await page.locator('[data-term="web.conversion"]').waitFor();
    await go('/glossary?term=conversion');
    const clash = clashes.find((c) => c.subject === 'conversion');
    const card = await page.locator('[data-clash="conversion"]').first().innerText();
    for (const claim of clash.claims) {
      assert.ok(card.includes(claim.owner.name) && card.includes(claim.text) && card.includes(claim.ref), `${claim.ref} in ${card}`);
      assert.ok(card.includes(`${claim.file}:${claim.line}`), card);
    }
    assert.ok(await page.locator('.term.chosen').evaluate((e) => { const r = e.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; }), 'the term is in sight');
  });

  await t.test('both owners are asked to settle a clash, each with a request of their own', async () => {
    const clash = clashes.find((c) => c.subject === 'conversion');
    const before = (await server.api('/api/v1/requests')).requests.length;
    await go('/glossary?term=conversion');
    await page.getByRole('button', { name: 'Ask both owners to settle it' }).first().click();
    await settled(page);
    assert.match(await page.getByLabel('What both owners will read').inputValue(), /agree/);
    await page.getByRole('button', { name: 'Send to both' }).click();
    await page.getByText('Both owners have it').waitFor();
    const { requests } = await server.api('/api/v1/requests');
    assert.equal(requests.length, before + clash.claims.length);
    assert.deepEqual(requests.slice(0, 2).map((r) => r.ref).sort(), clash.claims.map((c) => c.ref).sort());
    assert.ok(requests.slice(0, 2).every((r) => r.kind === 'feedback' && r.state === 'open'));
  });

  await t.test('a word that is not there can be asked for, and the letters lead by keyboard', async () => {
    await go('/glossary?term=wonderword');
    await page.getByText('No term is called').waitFor();
    await page.getByRole('link', { name: 'Ask what it means' }).first().click();
    await page.waitForURL(/new=question/);
    await settled(page);
    assert.match(await page.getByLabel('In a few words').inputValue(), /wonderword/);
    await go('/glossary');
    await page.getByRole('navigation', { name: 'Letters' }).getByRole('button').last().focus();
    await page.keyboard.press('Enter');
    await until('the letter', () => page.evaluate(() => document.activeElement?.id.startsWith('letter-')));
  });

  await t.test('two thousand terms, long words and other scripts; none; and a broken answer', async () => {
    const names = ['تخفيضات الربيع 🎁', 'x'.repeat(300), '<img src=x onerror="window.harmed=1">'];
    const many = Array.from({ length: 2000 }, (_, i) => ({ ...terms[0], name: `t_${i}`, domain: null, title: names[i] ?? `Term ${i}`, definition: names[i] ?? 'What it means.', clash: false }));
    await answering(page, '**/api/v1/glossary', () => ({ json: { terms: many } }));
    await go('/glossary');
    assert.ok((await page.locator('[data-term]').count()) <= 150);
    await page.getByRole('searchbox', { name: 'Find a term' }).fill('Term 1999');
    await page.locator('[data-term="t_1999"]').waitFor();
    await go('/glossary?term=t_0');
    await page.locator('[data-term="t_0"].chosen').waitFor();
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    await fits(page);
    await page.unroute('**/api/v1/glossary');
    await answering(page, '**/api/v1/glossary', () => ({ json: { terms: [] } }));
    await go('/glossary');
    assert.match(await page.locator('[data-empty]').innerText(), /governance\/glossary\.yaml/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/glossary');
    await answering(page, '**/api/v1/clashes', () => broken);
    await go('/glossary');
    assert.match(await page.getByRole('alert').innerText(), /Which terms clash could not be read.*Code TR001/s);
    assert.equal(await page.locator('[data-term]').count(), terms.length, 'the terms stay');
    await page.unroute('**/api/v1/clashes');
  });
  await page.context().close();
  await looks(context, [
    ['glossary', '/glossary'],
    ['glossary-clash', '/glossary?term=conversion'],
  ]);
}
