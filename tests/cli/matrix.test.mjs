// Every role by every way in: the same rows with the same masks, or the same "there is none". And nothing of what is hidden, anywhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { run, serve, until } from "./lib.mjs";
import { canaries, matrixMesh, personal, ports, token } from "./matrix_world.mjs";

const readers = ["admin", "masked_all", "shopper", "raw_shop", "german", "counter", "tester", "mailer", "totals_only", "shop_builder", "nobody"];
const sorted = (rows) => rows.map((r) => JSON.stringify(r)).sort();
const csvRows = (text) => text.trimEnd().split("\r\n").slice(1).map((l) => l.split(","));
const words = (v) => v.map((x) => (x === null ? "" : String(x)));

// One answer in one form, whatever way it came: rows in any order, or what was refused in which words.
const told = (status, body) => (status === 200 ? { columns: body.columns.map((c) => c.name), rows: sorted(body.rows) } : { error: body.error.name, message: body.error.message, hint: body.error.hint ?? null });
const toldLines = (r) => {
    if (r.status !== 200) return told(r.status, JSON.parse(r.text));
    const lines = r.text.trimEnd().split("\n").map((l) => JSON.parse(l));
    return { columns: lines[0].columns.map((c) => c.name), rows: sorted(lines.filter(Array.isArray)) };
};
const toldCsv = (r) => (r.status === 200 ? { columns: r.text.split("\r\n")[0].split(","), rows: sorted(csvRows(r.text)) } : told(r.status, JSON.parse(r.text)));
const asText = (t) => (t.error ? t : { columns: t.columns, rows: t.rows.map((r) => JSON.stringify(words(JSON.parse(r)))).sort() });
const ofCli = (r) => {
    const e = r.err.match(/^error TR\d+: (.*)$/m);
    return r.code === 0 ? { columns: r.out.split("\r\n")[0].split(","), rows: sorted(csvRows(r.out)) } : { message: e?.[1] ?? r.err };
};
const sameCli = (got, wanted, what) => (wanted.error ? assert.ok(got.message?.startsWith(wanted.message), `${what}: ${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`) : assert.deepEqual(got, asText(wanted), what));

test("every role by every way in", async (t) => {
    const dir = matrixMesh(t);
    const query = (ref) => `SELECT * FROM ${ref} LIMIT 1000`;
    const alone = new Map(); // in process, before a server holds the mesh
    for (const role of readers)
        for (const ref of ports) alone.set(`${role} ${ref}`, ofCli(run(["--role", role, "query", "--format", "csv", query(ref)], { cwd: dir })));
    const it = await serve(t, dir);
    const secrets = Object.fromEntries(readers.map((r) => [r, token(dir, r, ["analytics", "email"])]));
    const post = (headers, body, bare) => it.ask("/api/v1/query", { method: "POST", body, headers, bare });
    const answers = {};
    for (const role of readers)
        for (const ref of ports) {
            const what = `${role} at ${ref}`;
            const own = { authorization: `Bearer ${secrets[role]}` };
            const r = await post(own, { sql: query(ref), purpose: "analytics" }, true);
            const wanted = told(r.status, JSON.parse(r.text));
            answers[what] = { status: r.status, ...wanted };
            sameCli(alone.get(`${role} ${ref}`), wanted, `${what}, in process`);
            sameCli(ofCli(run(["--role", role, "query", "--format", "csv", query(ref)], { cwd: dir })), wanted, `${what}, over the socket`);
            const look = { "x-trellis-role": role };
            const preview = await post(look, { sql: query(ref), purpose: "analytics" });
            assert.deepEqual(told(preview.status, JSON.parse(preview.text)), wanted, `${what}, a look as the role`);
            // By the page's routes; there the words for "nothing" are those of ports.
            const address = `/api/v1/ports/${ref.replace(".", "/")}/rows?limit=1000&purpose=analytics`;
            for (const headers of [own, { ...look, authorization: `Bearer ${it.token}` }])
                for (const [format, read] of [["json", (x) => told(x.status, JSON.parse(x.text))], ["ndjson", toldLines], ["csv", toldCsv]]) {
                    const x = await it.ask(`${address}&format=${format}`, { headers, bare: true });
                    const got = read(x);
                    // A purpose that is not theirs is told before the name of a port that is not there for them; either way there is nothing.
                    if (r.status === 403) assert.ok([403, 404].includes(x.status), `${what}, rows as ${format}: ${x.text.slice(0, 200)}`);
                    else assert.equal(x.status, r.status, `${what}, rows as ${format}: ${x.text.slice(0, 200)}`);
                    if (r.status === 200) assert.deepEqual(asText(got), asText(wanted), `${what}, rows as ${format}`);
                }
            const governed = await it.json(`/api/v1/governance/preview/${ref.replace(".", "/")}?role=${role}&limit=200`);
            if (r.status === 200) assert.deepEqual(told(governed.status, governed), wanted, `${what}, the preview of the page`);
            else if (governed.tier === "aggregated") { // shown as the count that the role may ask for
                const count = JSON.parse((await post(own, { sql: `SELECT count(*) AS rows FROM ${ref}` }, true)).text);
                assert.deepEqual(governed.rows, count.rows, `${what}, the preview of the page`);
            } else assert.notEqual(governed.status, 200, `${what}, the preview of the page`);
        }
    // What each answer is, said by hand: the ways could all be wrong in the same manner.
    const rows = (what) => answers[what].rows?.map((r) => JSON.parse(r));
    assert.equal(rows("admin at shop.people").length, 60);
    assert.ok(rows("raw_shop at shop.people").some((r) => r[1] === "anna.zqmail2@example.org"));
    for (const role of ["admin", "masked_all", "shopper", "shop_builder", "german"])
        for (const r of rows(`${role} at shop.people`)) {
            assert.match(r[1], /^[ab]\*\*\*@example\.(org|com)$/, role);
            assert.match(r[2], /^t_/, role);
        }
    assert.equal(rows("german at shop.people").length, 30);
    assert.ok(rows("german at shop.people").every((r) => r[3] === "DE"));
    assert.equal(answers["counter at shop.people"].status, 403);
    assert.equal(answers["counter at shop.people"].error, "E_SQL_REFUSED");
    for (const r of rows("tester at shop.people")) assert.ok(!personal.some((p) => String(r[1]).includes(p)));
    for (const what of ["mailer at shop.people", "nobody at shop.people"]) assert.equal(answers[what].status, 403, what);
    assert.equal(answers["totals_only at shop.people"].error, "E_NOT_FOUND");
    assert.equal(rows("totals_only at shop.by_country").length, 2);
    const mails = await post({ authorization: `Bearer ${secrets.mailer}` }, { sql: query("shop.people"), purpose: "email" }, true);
    assert.equal(JSON.parse(mails.text).rows.length, 60);
    // What is hidden and what is not there are told in the same words.
    for (const role of ["shopper", "german", "tester", "shop_builder", "totals_only", "counter"]) {
        const [hidden, absent] = ["vault.zqruby", "vault.nothing"].map((ref) => answers[`${role} at ${ref}`]);
        assert.deepEqual({ ...hidden, message: hidden.message.replace("zqruby", "nothing") }, absent, role);
    }
});

// ---- nothing of what is hidden ----
const spread = (pattern, args) => args.map((a) => pattern.replace(/\{(\w+)\}/g, (_, name) => a[name] ?? "1"));
const places = [
    { domain: "shop", product: "people", port: "people", source: "till", dashboard: "sales", goal: "sold", request: "1", id: "c_aaaaaaaaaaaaaaaaaaaaaaaaaa", key: "1", name: "x", at: "0", offset: "0" },
    { domain: "shop", product: "figures", port: "beside_rubies", source: "till", dashboard: "sales", goal: "shop.sold", request: "1", id: "1", key: "1" },
    { domain: "vault", product: "jewels", port: "zqruby", source: "zqsource", dashboard: "zqboard", goal: "zqgoal", request: "1", id: "2", key: "1" },
];
const bodies = [{}, { sql: "SELECT * FROM vault.zqruby" }, { sql: "SELECT zqcarat FROM shop.people" }, { kind: "access", ref: "vault.zqruby", title: "x" }, { kind: "question", ref: "vault", title: "x" },
    { ports: ["vault.zqruby"] }, { source: "vault.zqsource" }, { changes: [{ kind: "product", ref: "vault.jewels", field: "purpose", value: "x" }] }, { ids: [1] }, { kind: "product", answers: { domain: "vault", name: "x" } }];
// What was asked may be said back.
const asked = (address, body) => `${decodeURIComponent(address)} ${JSON.stringify(body ?? "")}`.toLowerCase();

async function leaks(it, headers, doc, hidden) {
    const found = [];
    let asks = 0;
    for (const [pattern, ops] of Object.entries(doc.paths))
        for (const [verb, op] of Object.entries(ops)) {
            if (op["x-needs"] === "nothing" && !pattern.startsWith("/openapi")) continue;
            const query = (op.parameters ?? []).filter((p) => p.in === "query").map((p) => p.name);
            const more = ["", ...(query.includes("q") ? ["?q=zq", "?q=vault", "?q=carat"] : []), ...(query.includes("focus") ? ["?level=port", "?focus=shop.beside_rubies&level=port", "?focus=vault.zqruby", "?level=domain"] : []),
                ...(query.includes("column") ? ["?column=country", "?column=n", "?column=zqcarat"] : []), ...(query.includes("format") ? ["?format=csv", "?format=sql", "?format=dbt"] : []), ...(query.includes("domain") ? ["?domain=vault"] : [])];
            for (const address of new Set(spread(pattern, places)))
                for (const tail of verb === "get" ? more : [""])
                    for (const body of verb === "get" ? [undefined] : verb === "put" ? ["x"] : bodies) {
                        if (/sign-out|sessions\/|\/password$|live$/.test(address)) continue;
                        const r = await it.ask(address + tail, { method: verb.toUpperCase(), body, headers, bare: true });
                        asks++;
                        const all = `${r.text} ${JSON.stringify(r.headers)}`.toLowerCase(), said = asked(address + tail, body);
                        for (const word of hidden)
                            if (all.includes(word) && !said.includes(word)) found.push(`${verb} ${address}${tail} ${JSON.stringify(body ?? "")}: ${r.status} tells ${word}: …${all.slice(Math.max(0, all.indexOf(word) - 80), all.indexOf(word) + 60)}…`);
                    }
        }
    return { found: [...new Set(found)], asks };
}

test("what one may not see is in no answer", async (t) => {
    const dir = matrixMesh(t);
    const it = await serve(t, dir);
    const doc = (await it.json("/openapi.json")) ?? {};
    for (const role of ["shopper", "german", "counter", "tester", "shop_builder", "totals_only", "nobody"]) {
        const { found, asks } = await leaks(it, { authorization: `Bearer ${token(dir, role)}` }, doc, [...canaries, ...personal]);
        assert.ok(asks > 200);
        assert.deepEqual(found, [], role);
    }
    // The words are there to be found: an administrator is told each.
    const all = [];
    for (const at of ["mesh", "products", "products/vault/jewels", "goals", "glossary", "dashboards", "sources", "search?q=zqkeeper", "requests", "home", "lineage?level=port"]) all.push((await it.ask(`/api/v1/${at}`)).text.toLowerCase());
    for (const word of canaries.filter((w) => w !== "zqvalue" && w !== "zqsafe")) assert.ok(all.join().includes(word), word);
});

test("the command line as a role tells nothing of what is hidden", async (t) => {
    const dir = matrixMesh(t);
    const asks = [["find", "zq"], ["find", "carat"], ["status"], ["sources"], ["goals"], ["ready"], ["requests"], ["lineage", "shop.beside_rubies"], ["lineage", "shop.people"], ["why", "shop.beside_rubies"], ["query", "SELECT * FROM shop.beside_rubies"],
        ["query", "SELECT 1 FROM vault.zqrubi"], ["lineage", "shop.by_contry"], ["query", "SELECT zqcara FROM shop.people"]];
    const ask = (what) => {
        for (const role of ["shopper", "shop_builder", "totals_only"])
            for (const words of asks) {
                const r = run(["--role", role, ...words], { cwd: dir });
                const all = `${r.out} ${r.err}`.toLowerCase(), said = words.join(" ").toLowerCase();
                for (const word of canaries) assert.ok(!all.includes(word) || said.includes(word), `${what}: ${role} ${words.join(" ")} tells ${word}: ${all}`);
            }
    };
    ask("in process");
    await serve(t, dir);
    ask("over the socket");
    for (const words of [["check"], ["run"], ["export", "shop.people"], ["key", "list"]]) assert.equal(run(["--role", "shopper", ...words], { cwd: dir }).code, 2, words.join(" "));
    assert.equal(run(["--role", "", "query", "SELECT 1"], { cwd: dir }).code, 2);
    assert.match(run(["--role", "shoper", "query", "SELECT 1"], { cwd: dir }).err, /no role shoper[\s\S]*shopper/);
});

// ---- rights of routes ----
test("every route holds off who has no right, and lets in who has it", async (t) => {
    const dir = matrixMesh(t);
    const it = await serve(t, dir);
    const doc = await it.json("/openapi.json");
    const rights = ["build", "approve", "administer", "reveal", "consent", "privacy", "audit"];
    const secrets = Object.fromEntries(["nobody", ...rights.map((r) => `only_${r}`)].map((r) => [r, token(dir, r)]));
    const seen = {};
    for (const [pattern, ops] of Object.entries(doc.paths))
        for (const [verb, op] of Object.entries(ops)) {
            const needs = op["x-needs"];
            if (needs === "nothing" || /sign-out|password|\/live$/.test(pattern)) continue;
            seen[needs] = (seen[needs] ?? 0) + 1;
            const [address] = spread(pattern, places);
            const ask = async (role) => {
                const r = await it.ask(address, { method: verb.toUpperCase(), body: verb === "get" ? undefined : verb === "put" ? "x" : {}, headers: { authorization: `Bearer ${secrets[role]}` }, bare: true });
                return { status: r.status, denied: r.status === 403 && JSON.parse(r.text).error.name === "E_DENIED", text: r.text };
            };
            const what = `${verb} ${pattern} (${needs})`;
            const none = await ask("nobody");
            if (needs !== "session") assert.equal(none.denied, true, `${what}, nobody: ${none.status} ${none.text.slice(0, 200)}`);
            for (const right of rights) {
                const r = await ask(`only_${right}`);
                if (needs === "everything") assert.ok(r.denied, `${what}, only ${right}: ${r.status}`);
                else if (rights.includes(needs) && needs !== right) assert.ok(r.denied, `${what}, only ${right}: ${r.status} ${r.text.slice(0, 200)}`);
                else if (needs === right) assert.ok(!/this needs the right/.test(r.text) || !new RegExp(`\`${needs}\``).test(r.text), `${what} holds off who has the right: ${r.text.slice(0, 200)}`);
            }
        }
    for (const needs of ["session", "grant", "everything", ...rights]) assert.ok(seen[needs] > 0, `no route needs ${needs}`);
});

test("rights in one domain reach no further", async (t) => {
    const dir = matrixMesh(t);
    const it = await serve(t, dir);
    const headers = { authorization: `Bearer ${token(dir, "shop_builder")}` };
    const ask = (at, body) => it.json(`/api/v1/${at}`, { method: body ? "POST" : "GET", body, headers, bare: true });
    assert.deepEqual((await ask("sources")).sources.map((s) => `${s.domain}.${s.name}`), ["shop.till"]);
    assert.equal((await ask("ports/shop/people/failing")).status, 200);
    assert.equal((await ask("ports/vault/zqruby/failing")).status, 404);
    assert.equal((await ask("run", {})).status, 403);
    assert.equal((await ask("run", { ports: ["vault.zqruby"] })).status, 404);
    const hidden = (await ask("run", { ports: ["vault.zqruby"] })).error, absent = (await ask("run", { ports: ["vault.zqrubx"] })).error;
    assert.deepEqual({ ...hidden, message: hidden.message.replace("zqruby", "zqrubx") }, absent);
    assert.equal((await ask("edits", { changes: [{ kind: "product", ref: "shop.people", field: "purpose", value: "For more" }] })).status, 200);
    for (const change of [{ kind: "product", ref: "vault.jewels", field: "purpose", value: "x" }, { kind: "goal", ref: "zqgoal", field: "title", value: "x" }])
        assert.notEqual((await ask("edits", { changes: [change], apply: true })).applied, true);
    // SQL is built below all masks: it may not name what its writer does not see.
    const draft = (sql) => ask("drafts", { kind: "product", answers: { domain: "shop", name: "stolen", title: "Stolen", purpose: "To see", owner: { name: "Ana", contact: "ana@example.org" }, sql } });
    const stolen = await draft("SELECT zqcarat FROM vault.zqruby");
    assert.ok(stolen.status >= 400 || stolen.errors.length > 0, JSON.stringify(stolen).slice(0, 300));
    assert.ok(!JSON.stringify(stolen).includes("zqvalue"));
    // A panel of what one does not see is not made, and one that is there stays.
    const panels = async (change) => (await ask("edits", { changes: [{ kind: "dashboard", ref: "shop.sales", ...change }] })).error?.name;
    const count = { chart: "number", measures: [{ aggregate: "count" }] };
    assert.equal((await ask("dashboards/shop/sales")).panels.length, 1, "of two");
    for (const what of [{ sql: "SELECT zqcarat FROM vault.zqruby" }, { port: "vault.zqruby", ...count }])
        assert.equal(await panels({ column: "A", field: "panel", value: { title: "A", ...what } }), "E_NOT_FOUND");
    assert.equal(await panels({ field: "panels", value: [{ title: "A", port: "shop.by_country", ...count }] }), "E_DENIED");
    for (const what of [{ sql: "SELECT * FROM shop.by_country" }, { port: "shop.by_country", ...count }])
        assert.equal(await panels({ column: "A", field: "panel", value: { title: "A", ...what } }), undefined);
    assert.equal((await ask("requests/1/answer", { answer: "yes" })).status, 404, "a request of another domain");
});

test("a look as a role changes nothing and is for administrators", async (t) => {
    const dir = matrixMesh(t);
    const it = await serve(t, dir);
    const look = { "x-trellis-role": "shopper" };
    for (const [at, body] of [["run", {}], ["requests", { kind: "question", title: "x" }], ["edits", { changes: [] }], ["sign-out", {}]])
        assert.equal((await it.json(`/api/v1/${at}`, { method: "POST", body, headers: look })).error?.name, "E_DENIED", at);
    const products = (await it.json("/api/v1/products", { headers: look })).products.map((p) => `${p.domain}.${p.name}`);
    assert.deepEqual(products, ["shop.figures", "shop.people", "shop.till"]);
    const other = { authorization: `Bearer ${token(dir, "masked_all")}`, ...look };
    assert.equal((await it.json("/api/v1/products", { headers: other, bare: true })).error?.name, "E_DENIED");
    const seen = (await it.json("/api/v1/audit?what=shop.people&limit=500")).entries ?? [];
    const sql = await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT count(*) FROM shop.people" }, headers: look });
    assert.equal(sql.status, 200);
    const after = await until("the entry of the question", async () => { // it is written when the question is closed
        const entries = (await it.json("/api/v1/audit?what=shop.people&limit=500")).entries;
        return entries.length > seen.length && entries;
    });
    assert.equal(after.length, seen.length + 1);
    assert.deepEqual(after[0].roles, ["shopper"]);
    assert.match(after[0].principal, /local-admin/);
});

test("a method that an address does not take is 405, with those that it takes", async (t) => {
    const dir = matrixMesh(t);
    const it = await serve(t, dir);
    for (const [method, at, allow] of [["POST", "/api/v1/mesh", "GET, HEAD"], ["GET", "/api/v1/query", "POST"], ["DELETE", "/api/v1/requests", "GET, HEAD, POST"], ["PUT", "/healthz", "GET, HEAD"]]) {
        const r = await it.ask(at, { method, body: method === "GET" ? undefined : {} });
        assert.equal(r.status, 405, `${method} ${at}`);
        assert.equal(r.headers.allow, allow);
    }
    assert.equal((await it.ask("/api/v1/nothing", { method: "DELETE" })).status, 404);
    assert.equal((await it.ask("/api/v1/mesh", { method: "HEAD" })).status, 200);
});

test("what is kept for one is not shown to another", async (t) => {
    const dir = matrixMesh(t);
    const it = await serve(t, dir);
    const two = ["shopper", "masked_all"].map((r) => ({ authorization: `Bearer ${token(dir, r)}` }));
    const goals = async (h) => (await it.json("/api/v1/goals", h ? { headers: h, bare: true } : {})).goals.map((g) => [g.name, g.value, g.products.length]);
    const want = [await goals(), await goals(two[0]), await goals(two[1])];
    assert.deepEqual(want[1].map((g) => g[0]), ["sold"]);
    assert.equal(want[0].length, 2);
    for (let i = 0; i < 3; i++) assert.deepEqual([await goals(), await goals(two[0]), await goals(two[1])], want);
    const sources = async (h) => (await it.json("/api/v1/sources", h ? { headers: h, bare: true } : {})).sources.length;
    for (let i = 0; i < 3; i++) assert.deepEqual([await sources(), await sources(two[0])], [3, 0]); // with the exchange rates
    const german = { authorization: `Bearer ${token(dir, "german")}` };
    const sold = (await it.json("/api/v1/goals", { headers: german, bare: true })).goals[0];
    assert.notEqual(sold.value, want[0].find((g) => g[0] === "sold")[1], "a number over the rows that they see");
});
