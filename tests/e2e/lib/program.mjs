/* The program under test: its commands, and servers on free ports that are stopped whatever happens. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = path.resolve(process.env.TRELLIS_BIN ?? path.join(root, 'build/trellis'));
if (!existsSync(binary)) throw new Error(`there is no program at ${binary}: build it with \`make\`, or name it in TRELLIS_BIN`);

const running = new Set();

/* Runs a command to its end. */
export function trellis(args, { cwd, env, timeout = 600_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let out = '';
    let err = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: code ?? `signal ${signal}`, out, err });
    });
  });
}

export async function trellisOk(args, options) {
  const r = await trellis(args, options);
  if (r.code !== 0) throw new Error(`trellis ${args.join(' ')} ended with ${r.code}\n${r.out}${r.err}`);
  return r;
}

/* Starts `trellis serve` on a free port and reads the address that it prints. */
export function serve(cwd, { env, timeout = 30_000, more = [] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ['serve', '--port', '0', ...more], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let text = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`trellis serve printed no address within ${timeout} ms:\n${text}`));
    }, timeout);
    const ended = new Promise((done) => child.on('close', done));
    const read = (d) => {
      text += d;
      const m = /(http:\/\/[^\s/]+)\/\?token=([0-9A-Za-z_-]+)/.exec(text);
      if (!m) return;
      clearTimeout(timer);
      const [address, origin, token] = m;
      resolve({
        address,
        origin,
        token,
        pid: child.pid,
        /* a page with the key of the session: the first address that a browser opens */
        at: (route) => `${origin}${route}${route.includes('?') ? '&' : '?'}token=${token}`,
        output: () => text,
        api: (route, body) => api(origin, token, route, body),
        rows: async (sql, params = [], more = {}) => {
          const answer = await api(origin, token, '/api/v1/query', { sql, params, ...more });
          return answer.rows.map((row) => Object.fromEntries(answer.columns.map((c, i) => [c.name, row[i]])));
        },
        async stop() {
          child.kill('SIGTERM');
          const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
          const code = await ended;
          clearTimeout(hard);
          return code;
        },
      });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      reject(new Error(`trellis serve ended with ${code}:\n${text}`));
    });
  });
}

async function api(origin, token, route, body) {
  const response = await fetch(origin + route, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${route} answered ${response.status}: ${JSON.stringify(answer.error)}`);
  return answer;
}

/* No process outlives the tests. */
export function killAll() {
  for (const child of running) child.kill('SIGKILL');
}
