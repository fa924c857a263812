/* End-to-end tests: the real program with a mesh of its own making, and a real browser. The specs run in three parts side by
 * side, each in a process with a browser, a server and a copy of the mesh of its own; within a part they follow each other.
 *   node tests/e2e/run.mjs            TRELLIS_BIN names another program, E2E_ONLY=regex runs some of the tests,
 *                                     E2E_PART=1 (2, 3) one part, E2E_SCREENSHOTS another folder than build/screenshots,
 *                                     E2E_LAG=500 lets each answer wait, up to that many ms */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './lib/browser.mjs';
import { killAll, root, serve, trellisOk } from './lib/program.mjs';
import { Runner } from './lib/test.mjs';
import add from './specs/add.mjs';
import appearance from './specs/appearance.mjs';
import catalog from './specs/catalog.mjs';
import customers from './specs/customers.mjs';
import dashboard from './specs/dashboard.mjs';
import dashboards from './specs/dashboards.mjs';
import dashboardsMeasure from './specs/dashboards_measure.mjs';
import domains from './specs/domains.mjs';
import edit from './specs/edit.mjs';
import empty from './specs/empty.mjs';
import explore from './specs/explore.mjs';
import extremes from './specs/extremes.mjs';
import glossary from './specs/glossary.mjs';
import goals from './specs/goals.mjs';
import governance from './specs/governance.mjs';
import home from './specs/home.mjs';
import identity from './specs/identity.mjs';
import keyboard from './specs/keyboard.mjs';
import lineage from './specs/lineage.mjs';
import live from './specs/live.mjs';
import newcomer from './specs/newcomer.mjs';
import palette from './specs/palette.mjs';
import platforms from './specs/platforms.mjs';
import privacy from './specs/privacy.mjs';
import product from './specs/product.mjs';
import requests from './specs/requests.mjs';
import restated from './specs/restated.mjs';
import signin from './specs/signin.mjs';
import sources from './specs/sources.mjs';
import trouble from './specs/trouble.mjs';

/* What is in one part may go on from what stood there before; no part needs another. */
const parts = [
  [dashboard, keyboard, restated, home, palette, catalog, product, dashboards, explore, dashboardsMeasure, appearance],
  [lineage, sources, domains, glossary, goals, requests, customers, live, identity],
  [governance, signin, privacy, newcomer, add, edit, extremes, trouble, empty, platforms],
];

const temp = await mkdtemp(path.join(os.tmpdir(), 'trellis-e2e-'));
const screenshots = process.env.E2E_SCREENSHOTS ?? path.join(root, 'build/screenshots');
await mkdir(screenshots, { recursive: true });

let browser;
let server;
const children = new Set();
let leaving = false;
async function leave(code) {
  if (leaving) return;
  leaving = true;
  await Promise.all([...children].map((c) => (c.kill('SIGTERM'), c.ended)));
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

async function demo() {
  const dir = path.join(temp, 'demo');
  const began = performance.now();
  await trellisOk(['demo', '--dir', dir, '--no-serve'], { timeout: 600_000 });
  console.log(`# demo mesh made, loaded and built in ${Math.round(performance.now() - began)} ms`);
  return dir;
}

/* One part, in this process. */
async function runPart(specs) {
  const t = new Runner();
  try {
    const mesh = process.env.E2E_DEMO ? path.join(temp, 'demo') : await demo();
    if (process.env.E2E_DEMO) await cp(process.env.E2E_DEMO, mesh, { recursive: true });
    browser = await launch();
    /* a second one to restate, taken while nobody has it open */
    const second = path.join(temp, 'second');
    await cp(mesh, second, { recursive: true });
    server = await serve(mesh);
    const context = { t, browser, server, mesh, second, temp, screenshots };
    for (const spec of specs) await spec(context);
  } catch (e) {
    console.error(String(e.stack ?? e));
    t.failures.push('the tests could not go on');
  }
  return t.end();
}

/* All parts, each in a process; their tests are counted together. */
async function runAll() {
  const sum = { passed: 0, failed: 0, names: [] };
  const take = (line) => {
    const counts = /^([0-9]+) passed, ([0-9]+) failed$/.exec(line);
    if (counts) {
      sum.passed += Number(counts[1]);
      sum.failed += Number(counts[2]);
    } else if (line.startsWith('failed: ')) sum.names.push(line);
    else console.log(line);
    return counts !== null;
  };
  const mesh = await demo();
  const run = (n) =>
    new Promise((resolve) => {
      const env = { ...process.env, E2E_PART: String(n), E2E_DEMO: mesh };
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      children.add(child);
      child.ended = new Promise((done) => child.on('close', done));
      let rest = '';
      let counted = false;
      child.stdout.setEncoding('utf8').on('data', (d) => {
        const lines = (rest + d).split('\n');
        rest = lines.pop();
        for (const line of lines) counted = take(line.replace(/^(ok|not ok) /, `$1 ${n}.`)) || counted;
      });
      child.on('close', (code) => {
        children.delete(child);
        if (!counted) {
          sum.failed += 1;
          sum.names.push(`failed: part ${n} ended with ${code} before its end`);
        }
        resolve();
      });
    });
  await Promise.all(parts.map((_, i) => run(i + 1)));
  for (const line of sum.names) console.log(line);
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}

const part = process.env.E2E_PART ? parts[Number(process.env.E2E_PART) - 1] : null;
if (process.env.E2E_PART && !part) throw new Error(`there is no part ${process.env.E2E_PART}: E2E_PART is 1 to ${parts.length}`);
await leave(
  await (part ? runPart(part) : runAll()).catch((e) => {
    console.error(String(e.stack ?? e));
    return 1;
  }),
);
