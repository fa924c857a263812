// The server over TCP as browsers and scripts meet it: who is let in, what headers say, forms of answers, hostile requests.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import zlib from "node:zlib";
import { must, run, serve, smallMesh, until, write } from "./lib.mjs";

const cookieOf = (r) => r.headers["set-cookie"]?.[0].split(";")[0];

test("the server, its answers and its guard", async (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir);
    const own = `http://127.0.0.1:${s.port}`;

    await t.test("the printed address becomes a cookie", async () => {
        const r = await s.ask(`/data?token=${s.token}&x=1`, { bare: true });
        assert.equal(r.status, 303);
        assert.equal(r.headers.location, "/data?x=1");
        assert.match(r.headers["set-cookie"][0], /^trellis_\d+=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/);
        const cookie = cookieOf(r);
        assert.equal((await s.ask("/api/v1/mesh", { bare: true, headers: { cookie } })).status, 200);
        const wrong = await s.ask(`/?token=${"0".repeat(64)}`, { bare: true });
        assert.equal(wrong.status, 303);
        assert.equal(wrong.headers["set-cookie"], undefined);
        assert.equal((await s.ask(`//evil.example/?token=${s.token}`, { bare: true })).headers.location, "/evil.example/");
        assert.equal((await s.ask(`/\\evil.example/?token=${s.token}`, { bare: true })).headers.location, "/evil.example/");
        assert.equal((await s.ask(`/?a=1&%74oken=${s.token}`, { bare: true })).headers.location, "/?a=1");
        assert.equal(fs.statSync(path.join(dir, "data/session-token")).mode & 0o777, 0o600);
        assert.equal(fs.readFileSync(path.join(dir, "data/session-token"), "utf8").trim(), s.token);
    });

    // address, options, status, name of the error
    const body = { sql: "SELECT 1 AS x" };
    const doors = [
        ["/healthz", { bare: true }, 200],
        ["/openapi.json", { bare: true }, 200],
        ["/", { bare: true }, 200],
        ["/api/v1/mesh", {}, 200],
        ["/api/v1/mesh", { bare: true }, 401, "E_UNAUTHENTICATED"],
        ["/api/v1/mesh", { bare: true, headers: { authorization: "Bearer nonsense" } }, 401, "E_UNAUTHENTICATED"],
        ["/api/v1/mesh", { headers: { host: `localhost:${s.port}` } }, 200],
        ["/api/v1/mesh", { headers: { host: `evil.example:${s.port}` } }, 403, "E_DENIED"],
        ["/", { headers: { host: "evil.example" } }, 403, "E_DENIED"],
        ["/healthz", { headers: { host: "127.0.0.1" } }, 403, "E_DENIED"],
        ["/api/v1/mesh", { headers: { origin: own } }, 200],
        ["/api/v1/mesh", { headers: { origin: "http://evil.example" } }, 403, "E_DENIED"],
        ["/api/v1/mesh", { headers: { origin: "null" } }, 403, "E_DENIED"],
        ["/api/v1/query", { method: "POST", body }, 200],
        ["/api/v1/query", { method: "POST", body, bare: true }, 401, "E_UNAUTHENTICATED"],
        ["/api/v1/query", { method: "POST", body, headers: { "content-type": "text/plain" } }, 400, "E_USAGE"],
        ["/api/v1/query", { method: "POST", body, headers: { origin: "https://127.0.0.1" } }, 403, "E_DENIED"],
        ["/api/v1/query", { method: "OPTIONS" }, 405, "E_USAGE"],
        ["/api/v1/query", {}, 405, "E_USAGE"],
        ["/api/v1/run", { method: "POST", body: { ports: ["a.b"] } }, 404, "E_NOT_FOUND"],
        ["/api/v1/run", { method: "POST", body: { ports: "a.b" } }, 400, "E_USAGE"],
        ["/api/v1/cancel", { method: "POST", body: {} }, 404, "E_NOT_FOUND"],
        ["/api/v1/nothing", {}, 404, "E_NOT_FOUND"],
        ["/api/v1/products/acquisition/spent", {}, 404, "E_NOT_FOUND"],
        ["/api/v1/ports/acquisition/spend", {}, 200],
        ["/api/v1/ports/acquisition/spend_v1", {}, 200],
        ["/api/v1/ports/acquisition/spend_v9", {}, 404, "E_NOT_FOUND"],
        ["/api/v1/ports/acquisition/spend/rows?limit=x", {}, 400, "E_USAGE"],
        ["/api/v1/ports/acquisition/spend/rows?limit=0", {}, 400, "E_USAGE"],
        ["/api/v1/ports/acquisition/spend/rows?format=xml", {}, 400, "E_USAGE"],
        ["/api/v1/ports/acquisition/spend/rows?as_of=yesterday", {}, 400, "E_USAGE"],
        ["/api/v1/ports/acquisition/spend/rows?asof=2020-01-01", {}, 400, "E_USAGE"],
        ["/api/v1/ports/acquisition/spend/rows?as_of=%zz", {}, 400, "E_USAGE"],
        ["/api/v1/ports/%22%3B/spend/rows", {}, 404, "E_NOT_FOUND"],
        ["/nothing.js", {}, 404, "E_NOT_FOUND"],
        ["/../mesh.yaml", {}, 404, "E_NOT_FOUND"],
        ["/%2e%2e/data/session-token.txt", {}, 404, "E_NOT_FOUND"],
    ];
    for (const [address, options, status, name] of doors)
        await t.test(`${options.method ?? "GET"} ${address} ${JSON.stringify(options.headers ?? (options.bare ? "without session" : ""))}`, async () => {
            const r = await s.ask(address, options);
            assert.equal(r.status, status, r.text.slice(0, 300));
            if (name) assert.equal(JSON.parse(r.text).error.name, name);
            assert.match(r.headers["content-security-policy"], /default-src 'self'.*frame-ancestors 'none'/);
            assert.equal(r.headers["x-content-type-options"], "nosniff");
            assert.equal(r.headers["access-control-allow-origin"], undefined);
            if (address.startsWith("/api/")) assert.equal(r.headers["cache-control"], "no-store");
        });

    // body of a query, what the error says; or the answer's rows as text
    const questions = [
        ["", /./, 400], ["[]", /object/, 400], ["{}", /sql is missing/, 400], [{ sql: 1 }, /sql must be a text/, 400], [{ sq: "SELECT 1" }, /unknown member sq/, 400],
        [{ sql: "SELECT 1", params: 3 }, /params must be an array/, 400], [{ sql: "SELECT 1", params: [[1]] }, /params\[0\]/, 400],
        [{ sql: "SELECT 1", limit: -1 }, /negative/, 400], [{ sql: "SELECT 1", limit: 1e12 }, /at most/, 400], [{ sql: "SELECT 1", format: "xml" }, /json, csv, ndjson/, 400],
        [{ sql: "SELECT 1 FROM acquisition.spent" }, /acquisition\.spent/, 404], [{ sql: "SELECT pg_sleep(1)" }, /./, 403],
        [{ sql: "SELECT $1 + 1 AS a, $2 AS b, $3 AS c, $4 AS d", params: [41, "x'y", null, true] }, /"rows":\[\[42,"x'y",null,true\]\]/, 200],
        [{ sql: "SELECT 12.50::DECIMAL(6,2) AS m, 9007199254740993 AS big, 'é\"\\' AS t" }, /\[\[12\.50,"9007199254740993","é\\"\\\\"\]\]/, 200],
        [{ sql: "SELECT range AS n FROM range(5)", limit: 3 }, /"rows":\[\[0\],\[1\],\[2\]\],"row_count":3,"truncated":true/, 200],
        [{ sql: "SELECT range AS n FROM range(3)", limit: 3 }, /"row_count":3,"truncated":false/, 200],
        [{ sql: "SELECT 1 AS n WHERE false" }, /"columns":\[\{"name":"n","type":"INTEGER"\}\],"rows":\[\],"row_count":0/, 200],
        [{ sql: "SELECT range AS n FROM range(2)", format: "csv" }, /^n\r\n0\r\n1\r\n$/, 200],
        [{ sql: "SELECT range AS n FROM range(2)", format: "ndjson" }, /^\{"columns":.*\}\n\[0\]\n\[1\]\n\{"row_count":2,.*\}\n$/, 200],
        [{ sql: "SELECT sum(amount) FROM acquisition.spend", as_of: null, params: [], purpose: "analytics" }, /30\.33/, 200],
    ];
    for (const [sent, said, status] of questions)
        await t.test(`query ${JSON.stringify(sent).slice(0, 90)}`, async () => {
            const r = await s.ask("/api/v1/query", { method: "POST", body: sent });
            assert.equal(r.status, status, r.text);
            assert.match(r.text, said);
            if (status === 200 && !sent.format) JSON.parse(r.text);
        });

    await t.test("many rows stream whole, to quick and to leaving clients", async () => {
        const sql = "SELECT range AS n, 'padding padding padding' AS t FROM range(300000)";
        const r = await s.ask("/api/v1/query", { method: "POST", body: { sql, limit: 1_000_000 } });
        const answer = JSON.parse(r.text);
        assert.equal(answer.row_count, 300_000);
        assert.equal(answer.rows.length, 300_000);
        assert.equal(r.headers["transfer-encoding"], "chunked");
        for (let i = 0; i < 8; i++) {
            const c = net.connect(s.port, "127.0.0.1"), text = JSON.stringify({ sql, limit: 1_000_000 });
            c.write(`POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1:${s.port}\r\nAuthorization: Bearer ${s.token}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
            await new Promise((resolve) => c.once("data", resolve));
            c.destroy();
        }
        assert.equal((await s.json("/api/v1/mesh")).name, "shop");
    });

    await t.test("rows of a port, paged, as CSV, as of a day", async () => {
        const all = await s.json("/api/v1/ports/acquisition/spend/rows");
        assert.equal(all.row_count, 3);
        assert.deepEqual(all.columns.map((c) => c.name), ["day", "channel", "amount"]);
        assert.equal((await s.json("/api/v1/ports/acquisition/spend/rows?limit=2&offset=2")).row_count, 1);
        assert.equal((await s.json("/api/v1/ports/acquisition/spend/rows?as_of=2020-01-01")).row_count, 0);
        const csv = await s.ask("/api/v1/ports/acquisition/spend/rows?format=csv");
        assert.equal(csv.headers["content-disposition"], 'attachment; filename="acquisition.spend.csv"');
        assert.equal(csv.text.split("\r\n").length, 5);
    });

    await t.test("the catalog says what the guide promises", async () => {
        const { products } = await s.json("/api/v1/products");
        const spend = products.find((p) => p.name === "spend");
        assert.equal(spend.owner.name, "Ana");
        assert.equal(spend.ports[0].state, "fresh");
        assert.equal(spend.ports[0].rows, 3);
        const port = await s.json("/api/v1/ports/acquisition/spend");
        assert.deepEqual(port.upstream, [{ ref: "acquisition.spend__data", kind: "stream", state: "loaded" }]);
        assert.deepEqual(port.lineage.find((l) => l.column === "amount").from, [{ ref: "acquisition.spend__data", column: "amount" }]);
        assert.match(port.sql, /FROM acquisition\.spend__data/);
        assert.equal(port.runs[0].status, "built");
        const whole = await s.json("/api/v1/products/acquisition/spend");
        assert.equal(whole.ports[0].columns.length, 3);
        const { sources } = await s.json("/api/v1/sources");
        const stream = sources.find((x) => x.name === "spend").streams[0];
        assert.deepEqual([stream.state, stream.files, stream.rows], ["loaded", 1, 3]);
        const { runs } = await s.json("/api/v1/runs");
        assert.equal(runs[0].status, "succeeded");
        assert.ok(runs[0].ports.some((p) => p.ref === "acquisition.spend"));
        assert.equal((await s.json("/api/v1/plan")).would_build.length, 0);
        assert.ok((await s.json("/api/v1/ports/acquisition/spend/checks")).checks.length >= 1);
    });

    await t.test("every answer has the shape that /openapi.json describes", async () => {
        const doc = await s.json("/openapi.json"), schemas = doc.components.schemas;
        const fits = (v, schema, at) => {
            if (schema.$ref) return fits(v, schemas[schema.$ref.split("/").pop()], at);
            if (schema.anyOf) return v === null || fits(v, schema.anyOf[0], at);
            if (schema.enum) assert.ok(schema.enum.includes(v), `${at}: ${v}`);
            if (schema.type === "array") return assert.ok(Array.isArray(v), at), v.forEach((x, i) => fits(x, schema.items, `${at}[${i}]`));
            if (schema.type === "object") {
                assert.equal(typeof v, "object", at);
                for (const key of schema.required ?? []) assert.ok(key in v, `${at}.${key} is missing`);
                for (const key of Object.keys(v)) {
                    assert.ok(key in schema.properties, `${at}.${key} is not described`);
                    fits(v[key], schema.properties[key], `${at}.${key}`);
                }
                return;
            }
            if (schema.type === "integer") assert.ok(Number.isInteger(v), `${at}: ${v}`);
            else if (schema.type) assert.equal(typeof v, schema.type, `${at}: ${v}`);
        };
        const names = { domain: "acquisition", product: "spend", port: "spend", source: "spend", goal: "rows" };
        const params = { column_lineage: "?column=amount", goal_value: "?from=2026-01-01&to=2026-01-31", live_find: "?message_id=none", access_preview: "?role=admin", metrics_values: "?dimension=channel" };
        const absent = new Set(["organic_baseline"]); // of spend, which this mesh does not know
        const others = { source_plan: { domain: "web", source: "site" } };
        must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
        write(dir, "governance/goals.yaml", "goals: [{name: rows, title: Rows, question: How many?, owner: {name: Ana, contact: ana@example.org}, number: {port: acquisition.spend, value: count(*), unit: count, time_column: day}}]\n");
        await s.json("/api/v1/requests", { method: "POST", body: { kind: "question", title: "What is a day?", ref: "acquisition.spend" } });
        await until("the goal", async () => (await s.json("/api/v1/goals")).goals.length === 1);
        for (const [pattern, methods] of Object.entries(doc.paths)) {
            const shape = methods.get?.responses[200].content?.["application/json"]?.schema;
            const address = pattern.replace(/\{(\w+)\}/g, (whole, name) => (others[methods.get?.operationId] ?? names)[name] ?? whole) + (params[methods.get?.operationId] ?? "");
            if (!shape || address.includes("{") || absent.has(methods.get.operationId)) continue; // no JSON, or of a thing that this mesh does not have
            const r = await s.ask(address);
            assert.equal(r.status, 200, `${address}: ${r.text}`);
            fits(JSON.parse(r.text), shape, address);
        }
        const q = await s.json("/api/v1/query", { method: "POST", body });
        delete q.status;
        fits(q, schemas.rows, "query");
        const lines = (await s.ask("/api/v1/run", { method: "POST", body: {} })).text.trim().split("\n").map((l) => JSON.parse(l));
        lines.forEach((l) => fits(l, schemas.run_event, l.event));
        assert.equal(lines[0].event, "run_started");
        assert.equal(lines.at(-1).event, "run_done");
        const failure = await s.ask("/api/v1/nothing");
        fits(JSON.parse(failure.text), schemas.failure, "failure");
    });

    await t.test("the page's files: type, tag, compression, conditional requests", async () => {
        const page = await s.ask("/", { bare: true });
        assert.match(page.headers["content-type"], /^text\/html/);
        assert.equal(page.headers["cache-control"], "no-cache");
        assert.equal((await s.ask("/data/acquisition/spend", { bare: true })).text, page.text, "views of the page");
        if (!page.headers.etag) return t.diagnostic("built without its page: nothing more to see");
        const plain = await s.ask("/", { bare: true, headers: { "accept-encoding": "identity" } });
        const small = await s.ask("/", { bare: true, headers: { "accept-encoding": "gzip, br" } });
        if (small.headers["content-encoding"]) {
            assert.equal(zlib.gunzipSync(small.bytes).toString(), plain.text);
            assert.notEqual(small.headers.etag, plain.headers.etag);
            assert.match(small.headers.vary, /Accept-Encoding/);
        }
        const again = await s.ask("/", { bare: true, headers: { "accept-encoding": "identity", "if-none-match": `"x", ${plain.headers.etag}` } });
        assert.equal(again.status, 304);
        assert.equal(again.bytes.length, 0);
        assert.equal((await s.ask("/", { bare: true, headers: { "if-none-match": '"x"' } })).status, 200);
        const script = plain.text.match(/src="(\/assets\/[^"]+\.js)"/)?.[1];
        if (script) {
            const r = await s.ask(script, { bare: true });
            assert.match(r.headers["content-type"], /^text\/javascript/);
            assert.match(r.headers["cache-control"], /immutable/);
        }
        const head = await s.ask("/", { bare: true, method: "HEAD" });
        assert.equal(head.bytes.length, 0);
        assert.equal(Number(head.headers["content-length"]), plain.bytes.length);
    });
});

test("other hosts than this machine are not served", (t) => {
    const dir = smallMesh(t);
    const r = run(["serve", "--host", "0.0.0.0", "--port", "0"], { cwd: dir });
    assert.equal(r.code, 5, r.err);
    assert.match(r.err, /only listen on this machine itself[^]*ssh -L/);
});

test("a port that is taken is said to be", async (t) => {
    const dir = smallMesh(t);
    const holder = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    t.after(() => holder.close());
    const r = run(["serve", "--port", String(holder.address().port)], { cwd: dir });
    assert.equal(r.code, 3, r.err);
    assert.match(r.err, /is taken by another program[^]*--port/);
});
