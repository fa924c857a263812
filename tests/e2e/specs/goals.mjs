/* Goals against the API, and on Campaign 360 the targets and the names that break a rule. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert, figure, near, until } from '../lib/test.mjs';

export default async function goals(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const { goals: list } = await server.api('/api/v1/goals');

  await t.test('the north star comes first, and every goal shows the number that the API gives', async () => {
    await go('/goals');
    const shown = await page.locator('[data-goal]').evaluateAll((a) => a.map((e) => e.dataset.goal));
    assert.equal(shown.length, list.length);
    assert.equal(shown[0], list.find((g) => g.north_star).name);
    for (const g of list) {
      const card = page.locator(`[data-goal="${g.name}"]`);
      const text = await card.innerText();
      assert.ok(text.includes(g.question) && text.includes(g.owner.name), text);
      if (g.value !== null) {
        const value = figure((await card.locator('[data-value]').innerText()).replace(/[A-Z]{3} /, ''));
        near(value, g.unit === 'percent' ? g.value * 100 : g.value, 0.51, g.name);
      }
      if (g.baseline && g.target) assert.match(text, /from .* to /);
      if (!g.baseline) assert.match(text, new RegExp(`trellis goals freeze ${g.name}`));
    }
  });

  await t.test('how it is counted, and its history as a table', async () => {
    const g = list.find((x) => x.north_star);
    const card = page.locator(`[data-goal="${g.name}"]`);
    await card.getByRole('button', { name: 'Table' }).click();
    await settled(page);
    assert.equal(await card.locator('tbody tr').count(), g.series.length);
    await card.getByText('How it is counted').click();
    await settled(page);
    assert.equal((await card.locator('pre').innerText()).trim(), g.sql.trim());
    assert.ok((await server.rows(g.sql)).length > 0, 'the SQL that is shown runs');
  });

  await t.test('a goal that cannot be measured says why; no goal and a broken answer say what to do', async () => {
    const lame = { ...list[0], name: 'lame', title: 'تخفيضات 🎁 '.repeat(20), value: null, problem: 'acquisition.campaign_daily has no column reach', series: [], baseline: null, target: null, progress: null };
    await answering(page, '**/api/v1/goals', () => ({ json: { goals: [lame, ...list] } }));
    await go('/goals?goal=lame');
    assert.match(await page.locator('[data-goal=lame]').innerText(), /Not measured.*has no column reach\./s);
    await fits(page);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/goals');
    await answering(page, '**/api/v1/goals', () => ({ json: { goals: [] } }));
    await go('/goals');
    assert.match(await page.locator('[data-empty]').innerText(), /governance\/goals\.yaml/);
    await page.unroute('**/api/v1/goals');
    await answering(page, '**/api/v1/goals', () => broken);
    await go('/goals');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    await page.unroute('**/api/v1/goals');
    page.troubles.length = 0;
  });

  await t.test('Campaign 360 shows the targets and how fast one comes to them', async () => {
    const { targets } = await server.api('/api/v1/pacing');
    assert.ok(targets.length > 0, 'the demo has targets');
    await go('/dashboards/campaign-360');
    const panel = page.locator('[data-panel=pacing]');
    await panel.waitFor();
    if (targets.length > 8) await panel.getByRole('button', { name: `Show all ${targets.length}` }).click();
    await settled(page);
    assert.equal(await panel.locator('li').count(), targets.length);
    const one = targets.find((x) => x.metric === 'spend' && x.platform === 'google_ads' && x.actual !== null && x.days_done > 0 && x.days_done < x.days_all);
    const text = await panel.locator('li', { hasText: 'Spend, Google Ads' }).allInnerTexts();
    const amount = `${one.currency} ${Math.round(one.actual).toLocaleString('en')} of ${one.currency} ${Math.round(one.target).toLocaleString('en')} in ${one.days_done} of ${one.days_all} days`;
    assert.ok(text.some((x) => x.includes(amount)), `${amount} in ${text.join(' | ')}`);
    await go('/dashboards/campaign-360?platform=google_ads');
    const here = targets.filter((x) => !x.platform || x.platform === 'google_ads').length;
    await panel.waitFor();
    assert.equal(await panel.locator('li').count(), Math.min(8, here));
  });

  await t.test('mis-tagged campaigns are listed with what is wrong and what they cost', async () => {
    const naming = await server.api('/api/v1/naming?limit=500');
    assert.ok(naming.total > 0, 'the demo has names that break a rule');
    await go('/dashboards/campaign-360');
    const panel = page.locator('[data-panel=naming]');
    await panel.waitFor();
    assert.match(await panel.innerText(), new RegExp(`${naming.total} names break a rule`));
    const first = await panel.locator('tbody tr').first().innerText();
    assert.ok(first.includes(naming.items[0].name), first);
    near(figure(/([\d,.]+)\s*$/.exec(first)[1]), naming.items[0].spend, 0.006, 'spend');
    await fits(page);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('without targets and rules there is no panel, and a broken one keeps to itself', async () => {
    await answering(page, '**/api/v1/pacing', () => ({ json: { targets: [] } }));
    await answering(page, '**/api/v1/naming*', () => ({ json: { rules: [], total: 0, items: [] } }));
    await go('/dashboards/campaign-360');
    assert.equal(await page.locator('[data-panel=pacing], [data-panel=naming]').count(), 0);
    await page.unroute('**/api/v1/pacing');
    await answering(page, '**/api/v1/pacing', () => broken);
    await go('/dashboards/campaign-360');
    await page.getByText('The targets could not be shown').waitFor();
    await until('the tiles', async () => (await page.locator('[data-tile=spend] .value').count()) === 1);
    await page.unroute('**/api/v1/pacing');
    await page.unroute('**/api/v1/naming*');
  });
  await page.context().close();
  await looks(context, [['goals', '/goals']]);
}
