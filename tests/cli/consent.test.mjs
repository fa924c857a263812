// What people say about consent: seen by the next read, before and beside a server, for people who are not known yet and for those who turn out to be one;
// what held and what was known on a day; lists; receipts. Then rows that are too old, and legal holds.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, until } from "./lib.mjs";

const day = 86_400_000, now = Date.now();
const ago = (days, minute = 0) => new Date(now - days * day + minute * 60_000).toISOString();
const date = (days) => ago(days).slice(0, 10);
let count = 0;
const call = (at, who, traits) => ({ type: traits ? "identify" : "page", messageId: `m${++count}`, timestamp: at, ...who, ...(traits ? { traits } : { name: "Home" }) });
const people = [
    call(ago(100), { anonymousId: "a-ann" }),
    call(ago(100, 1), { anonymousId: "a-ann", userId: "u-ann" }, { email: "ann@example.org" }),
    call(ago(2), { anonymousId: "a-ann", userId: "u-ann" }),
    call(ago(90), { anonymousId: "a-ben", userId: "u-ben" }, { email: "ben@example.org" }),
    call(ago(3), { anonymousId: "a-ben", userId: "u-ben" }),
    call(ago(80), { anonymousId: "a-kim", userId: "u-kim" }, { email: "kim@example.org" }),
    call(ago(0.5), { anonymousId: "a-guest" }),
];

async function post(it, key, events) {
    const port = Number((await until("the collector", () => it.out.match(/collector http:\/\/127\.0\.0\.1:(\d+)/)))[1]);
    const status = await new Promise((resolve, reject) => {
        const headers = { authorization: "Basic " + Buffer.from(key + ":").toString("base64"), "content-type": "application/json" };
        const q = http.request({ host: "127.0.0.1", port, path: "/v1/batch", method: "POST", headers }, (r) => (r.resume(), r.on("end", () => resolve(r.statusCode))));
        q.on("error", reject);
        q.end(JSON.stringify({ batch: events }));
    });
    assert.equal(status, 200);
}

const stop = async (it) => (it.child.kill("SIGTERM"), await it.ended);

async function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
    const key = must(["key", "create", "web.site"], { cwd: dir }).out.trim();
    const it = await serve(t, dir, ["--collector-listen", "127.0.0.1:0"]);
    await post(it, key, people);
    await stop(it);
    must(["run"], { cwd: dir });
    return { dir, key };
}

const customer = (dir, identifier) => json(["consent", "show", "--identifier", identifier], { cwd: dir }).customer_id;
const shown = (dir, purpose, id) => Number(rows(`SELECT count(*) FROM shared.interaction WHERE customer_id = '${id}'`, { cwd: dir }, ["--purpose", purpose])[0]);
const set = (dir, identifier, purpose, status, ...more) => json(["consent", "set", "--identifier", identifier, "--purpose", purpose, "--status", status, ...more], { cwd: dir });
const held = (dir, identifier, purpose, ...more) => json(["consent", "show", "--identifier", identifier, ...more], { cwd: dir }).purposes.find((x) => x.purpose === purpose);

test("a word about consent", async (t) => {
    const { dir, key } = await mesh(t);
    const at = { cwd: dir };
    const ann = customer(dir, "email:ann@example.org"), ben = customer(dir, "email:ben@example.org");
    assert.match(ann, /^c_/);

    await t.test("is seen by the next read, for its purpose alone", () => {
        const before = shown(dir, "analytics", ann);
        assert.ok(before > 0);
        const receipt = set(dir, "email:ann@example.org", "analytics", "denied", "--source", "form", "--proof", "letter 12");
        assert.equal(receipt.customer_id, ann);
        assert.equal(receipt.before, "unknown");
        const rowsOf = receipt.products.find((p) => p.ref === "shared.interaction");
        assert.deepEqual([rowsOf.rows_before, rowsOf.rows_after, rowsOf.how], [before, 0, "left out now"]);
        const byEvidence = receipt.products.find((p) => p.ref === "shared.web_event");
        assert.ok(byEvidence.rows_before > 0, JSON.stringify(receipt.products));
        assert.deepEqual([byEvidence.rows_after, byEvidence.how], [0, "left out now"]);
        assert.ok(receipt.reads.by.some((r) => r.ref.startsWith("shared.interaction")), "the question above was a read");
        assert.doesNotMatch(JSON.stringify(receipt), /ann@example|letter/);
        assert.equal(shown(dir, "analytics", ann), 0);
        assert.ok(shown(dir, "analytics", ben) > 0, "others stay");
        assert.equal(shown(dir, "email", ben), 0, "without a word the default holds: nobody may be written to");
        set(dir, "customer:" + ben, "email", "granted");
        assert.ok(shown(dir, "email", ben) > 0);
        assert.equal(held(dir, "email:ANN@example.org ", "analytics").from, "desk");
    });

    await t.test("counts as before when it is built in, and is taken back as easily", () => {
        must(["run"], at);
        assert.equal(json(["consent", "show"], at).waiting, 0);
        assert.equal(shown(dir, "analytics", ann), 0);
        assert.equal(held(dir, "email:ann@example.org", "analytics").from, "product");
        assert.deepEqual(rows(`SELECT status, granted, source FROM shared.consent WHERE customer_id = '${ann}' AND purpose = 'analytics'`, at), ["denied,false,desk"]);
        set(dir, "email:ann@example.org", "analytics", "granted");
        assert.ok(shown(dir, "analytics", ann) > 0);
        set(dir, "email:ann@example.org", "analytics", "withdrawn");
        assert.equal(shown(dir, "analytics", ann), 0);
    });

    await t.test("of another identifier does not lift a no before the build has judged", () => {
        set(dir, "user_id:u-ann", "analytics", "granted");
        assert.equal(shown(dir, "analytics", ann), 0);
        must(["run"], at);
        assert.equal(shown(dir, "analytics", ann), 0, "merge: denied_wins");
        assert.deepEqual(rows(`SELECT granted, conflict FROM shared.consent WHERE customer_id = '${ann}' AND purpose = 'analytics'`, at), ["false,true"]);
    });

    await t.test("what held and what was known on a day", () => {
        set(dir, "email:kim@example.org", "email", "granted", "--at", date(20));
        const then = json(["consent", "show", "--identifier", "email:kim@example.org", "--on", date(10)], at);
        const of = (list) => list.find((x) => x.purpose === "email");
        assert.equal(of(then.purposes).status, "granted");
        assert.equal(of(then.held_then).status, "granted", "said twenty days ago");
        assert.equal(of(then.known_then).status, "unknown", "and written down today");
        must(["run"], at);
        const later = json(["consent", "show", "--identifier", "email:kim@example.org", "--on", date(10)], at);
        assert.equal(of(later.known_then).status, "unknown");
        assert.equal(of(later.held_then).status, "granted");
        assert.equal(of(json(["consent", "show", "--identifier", "email:kim@example.org", "--on", date(30)], at).held_then).status, "unknown");
    });

    await t.test("a yes that has run out counts as the default", () => {
        const file = path.join(dir, "governance/consent.yaml");
        fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("{name: advertising, default: denied}", "{name: advertising, default: denied, expires: 30d}"));
        set(dir, "email:ben@example.org", "advertising", "granted", "--at", date(40));
        assert.equal(shown(dir, "advertising", ben), 0);
        assert.equal(held(dir, "email:ben@example.org", "advertising").expired, true);
        set(dir, "email:ben@example.org", "advertising", "granted", "--at", date(5));
        assert.ok(shown(dir, "advertising", ben) > 0);
        must(["run"], at);
        assert.ok(shown(dir, "advertising", ben) > 0);
    });

    await t.test("beside a server, for one nobody knows yet, and for two who become one", async () => {
        const it = await serve(t, dir, ["--collector-listen", "127.0.0.1:0"]);
        const waits = async () => (await it.json("/api/v1/consent")).waiting === 0;
        const waiting = set(dir, "email:new@example.org", "analytics", "denied");
        assert.equal(waiting.customer_id, null);
        await until("the build that a word begins", waits);
        await post(it, key, [call(ago(0, -5), { anonymousId: "a-new", userId: "u-new" }, { email: "New@example.org" }), call(ago(0, -4), { anonymousId: "a-new", userId: "u-new" })]);
        const id = await until("the new customer", () => json(["consent", "show", "--identifier", "user_id:u-new"], at).customer_id);
        assert.equal(shown(dir, "analytics", id), 0, "known by now, and left out");
        set(dir, "anonymous_id:a-guest", "analytics", "denied");
        const guest = customer(dir, "anonymous_id:a-guest");
        assert.equal(shown(dir, "analytics", guest), 0);
        await post(it, key, [call(ago(0, -3), { anonymousId: "a-guest", userId: "u-kim" }, { email: "kim@example.org" })]);
        const one = await until("two that are one", () => customer(dir, "anonymous_id:a-guest") === customer(dir, "user_id:u-kim") && customer(dir, "user_id:u-kim"));
        assert.equal(shown(dir, "analytics", one), 0, "the no of one is the no of both");
        await until("the build", waits);
        assert.equal(shown(dir, "analytics", one), 0);
        await stop(it);
    });

    await t.test("wrong words change nothing and say what is wrong", () => {
        const before = json(["consent", "show"], at).desk;
        for (const [args, text] of [
            [["--identifier", "fax:1", "--purpose", "email", "--status", "denied"], /KIND:VALUE.*email/s],
            [["--identifier", "email:a@b.c", "--purpose", "advert", "--status", "denied"], /no purpose.*advertising/s],
            [["--identifier", "email:a@b.c", "--purpose", "email", "--status", "maybe"], /granted, denied or withdrawn/],
            [["--identifier", "email:a@b.c", "--purpose", "email", "--status", "denied", "--at", "yesterday"], /not understood/],
            [["--identifier", "email:a@b.c", "--purpose", "email", "--status", "denied", "--at", "2999-01-01"], /lies ahead/],
            [["--identifier", "customer:c_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--purpose", "email", "--status", "denied"], /no customer/],
        ]) {
            const r = run(["consent", "set", ...args], at);
            assert.equal(r.code, 2);
            assert.match(r.err, text);
        }
        assert.deepEqual(json(["consent", "show"], at).desk, before);
    });

    await t.test("a list: every wrong line is told, the others count", () => {
        const file = path.join(dir, "list.csv");
        fs.writeFileSync(file, '\ufeffidentifier;purpose;status;occurred_at;source\r\nemail:ann@example.org;email;granted;;fair\r\n\r\nfax:1;email;denied;;\r\n"email:""q""@x.org";email;denied;2026-01-01T10:00:00+02:00;"two\nlines"\r\nemail:a@b.c;nothing;denied;;\r\nemail:a@b.c;email;perhaps;;\r\n');
        const r = run(["consent", "import", file], at);
        assert.equal(r.code, 4);
        assert.match(r.out, /2 statements taken, 3 lines refused/);
        assert.match(r.err, /line 4, identifier/);
        assert.match(r.err, /line 7, purpose/);
        assert.match(r.err, /line 8, status/);
        assert.doesNotMatch(r.err + r.out, /a@b\.c|@x\.org/);
        assert.ok(shown(dir, "email", ann) > 0);
        fs.writeFileSync(file, '{"kind":"email","value":"ann@example.org","purpose":"email","status":"withdrawn"}\n[1]\n');
        assert.match(run(["consent", "import", file], at).err, /line 2: /);
        assert.equal(shown(dir, "email", ann), 0);
        fs.writeFileSync(file, "name,word\na,b\n");
        assert.equal(run(["consent", "import", file], at).code, 2);
    });

    await t.test("figures by purpose, source and day", () => {
        const f = json(["consent", "show"], at);
        const email = f.purposes.find((p) => p.purpose === "email");
        assert.equal(f.built, true);
        assert.equal(email.default, "denied");
        assert.equal(email.granted + email.denied + email.expired + email.unknown, f.customers);
        assert.ok(f.sources.some((s) => s.source === "desk"));
        assert.ok(f.days.length > 0);
    });

    await t.test("receipts: whole, changed, of another mesh", () => {
        const files = fs.readdirSync(path.join(dir, "data/receipts")).map((f) => path.join(dir, "data/receipts", f));
        assert.equal(fs.statSync(files[0]).mode & 0o777, 0o600);
        assert.match(must(["receipt", "verify", files[0]], at).out, /whole and signed by this mesh/);
        const copy = path.join(dir, "copy.json"), text = fs.readFileSync(files[0], "utf8");
        fs.writeFileSync(copy, JSON.stringify(JSON.parse(text), null, 2));
        must(["receipt", "verify", copy], at);
        fs.writeFileSync(copy, text.replace(/"statements":\d+/, '"statements":7'));
        assert.match(must(["receipt", "verify", copy], { ...at, code: 1 }).out, /changed after it was signed/);
        fs.writeFileSync(copy, text.replace("{", '{"kind":"erasure",'));
        must(["receipt", "verify", copy], { ...at, code: 1 });
        fs.writeFileSync(copy, "[]");
        must(["receipt", "verify", copy], { ...at, code: 2 });
        const other = path.join(scratch(t), "other");
        must(["init", other, "--owner", "Ana", "--contact", "ana@example.org"]);
        assert.match(must(["receipt", "verify", files[0]], { cwd: other, code: 1 }).out, /another key/);
        assert.ok(json(["audit", "show", "--kind", "consent"], at).entries.length > 0, "each word stands in the audit log");
    });
});

test("what is too old goes, and what is held stays", async (t) => {
    const { dir } = await mesh(t);
    const at = { cwd: dir };
    const policies = path.join(dir, "governance/policies.yaml");
    const report = (...more) => json(["expire", ...more], at);
    const pages = () => rows("SELECT count(*) FILTER (occurred_at < TIMESTAMP '" + date(30) + "'), count(*) FROM web.site__identify", at)[0];
    const place = (r, ref) => r.places.find((p) => p.ref === ref);
    assert.equal(report("--dry-run").places.length, 0, "no rule, nothing to do");
    fs.appendFileSync(policies, 'retention:\n  - {name: clicks, products: ["web.*"], keep: 60d, action: delete}\n  - {name: journeys, products: [shared.interaction], keep: 60d, action: delete}\n');
    const whole = pages();
    assert.equal(whole, "3,3");

    await t.test("a look changes nothing", () => {
        const r = report("--dry-run");
        assert.equal(place(r, "web.site__identify").rows, 3);
        assert.ok(place(r, "shared.interaction").rows > 0);
        assert.equal(r.dry_run, true);
        assert.equal(pages(), whole);
    });

    await t.test("a hold keeps a person's rows; erasing them is refused", () => {
        must(["hold", "add", "--identifier", "email:ben@example.org", "--reason", "case 12"], at);
        assert.equal(run(["hold", "add", "--identifier", "email:ben@example.org"], at).code, 2);
        assert.equal(run(["hold", "add", "--product", "web.nothing", "--reason", "case 12"], at).code, 2);
        assert.equal(place(report("--dry-run"), "web.site__identify").held, 1);
        assert.equal(run(["erase", "--identifier", "email:ben@example.org"], at).code, 5);
        const ben = customer(dir, "email:ben@example.org"), of = (id) => Number(rows(`SELECT count(*) FROM shared.interaction WHERE customer_id = '${id}' AND occurred_at < TIMESTAMP '${date(30)}'`, at)[0]);
        const kim = customer(dir, "email:kim@example.org"), before = of(ben);
        assert.ok(before > 0 && of(kim) > 0);
        const r = report();
        assert.equal(r.problems.length, 0);
        assert.equal(place(r, "web.site__identify").rows, 2);
        assert.equal(pages(), "1,1");
        assert.equal(of(ben), before);
        assert.equal(of(kim), 0);
        assert.equal(report("--dry-run").rows, 0, "done once");
        must(["run", "--full"], at);
        assert.equal(of(kim), 0, "a build from the beginning does not bring them back");
        assert.equal(of(ben), before);
    });

    await t.test("an ended hold keeps nothing; a hold on a product keeps all of it", () => {
        must(["hold", "end", "1"], at);
        must(["hold", "end", "99"], { ...at, code: 2 });
        must(["hold", "add", "--product", "web.site", "--reason", "case 13"], at);
        assert.equal(place(report("--dry-run"), "web.site__identify").held, 1);
        must(["hold", "end", "2"], at);
        report();
        assert.equal(pages(), "0,0");
        assert.deepEqual(json(["hold", "list"], at).holds.map((h) => h.state), ["ended", "ended"]);
    });

    await t.test("anonymised rows keep their count and lose their people", () => {
        fs.writeFileSync(policies, fs.readFileSync(policies, "utf8").replace(/keep: 60d, action: delete\}\n {2}- \{name: journeys.*\n/, "keep: 1d, action: anonymise}\n"));
        const count = () => rows("SELECT count(*) FROM web.site__page", at)[0] + "," + rows("SELECT count(*) FROM shared.interaction", at)[0];
        const before = count();
        assert.ok(customer(dir, "user_id:u-ann"));
        const r = report();
        assert.equal(r.problems.length, 0);
        assert.equal(place(r, "web.site__page").action, "anonymise");
        assert.equal(count(), before);
        assert.equal(customer(dir, "user_id:u-ann"), null, "nobody is known by it any more");
        assert.ok(customer(dir, "anonymous_id:a-guest"), "what is younger stays as it is");
        assert.equal(report("--dry-run").rows, 0, "done once");
        assert.ok(json(["audit", "show", "--kind", "retention"], at).entries.length > 0);
    });
});
