// Who is one customer, and why: from the collector to the ledger, with a server and without one. Decisions of people and their withdrawal,
// rules tried on history, retired ids; personal values in part, and whole only when that is logged.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, until, write } from "./lib.mjs";

const at = (minute) => new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString();
const said = (minute, who, traits) => ({ type: traits ? "identify" : "page", messageId: `m${String(minute).padStart(3, "0")}`, timestamp: at(minute), ...who, ...(traits ? { traits } : { name: "Home" }) });
const calls = [
    said(0, { anonymousId: "tablet" }),
    said(1, { anonymousId: "tablet", userId: "u-ann" }, { email: "ann@example.org" }),
    said(2, { anonymousId: "tablet", userId: "u-ben" }, { email: "ben@example.org" }),
    said(3, { anonymousId: "anonymous", userId: "u-ben" }),
    said(4, { anonymousId: "phone-ben", userId: "u-ben" }),
    said(5, { anonymousId: "desk-kim", userId: "u-kim" }, { email: "kim@example.org", phone: "+49 30 1234" }),
];

async function eventMesh(t, events) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
    const key = must(["key", "create", "web.site"], { cwd: dir }).out.trim();
    await send(t, dir, key, events);
    must(["run"], { cwd: dir });
    return { dir, key };
}

async function send(t, dir, key, events) {
    const it = await serve(t, dir, ["--collector-listen", "127.0.0.1:0"]);
    const port = Number((await until("the collector", () => it.out.match(/collector http:\/\/127\.0\.0\.1:(\d+)/)))[1]);
    const status = await new Promise((resolve, reject) => {
        const headers = { authorization: "Basic " + Buffer.from(key + ":").toString("base64"), "content-type": "application/json" };
        const q = http.request({ host: "127.0.0.1", port, path: "/v1/batch", method: "POST", headers }, (r) => {
            r.resume();
            r.on("end", () => resolve(r.statusCode));
        });
        q.on("error", reject);
        q.end(JSON.stringify({ batch: events }));
    });
    assert.equal(status, 200);
    it.child.kill("SIGTERM");
    await it.ended;
    return it;
}

const table = (dir) => rows("SELECT evidence, kind, customer_id, admitted, coalesce(reason, '') FROM shared.identity ORDER BY ALL", { cwd: dir });
const kinds = (why) => why.identifiers.map((x) => x.kind).sort();

test("identity on the command line", async (t) => {
    const { dir } = await eventMesh(t, calls);
    const at_ = { cwd: dir };
    const explain = (who, ...more) => json(["identity", "explain", who, ...more], at_);

    await t.test("explain: by address, id, customer and retired id", () => {
        const ann = explain("ann@example.org"), ben = explain("user_id:u-ben");
        assert.deepEqual(kinds(ann), ["anonymous_id", "email", "user_id"]);
        assert.deepEqual(kinds(ben), ["anonymous_id", "email", "user_id"]);
        assert.notEqual(ann.customer_id, ben.customer_id);
        assert.match(ann.customer_id, /^c_[a-z2-7]{26}$/);
        assert.deepEqual(explain(ann.customer_id).identifiers.map((x) => x.ref).sort(), ann.identifiers.map((x) => x.ref).sort());
        assert.equal(explain(" ANN@example.org ").customer_id, ann.customer_id);
        // from the address: one step each, by the call that said so
        const tablet = ann.identifiers.find((x) => x.kind === "anonymous_id");
        assert.equal(tablet.path.length, 2);
        assert.equal(tablet.path[1].by.source, "web.site");
        assert.equal(tablet.path[1].by.message_id, "m001");
        // the tablet was Ann's first, and a customer has one user id
        assert.deepEqual(ben.left_out.map((x) => [x.kind, x.reason, x.customer_id]).sort(), [["anonymous_id", "blocked", null], ["anonymous_id", "limit", ann.customer_id]]);
        // two steps: from Ben's telephone over his user id to his address
        const far = explain("anonymous_id:phone-ben").identifiers.find((x) => x.kind === "email");
        assert.equal(far.path.length, 3);
        assert.equal(explain("0049 30 1234").customer_id, explain("kim@example.org").customer_id);
    });

    await t.test("personal values in part, and whole only with a line in the log", () => {
        const texts = [must(["identity", "explain", "ann@example.org"], at_), must(["identity", "explain", "ann@example.org", "--json"], at_)];
        for (const r of texts) assert.doesNotMatch(r.out + r.err, /ann@example|u-ann|tablet/);
        assert.match(texts[0].out, /email:a…@e…/);
        const shown = must(["identity", "explain", "ann@example.org", "--reveal", "--why", "she called"], at_).out;
        assert.match(shown, /email:ann@example\.org/);
        assert.match(shown, /user_id:u-ann/);
        const log = must(["identity", "explain", "-", "--json"], { ...at_, input: "ann@example.org\n" });
        assert.equal(JSON.parse(log.out).revealed, false);
    });

    await t.test("what is not understood says so, and how to mend it", () => {
        for (const [args, code, text] of [
            [["explain", "nobody@example.org"], 2, /no customer has this identifier/],
            [["explain", "c_" + "a".repeat(26)], 2, /there is no customer c_a/],
            [["explain"], 2, /identity explain CUSTOMER/],
            [["explane", "x"], 2, /did you mean explain\?/],
            [["merge", "user_id:u-ann", "user_id:u-kim"], 2, /needs its reason/],
            [["merge", "ann@example.org", "u-ann", "--reason", "x"], 2, /already/],
            [["split", "ann@example.org", "--reason", "x"], 2, /which identifiers/],
            [["split", "ann@example.org", "--out", "email:kim@example.org", "--reason", "x"], 2, /no such identifier/],
            [["split", "ann@example.org", "--out", "email:ann@example.org", "--out", "user_id:u-ann", "--out", "anonymous_id:tablet", "--reason", "x"], 2, /nothing to split/],
            [["withdraw", "7"], 2, /no decision 7/],
            [["withdraw", "x"], 2, /number of a decision/],
            [["ledger", "--limit", "0"], 2, /limit/],
            [["ledger", "--action", "joined"], 2, /created, merged, refused, split/],
        ]) {
            const r = run(["identity", ...args], at_);
            assert.equal(r.code, code, args.join(" ") + r.err);
            assert.match(r.err, text, args.join(" "));
            assert.doesNotMatch(r.err, /ann@example|kim@example/);
        }
    });

    await t.test("merge, measure, split, measure; and withdraw", () => {
        const before = table(dir), ann = explain("ann@example.org").customer_id, kim = explain("kim@example.org").customer_id;
        const merged = json(["identity", "merge", "ann@example.org", kim, "--reason", "one person, says the shop", "--as", "Ana"], at_).decision;
        assert.deepEqual([merged.action, merged.by, merged.reason], ["merge", "Ana", "one person, says the shop"]);
        assert.deepEqual(table(dir), before); // it counts from the next run on
        must(["run"], at_);
        assert.equal(explain("kim@example.org").customer_id, ann);
        const old = explain(kim);
        assert.deepEqual([old.customer_id, old.retired_id, old.retired_cause], [ann, kim, "merged"]);
        const way = explain("ann@example.org").identifiers.find((x) => x.kind === "phone").path;
        assert.ok(way.some((x) => x.by?.decision_id === merged.id));
        assert.match(must(["identity", "explain", "ann@example.org"], at_).out, /decision 1 of a person/);
        assert.match(must(["identity", "ledger", "--customer", ann], at_).out, /merged +decision 1/);

        const split = json(["identity", "split", ann, "--out", "email:kim@example.org", "user_id:u-kim", "anonymous_id:desk-kim", "phone:+49301234", "--reason", "two after all"], at_).decision;
        assert.equal(split.identifiers, 4);
        must(["run"], at_);
        assert.deepEqual(table(dir), before);
        assert.equal(explain(kim).retired_id, null);
        const entries = json(["identity", "ledger", "--action", "split"], at_).entries;
        assert.deepEqual(entries.map((x) => [x.cause, x.decision_id]), [["split", split.id]]);

        must(["identity", "withdraw", String(split.id)], at_);
        must(["run"], at_);
        assert.equal(explain(kim).customer_id, ann);
        must(["identity", "withdraw", String(merged.id)], at_);
        must(["run"], at_);
        assert.deepEqual(table(dir), before);
        assert.deepEqual(json(["identity", "decisions"], at_).decisions.map((d) => [d.action, d.withdrawn_at !== null]), [["split", true], ["merge", true]]);
        assert.match(must(["identity", "decisions"], at_).out, /withdrawn/);
        // neither a value nor a reason's identifiers lie open in the control store
        for (const name of ["control.sqlite", "control.sqlite-wal"]) {
            const file = path.join(dir, "data", name);
            if (fs.existsSync(file)) assert.equal(fs.readFileSync(file).includes("kim@example.org"), false);
        }
    });

    await t.test("preview: what other rules would do; nothing is written", () => {
        const before = table(dir);
        const looser = write(dir, "looser.yaml", "kinds:\n  - {name: user_id, limit: 3}\n  - {name: email}\n  - {name: phone}\n  - {name: anonymous_id}\n");
        const stricter = write(dir, "stricter.yaml", "kinds:\n  - {name: user_id, limit: 1}\n  - {name: email}\n  - {name: phone}\n  - {name: anonymous_id, blocked: [tablet, phone-ben]}\n");
        const wide = json(["identity", "preview", looser], at_);
        assert.deepEqual([wide.merged, wide.split], [2, 0]); // Ann and Ben
        assert.equal(wide.then.customers, wide.now.customers - 1);
        assert.equal(wide.then.largest[0].parts, 2);
        assert.ok(wide.ids_retired >= 1);
        const strict = json(["identity", "preview", stricter], at_);
        assert.equal(strict.split, 1); // the tablet's first page is nobody's any more
        assert.match(must(["identity", "preview", stricter], at_).out, /1 customer would fall apart/);
        assert.deepEqual(table(dir), before);
        const wrong = run(["identity", "preview", write(dir, "wrong.yaml", "kinds:\n  - {name: user_id, limt: 3}\n")], at_);
        assert.equal(wrong.code, 2);
        assert.match(wrong.err, /limt/);
    });

    await t.test("new rules: everybody is resolved anew, and old ids lead on", () => {
        const ben = explain("user_id:u-ben").customer_id, ann = explain("user_id:u-ann").customer_id;
        fs.copyFileSync(path.join(dir, "looser.yaml"), path.join(dir, "governance/identity.yaml"));
        must(["run"], at_);
        const now = explain(ben);
        assert.deepEqual([now.customer_id, now.retired_id], [ann, ben]);
        assert.match(must(["identity", "status"], at_).out, /retired id/);
    });
});

test("identity over HTTP, beside events that arrive", async (t) => {
    const { dir, key } = await eventMesh(t, calls.slice(0, 2));
    const s = await serve(t, dir, ["--collector-listen", "127.0.0.1:0"]);
    const post = (name, body) => s.json(`/api/v1/identity/${name}`, { method: "POST", body });
    const state = await s.json("/api/v1/identity");
    assert.equal(state.status, 200);
    assert.equal(state.port, "shared.identity");
    assert.equal(state.customers, 1);
    assert.deepEqual(state.rules.kinds.map((k) => k.name).slice(0, 3), ["user_id", "email", "phone"]);
    assert.deepEqual(state.kinds.find((k) => k.kind === "email"), { kind: "email", identifiers: 1, left_out: 0 });
    const id = state.largest[0].customer_id;
    const why = await s.json(`/api/v1/customers/${id}/why`);
    assert.equal(why.identifiers.length, 3);
    assert.equal(JSON.stringify(why).includes("ann@"), false);
    const to = why.identifiers.find((x) => x.kind === "email").ref;
    const one = await s.json(`/api/v1/customers/${id}/why?to=${to}`);
    assert.deepEqual(one.identifiers.filter((x) => x.path).map((x) => x.ref), [to]);
    assert.equal((await post("explain", { who: id, reveal: true })).status, 400, "not without a reason");
    const open = await post("explain", { who: id, reveal: true, reason: "asked" });
    assert.ok(open.identifiers.some((x) => x.value === "ann@example.org"));
    const page = await s.json("/api/v1/identity/ledger?limit=1");
    assert.equal(page.entries.length, 1);
    assert.ok(page.total >= 1);
    const next = await s.json(`/api/v1/identity/ledger?limit=1&before=${page.entries[0].cursor}`);
    assert.equal(next.entries.length, Math.min(1, page.total - 1));
    for (const [name, body, status] of [
        ["explain", {}, 400],
        ["explain", { who: "x".repeat(3000) }, 400],
        ["preview", { yaml: "kinds: 3" }, 400],
        ["preview", {}, 400],
        ["merge", { a: "ann@example.org" }, 400],
        ["split", { customer: id, out: [] }, 400],
        ["withdraw", { id: 99 }, 404],
    ])
        assert.equal((await post(name, body)).status, status, name);
    assert.equal((await s.json("/api/v1/identity/ledger?before=nonsense")).status, 400);

    // A late call: the first that was ever seen of her; she is called after it, and her old id leads on.
    const port = Number((await until("the collector", () => s.out.match(/collector http:\/\/127\.0\.0\.1:(\d+)/)))[1]);
    const late = { type: "page", messageId: "m-late", timestamp: "2026-02-01T00:00:00.000Z", anonymousId: "before-all", userId: "u-ann", name: "Home" };
    await new Promise((resolve, reject) => {
        const headers = { authorization: "Basic " + Buffer.from(key + ":").toString("base64"), "content-type": "application/json" };
        const q = http.request({ host: "127.0.0.1", port, path: "/v1/batch", method: "POST", headers }, (r) => {
            r.resume();
            r.on("end", resolve);
        });
        q.on("error", reject);
        q.end(JSON.stringify({ batch: [late] }));
    });
    const after = await until("the late call", async () => {
        const w = await s.json(`/api/v1/customers/${id}/why`);
        return w.status === 200 && w.identifiers.length === 4 && w;
    });
    assert.equal(after.retired_id, id);
    assert.equal(after.retired_cause, "merged"); // with her, as things turned out
    // a decision over the socket of the server
    assert.doesNotMatch(s.err, /ann@example|u-ann/);
    const told = json(["identity", "explain", "ann@example.org"], { cwd: dir });
    assert.equal(told.customer_id, after.customer_id);
});
