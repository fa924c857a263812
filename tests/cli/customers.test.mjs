// Customers over HTTP: the list, one of them whole, what happened page by page, consent as it was said, and a reveal that is written down
// before a value is handed out. Nothing that names a person stands in any other answer.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, scratch, serve } from "./lib.mjs";
import { calls, landed, mesh, send } from "./entities_world.mjs";

const PERSONAL = /ann@|arbor|annie|u-ann|anon-ann|@example\.org|Benjamin|u-ben|anon-family|sheet 7/i;

test("customers over HTTP", async (t) => {
    const dir = path.join(scratch(t), "shop");
    const key = JSON.parse(mesh(dir)).key;
    landed(dir);
    await send(dir, key, [calls()]);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir);
    const post = (where, body) => s.json(where, { method: "POST", body });
    const who = async (identifier) => (await post("/api/v1/identity/explain", { who: identifier })).customer_id;
    const ann = await who("ann@example.org"), ivy = await who("u-ivy"), gus = await who("u-gus");

    await t.test("the list in its orders, and only those who are known", async () => {
        const all = await s.json("/api/v1/customers");
        assert.deepEqual([all.counts[0].customers, all.counts[0].known, all.counts[0].buyers], [all.customers.length, 9, 6]);
        const revenue = (await s.json("/api/v1/customers?sort=value")).customers.map((c) => c.revenue_reporting);
        assert.deepEqual(revenue, [...revenue].sort((a, b) => b - a));
        assert.equal(revenue[0], 42);
        const seen = all.customers.map((c) => c.last_seen_at);
        assert.deepEqual(seen, [...seen].sort().reverse());
        const known = await s.json("/api/v1/customers?known=true&limit=500");
        assert.ok(known.customers.every((c) => c.is_known));
        assert.equal(known.customers.length, all.counts[0].known);
        const two = await s.json("/api/v1/customers?limit=2&offset=1");
        assert.deepEqual(two.customers.map((c) => c.customer_id), all.customers.slice(1, 3).map((c) => c.customer_id));
        for (const bad of ["sort=name", "limit=0", "limit=501", "offset=-1", "limit=x"]) assert.equal((await s.json(`/api/v1/customers?${bad}`)).status, 400, bad);
    });

    await t.test("one whole, with nothing that names them", async () => {
        const r = await s.ask(`/api/v1/customers/${ann}`);
        assert.doesNotMatch(r.text, PERSONAL);
        const c = JSON.parse(r.text), p = c.profile[0];
        assert.deepEqual([p.email, p.full_name, p.orders, p.revenue_reporting, p.first_channel_group, p.company_name], ["hidden: personal", "hidden: personal", 1, 42, "paid_search", "Acme Ltd"]);
        assert.ok(c.traits.some((x) => x.name === "email" && x.value === "hidden: personal" && x.origin === "crm"));
        assert.deepEqual(c.sightings.filter((x) => x.kind === "user_id").map((x) => [x.source, x.times]), [["web.site", 2]]);
        assert.deepEqual([c.redirected_from, c.redirect_cause], [null, null]);
        const analytics = c.consent.find((x) => x.purpose === "analytics");
        assert.deepEqual([analytics.status, analytics.granted, analytics.source], ["unknown", true, "policy"]);
    });

    await t.test("who is not there, and what is no id", async () => {
        for (const id of ["c_" + "a".repeat(26), "x", "%27%20OR%201=1--", "c_" + "b".repeat(300), "ann@example.org"]) {
            for (const part of ["", "/timeline", "/consent", "/reveals", "/why"]) {
                const r = await s.ask(`/api/v1/customers/${id}${part}`);
                // nobody is looked for by an identifier in an address
                if (part === "" || !id.startsWith("c_a")) assert.equal(r.status, 404, `${id}${part}: ${r.text}`);
                assert.ok(r.status < 500, `${id}${part}: ${r.status} ${r.text}`);
            }
        }
        assert.equal((await s.ask(`/api/v1/customers/${ann}`, { bare: true })).status, 401);
    });

    await t.test("the timeline in pages has every entry once, in order", async () => {
        const whole = (await s.json(`/api/v1/customers/${ann}/timeline`)).timeline;
        assert.ok(whole.length >= 8);
        const paged = [];
        for (let before = ""; ; ) {
            const page = (await s.json(`/api/v1/customers/${ann}/timeline?limit=2${before ? `&before=${encodeURIComponent(before)}` : ""}`)).timeline;
            if (page.length === 0) break;
            paged.push(...page);
            const last = page[page.length - 1];
            before = `${last.occurred_at}|${last.interaction_id}`;
        }
        assert.deepEqual(paged, whole);
        const times = whole.map((x) => x.occurred_at);
        assert.deepEqual(times, [...times].sort().reverse());
        const orders = await s.json(`/api/v1/customers/${ann}/timeline?kind=order`);
        assert.deepEqual(orders.timeline.map((x) => [x.order_id, x.revenue_reporting]), [["5001", 42]]);
        assert.equal(orders.kinds.find((k) => k.kind === "page").n, whole.filter((x) => x.kind === "page").length);
        assert.equal((await s.json(`/api/v1/customers/${ann}/timeline?before=nonsense`)).timeline.length, 0);
        assert.equal((await s.json(`/api/v1/customers/${ann}/timeline?kind=${"x".repeat(90)}`)).status, 400);
    });

    await t.test("two entries of one time are not lost between pages", async () => {
        for (const id of (await s.json("/api/v1/customers?limit=500")).customers.map((c) => c.customer_id)) {
            const whole = (await s.json(`/api/v1/customers/${id}/timeline?limit=500`)).timeline.map((x) => x.interaction_id);
            const one = [];
            for (let before = ""; ; ) {
                const [x] = (await s.json(`/api/v1/customers/${id}/timeline?limit=1${before ? `&before=${encodeURIComponent(before)}` : ""}`)).timeline;
                if (!x) break;
                one.push(x.interaction_id);
                before = `${x.occurred_at}|${x.interaction_id}`;
            }
            assert.deepEqual(one, whole);
        }
    });

    await t.test("consent: in force, and all that was said, newest first", async () => {
        const now = (await s.json(`/api/v1/customers/${ivy}`)).consent.find((x) => x.purpose === "advertising");
        assert.deepEqual([now.granted, now.conflict], [false, true]);
        const said = (await s.json(`/api/v1/customers/${gus}/consent`)).statements;
        assert.ok(said.some((x) => x.system === "gpc" && x.status === "denied"));
        assert.ok(said.some((x) => x.system === "segment" && x.purpose === "advertising" && x.status === "granted"));
        const times = said.map((x) => x.occurred_at);
        assert.deepEqual(times, [...times].sort().reverse());
    });

    await t.test("a reveal: with a reason, of personal columns, and written down before", async () => {
        const where = `/api/v1/customers/${ann}/reveal`;
        for (const [body, text] of [
            [{ fields: ["email"] }, /why/],
            [{ fields: ["email"], reason: "  x " }, /why/],
            [{ fields: [], reason: "they called" }, /empty/],
            [{ fields: ["orders"], reason: "they called" }, /personal columns/],
            [{ fields: ['email" FROM x; --'], reason: "they called" }, /personal columns/],
            [{ fields: [7], reason: "they called" }, /personal columns/],
            [{ fields: "email", reason: "they called" }, /empty/],
            [{ fields: ["email"], reason: "x".repeat(600) }, /why/],
        ]) {
            const r = await post(where, body);
            assert.equal(r.status, 400, JSON.stringify(body));
            assert.match(r.error.message, text);
        }
        assert.ok((await s.ask(`${where}?fields=email&reason=they+called`)).status >= 400, "not by GET");
        assert.equal((await post(`/api/v1/customers/c_${"a".repeat(26)}/reveal`, { fields: ["email"], reason: "they called" })).status, 404);
        assert.deepEqual((await s.json(`/api/v1/customers/${ann}/reveals`)).reveals, [], "nothing was shown so far");

        const r = await s.ask(where, { method: "POST", body: { fields: ["email", "full_name"], reason: "they called" } });
        assert.deepEqual(JSON.parse(r.text), { customer_id: ann, values: { email: "ann@example.org", full_name: "Anna Arbor" } });
        assert.equal(r.headers["cache-control"], "no-store");
        const [line, ...rest] = (await s.json(`/api/v1/customers/${ann}/reveals`)).reveals;
        assert.equal(rest.length, 0);
        assert.deepEqual([line.fields, line.reason], ["email,full_name", "they called"]);
        assert.ok(line.principal.length > 0);
        // identifiers, too, and in the same log
        const whole = await post("/api/v1/identity/explain", { who: ann, reveal: true, reason: "to find the tablet" });
        assert.ok(whole.identifiers.some((x) => x.value === "u-ann"));
        assert.equal((await s.json(`/api/v1/customers/${ann}/reveals`)).reveals.length, 2);
        const seen = (await s.json("/api/v1/audit?limit=500", { method: "POST", body: { customer: "email:ann@example.org" } })).entries;
        assert.equal(seen.filter((e) => e.kind === "reveal").length, 2, "who saw this customer: reveals");
        assert.ok(seen.some((e) => e.kind === "read" && e.what.includes("shared.customer")), "and the page");
        assert.ok(seen.every((e) => e.person === "this"));
        assert.equal(JSON.stringify(seen).includes("ann@"), false);
        assert.equal((await s.ask(`/api/v1/customers/${ann}/why?reveal=true&reason=asked`)).text.includes("u-ann"), false, "not by GET");
    });

    await t.test("where the log cannot be written, nothing is shown", async () => {
        const store = "audit.sqlite";
        const hold = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('BEGIN EXCLUSIVE'); print('held',flush=True); sys.stdin.read()";
        const lock = spawn("python3", ["-c", hold, path.join(dir, "data", store)]);
        await new Promise((resolve, reject) => (lock.stdout.once("data", resolve), lock.once("error", reject), lock.once("exit", () => reject(new Error("the store is not held")))));
        const r = await s.ask(`/api/v1/customers/${ann}/reveal`, { method: "POST", body: { fields: ["email"], reason: "they called" } });
        lock.stdin.end();
        assert.ok(r.status >= 400, r.text);
        assert.doesNotMatch(r.text, PERSONAL);
    });

    await t.test("a merge and a split are tried before they are decided, and taken back", async () => {
        const customers = (await s.json("/api/v1/identity")).customers;
        const tried = await post("/api/v1/identity/merge", { a: "u-kim", b: "u-lou", try: true });
        assert.deepEqual([tried.now.customers, tried.then.customers, tried.merged, tried.split], [customers, customers - 1, 2, 0]);
        assert.deepEqual(tried.changed.map((x) => [x.parts, x.identifiers]), [[2, 6]]);
        const apart = await post("/api/v1/identity/split", { customer: ann, out: ["user_id:u-ann"], try: true });
        assert.deepEqual([apart.split, apart.merged], [1, 0]);
        assert.ok(apart.changed.length >= 2);
        assert.deepEqual((await s.json("/api/v1/identity")).decisions, [], "nothing was kept");
        assert.equal((await post("/api/v1/identity/merge", { a: "u-kim", b: "u-lou" })).status, 400, "not without a reason");

        const kim = await who("u-kim"), lou = await who("u-lou");
        const made = await post("/api/v1/identity/merge", { a: kim, b: lou, reason: "the same person" });
        assert.equal(made.decision.action, "merge");
        assert.equal((await s.ask("/api/v1/run", { method: "POST", body: {} })).status, 200);
        const one = await s.json(`/api/v1/customers/${lou}`);
        assert.equal(one.customer_id, kim, "the older one's id stays");
        assert.equal(one.redirected_from, lou);
        assert.equal(one.profile[0].orders, 2);
        const lines = (await s.json(`/api/v1/customers/${lou}/timeline`)).timeline;
        assert.ok(lines.some((x) => x.interaction_id.includes("m30")) && lines.some((x) => x.interaction_id.includes("m32")), "what both did");
        assert.equal((await post("/api/v1/identity/withdraw", { id: made.decision.id })).status, 200);
        await s.ask("/api/v1/run", { method: "POST", body: {} });
        assert.equal((await s.json(`/api/v1/customers/${lou}`)).customer_id, lou);
        assert.equal((await s.json(`/api/v1/customers/${lou}`)).profile[0].orders, 1);
    });

    await t.test("rules are changed as a file, tried first", async () => {
        const state = await s.json("/api/v1/identity");
        const yaml = state.yaml.replace("{name: user_id, limit: 1}", "{name: user_id, limit: 2}");
        assert.notEqual(yaml, state.yaml);
        const tried = await post("/api/v1/identity/preview", { yaml });
        assert.ok(tried.merged > 0, "the tablet's two would be one");
        const changes = [{ kind: "identity", ref: "rules", field: "rules", value: yaml }];
        const shown = await post("/api/v1/edits", { changes });
        assert.equal(shown.applied, false);
        assert.match(shown.patch, /^\+ {2}- \{name: user_id, limit: 2\}$/m);
        const broken = await post("/api/v1/edits", { changes: [{ ...changes[0], value: "kinds: 3\n" }], apply: true });
        assert.equal(broken.applied, false);
        assert.ok(broken.errors.length > 0);
        assert.equal((await post("/api/v1/edits", { changes, apply: true })).applied, true);
        assert.equal(fs.readFileSync(path.join(dir, "governance/identity.yaml"), "utf8"), yaml);
        assert.equal((await s.json("/api/v1/identity")).rules.kinds[0].limit, 2);
    });
});

test("a mesh without events has no customers, and says so", async (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    const s = await serve(t, dir);
    const r = await s.json("/api/v1/customers");
    assert.ok(r.status === 200 ? r.counts[0].customers === 0 : r.status >= 400 && r.status < 500, JSON.stringify(r));
    assert.equal((await s.json("/api/v1/customers/c_" + "a".repeat(26))).status >= 400, true);
});
