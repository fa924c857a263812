/* A small runner: one line per test as it ends, and what failed with its reason. */
import assert from 'node:assert/strict';

export { assert };

export class Runner {
  passed = 0;
  failures = [];
  #only = process.env.E2E_ONLY ? new RegExp(process.env.E2E_ONLY) : null;

  async test(name, body) {
    if (this.#only && !this.#only.test(name)) return;
    const began = performance.now();
    try {
      await body();
      this.passed += 1;
      console.log(`ok ${this.passed + this.failures.length} - ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (e) {
      this.failures.push(name);
      console.log(`not ok ${this.passed + this.failures.length} - ${name}`);
      console.log(String(e.stack ?? e).replace(/^/gm, '    '));
    }
  }
  end() {
    for (const name of this.failures) console.log(`failed: ${name}`);
    console.log(`${this.passed} passed, ${this.failures.length} failed`);
    return this.failures.length === 0 ? 0 : 1;
  }
}

/* "1,234.50" and "−2.00%" as numbers. */
export function figure(text) {
  const n = Number(text.replace(/[,%]/g, '').replace('−', '-'));
  assert.ok(!Number.isNaN(n), `not a figure: ${text}`);
  return n;
}

export function near(shown, meant, tolerance, what) {
  assert.ok(Math.abs(shown - meant) <= tolerance, `${what}: the page shows ${shown}, the API gives ${meant}`);
}

/* Waits until something holds, for what has no event of its own. */
export async function until(what, probe, timeout = 30_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`did not come: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
