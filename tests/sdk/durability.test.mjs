// Nothing that was answered 200 is lost or stored twice: the server is killed again and again while the real client for Node sends, its disk fills up, its
// spool is damaged. What counts is what the client was told: the ids in the bodies that were answered 200.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { Analytics } from "@segment/analytics-node";
import { must, rows, scratch, start } from "../cli/lib.mjs";
import { post, until } from "./lib.mjs";

const long = Boolean(process.env.TRELLIS_LONG);
const KILLS = long ? 50 : 6;

function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
    return { dir, key: must(["key", "create", "web.site"], { cwd: dir }).out.trim() };
}

const freePort = () => new Promise((resolve) => {
    const s = net.createServer().listen(0, "127.0.0.1", () => {
        const { port } = s.address();
        s.close(() => resolve(port));
    });
});

// Numbers between 0 and 1 that are the same in every run.
function chances(seed) {
    let x = seed;
    return () => (x = (x * 48271) % 2147483647) / 2147483647;
}

// Every id once in the raw streams and once in the timeline; in both the same ones; and all that were acknowledged among them.
function accounted(dir, acknowledged, sent) {
    must(["run"], { cwd: dir });
    const stored = rows("SELECT message_id FROM web.site__track", { cwd: dir });
    const timeline = rows("SELECT interaction_id FROM shared.interaction", { cwd: dir }).map((id) => id.replace(/^web:site:/, ""));
    const once = new Set(stored);
    assert.equal(once.size, stored.length, "an event is stored twice");
    assert.deepEqual([...acknowledged].filter((id) => !once.has(id)), [], "acknowledged and lost");
    assert.deepEqual(stored.filter((id) => !sent.has(id)), [], "never sent");
    assert.deepEqual(timeline.sort(), stored.sort(), "the timeline is another one than the stream");
    return stored.length;
}

test(`the server is killed ${KILLS} times while a client sends`, async (t) => {
    const { dir, key } = mesh(t);
    const port = await freePort(), chance = chances(2026);
    const client = new Analytics({ writeKey: key, host: `http://127.0.0.1:${port}`, path: "/v1/batch", flushInterval: 30, maxEventsInBatch: 20, maxRetries: 1000 });
    const acknowledged = new Set(), sent = new Set(), errors = [];
    let retried = 0;
    client.on("http_request", ({ headers }) => (retried += "X-Retry-Count" in headers ? 1 : 0));
    client.on("http_response", ({ status, body }) => {
        if (status === 200) for (const e of JSON.parse(body).batch) acknowledged.add(e.messageId);
    });
    client.on("error", (e) => errors.push(e));
    let n = 0;
    const sending = setInterval(() => {
        for (let i = 0; i < 3; i++) {
            const messageId = `d-${n++}`;
            sent.add(messageId);
            client.track({ anonymousId: `a-${n % 97}`, event: "Product Viewed", properties: { n }, messageId });
        }
    }, 10);
    t.after(() => clearInterval(sending));
    for (let kill = 0; kill <= KILLS; kill++) {
        const it = start(["serve", "--port", "0", "--collector-listen", `127.0.0.1:${port}`], { cwd: dir });
        t.after(() => it.child.kill("SIGKILL"));
        await until("the collector", () => {
            if (it.child.exitCode !== null) throw new Error(`serve ended: ${it.err}`);
            return /collector http:\S+/.test(it.out);
        }, 60_000);
        if (kill < KILLS) {
            await new Promise((r) => setTimeout(r, chance() * 900));
            it.child.kill("SIGKILL");
            await it.ended;
        } else {
            clearInterval(sending);
            await client.closeAndFlush({ timeout: 120_000 });
            it.child.kill("SIGTERM");
            await it.ended;
        }
    }
    assert.deepEqual(errors, []);
    assert.equal(acknowledged.size, n, "the client delivered all in the end");
    assert.ok(retried > 0, "no request met a dead server");
    const stored = accounted(dir, acknowledged, sent);
    t.diagnostic(`${KILLS} kills, ${n} events sent, ${retried} requests repeated, ${stored} stored`);
});

// A collector alone, and its address.
async function collect(dir) {
    const it = start(["collect", "--listen", "127.0.0.1:0"], { cwd: dir });
    it.url = await until("the collector", () => {
        if (it.child.exitCode !== null) throw new Error(`collect ended: ${it.err}`);
        return (it.out + it.err).match(/http:\/\/[0-9.]+:[0-9]+/)?.[0];
    });
    return it;
}

test("a full disk is said with 503, and nothing that was taken before or after is lost", async (t) => {
    let it, mount; // what is registered first is undone first: the folder goes after its disk
    t.after(async () => {
        it?.child.kill("SIGKILL");
        await it?.ended;
        if (mount) execFileSync("umount", ["-l", mount]);
    });
    const { dir, key } = mesh(t);
    const spool = path.join(dir, "data/spool");
    fs.mkdirSync(spool, { recursive: true, mode: 0o700 });
    const settings = fs.existsSync(path.join(spool, "collector.json")) ? fs.readFileSync(path.join(spool, "collector.json")) : null;
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=72m,mode=700", "tmpfs", spool], { encoding: "utf8" });
    if (mounted.status !== 0) return t.skip(`no small disk can be made here: ${mounted.stderr || mounted.error}`);
    mount = spool;
    if (settings) fs.writeFileSync(path.join(spool, "collector.json"), settings, { mode: 0o600 });
    it = await collect(dir);
    const acknowledged = new Set(), sent = new Set(), ballast = "x".repeat(24_000);
    let n = 0;
    const send = async () => {
        const batch = Array.from({ length: 16 }, () => ({ type: "track", anonymousId: `a-${n % 9}`, event: "Filled", properties: { ballast }, messageId: `f-${n++}` }));
        for (const e of batch) sent.add(e.messageId);
        const r = await post(`${it.url}/v1/batch`, { batch }, { key });
        if (r.status === 200) for (const e of batch) acknowledged.add(e.messageId);
        return r;
    };
    let r = await until("the first segment", async () => {
        const first = await send();
        return first.status === 200 && first;
    });
    for (let i = 0; r.status === 200 && i < 400; i++) r = await send();
    assert.equal(r.status, 503, r.text);
    assert.ok(Number(r.headers.get("retry-after")) >= 1);
    assert.ok(acknowledged.size > 0);
    assert.equal((await send()).status, 503, "it stays so while there is no room");
    execFileSync("mount", ["-o", "remount,size=400m", spool]);
    await until("room", async () => (await send()).status === 200);
    for (let i = 0; i < 5; i++) assert.equal((await send()).status, 200);
    it.child.kill("SIGKILL");
    await it.ended;
    t.diagnostic(`${sent.size} sent, ${acknowledged.size} acknowledged, ${accounted(dir, acknowledged, sent)} stored`);
});

test("a damaged place of the spool is named, and what lies before and behind it is loaded", async (t) => {
    const { dir, key } = mesh(t);
    const it = await collect(dir);
    t.after(() => it.child.kill("SIGKILL"));
    const all = [];
    for (let i = 0; i < 12; i++) {
        const messageId = `g-${i}`;
        all.push(messageId);
        assert.equal((await post(`${it.url}/v1/track`, { userId: "u", event: "E", messageId, properties: { mark: `mark-${i}-` } }, { key })).status, 200);
    }
    it.child.kill("SIGKILL");
    await it.ended;
    const spool = path.join(dir, "data/spool"), file = path.join(spool, fs.readdirSync(spool).find((f) => f.endsWith(".seg")));
    const at = fs.readFileSync(file).indexOf("mark-5-"), fd = fs.openSync(file, "r+");
    assert.ok(at > 0);
    fs.writeSync(fd, "MARK", at);
    fs.closeSync(fd);
    const r = must(["run"], { cwd: dir, code: 1 });
    assert.match(r.out + r.err, /TR204/);
    assert.ok(!(r.out + r.err).includes("MARK"), "what is in a damaged place is not shown");
    const kept = all.filter((id) => id !== "g-5");
    assert.deepEqual(rows("SELECT message_id FROM web.site__track ORDER BY received_at", { cwd: dir }), kept);
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT interaction_id FROM shared.interaction ORDER BY 1", { cwd: dir }), kept.map((id) => `web:site:${id}`).sort());
});
