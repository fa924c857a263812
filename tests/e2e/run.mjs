/* End-to-end tests: the real program with a mesh of its own making, and a real browser.
 *   node tests/e2e/run.mjs            TRELLIS_BIN names another program, E2E_ONLY=regex runs some of the tests,
 *                                     E2E_SCREENSHOTS another folder than build/screenshots */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { launch } from './lib/browser.mjs';
import { killAll, root, serve, trellisOk } from './lib/program.mjs';
import { Runner } from './lib/test.mjs';
import add from './specs/add.mjs';
import appearance from './specs/appearance.mjs';
import catalog from './specs/catalog.mjs';
import dashboard from './specs/dashboard.mjs';
import dashboards from './specs/dashboards.mjs';
import domains from './specs/domains.mjs';
import edit from './specs/edit.mjs';
import empty from './specs/empty.mjs';
import extremes from './specs/extremes.mjs';
import glossary from './specs/glossary.mjs';
import goals from './specs/goals.mjs';
import home from './specs/home.mjs';
import keyboard from './specs/keyboard.mjs';
import lineage from './specs/lineage.mjs';
import newcomer from './specs/newcomer.mjs';
import palette from './specs/palette.mjs';
import platforms from './specs/platforms.mjs';
import product from './specs/product.mjs';
import requests from './specs/requests.mjs';
import restated from './specs/restated.mjs';
import sources from './specs/sources.mjs';
import trouble from './specs/trouble.mjs';

const temp = await mkdtemp(path.join(os.tmpdir(), 'trellis-e2e-'));
const screenshots = process.env.E2E_SCREENSHOTS ?? path.join(root, 'build/screenshots');
await mkdir(screenshots, { recursive: true });

let browser;
let server;
let leaving = false;
async function leave(code) {
  if (leaving) return;
  leaving = true;
  await server?.stop().catch(() => {});
  await browser?.close().catch(() => {});
  killAll();
  await rm(temp, { recursive: true, force: true });
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave(130));
process.on('unhandledRejection', (e) => {
  console.error(e);
  void leave(1);
});

const t = new Runner();
try {
  browser = await launch();
  const mesh = path.join(temp, 'demo');
  const began = performance.now();
  await trellisOk(['demo', '--dir', mesh, '--no-serve'], { timeout: 180_000 });
  console.log(`# demo mesh made, loaded and built in ${Math.round(performance.now() - began)} ms`);
  /* a second one to restate, taken while nobody has it open */
  const second = path.join(temp, 'second');
  await cp(mesh, second, { recursive: true });
  server = await serve(mesh);
  const context = { t, browser, server, mesh, second, temp, screenshots };
  await dashboard(context);
  await keyboard(context);
  await restated(context);
  await home(context);
  await palette(context);
  await catalog(context);
  await product(context);
  await dashboards(context);
  await appearance(context);
  await lineage(context);
  await sources(context);
  await domains(context);
  await glossary(context);
  await goals(context);
  await requests(context);
  await newcomer(context);
  await add(context);
  await edit(context);
  await extremes(context);
  await trouble(context);
  await empty(context);
  await platforms(context);
} catch (e) {
  console.error(String(e.stack ?? e));
  t.failures.push('the tests could not go on');
}
const code = t.end();
await leave(code);
