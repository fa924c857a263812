// What comes of events does not depend on when and how often they arrive: a small world of people who share devices, sign out, are renamed, belong to groups, buy and
// consent, with one call in twenty sent twice and one in fifty days late. It arrives in time's order, shuffled, the newest day first, and in many small batches under a
// server that keeps everything current; then whole ports and the ledger of identity are the same, byte by byte.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, program, scratch, serve, start } from "../cli/lib.mjs";
import { post, until } from "./lib.mjs";

const EVENTS = Number(process.env.TRELLIS_ORDER_EVENTS ?? (process.env.TRELLIS_LONG ? 1_000_000 : 5_000));
const DAYS = 30, PER_REQUEST = 500;

function chances(seed) {
    let x = seed >>> 0;
    const next = () => { // mulberry32
        x = (x + 0x6d2b79f5) >>> 0;
        let z = Math.imul(x ^ (x >>> 15), x | 1);
        z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
        return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
    };
    next.below = (n) => Math.floor(next() * n);
    next.of = (list) => list[next.below(list.length)];
    return next;
}

// Calls in the order in which they happened; some at the same moment.
function world(n) {
    const chance = chances(20261122), people = Math.max(20, Math.floor(n / 25)), began = Date.UTC(2026, 2, 1), step = (DAYS * 86_400_000) / n;
    const device = (i) => `anon-${i}`;
    let devices = 0;
    const crowd = Array.from({ length: people }, (_, i) => ({ user: `u-${i}`, email: `person${i}@example.org`, device: device(devices++), known: false }));
    for (let i = 0; i + 1 < people; i += 15) crowd[i + 1].device = crowd[i].device; // a tablet of two
    const calls = [];
    for (let i = 0; i < n; i++) {
        const p = chance.of(crowd), what = chance();
        const call = { messageId: `w-${i}`, timestamp: new Date(Math.floor((began + i * step) / 4000) * 4000).toISOString(), anonymousId: p.device };
        if (p.known) call.userId = p.user;
        const context = { page: { url: `https://shop.example/p/${chance.below(40)}`, referrer: chance() < 0.1 ? "https://www.google.com/" : "" } };
        if (chance() < 0.08) context.campaign = { source: chance.of(["google", "newsletter", "partner"]), medium: chance.of(["cpc", "email", "referral"]), name: `c-${chance.below(9)}` };
        if (what < 0.08) {
            p.known = true;
            Object.assign(call, { type: "identify", userId: p.user, traits: { plan: chance.of(["free", "pro"]), ...(chance() < 0.7 ? { email: p.email } : {}), ...(chance() < 0.2 ? { phone: `+43 660 ${1_000_000 + crowd.indexOf(p)}` } : {}) } });
        } else if (what < 0.1) {
            const before = p.user;
            p.user = `${before}x`;
            Object.assign(call, { type: "alias", userId: p.user, previousId: before });
        } else if (what < 0.13) {
            Object.assign(call, { type: "group", groupId: `g-${chance.below(30)}`, traits: { name: `Group ${chance.below(30)}`, website: `https://g${chance.below(30)}.example` } });
        } else if (what < 0.2) {
            const cents = 100 + chance.below(20_000);
            Object.assign(call, { type: "track", event: chance() < 0.9 ? "Order Completed" : "Order Refunded", properties: { order_id: `o-${chance() < 0.9 ? i : chance.below(i + 1)}`, total: cents / 100, currency: "EUR" } });
        } else if (what < 0.24) {
            context.consent = { categoryPreferences: { advertising: chance() < 0.5, analytics: chance() < 0.8 }, ...(chance() < 0.2 ? { gpc: true } : {}) };
            Object.assign(call, { type: "track", event: "Consent Preferences Updated", properties: {} });
        } else if (what < 0.27) {
            p.known = false; // signs out: a new browser id, or the next one's who sits down there
            p.device = chance() < 0.8 ? device(devices++) : chance.of(crowd).device;
            Object.assign(call, { type: "track", event: "Signed Out", properties: {} });
        } else if (what < 0.4) {
            Object.assign(call, { type: "track", event: "Product Viewed", properties: { product_id: `p-${chance.below(100)}` } });
        } else Object.assign(call, { type: "page", name: "Product", properties: { url: context.page.url, referrer: context.page.referrer } });
        call.context = context;
        calls.push(call);
    }
    return calls;
}

// One in twenty twice, one in fifty up to five days after it happened.
function arrivals(calls) {
    const chance = chances(7), late = Math.ceil((calls.length * 5) / DAYS), list = [];
    calls.forEach((c, i) => {
        list.push([chance() < 0.02 ? i + chance.below(late) : i, c]);
        if (chance() < 0.05) list.push([i + chance.below(late), c]);
    });
    return list.sort((a, b) => a[0] - b[0]).map((x) => x[1]);
}
function shuffled(list) {
    const chance = chances(99), out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
        const k = chance.below(i + 1);
        [out[i], out[k]] = [out[k], out[i]];
    }
    return out;
}
const daysReversed = (list) => [...list].sort((a, b) => (a.timestamp.slice(0, 10) < b.timestamp.slice(0, 10) ? 1 : a.timestamp.slice(0, 10) > b.timestamp.slice(0, 10) ? -1 : 0));

function mesh(t, first) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
    const source = path.join(dir, "domains/web/sources/site.yaml");
    fs.writeFileSync(source, fs.readFileSync(source, "utf8").replace(/^events:\n/m, "events:\n  rate: 1000000\n"));
    // What is built is compared, whatever people said about consent.
    fs.writeFileSync(path.join(dir, "governance/policies.yaml"), "consent: {rows: false}\n");
    const key = must(["key", "create", "web.site"], { cwd: dir }).out.trim();
    if (first) fs.copyFileSync(path.join(first.dir, "data/identity.key"), path.join(dir, "data/identity.key")); // ids come of it
    return { dir, key };
}

async function deliver(url, key, list, pause = () => {}) {
    for (let i = 0; i < list.length; i += PER_REQUEST) {
        const r = await post(`${url}/v1/batch`, { batch: list.slice(i, i + PER_REQUEST) }, { key });
        assert.equal(r.status, 200, r.text);
        await pause(i);
    }
}

async function collected(m, list) {
    const it = start(["collect", "--listen", "127.0.0.1:0"], { cwd: m.dir });
    const url = await until("the collector", () => {
        if (it.child.exitCode !== null) throw new Error(`collect ended: ${it.err}`);
        return (it.out + it.err).match(/http:\/\/[0-9.]+:[0-9]+/)?.[0];
    });
    try {
        await deliver(url, m.key, list);
    } finally {
        it.child.kill("SIGTERM");
        await it.ended;
    }
}

// A million events take longer than other tests wait.
function build(m, more = []) {
    const r = spawnSync(program, ["run", ...more], { cwd: m.dir, env: { ...process.env, NO_COLOR: "1" }, encoding: "utf8", timeout: 3_600_000, maxBuffer: 1 << 28 });
    assert.equal(r.status, 0, `${r.stdout}\n${r.stderr}`);
}

const ports = ["identifier_seen", "identity", "trait", "customer_trait", "interaction", "touchpoint", "consent_statement", "consent", "customer", "account_360"];

// Ports as sorted files, and the ledger. What says when something was done here is in none of them.
async function exported(m) {
    const out = fs.mkdtempSync(path.join(m.dir, "export-"));
    const files = Object.fromEntries(ports.map((p) => {
        const file = path.join(out, p), fd = fs.openSync(file, "w");
        const command = ["-o", "pipefail", "-c", '"$@" | sort', "bash", program, "query", "--format", "csv", `SELECT * FROM shared.${p}`];
        const r = spawnSync("/bin/bash", command, { cwd: m.dir, env: { ...process.env, LC_ALL: "C", NO_COLOR: "1" }, stdio: ["ignore", fd, "pipe"], encoding: "utf8" });
        fs.closeSync(fd);
        assert.equal(r.status, 0, r.stderr);
        return [p, file];
    }));
    files.ledger = path.join(out, "ledger");
    const end = [], server = await serve({ after: (f) => end.push(f) }, m.dir), fd = fs.openSync(files.ledger, "w");
    for (let before = ""; ; ) {
        const r = await server.json(`/api/v1/identity/ledger?limit=1000${before && `&before=${encodeURIComponent(before)}`}`);
        assert.equal(r.status, 200, JSON.stringify(r));
        for (const { cursor, ...entry } of r.entries) {
            before = cursor;
            fs.writeSync(fd, `${JSON.stringify(entry)}\n`);
        }
        if (r.entries.length < 1000) break;
    }
    fs.closeSync(fd);
    for (const f of end) await f();
    return files;
}

function same(a, b, what) {
    const differ = Object.keys(a).flatMap((p) => {
        const r = spawnSync("cmp", ["-s", a[p], b[p]]);
        if (r.status === 0) return [];
        const d = spawnSync("diff", [a[p], b[p]], { encoding: "utf8", maxBuffer: 1 << 30 }).stdout ?? "";
        const lines = d.split("\n").filter((l) => /^[<>]/.test(l));
        return [`${p}: ${lines.length} lines, such as\n${lines.slice(0, 6).map((l) => l.slice(0, 400)).join("\n")}`];
    });
    assert.deepEqual(differ, [], `${what} is another world`);
}

test(`${EVENTS} events in four orders of arrival are one world`, async (t) => {
    const calls = world(EVENTS), list = arrivals(calls);
    const canonical = mesh(t);
    await collected(canonical, [...calls]);
    build(canonical);
    const expected = await exported(canonical);
    const lines = (file) => Number(spawnSync("wc", ["-l", file], { encoding: "utf8" }).stdout.split(" ")[0]);
    const counts = Object.fromEntries(ports.map((p) => [p, lines(expected[p]) - 1]));
    counts.ledger = lines(expected.ledger);
    t.diagnostic(`${calls.length} events, ${list.length} arrivals; ${JSON.stringify(counts)}`);
    assert.equal(counts.interaction, EVENTS);
    assert.ok(counts.ledger > counts.customer, "the ledger tells of every customer");

    await t.test("twice and late", async (t) => {
        const m = mesh(t, canonical);
        await collected(m, list);
        build(m);
        same(expected, await exported(m), "the one with repetitions");
    });
    await t.test("shuffled", async (t) => {
        const m = mesh(t, canonical);
        await collected(m, shuffled(list));
        build(m);
        same(expected, await exported(m), "the shuffled one");
    });
    await t.test("the newest day first", async (t) => {
        const m = mesh(t, canonical);
        await collected(m, daysReversed(list));
        build(m);
        same(expected, await exported(m), "the reversed one");
    });
    await t.test("in many batches under a server that keeps everything current, then built whole", async (t) => {
        const m = mesh(t, canonical);
        const server = await serve(t, m.dir, ["--collector-listen", "127.0.0.1:0"]);
        const url = await until("the collector", () => server.out.match(/collector (http:\S+)/)?.[1]);
        await deliver(url, m.key, list, () => new Promise((r) => setTimeout(r, 60)));
        const count = async () => {
            const streams = ["track", "page", "identify", "group", "alias"].map((s) => `SELECT count(*) AS n FROM web.site__${s}`).join(" UNION ALL ");
            const r = await server.json("/api/v1/query", { method: "POST", body: { sql: `SELECT sum(n) AS n FROM (${streams})` } });
            return Number(r.rows?.[0]?.[0]) === calls.length;
        };
        await until("all events", count, 3_600_000);
        server.child.kill("SIGTERM");
        await server.ended;
        build(m);
        same(expected, await exported(m), "the one made step by step");
        build(m, ["--full"]);
        same(expected, await exported(m), "the one made step by step and then whole");
    });
});
