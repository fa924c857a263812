// What nobody should send, through the real listener of the real program: each case of tests/hostile/cases.mjs is answered as
// documented, what was refused is nowhere in the spool, what was taken is, and the collector goes on. Then clients that misbehave.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import { test } from "node:test";
import { collector, exchange, keys } from "../hostile/collector.mjs";
import { basic, cases, chunked, request } from "../hostile/cases.mjs";
import { until } from "./lib.mjs";

const event = (mark) => JSON.stringify({ anonymousId: mark, event: "Good", messageId: mark });
const mark = () => "m" + crypto.randomBytes(9).toString("hex");
const alive = async (c) => assert.equal((await exchange(c.port, request(c, { body: event(mark()) }))).status, 200);

test("hostile requests are answered as documented", async (t) => {
    const c = await collector(t);
    const seen = [];
    for (const it of cases) {
        await t.test(it.name, async () => {
            const x = { ...c, mark: mark() };
            const r = await exchange(c.port, it.send(x));
            if (it.any) assert.ok(it.any.includes(r.status), `${r.status} ${r.body}`);
            else assert.equal(r.status, it.status, `${r.status} ${r.body}`);
            if (r.status >= 400 && r.body) {
                const said = JSON.parse(r.body);
                assert.equal(said.success, false);
                assert.ok(said.error.message.length > 10);
                assert.ok(!r.body.includes(x.mark), "an error repeats what was sent");
                if (it.code) assert.equal(said.error.code, it.code);
            } else if (it.code) assert.fail("an error without a body");
            if (it.also) assert.ok(it.also(r), "the answer lacks something");
            seen.push({ name: it.name, mark: x.mark, kept: it.kept ?? r.status === 200 });
        });
    }
    await alive(c);
    assert.ok(cases.length >= 120, `${cases.length} cases`);
    const spool = c.stored();
    for (const s of seen) assert.equal(spool.includes(s.mark), s.kept, `${s.name}: ${s.kept ? "is not in the spool" : "is in the spool"}`);
    const { code } = await c.stop();
    assert.equal(code, 0);
    for (const s of seen) assert.ok(!c.it.err.includes(s.mark), `${s.name}: the log repeats what was sent`);
    console.log(`# ${cases.length} hostile requests, ${seen.filter((s) => s.kept).length} kept`);
});

test("clients that misbehave", async (t) => {
    const c = await collector(t);

    await t.test("pipelined requests are answered in order, each one kept", async () => {
        const marks = Array.from({ length: 50 }, mark);
        const parts = marks.flatMap((m, i) => [
            request(c, { body: event(m) }),
            i % 5 === 0 ? request(c, { path: "/v1/nowhere", body: "{}" }) : Buffer.alloc(0),
            i % 7 === 0 ? request(c, { body: "not json" }) : Buffer.alloc(0),
        ]);
        const wanted = marks.flatMap((_, i) => [200, ...(i % 5 === 0 ? [404] : []), ...(i % 7 === 0 ? [400] : [])]);
        const got = await exchange(c.port, Buffer.concat(parts), { answers: wanted.length });
        assert.deepEqual(got.map((r) => r.status), wanted);
        const spool = c.stored();
        for (const m of marks) assert.ok(spool.includes(m));
    });

    await t.test("a request in single bytes", async () => {
        const bytes = request(c, { body: event(mark()) });
        const s = net.connect(c.port, "127.0.0.1");
        s.setNoDelay(true);
        let text = "";
        s.on("data", (d) => (text += d));
        for (const b of bytes) {
            s.write(Buffer.from([b]));
            await new Promise((r) => setImmediate(r));
        }
        await until("an answer", () => /^HTTP\/1.1 200/.test(text));
        s.destroy();
    });

    await t.test("one who shuts his side after the request is answered", async () => {
        const m = mark();
        const r = await exchange(c.port, request(c, { body: event(m) }), { end: true });
        assert.equal(r.status, 200);
        assert.ok(c.stored().includes(m));
    });

    await t.test("one who leaves before the answer harms nobody", async () => {
        for (let i = 0; i < 200; i++) {
            const s = net.connect(c.port, "127.0.0.1");
            await new Promise((r) => s.on("connect", r));
            s.write(request(c, { body: event(mark()) }));
            i % 2 ? s.destroy() : s.resetAndDestroy();
        }
        await alive(c);
    });

    await t.test("a second request hidden in the first one's body is no request", async () => {
        const hidden = mark();
        const inner = request(c, { body: event(hidden) }).toString("latin1");
        const got = await exchange(c.port, request(c, { body: JSON.stringify({ anonymousId: "outer", event: "e", inner }) }));
        assert.equal(got.status, 200);
        const smuggled = await exchange(c.port, Buffer.concat([
            request(c, { length: false, headers: { "Content-Length": "4", "Transfer-Encoding": "chunked" }, body: "0\r\n\r\n" }),
            request(c, { body: event(mark()) }),
        ]));
        assert.equal(smuggled.status, 400);
        assert.equal(smuggled.headers.connection, "close");
    });

    await t.test("half a body, and then nothing", async () => {
        const m = mark();
        const bytes = request(c, { body: event(m) });
        const r = await exchange(c.port, bytes.subarray(0, bytes.length - 5), { end: true });
        assert.equal(r.status, 0);
        assert.ok(!c.stored().includes(m));
    });

    await t.test("100-continue is said before a body", async () => {
        const body = event(mark());
        const s = net.connect(c.port, "127.0.0.1");
        let text = "";
        s.on("data", (d) => (text += d));
        s.write(request(c, { body: "", length: false, headers: { "Content-Length": String(body.length), Expect: "100-continue" } }));
        await until("100", () => text.startsWith("HTTP/1.1 100 "));
        s.write(body);
        await until("200", () => text.includes("HTTP/1.1 200 OK"));
        s.destroy();
    });

    await t.test("a slow head and a slow body end with 408; others are served meanwhile", { timeout: 60_000 }, async () => {
        const whole = request(c, { body: event(mark()) });
        const slow = [whole.subarray(0, 20), whole.subarray(0, whole.length - 10)].map((bytes) => exchange(c.port, bytes, { ms: 50_000 }));
        const drips = [];
        for (let i = 0; i < 200; i++) { // slowloris: a header byte now and then
            const s = net.connect(c.port, "127.0.0.1");
            s.on("error", () => {});
            s.write(`POST /v1/track HTTP/1.1\r\nHost: ${c.host}\r\nX-${i}: `);
            drips.push(s);
        }
        const drip = setInterval(() => drips.forEach((s) => s.writable && s.write("a")), 1000);
        for (let i = 0; i < 20; i++) await alive(c);
        assert.deepEqual((await Promise.all(slow)).map((r) => r.status), [408, 408]);
        clearInterval(drip);
        await until("the end of all slow heads", () => drips.every((s) => s.readableEnded || s.destroyed), 30_000);
        drips.forEach((s) => s.destroy());
    });

    await t.test("10,000 idle connections, while 64 send", { timeout: 120_000 }, async (tt) => {
        // One process cannot hold as many as its own limit on descriptors says; what it can is tried and said.
        const held = [];
        let failed = 0;
        for (let i = 0; i < 10_000 && !failed; i += 250) {
            await Promise.all(Array.from({ length: 250 }, () => new Promise((resolve) => {
                const s = net.connect(c.port, "127.0.0.1");
                s.on("connect", () => (held.push(s), resolve()));
                s.on("error", () => (failed++, resolve()));
            })));
        }
        const rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${c.it.child.pid}/status`, "utf8"))[1]);
        await Promise.all(Array.from({ length: 64 }, async () => {
            for (let i = 0; i < 5; i++) await alive(c);
        }));
        console.log(`# ${held.length} idle connections, ${(rss / 1024).toFixed(0)} MB resident`);
        held.forEach((s) => s.destroy());
        if (failed) tt.diagnostic(`the client could open ${held.length} only`);
        assert.ok(held.length > 500);
        await alive(c);
    });

    await t.test("more than a key may send is answered 429, and later taken again", async () => {
        const ask = () => exchange(c.port, request(c, { auth: false, headers: { Authorization: basic(keys.slow) }, body: event(mark()) }));
        const first = await Promise.all(Array.from({ length: 20 }, ask));
        const refused = first.filter((r) => r.status === 429);
        assert.ok(first.some((r) => r.status === 200) && refused.length >= 10);
        for (const r of refused) {
            assert.match(r.headers["retry-after"], /^\d+$/);
            assert.match(r.headers["x-ratelimit-reset"], /^\d+$/);
            assert.equal(JSON.parse(r.body).error.code, "TR016");
        }
        await until("a free place", async () => (await ask()).status === 200);
        await alive(c); /* another key does not suffer */
    });

    await t.test("chunks that trickle in", async () => {
        const m = mark();
        const r = await exchange(c.port, request(c, { body: chunked(event(m), 3), length: false, headers: { "Transfer-Encoding": "chunked" } }));
        assert.equal(r.status, 200);
        assert.ok(c.stored().includes(m));
    });

    const { code } = await c.stop();
    assert.equal(code, 0);
});
