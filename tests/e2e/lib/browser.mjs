/* The browser of the end-to-end tests: Debian's Chromium, driven by playwright-core from the page's own packages. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const CANDIDATES = [process.env.TRELLIS_BROWSER, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/* A browser that is missing is a failure of the tests, never a reason to skip them. */
export async function launch() {
  const executablePath = CANDIDATES.find((p) => p && existsSync(p));
  if (!executablePath) throw new Error('no Chromium found: install it with scripts/setup.sh, or name one in TRELLIS_BROWSER');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/* A slow network on purpose: each answer comes after a wait of its own, so what was asked later may be answered sooner. */
const LAG_MS = Number(process.env.E2E_LAG ?? 0);

/* Answers to `glob` come late, each by as many milliseconds as `wait` says. A page that no longer waits for one is no fault. */
export async function late(page, glob, wait) {
  await page.route(glob, async (route) => {
    await new Promise((done) => setTimeout(done, wait()));
    await route.fallback().catch(() => {});
  });
}

/* A page of its own session. What it says on the console and what it throws is kept in `page.troubles`. */
export async function open(browser, { width = 1440, height = 900, scheme = 'light' } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.troubles = [];
  page.asked = 0;
  page.underway = 0;
  page.on('request', () => {
    page.asked++;
    page.underway++;
  });
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, () => page.underway--);
  if (LAG_MS > 0) await late(page, '**/api/**', () => Math.random() * LAG_MS);
  page.on('console', (m) => {
    if (m.type() === 'error') page.troubles.push(m.text());
  });
  page.on('pageerror', (e) => page.troubles.push(String(e.stack ?? e)));
  return page;
}

const QUIET_MS = 100;

/* Nothing has been under way for a moment. (Playwright's own `networkidle` waits for half a second each time.) */
async function quiet(page) {
  let since = Date.now();
  for (const end = since + 60_000; Date.now() - since < QUIET_MS; ) {
    if (Date.now() > end) throw new Error(`${page.underway} requests do not end`);
    await new Promise((done) => setTimeout(done, 20));
    if (page.underway > 0) since = Date.now();
  }
}

/* The page itself has nothing left to do: what was clicked just now is carried out and painted. By the clock alone a busy machine would pass
 * for a quiet page. */
const idle = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done)))));

/* Everything asked for has come, and the charts are drawn: until neither waiting nor drawing asked for more. */
export async function settled(page) {
  await page.waitForLoadState('load');
  for (let before = -1; before !== page.asked; ) {
    await idle(page);
    before = page.asked;
    await quiet(page);
    await page.waitForFunction(() => !document.querySelector('.placeholder, .bones, .loading, .bone, [aria-busy="true"]'));
    await page.waitForFunction(() => [...document.querySelectorAll('.chart[role="img"]')].every((c) => c.querySelector('canvas')));
    await idle(page);
  }
}

export async function axeViolations(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join('; ')})`);
}
