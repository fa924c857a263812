// Encryption at rest through the real program: what is loaded from files and sent as events stands readable in no byte below data/, wrong keys are
// told from absent ones, and an exchange of keys that is killed leaves a mesh that opens with exactly one.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { must, rows, run, scratch, start, until, write } from "./lib.mjs";

const newKey = () => crypto.randomBytes(32).toString("hex");
const canary = "CANARY-" + crypto.randomBytes(4).toString("hex");

// One try tells whether the engine's extension is on this machine.
const can = (() => {
    const dirs = [];
    const dir = path.join(scratch({ after: (f) => dirs.push(f) }), "probe");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    fs.appendFileSync(path.join(dir, "mesh.yaml"), '\nencryption: {key: "env:PROBE_KEY"}\n');
    const r = run(["run"], { cwd: dir, env: { PROBE_KEY: newKey() } });
    dirs.forEach((f) => f());
    if (r.code !== 0 && !/extension for encryption is not on this machine/.test(r.err)) throw new Error(r.err);
    return r.code === 0;
})();
const skip = can ? false : "not run: the engine's extension for encryption is not on this machine";

function* below(dir) {
    for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
        const p = path.join(dir, e.name);
        if (e.isDirectory()) yield* below(p);
        else if (e.isFile()) yield p;
    }
}
const bytes = (p) => {
    try {
        return fs.readFileSync(p);
    } catch (e) {
        if (e.code !== "ENOENT") throw e; // the spool renames files while it runs
        return Buffer.alloc(0);
    }
};
const filesWith = (dir, text) => [...below(path.join(dir, "data"))].filter((p) => bytes(p).includes(text)).map((p) => path.relative(dir, p));

function shop(t, reference) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    if (reference) fs.appendFileSync(path.join(dir, "mesh.yaml"), `\nencryption: {key: "${reference}"}\n`);
    let csv = "order_id,ordered_on,email,amount\n";
    for (let i = 0; i < 300; i++) csv += `A-${i},2026-01-${String(1 + (i % 28)).padStart(2, "0")},${canary}-${i}@example.org,${i}.50\n`;
    write(dir, "in/orders.csv", csv);
    return dir;
}

function addAll(dir, env) {
    must(["add", "files", "--name", "orders", "--path", "in/orders.csv", "--domain", "web"], { cwd: dir, env });
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir, env });
    write(dir, "in/orders.csv", fs.readFileSync(path.join(dir, "in/orders.csv"), "utf8") + `A-300,not a day,${canary}-bad@example.org,many\n`);
    must(["run"], { cwd: dir, env });
    return must(["key", "create", "web.site"], { cwd: dir, env }).out.trim();
}

const count = (dir, env) => Number(rows("SELECT count(*) FROM web.site__track", { cwd: dir, env })[0]);

async function collecting(t, dir, env, key) {
    const it = start(["serve", "--port", "0", "--collector-listen", "127.0.0.1:0"], { cwd: dir, env });
    t.after(() => it.child.kill("SIGKILL"));
    const port = Number((await until("the collector", () => it.out.match(/collector http:\/\/127\.0\.0\.1:(\d+)/)))[1]);
    it.send = (events) =>
        new Promise((resolve, reject) => {
            const headers = { authorization: "Basic " + Buffer.from(key + ":").toString("base64"), "content-type": "application/json" };
            const q = http.request({ host: "127.0.0.1", port, path: "/v1/batch", method: "POST", headers }, (r) => r.resume().on("end", () => resolve(r.statusCode)));
            q.on("error", reject);
            q.end(JSON.stringify({ batch: events, sentAt: new Date().toISOString() }));
        });
    return it;
}
const event = (id) => ({ type: "track", event: "Signed Up", anonymousId: `${canary}-${id}`, messageId: "m-" + id, timestamp: new Date().toISOString(), properties: { note: canary } });

test("a mesh that begins under a key: no byte below data/ tells what was loaded or sent", { skip }, async (t) => {
    const env = { TRELLIS_TEST_KEY: newKey() };
    const dir = shop(t, "env:TRELLIS_TEST_KEY");
    const key = addAll(dir, env);
    assert.deepEqual(filesWith(dir, canary), []);
    const it = await collecting(t, dir, env, key);
    for (let i = 0; i < 10; i++) assert.equal(await it.send(Array.from({ length: 20 }, (_, k) => event(i * 20 + k))), 200);
    await until("200 events", () => count(dir, env) === 200);
    assert.deepEqual(filesWith(dir, canary), [], "while it runs, logs of both stores included");
    assert.ok(!fs.readFileSync(`/proc/${it.child.pid}/cmdline`).includes(env.TRELLIS_TEST_KEY));
    it.child.kill("SIGKILL");
    await it.ended;
    assert.deepEqual(filesWith(dir, canary), [], "after it was killed");
    assert.deepEqual(filesWith(dir, env.TRELLIS_TEST_KEY), []);
    assert.ok(!it.err.includes(env.TRELLIS_TEST_KEY) && !it.err.includes(canary));
    assert.equal(count(dir, env), 200);
    assert.deepEqual(rows("SELECT count(*), sum(amount) FROM web.orders__data", { cwd: dir, env }).length, 1);

    await t.test("somebody is forgotten, and everything else opens as before", () => {
        must(["erase", "--identifier", `anonymous_id:${canary}-7`, "--reason", "asked for it"], { cwd: dir, env });
        assert.equal(count(dir, env), 199);
        must(["audit", "verify"], { cwd: dir, env });
        assert.deepEqual(filesWith(dir, canary), []);
    });

    await t.test("another key, none, a place that is empty", () => {
        for (const [bad, text] of [
            [{ TRELLIS_TEST_KEY: newKey() }, /not the key any more that it was on \d{4}-/],
            [{ TRELLIS_TEST_KEY: "" }, /env:TRELLIS_TEST_KEY is not set/],
            [{ TRELLIS_TEST_KEY: "abc" }, /holds no key/],
        ]) {
            const r = run(["query", "SELECT 1"], { cwd: dir, env: bad });
            assert.equal(r.code, 1);
            assert.match(r.err, text);
            assert.match(r.err, /TR017/);
        }
        const yaml = path.join(dir, "mesh.yaml"), text = fs.readFileSync(yaml, "utf8");
        fs.writeFileSync(yaml, text.replace(/encryption:.*\n/, ""));
        assert.match(run(["query", "SELECT 1"], { cwd: dir, env }).err, /mesh.yaml names no key/);
        fs.writeFileSync(yaml, text);
    });

    await t.test("without the engine's extension nothing is opened", () => {
        const r = run(["query", "SELECT 1"], { cwd: dir, env: { ...env, TRELLIS_EXTENSIONS: dir } });
        assert.equal(r.code, 1);
        assert.match(r.err, /TR017[^]*extension for encryption[^]*TRELLIS_EXTENSIONS/);
    });
});

test("a plain mesh is encrypted, its key exchanged, and it becomes plain again", { skip }, async (t) => {
    const dir = shop(t);
    addAll(dir, {});
    const sums = () => rows("SELECT count(*), sum(amount) FROM web.orders__data", { cwd: dir, env });
    const env = { TRELLIS_TEST_KEY: newKey() }, plain = sums();
    assert.ok(filesWith(dir, canary).length > 0);
    assert.match(run(["encrypt"], { cwd: dir }).err, /no key is named/);
    assert.match(run(["encrypt", "--key", "env:TRELLIS_TEST_KEY", "--off"], { cwd: dir, env }).err, /do not go together/);
    assert.match(run(["encrypt", "--key", newKey()], { cwd: dir, env }).err, /is not a place of a key/);
    const done = JSON.parse(must(["encrypt", "--key", "env:TRELLIS_TEST_KEY", "--json"], { cwd: dir, env }).out);
    assert.deepEqual([done.before, done.after], [null, "env:TRELLIS_TEST_KEY"]);
    assert.deepEqual(filesWith(dir, canary), []);
    assert.deepEqual(sums(), plain);

    fs.writeFileSync(path.join(dir, "other.key"), newKey() + "\n", { mode: 0o600 });
    must(["encrypt", "--rotate", "--new-key", "file:other.key"], { cwd: dir, env });
    assert.match(fs.readFileSync(path.join(dir, "mesh.yaml"), "utf8"), /key: ['"]?file:other\.key/);
    assert.deepEqual(sums(), plain);
    must(["encrypt", "--rotate", "--new-key", "command:cat other.key | tr a-f A-F"], { cwd: dir, env, code: 2 }); // the same key from another place
    must(["run"], { cwd: dir });

    must(["encrypt", "--off"], { cwd: dir });
    assert.doesNotMatch(fs.readFileSync(path.join(dir, "mesh.yaml"), "utf8"), /encryption/);
    assert.deepEqual(sums(), plain);
});

test("killed during an exchange, exactly one of the two keys opens the mesh and the other is told which", { skip }, async (t) => {
    const keys = { FIRST: newKey(), SECOND: newKey() };
    const dir = shop(t, "env:FIRST");
    addAll(dir, keys);
    let holds = "FIRST";
    for (const after of [60, 120, 180, 240, 320, 420]) {
        const other = holds === "FIRST" ? "SECOND" : "FIRST";
        const it = start(["encrypt", "--rotate", "--new-key", `env:${other}`], { cwd: dir, env: keys });
        setTimeout(() => it.child.kill("SIGKILL"), after);
        await it.ended;
        const opens = [];
        for (const name of ["FIRST", "SECOND"]) {
            const yaml = path.join(dir, "mesh.yaml");
            fs.writeFileSync(yaml, fs.readFileSync(yaml, "utf8").replace(/env:(FIRST|SECOND)/, `env:${name}`));
            const r = run(["query", "SELECT count(*) AS n FROM web.orders__data"], { cwd: dir, env: keys });
            if (r.code === 0) opens.push(name);
            else assert.match(r.err, new RegExp(`TR017[^]*that is the key of env:${name === "FIRST" ? "SECOND" : "FIRST"}`));
        }
        assert.equal(opens.length, 1);
        holds = opens[0];
        const yaml = path.join(dir, "mesh.yaml");
        fs.writeFileSync(yaml, fs.readFileSync(yaml, "utf8").replace(/env:(FIRST|SECOND)/, `env:${holds}`));
        assert.deepEqual(filesWith(dir, canary), []);
    }
});

test("a collector alone takes events under the mesh's key", { skip }, async (t) => {
    const env = { TRELLIS_TEST_KEY: newKey() };
    const dir = shop(t, "env:TRELLIS_TEST_KEY");
    const key = addAll(dir, env);
    assert.match(run(["collect", "--listen", "127.0.0.1:0"], { cwd: dir, env: { TRELLIS_TEST_KEY: newKey() } }).err, /not the key any more/);
    const it = start(["collect", "--listen", "127.0.0.1:0"], { cwd: dir, env });
    t.after(() => it.child.kill("SIGKILL"));
    const port = Number((await until("its address", () => it.out.match(/http:\/\/127\.0\.0\.1:(\d+)/)))[1]);
    assert.match(run(["encrypt", "--off"], { cwd: dir, env }).err, /takes events/);
    const answer = await new Promise((resolve, reject) => {
        const headers = { authorization: "Basic " + Buffer.from(key + ":").toString("base64"), "content-type": "application/json" };
        const q = http.request({ host: "127.0.0.1", port, path: "/v1/batch", method: "POST", headers }, (r) => r.resume().on("end", () => resolve(r.statusCode)));
        q.on("error", reject);
        q.end(JSON.stringify({ batch: [event(1), event(2)] }));
    });
    assert.equal(answer, 200);
    assert.deepEqual(filesWith(dir, canary), []);
    it.child.kill("SIGTERM");
    await it.ended;
    must(["encrypt", "--rotate", "--new-key", "env:TRELLIS_OTHER"], { cwd: dir, env: { ...env, TRELLIS_OTHER: newKey() }, code: 0 });
});

test("without the extension a mesh that asks for encryption is not begun in the clear", (t) => {
    const dir = shop(t, "env:TRELLIS_TEST_KEY");
    const r = run(["run"], { cwd: dir, env: { TRELLIS_TEST_KEY: newKey(), TRELLIS_EXTENSIONS: dir } });
    assert.equal(r.code, 1);
    assert.match(r.err, /TR017/);
    for (const name of ["mesh.duckdb", "control.sqlite"]) assert.ok(!fs.existsSync(path.join(dir, "data", name)));
});
