// The collector as clients meet it: every route, every form of the key, CORS, settings that browser SDKs load, suppressed people,
// settings that change while it runs, and its end. What was answered 200 is looked for in the spool.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { spawnSync } from "node:child_process";
import https from "node:https";
import path from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import zlib from "node:zlib";
import { collector, exchange, keys, meshFolder, settings, stored, writeSettings } from "../hostile/collector.mjs";
import { basic, request } from "../hostile/cases.mjs";
import { official } from "../hostile/official.mjs";
import { run, scratch, until } from "./lib.mjs";

const mark = () => "m" + crypto.randomBytes(9).toString("hex");
const hooks = { auth: false, headers: { Authorization: basic(keys.hook) } };

test("routes", async (t) => {
    const c = await collector(t);
    const send = (options) => exchange(c.port, request(c, options));

    for (const [long, short, more] of [
        ["track", "t", { event: "Signed Up" }], ["identify", "i", { traits: { plan: "pro" } }], ["page", "p", { name: "Home" }],
        ["screen", "s", { name: "Home" }], ["group", "g", { groupId: "g1" }], ["alias", "a", { previousId: "before", userId: "u" }],
    ])
        for (const route of [long, short])
            await t.test(`/v1/${route}`, async () => {
                const m = mark();
                const r = await send({ path: `/v1/${route}`, body: JSON.stringify({ anonymousId: m, ...more }) });
                assert.equal(r.status, 200);
                assert.deepEqual(JSON.parse(r.body), { success: true });
                assert.match(r.headers["content-type"], /^application\/json/);
                assert.equal(r.headers["cache-control"], "no-store");
                assert.equal(r.headers["access-control-allow-origin"], undefined);
                assert.ok(c.stored().includes(m));
            });

    for (const path of ["/v1/batch", "/v1/import", "/v1/b", "/b", `/beacon/v1/batch?writeKey=${keys.site}`])
        await t.test(path.replace(keys.site, "KEY"), async () => {
            const m = mark();
            const body = JSON.stringify({ batch: [{ type: "track", event: "e", anonymousId: m }], sentAt: "2026-01-01T00:00:00Z" });
            const r = await send({ path, body, auth: !path.includes("writeKey"), headers: { "Content-Type": "text/plain;charset=UTF-8" } });
            assert.equal(r.status, 200);
            assert.ok(c.stored().includes(m));
        });

    await t.test("a body stays what it was, byte by byte", async () => {
        const m = mark();
        const body = `{ "anonymousId":"${m}",\n\t"event":"\\u00e9\u20ac", "properties":{"total":27.500,"n":1e2,"big":12345678901234567890123} }`;
        assert.equal((await send({ body })).status, 200);
        assert.ok(Buffer.from(c.stored(), "latin1").includes(Buffer.from(body)));
    });

    await t.test(`${official.length} documented payloads`, async () => {
        for (const [path, body] of official) {
            const r = await send({ path, body });
            assert.equal(r.status, 200, `${path} ${body.slice(0, 100)}`);
        }
        const spool = c.stored();
        for (const [, body] of official) assert.ok(spool.includes(Buffer.from(body).toString("latin1")), body.slice(0, 100));
    });

    await t.test("merge, consent, webhook", async () => {
        const [a, b, w] = [mark(), mark(), mark()];
        assert.equal((await send({ path: "/v1/merge", body: `{"type":"merge","mergeProperties":[{"type":"email","value":"${a}"},{"type":"mobile","value":"1"}]}` })).status, 200);
        assert.equal((await send({ path: "/v1/consent", body: `{"userId":"${b}","purposes":{"advertising":false},"policyVersion":"3"}` })).status, 200);
        assert.equal((await send({ path: "/v1/webhook", body: `[{"order":"${w}"}]`, ...hooks })).status, 200);
        for (const m of [a, b, w]) assert.ok(c.stored().includes(m));
    });

    await t.test("GA4", async () => {
        const m = mark();
        const body = JSON.stringify({ client_id: m, events: [{ name: "purchase", params: { value: 1.5 } }] });
        const r = await send({ path: `/mp/collect?measurement_id=G-1&api_secret=${keys.site}`, body, auth: false });
        assert.equal(r.status, 204);
        assert.ok(c.stored().includes(m));
        const d = mark();
        const debug = await send({ path: `/debug/mp/collect?api_secret=${keys.site}`, body: JSON.stringify({ events: [{ params: { d } }] }), auth: false });
        assert.equal(debug.status, 200);
        assert.deepEqual(JSON.parse(debug.body).validationMessages.map((v) => v.fieldPath), ["client_id", "events.name"]);
        assert.ok(!c.stored().includes(d));
        assert.equal((await send({ path: "/mp/collect?measurement_id=G-1", body, auth: false })).status, 401);
    });

    await t.test("mParticle, one batch and many", async () => {
        const [a, b, d] = [mark(), mark(), mark()];
        const batch = (m) => ({ events: [{ event_type: "custom_event", data: { event_name: m, n: 1 } }], environment: "production" });
        const auth = { auth: false, headers: { Authorization: "Basic " + Buffer.from(`${keys.site}:secret`).toString("base64") } };
        assert.equal((await send({ path: "/v2/events", body: JSON.stringify(batch(a)), ...auth })).status, 202);
        const many = JSON.stringify([batch(b), batch(d)]).replace('"n":1}', '"n":1.500}');
        assert.equal((await send({ path: "/v2/bulkevents", body: many, ...auth })).status, 202);
        const spool = c.stored();
        for (const m of [a, b, d]) assert.ok(spool.includes(m));
        assert.ok(spool.includes('"n":1.500'), "numbers are kept as they were sent");
        assert.ok(!spool.includes(`${b}","n":1.500}}],"environment":"production"},{`), "each batch is a record of its own");
    });

    await t.test("pixels", async () => {
        const [a, b] = [mark(), mark()];
        const r = await send({ method: "GET", auth: false, path: `/pixel/v1/track?writeKey=${keys.site}&anonymousId=${a}&event=Email+Opened&properties.list=7&context.campaign.name=s%20pring` });
        assert.equal(r.status, 200);
        assert.equal(r.headers["content-type"], "image/gif");
        assert.ok(r.body.startsWith("GIF89a"));
        assert.ok(c.stored().includes(`{"anonymousId":"${a}","event":"Email Opened","properties":{"list":"7"},"context":{"campaign":{"name":"s pring"}}}`));
        const data = Buffer.from(JSON.stringify({ writeKey: keys.site, userId: b, event: "Opened" })).toString("base64");
        assert.equal((await send({ method: "GET", auth: false, path: `/v1/pixel/track?data=${encodeURIComponent(data)}` })).status, 200);
        assert.ok(c.stored().includes(b));
    });

    await t.test("what is only asked", async () => {
        const gpc = await send({ method: "GET", path: "/.well-known/gpc.json", auth: false });
        assert.equal(JSON.parse(gpc.body).gpc, true);
        assert.deepEqual(JSON.parse((await send({ method: "GET", path: "/healthz", auth: false })).body), { success: true, spool: "open" });
        const head = await exchange(c.port, Buffer.concat([request(c, { method: "HEAD", path: "/healthz", auth: false }), request(c, { method: "GET", path: "/nowhere" })]), { ms: 5000 }).catch((e) => e);
        assert.equal(head.status, 200);
        assert.equal((await send({ path: "/v1/m", body: '{"series":[]}', auth: false })).status, 200);
    });

    await t.test("settings of browser SDKs", async () => {
        const segment = await send({ method: "GET", auth: false, path: `/v1/projects/${keys.site}/settings`, headers: { Origin: "https://x.example" } });
        assert.equal(segment.status, 200);
        assert.equal(segment.headers["access-control-allow-origin"], "https://x.example");
        const s = JSON.parse(segment.body).integrations["Segment.io"];
        assert.deepEqual([s.apiKey, s.apiHost, s.protocol], [keys.site, `${c.host}/v1`, "http"]);
        const rudder = await send({ method: "GET", path: "/sourceConfig/?p=npm&v=3.0.0&build=modern" });
        const source = JSON.parse(rudder.body).source;
        assert.deepEqual([source.id, source.enabled, source.destinations], ["web.site", true, []]);
        assert.equal(source.config.statsCollection.errors.enabled, false);
        assert.equal((await send({ method: "GET", auth: false, path: "/v1/projects/nobody/settings" })).status, 401);
        assert.equal((await send({ method: "GET", auth: false, path: `/v1/projects/${keys.off}/settings` })).status, 404);
        const proxied = await send({ method: "GET", auth: false, path: `/v1/projects/${keys.site}/settings`, headers: { "X-Forwarded-Proto": "https" } });
        assert.equal(JSON.parse(proxied.body).integrations["Segment.io"].protocol, "https");
    });

    await t.test("CORS", async () => {
        const ask = { method: "OPTIONS", path: "/v1/t", auth: false };
        const pre = await send({ ...ask, headers: { Origin: "https://a.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,anonymousid" } });
        assert.equal(pre.status, 204);
        assert.equal(pre.headers["access-control-allow-origin"], "https://a.example");
        assert.equal(pre.headers["access-control-allow-headers"], "authorization,content-type,anonymousid");
        assert.match(pre.headers["access-control-allow-methods"], /POST/);
        assert.equal(pre.headers["access-control-max-age"], "86400");
        assert.equal(pre.headers.vary, "Origin");
        const m = mark();
        const kept = await send({ body: `{"anonymousId":"${m}","event":"e"}`, headers: { Origin: "https://a.example" } });
        assert.equal(kept.headers["access-control-allow-origin"], "https://a.example");
        const refused = await send({ body: "[]", headers: { Origin: "https://a.example" } });
        assert.deepEqual([refused.status, refused.headers["access-control-allow-origin"]], [400, "https://a.example"]);
        const strict = { auth: false, headers: { Authorization: basic(keys.strict), Origin: "https://shop.example" } };
        assert.equal((await send({ body: '{"userId":"u","event":"e"}', ...strict })).status, 200);
    });

    await t.test("the facts of a request lie beside its body", async () => {
        const m = mark();
        const headers = { "User-Agent": `agent-${m}`, "Accept-Language": "de-DE,de", "Sec-GPC": "1", DNT: "1", Origin: "https://shop.example", "X-Forwarded-For": "10.9.9.9, 203.0.113.77", AnonymousId: "YQ==" };
        assert.equal((await send({ body: `{"anonymousId":"a","event":"e"}`, headers })).status, 200);
        const spool = c.stored();
        const meta = JSON.parse(spool.slice(spool.lastIndexOf('{"key":', spool.indexOf(`agent-${m}`)), spool.indexOf("}", spool.indexOf(`agent-${m}`)) + 1));
        assert.deepEqual(meta, { key: 1, api: "rudderstack", ip: "203.0.113.77", ua: `agent-${m}`, lang: "de-DE,de", origin: "https://shop.example", direct: true, gpc: true, dnt: true });
    });

    await t.test("whose client it is", async () => {
        const event = (name, ua) => ({ body: JSON.stringify({ userId: "u", event: "e", context: name ? { library: { name } } : {} }), headers: { "User-Agent": ua } });
        for (const [name, api, more] of [["analytics.js", "segment"], ["@segment/analytics-node", "segment"], ["RudderLabs JavaScript SDK", "rudderstack"], ["trellis.js", "snippet"], ["", "segment"], ["", "rudderstack", { AnonymousId: "YQ==" }]]) {
            const ua = mark();
            const one = event(name, ua);
            assert.equal((await send({ ...one, headers: { ...one.headers, ...more } })).status, 200);
            const batch = mark();
            assert.equal((await send({ path: "/v1/batch", body: `{"batch":[${one.body}]}`, headers: { "User-Agent": batch, ...more } })).status, 200);
            const spool = c.stored();
            for (const m of [ua, batch]) assert.ok(new RegExp(`"api":"${api}","ip":"127.0.0.1","ua":"${m}"`).test(spool), `${name} is ${api}`);
        }
    });

    await t.test("its end answers what is in flight", async () => {
        const marks = Array.from({ length: 100 }, mark);
        const asked = marks.map((m) => send({ body: `{"anonymousId":"${m}","event":"e"}` }));
        await asked[0];
        const ended = c.stop();
        const answers = await Promise.all(asked);
        assert.equal((await ended).code, 0);
        const spool = c.stored();
        marks.forEach((m, i) => assert.equal(spool.includes(m), answers[i].status === 200, `${answers[i].status}`));
    });
});

// Keyed BLAKE2b-128 of `email:erased@shop.example` and `user_id:erased-7` under the key below; node:crypto has no such hash.
const suppressed = { key: "00".repeat(31) + "01", hashes: ["873d1bc533eb6990a5ada609350b61d0", "60675a0694822f7a27021851e708db39"] };
test("suppressed people are cut out before storing", async (t) => {
    const c = await collector(t, { suppressed });
    const send = (options) => exchange(c.port, request(c, options));
    const gone = { email: "Erased@Shop.example ", userId: "erased-7" };

    await t.test("one event", async () => {
        for (const body of [
            { userId: gone.userId, event: "e" }, { userId: " ERASED-7", event: "e" }, { anonymousId: "a", traits: { email: gone.email } },
            { anonymousId: "a", context: { traits: { email: gone.email } } }, { anonymousId: "a", context: { externalIds: [{ type: "email", id: gone.email }] } },
            { previousId: gone.userId, userId: "new" },
            { userId: gone.email, event: "e" }, { anonymousId: "a", traits: { Contact: { mails: ["x", gone.email] } } },
        ]) {
            const m = mark();
            const r = await send({ body: JSON.stringify({ ...body, messageId: m }) });
            assert.equal(r.status, 200);
            assert.ok(!c.stored().includes(m), JSON.stringify(body));
        }
        const m = mark();
        assert.equal((await send({ body: JSON.stringify({ userId: "erased-77", messageId: m }) })).status, 200);
        assert.ok(c.stored().includes(m));
    });

    await t.test("within a batch, whose others stay as they were sent", async () => {
        const [kept, cut] = [mark(), mark()];
        const body = `{"batch":[{"type":"track","userId":"u","messageId":"${kept}","properties":{"total":27.500}},{"type":"track","userId":"erased-7","messageId":"${cut}"}],"sentAt":"2026-01-01T00:00:00Z"}`;
        for (const options of [{ body }, { body: zlib.gzipSync(body), headers: { "Content-Encoding": "gzip" } }]) {
            assert.equal((await send({ path: "/v1/batch", ...options })).status, 200);
            const spool = c.stored();
            assert.ok(spool.includes(kept) && spool.includes("27.500") && !spool.includes(cut));
        }
        const order = Array.from({ length: 8 }, (_, i) => ({ m: mark(), cut: [0, 1, 3, 4, 7].includes(i) }));
        const items = order.map(({ m, cut: out }) => `{"type":"track","userId":"${out ? "erased-7" : "u"}","messageId":"${m}"}`);
        assert.equal((await send({ path: "/v1/batch", body: `{"batch":[${items.join(",")}]}` })).status, 200);
        const rest = c.stored();
        for (const { m, cut: out } of order) assert.equal(rest.includes(m), !out, "neighbours are cut out, and nobody else");
        const [other, mailed, all] = [mark(), mark(), mark()];
        await send({ path: "/v1/batch", body: `{"batch":[{"type":"track","userId":"u","messageId":"${other}"},{"type":"track","userId":"erased@shop.example","messageId":"${mailed}"}]}` });
        assert.ok(c.stored().includes(other) && !c.stored().includes(mailed), "an address in one event says nothing of the others");
        assert.equal((await send({ path: "/v1/batch", body: `{"batch":[{"type":"track","userId":"erased-7","messageId":"${all}"}]}` })).status, 200);
        assert.ok(!c.stored().includes(all));
    });

    await t.test("webhook, GA4, mParticle, pixel", async () => {
        const cut = mark(), kept = mark();
        await send({ path: "/v1/webhook", body: `{"data":[{"id":"${cut}","customer":{"mail":"erased@shop.example"}},{"id":"${kept}"}]}`, ...hooks });
        await send({ path: "/mp/collect", body: `{"client_id":"c","user_id":"erased-7","events":[{"name":"${cut}"}]}` });
        await send({ path: "/v2/events", body: `{"user_identities":{"email":"erased@shop.example"},"events":[{"m":"${cut}"}]}` });
        await send({ path: "/v1/consent", body: `{"email":"erased@shop.example","purposes":{"${cut}":true}}` });
        await send({ method: "GET", path: `/pixel/v1/track?userId=erased-7&event=${cut}` });
        const spool = c.stored();
        assert.ok(!spool.includes(cut));
        assert.ok(spool.includes(kept));
    });
});

test("settings that change while it runs", async (t) => {
    const c = await collector(t);
    const ask = (key) => exchange(c.port, request(c, { auth: false, headers: { Authorization: basic(key) }, body: '{"userId":"u","event":"e"}' }));
    const fresh = "fresh-0123456789abcdefghijklmnop";
    assert.equal((await ask(fresh)).status, 401);
    const s = settings();
    s.sources[0].keys = [{ id: 9, sha256: crypto.createHash("sha256").update(fresh).digest("hex") }];
    writeSettings(c.dir, s);
    await until("the new key", async () => (await ask(fresh)).status === 200, 3000);
    assert.equal((await ask(keys.site)).status, 401, "the key before is revoked");
    for (const broken of ['{"version":1,"sources":[{"re', "", '{"version":2,"sources":[]}', '{"version":1,"sources":[{"ref":"a.b","keys":[{"id":1,"sha256":"xyz"}]}]}']) {
        const lines = c.it.err.split("settings_unreadable").length;
        writeSettings(c.dir, broken);
        await until("a line in the log", () => c.it.err.split("settings_unreadable").length > lines, 5000);
        assert.equal((await ask(fresh)).status, 200, "what was before stays");
    }
    s.sources[0].enabled = false;
    writeSettings(c.dir, s);
    await until("the source switched off", async () => (await ask(fresh)).status === 404, 3000);
});

test("a second collector of the same folder is refused, an address that is taken too", async (t) => {
    const c = await collector(t);
    const second = run(["collect", "-C", c.dir, "--listen", "127.0.0.1:0"]);
    assert.equal(second.code, 3, second.err);
    const other = await collector(t);
    await other.stop();
    const taken = run(["collect", "-C", other.dir, "--listen", `127.0.0.1:${c.port}`]);
    assert.equal(taken.code, 3, taken.err);
});

test("TLS", async (t) => {
    const dir = scratch(t);
    const [cert, key, other] = ["cert.pem", "key.pem", "other.pem"].map((n) => path.join(dir, n));
    for (const out of [other, key]) {
        const made = spawnSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", out, "-out", cert]);
        if (made.status !== 0) return t.skip("openssl's program is not here");
    }
    const c = await collector(t, {}, ["--tls-certificate", cert, "--tls-key", key]);
    assert.match(c.url, /^https:/);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 8, rejectUnauthorized: false });
    const send = (body, pathname = "/v1/track") => new Promise((resolve, reject) => {
        const q = https.request({ agent, host: "127.0.0.1", port: c.port, path: pathname, method: "POST", headers: { Authorization: basic(keys.site) } }, (r) => {
            let text = "";
            r.on("data", (d) => (text += d));
            r.on("end", () => resolve({ status: r.statusCode, body: text }));
        });
        q.on("error", reject);
        q.end(body);
    });

    await t.test("many requests, small and large", async () => {
        const marks = Array.from({ length: 200 }, mark);
        const answers = await Promise.all(marks.map((m, i) => send(JSON.stringify({ anonymousId: m, event: "e", pad: "x".repeat(i % 10 === 0 ? 300_000 : i * 37) }))));
        assert.deepEqual([...new Set(answers.map((r) => r.status))], [200]);
        const spool = c.stored();
        for (const m of marks) assert.ok(spool.includes(m));
    });

    await t.test("requests sent ahead within one record", async () => {
        const marks = Array.from({ length: 40 }, mark);
        const s = tls.connect({ port: c.port, host: "127.0.0.1", rejectUnauthorized: false });
        let text = "";
        s.on("data", (d) => (text += d));
        s.write(Buffer.concat(marks.map((m) => request(c, { body: JSON.stringify({ anonymousId: m, event: "e" }) }))));
        await until("40 answers", () => text.split("HTTP/1.1 200 OK").length === 41);
        s.destroy();
    });

    await t.test("settings name https", async () => {
        const r = await new Promise((resolve, reject) => https.get({ agent, host: "127.0.0.1", port: c.port, path: `/v1/projects/${keys.site}/settings` }, (x) => {
            let text = "";
            x.on("data", (d) => (text += d));
            x.on("end", () => resolve(JSON.parse(text)));
        }).on("error", reject));
        assert.equal(r.integrations["Segment.io"].protocol, "https");
    });

    await t.test("plain HTTP gets no answer, noise does no harm", async () => {
        assert.equal((await exchange(c.port, request(c, { body: "{}" }))).status, 0);
        assert.equal((await exchange(c.port, crypto.randomBytes(600))).status, 0);
        assert.equal((await send('{"userId":"u","event":"e"}')).status, 200);
    });
    agent.destroy();

    await t.test("a key that does not fit", () => {
        for (const args of [["--tls-certificate", cert, "--tls-key", other], ["--tls-certificate", cert], ["--tls-certificate", "nowhere.pem", "--tls-key", key]]) {
            const r = run(["collect", "-C", meshFolder(t), "--listen", "127.0.0.1:0", ...args]);
            assert.equal(r.code, 2, r.err);
            assert.match(r.err, /TLS|certificate|private key/);
        }
    });
});

test("kill -9 while clients send loses nothing that was answered", async (t) => {
    const c = await collector(t);
    const answered = [];
    let stop = false;
    const client = async () => {
        while (!stop) {
            const m = mark();
            const r = await exchange(c.port, request(c, { body: `{"anonymousId":"${m}","event":"e"}` }));
            if (r.status === 200) answered.push(m);
            if (r.status === 0) return;
        }
    };
    const all = Array.from({ length: 16 }, client);
    await until("a few hundred answers", () => answered.length > 400);
    c.it.child.kill("SIGKILL");
    await Promise.all(all);
    stop = true;
    const spool = stored(c.dir);
    assert.deepEqual(answered.filter((m) => !spool.includes(m)), []);
    console.log(`# ${answered.length} answered before the kill, all of them in the spool`);
});
