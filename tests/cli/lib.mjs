// What the tests of the command line share: running the real program, folders that go away, a server on a free port.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const program = path.resolve(process.env.TRELLIS_PROGRAM ?? path.join(root, "build/trellis"));
export const shared = path.resolve(process.env.TRELLIS_SHARED ?? path.join(root, "../shared"));
export const ads = path.join(shared, "data/ad_platforms");
export const hasShared = fs.existsSync(ads);
if (!hasShared) console.log(`# ${ads} is not there: tests on the landed exports are skipped`);

// A locale of a foreign country must not matter; a user's settings neither.
const environment = { ...process.env, LC_ALL: "de_DE.UTF-8", NO_COLOR: "1", TZ: "Asia/Tokyo" };
delete environment.TRELLIS_NOW;

// What a test leaves is cleared away in the opposite order of its making: a server ends before its folder goes. (The runner's own
// order is that of registration, and after one that fails it calls no other: the server would live on, and the file never end.)
const clearing = new WeakMap();
function afterwards(t, clear) {
    if (!clearing.has(t)) {
        clearing.set(t, []);
        t.after(async () => {
            const failed = [];
            for (const f of clearing.get(t).reverse()) await Promise.resolve().then(f).catch((e) => failed.push(e));
            if (failed.length) throw failed[0];
        });
    }
    clearing.get(t).push(clear);
}

export function scratch(t) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), "trellis-cli-"));
    afterwards(t, () => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
    return dir;
}

export function run(args, { cwd, env, input } = {}) {
    const r = spawnSync(program, args, { cwd, env: { ...environment, ...env }, input, encoding: "utf8", timeout: 600_000, maxBuffer: 1 << 28 });
    if (r.error) throw r.error;
    return { code: r.status, out: r.stdout, err: r.stderr, signal: r.signal };
}

// The same, and an error with everything said when it did not end as expected.
export function must(args, options = {}) {
    const r = run(args, options);
    const wanted = options.code ?? 0;
    if (r.code !== wanted) throw new Error(`trellis ${args.join(" ")} ended with ${r.code ?? r.signal}, not ${wanted}\n${r.out}\n${r.err}`);
    return r;
}

export const json = (args, options) => JSON.parse(must([...args, "--json"], options).out);
// Numbers as they were written, so that decimals are compared exactly.
export const rows = (sql, options, more = []) => must(["query", "--format", "csv", ...more, sql], options).out.trimEnd().split("\r\n").slice(1);

export function start(args, { cwd, env, stdin } = {}) {
    const child = spawn(program, args, { cwd, env: { ...environment, ...env }, stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    child.stdin?.end(stdin);
    const it = { child, out: "", err: "" };
    child.stdout.on("data", (d) => (it.out += d));
    child.stderr.on("data", (d) => (it.err += d));
    it.ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
    return it;
}

export async function until(what, look, ms = 60_000) {
    for (const end = Date.now() + ms; Date.now() < end; ) {
        const found = await look();
        if (found) return found;
        await new Promise((r) => setTimeout(r, 15));
    }
    throw new Error(`waited in vain for ${what}`);
}

export async function serve(t, dir, more = []) {
    const it = start(["serve", "--port", "0", ...more], { cwd: dir });
    afterwards(t, async () => {
        it.child.kill("SIGTERM");
        const hard = setTimeout(() => it.child.kill("SIGKILL"), 30_000);
        await it.ended;
        clearTimeout(hard);
    });
    const url = await until("the address", () => {
        if (it.child.exitCode !== null) throw new Error(`serve ended: ${it.err}`);
        return it.out.match(/http:\/\/\S+/)?.[0];
    });
    const { port, searchParams } = new URL(url);
    it.port = Number(port);
    it.token = searchParams.get("token");
    it.url = url;
    it.ask = (pathname, { method = "GET", headers = {}, body, bare = false } = {}) =>
        new Promise((resolve, reject) => {
            const own = bare ? {} : { authorization: `Bearer ${it.token}` };
            if (body !== undefined && !("content-type" in headers)) own["content-type"] = "application/json";
            const q = http.request({ host: "127.0.0.1", port: it.port, path: pathname, method, headers: { ...own, ...headers } }, (r) => {
                const chunks = [];
                r.on("data", (d) => chunks.push(d));
                r.on("end", () => resolve({ status: r.statusCode, headers: r.headers, bytes: Buffer.concat(chunks), text: Buffer.concat(chunks).toString() }));
                r.on("error", reject);
            });
            // A connection that was kept open may be closed by the server just when it is used again: asked once more on another.
            q.on("error", (e) => (q.reusedSocket && e.code === "ECONNRESET" ? it.ask(pathname, { method, headers, body, bare }).then(resolve, reject) : reject(e)));
            q.end(body === undefined ? undefined : typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
        });
    it.json = async (pathname, options) => {
        const r = await it.ask(pathname, options);
        return { status: r.status, ...JSON.parse(r.text) };
    };
    return it;
}

export const write = (dir, name, text) => {
    const file = path.join(dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
};

// A small mesh with one source from a file of three days, its port, and a port of our own on top.
export function smallMesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    write(dir, "in/spend.csv", "day,channel,amount\n2026-01-01,search,10.10\n2026-01-02,search,20.20\n2026-01-03,social,0.03\n");
    must(["add", "files", "--name", "spend", "--path", "in/spend.csv", "--domain", "acquisition"], { cwd: dir });
    return dir;
}
