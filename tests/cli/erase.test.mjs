// Forgetting a person: afterwards nothing that names them stands in any byte under data/, in no row of any product or stream, and nothing brings them back.
// What is searched for: every identifier, name and order id of Ann, as they were written and as they are compared; each file whole, packed ones unpacked.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import { json, must, run, scratch, serve, start, until, write } from "./lib.mjs";
import { calls, landed, mesh, page, send } from "./entities_world.mjs";

const ANN = ["ann@example.org", "Ann@Example.org", "u-ann", "anon-ann", "Annie", "Arbor", "shopify:11", "hubspot:21", "+43 316 555 0199", "433165550199", "order-of-ann-5001"];
const NAMED = "export_Ann@example.org.csv";
const variants = (words) => [...new Set(words.flatMap((w) => [w.toLowerCase(), w.toLowerCase().replace("@", "%40")]))]; // looked for without regard to case

function files(dir) {
    return fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(path.join(dir, e.name)) : e.isFile() ? [path.join(dir, e.name)] : []));
}
// Which file holds which word.
export function found(dir, words) {
    const hits = [];
    for (const file of files(path.join(dir, "data"))) {
        if (!fs.existsSync(file)) continue; // a writer's file that has gone meanwhile
        const bytes = fs.readFileSync(file);
        const all = file.endsWith(".gz") ? [bytes, gunzipSync(bytes)] : [bytes];
        const texts = all.map((b) => b.toString("latin1").toLowerCase());
        for (const w of variants(words)) if (texts.some((b) => b.includes(w))) hits.push(`${path.relative(dir, file)}: ${w}`);
    }
    return hits;
}
// Every row of every port and stream, as a role that sees them as they are.
async function rowsOf(s) {
    const ports = (await s.json("/api/v1/products")).products.flatMap((p) => p.ports.map((x) => x.ref));
    const streams = (await s.json("/api/v1/sources")).sources.flatMap((x) => x.streams.map((y) => y.ref));
    const out = [];
    for (const ref of [...ports, ...streams]) {
        const r = await s.ask("/api/v1/query", { method: "POST", headers: { "x-trellis-role": "officer" }, body: { sql: `SELECT * FROM ${ref}`, limit: 10000 } });
        if (r.status === 200) out.push({ ref, text: r.text, n: JSON.parse(r.text).rows.length });
    }
    assert.ok(out.length > 30, "hardly anything could be read");
    return out;
}
const named = async (s, words) => (await rowsOf(s)).flatMap(({ ref, text }) => variants(words).filter((w) => text.toLowerCase().includes(w)).map((w) => `${ref}: ${w}`));
const ask = async (s, sql) => (await s.json("/api/v1/query", { method: "POST", headers: { "x-trellis-role": "officer" }, body: { sql } })).rows.map((r) => (r.length === 1 ? r[0] : r));

function world(t) {
    const dir = path.join(scratch(t), "shop");
    const key = JSON.parse(mesh(dir)).key;
    landed(dir);
    const customers = path.join(dir, "in/shop/shopify_customer.csv");
    fs.writeFileSync(customers, fs.readFileSync(customers, "utf8").replace("Arbor,,", "Arbor,+43 316 555 0199,") + "12,gil@example.org,Gil,Graf,,2026-01-10 08:00:00,2026-03-01 12:00:00,0,subscribed,2026-03-02 00:00:00\n");
    write(dir, "in/shop/shopify_order_line.csv", "order_id,id,name,title,price,quantity,_fivetran_synced\n5001,order-of-ann-5001,Shoes,Shoes,42.00,1,2026-03-02 00:00:00\n5002,other-line,Hat,Hat,10.00,1,2026-03-02 00:00:00\n");
    const roles = path.join(dir, "governance/roles.yaml");
    fs.appendFileSync(roles, "  - name: officer\n    title: Officer\n    about: For tests\n    grants:\n      - {products: [\"*\"], tier: raw, purposes: [analytics]}\n    rights:\n      - {right: build}\n");
    return { dir, key };
}

async function told(t) {
    const w = world(t);
    // Somebody else's event speaks of Ann; and one of hers does not fit its plan.
    const ben = { anonymousId: "anon-family", userId: "u-ben" };
    await send(w.dir, w.key, [calls(), [page(13, "10:00", ben, "/refer", { referrer: "https://mail.example/?to=ann%40example.org&x=1" })]]);
    must(["run"], { cwd: w.dir });
    // History: the shop's file comes again, with another name for her; and a row that cannot be read.
    const customers = path.join(w.dir, "in/shop/shopify_customer.csv");
    fs.writeFileSync(customers, fs.readFileSync(customers, "utf8").replace("Ann,Arbor", "Annie,Arbor") + "13,\"ann@example.org\"x,broken\n15,\"gus@example.org\"x,friend of ann@example.org\n");
    must(["run"], { cwd: w.dir });
    must(["consent", "set", "--identifier", "email:ann@example.org", "--purpose", "email", "--status", "denied", "--source", "letter"], { cwd: w.dir });
    must(["request", "question", "--ref", "shared.customer", "What do we hold of ann@example.org?"], { cwd: w.dir });
    // Files that are named after her, in a folder that is read whole: one holds rows of hers, one cannot be read.
    write(w.dir, "in/letters/first.csv", "letter_no,note\n1,plain\n");
    must(["add", "files", "--path", "in/letters/first.csv", "--domain", "web", "--name", "letters"], { cwd: w.dir });
    const letters = path.join(w.dir, "domains/web/sources/letters.yaml");
    fs.writeFileSync(letters, fs.readFileSync(letters, "utf8").replaceAll("in/letters/first.csv", "in/letters/*.csv"));
    write(w.dir, `in/letters/${NAMED}`, "letter_no,note\n2,to ann@example.org\n");
    write(w.dir, "in/letters/2026-03_ANN%40example.org-broken.csv", "letter_no,note\n\"\n");
    run(["run"], { cwd: w.dir });
    // What lies about: a copy from before an upgrade, an upload that was never finished, landed copies.
    write(w.dir, "data/mesh.duckdb.backup-v1", "ann@example.org");
    write(w.dir, "data/uploads/aaaa/part", "ann@example.org");
    write(w.dir, "data/files/list.csv", "email,n\nann@example.org,1\ngil@example.org,2\n");
    fs.writeFileSync(path.join(w.dir, "data/files/list.csv.gz"), gzipSync("email,n\nANN@example.org,1\ngil@example.org,2\n"));
    return w;
}

test("a person is erased from every place, while a server answers", async (t) => {
    const { dir, key } = await told(t);
    const s = await serve(t, dir, ["--collector-listen", "127.0.0.1:0"]);
    const before = found(dir, ANN), rowsBefore = await named(s, ANN);
    for (const place of ["mesh.duckdb:", "spool/", "mesh.duckdb.backup-v1", "uploads/", "files/list.csv:", "files/list.csv.gz"])
        assert.ok(before.some((x) => x.startsWith(`data/${place}`)), `${place} holds nothing to begin with: ${before.join("\n")}`);
    assert.ok(rowsBefore.some((x) => x.startsWith("shared.customer:")), rowsBefore.join("\n"));
    assert.ok(found(dir, [NAMED]).length > 0, "no file's name is kept to begin with");
    const all = (await ask(s, "SELECT count(*) FROM shared.customer"))[0];

    await t.test("a look changes nothing", () => {
        const look = json(["erase", "--identifier", "email:ANN@example.org ", "--dry-run"], { cwd: dir });
        assert.equal(look.person.known, true);
        assert.equal(look.receipt_id, null);
        const of = (what) => look.places.find((p) => p.what === what);
        assert.equal(of("web.shopify__order")?.rows, 1);
        assert.equal(of("web.shopify__order_line")?.rows, 1, "the line hangs on her order");
        assert.equal(of("web.site__page")?.cells, 1, "somebody else's row names her");
        assert.ok(of("web.shopify__customer (history)")?.rows >= 1);
        assert.ok(look.left.some((x) => x.what.endsWith("shopify_customer.csv")));
        assert.ok(look.left.some((x) => /^in\/letters\/export_erased-[0-9a-f]{12}\.csv$/.test(x.what)), JSON.stringify(look.left));
        assert.ok(look.built_again.includes("shared.customer"));
        assert.deepEqual(look.backups.map((b) => b.name), ["mesh.duckdb.backup-v1"]);
        assert.doesNotMatch(JSON.stringify(look), /ann@|anon-ann|u-ann|Arbor/i);
        const kept = (hits) => hits.filter((x) => /^data\/(files|uploads|mesh\.duckdb\.backup)/.test(x));
        assert.deepEqual(kept(found(dir, ANN)), kept(before));
    });

    // Events of others go on meanwhile: none may be lost.
    const others = [];
    let going = true;
    const collector = (await s.json("/api/v1/collector")).address;
    const flow = (async () => {
        for (let i = 0; going || i < 3; i++) {
            const messageId = `meanwhile-${i}`;
            const r = await fetch(`http://${collector.replace(/^https?:\/\//, "")}/v1/batch`, { method: "POST", headers: { authorization: "Basic " + Buffer.from(`${key}:`).toString("base64") }, body: JSON.stringify({ batch: [{ ...page(15, "10:00", { anonymousId: "anon-other" }, "/meanwhile"), messageId }] }) });
            if (r.status === 200) others.push(messageId);
            await new Promise((ready) => setTimeout(ready, 200));
        }
    })();
    const child = start(["erase", "--identifier", "-", "--reason", "letter of 3 March by ann@example.org", "--json"], { cwd: dir, stdin: "email:ann@example.org\n" });
    const { code } = await child.ended;
    going = false;
    await flow;
    assert.equal(code, 0, child.err);
    const done = JSON.parse(child.out);

    await t.test("no byte, no row", async () => {
        assert.deepEqual(found(dir, ANN), []);
        assert.deepEqual(await named(s, ANN), []);
        assert.equal(fs.readFileSync(path.join(dir, "data/files/list.csv"), "utf8"), "email,n\ngil@example.org,2\n");
    });

    assert.deepEqual(done.left.filter((x) => x.what.startsWith("data/") || x.what.startsWith("mesh.")), [], "something lies under data/ that no place covers");

    await t.test("what is of others stands", async () => {
        assert.deepEqual(await ask(s, "SELECT email FROM shared.contact WHERE email = 'gil@example.org'"), ["gil@example.org"]);
        assert.deepEqual(await ask(s, "SELECT count(*) FROM web.site__page WHERE page_path = '/refer'"), [1], "somebody else's row stays; what named her in it is blanked");
        await until("the events that came meanwhile", async () => (await ask(s, "SELECT count(DISTINCT message_id) AS n FROM web.site__page WHERE message_id LIKE 'meanwhile-%'"))[0] === others.length);
        assert.equal((await ask(s, "SELECT count(*) AS n FROM shared.customer WHERE customer_id IN (SELECT customer_id FROM shared.identity WHERE value <> 'anon-other')"))[0], all - 1);
    });

    await t.test("the receipt is signed and says no name", () => {
        const file = path.join(dir, `data/receipts/${done.receipt_id}.json`);
        must(["receipt", "verify", file], { cwd: dir });
        const r = JSON.parse(fs.readFileSync(file, "utf8"));
        assert.equal(r.kind, "erasure");
        assert.ok(r.identifiers.some((x) => x.kind === "email" && /^[0-9a-f]{32}$/.test(x.hash)));
        assert.equal(done.request.state, "done");
        assert.equal(done.request.note, null);
    });

    await t.test("nothing brings the person back", async () => {
        const again = calls().map((c) => ({ ...c, messageId: `again-${c.messageId}` })), back = [page(20, "10:00", { anonymousId: "anon-ann" }, "/back")];
        for (const batch of [again, back])
            assert.equal((await fetch(`http://${collector.replace(/^https?:\/\//, "")}/v1/batch`, { method: "POST", headers: { authorization: "Basic " + Buffer.from(`${key}:`).toString("base64") }, body: JSON.stringify({ batch }) })).status, 200);
        fs.appendFileSync(path.join(dir, "in/shop/shopify_customer.csv"), "14,hugo@example.org,Hugo,Huber,,2026-01-10 08:00:00,2026-03-01 12:00:00,0,subscribed,2026-03-02 00:00:00\n");
        fs.appendFileSync(path.join(dir, "in/shop/shopify_order_line.csv"), "5002,third-line,Scarf,Scarf,2.00,1,2026-03-02 00:00:00\n");
        fs.appendFileSync(path.join(dir, `in/letters/${NAMED}`), "3,another\n");
        write(dir, "in/letters/reminder.ann@example.org.csv", "letter_no,note\n4,a new file\n");
        fs.appendFileSync(path.join(dir, "in/crm/hubspot_contact.csv"), "23,hugo@example.org,Hugo,Huber,,,lead,false,2026-02-02 08:00:00,2026-03-05 08:00:00,2026-03-02 00:00:00\n");
        const said = must(["run"], { cwd: dir });
        assert.match(said.out + said.err, /on the suppression list and were left out/);
        run(["quarantine", "replay", "--all"], { cwd: dir });
        assert.deepEqual(await named(s, ANN), []);
        assert.deepEqual(found(dir, ANN), []);
        assert.deepEqual(await ask(s, "SELECT DISTINCT email FROM shared.contact WHERE email = 'hugo@example.org'"), ["hugo@example.org"]);
        assert.deepEqual(await ask(s, "SELECT id FROM web.shopify__order_line ORDER BY id"), ["other-line", "third-line"]);
        assert.deepEqual(await ask(s, "SELECT letter_no FROM web.letters__data ORDER BY 1"), [1, 2, 3, 4], "a file is known again under the mark in its name");
        assert.equal(run(["identity", "explain", "email:ann@example.org"], { cwd: dir }).code, 2);
        const look = json(["erase", "--identifier", "email:ann@example.org", "--dry-run"], { cwd: dir });
        assert.deepEqual([look.person.known, look.rows, look.cells], [false, 0, 0], "a second time there is nothing");
    });

    await t.test("requests: due in a month, extended once, closed and blanked", async () => {
        const post = (where, body) => s.json(`/api/v1/privacy/${where}`, { method: "POST", body });
        const r = await post("requests", { kind: "access", identifier: "email:gil@example.org", received_at: "2026-01-31", note: "by letter" });
        assert.deepEqual([r.state, r.due_at.slice(0, 10), r.overdue, r.identifier_kind], ["open", "2026-02-28", true, "email"]);
        assert.deepEqual(found(dir, ["by letter of gil"]), []);
        assert.equal((await post(`requests/${r.id}/extend`, { reason: "many of them" })).due_at.slice(0, 10), "2026-04-30");
        assert.equal((await post(`requests/${r.id}/extend`, { reason: "again" })).status, 400);
        assert.equal((await s.json("/api/v1/privacy/requests?state=overdue")).requests.length, 1);
        const closed = await post(`requests/${r.id}/close`, { state: "declined", answer: "we do not know him" });
        assert.deepEqual([closed.state, closed.note, closed.answer], ["declined", null, "we do not know him"]);
        assert.equal((await post(`requests/${r.id}/run`, {})).status, 404);
        assert.equal((await post("requests", { kind: "forget", identifier: "email:a@b.c" })).status, 400);
    });
});

test("made anonymous, all counts stay", async (t) => {
    const { dir } = await told(t);
    const s = await serve(t, dir);
    const counts = async () => Object.fromEntries((await rowsOf(s)).map((x) => [x.ref, x.n]));
    const before = await counts();
    const done = json(["erase", "--identifier", "email:ann@example.org", "--anonymise"], { cwd: dir });
    assert.equal(done.request.anonymise, true);
    await s.ask("/healthz").catch(() => {}); // a connection that was kept open has been idle for long
    assert.deepEqual(await counts(), before);
    assert.deepEqual(found(dir, ANN), []);
    assert.deepEqual(await named(s, ANN), []);
    // The rows still belong together: one customer, with her order.
    assert.deepEqual(await ask(s, "SELECT orders FROM shared.customer WHERE email LIKE 'erased-%'"), [1]);
});

test("what cannot be looked for is said", async (t) => {
    const { dir } = world(t);
    for (const [identifier, words] of [["ann@example.org", /KIND:VALUE/], ["shoe:1", /kind that this mesh knows/], ["email:", /no value/], ["customer:c_aaaaaaaaaaaaaaaaaaaaaaaaaa", /no customer/]]) {
        const r = run(["erase", "--identifier", identifier, "--dry-run"], { cwd: dir });
        assert.equal(r.code, 2, identifier);
        assert.match(r.err, words);
    }
    assert.equal(run(["erase"], { cwd: dir }).code, 2);
    assert.equal(run(["access", "--identifier", "email:a@b.c"], { cwd: dir }).code, 2, "without a file");
    // Somebody whom nobody knows: looked for as they are.
    const look = json(["erase", "--identifier", "email:nobody@example.org", "--dry-run"], { cwd: dir });
    assert.deepEqual([look.person.known, look.rows], [false, 0]);
});

test("access and export: what is held, and what was provided", async (t) => {
    const { dir } = await told(t);
    must(["access", "--identifier", "email:ann@example.org", "--out", path.join(dir, "ann")], { cwd: dir });
    const file = path.join(dir, "ann.json"), held = JSON.parse(fs.readFileSync(file, "utf8")), html = fs.readFileSync(path.join(dir, "ann.html"), "utf8");
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.join(dir, "ann.html")).mode & 0o777, 0o600);
    assert.ok(held.identifiers.some((x) => x.kind === "email"));
    assert.ok(held.products.find((p) => p.ref === "shared.customer").rows.length === 1);
    assert.ok(held.sources.some((s) => s.source === "web.shopify" && s.stream === "order"));
    const came = (stream) => held.sources.find((s) => s.stream === stream && !s.history)?.records;
    assert.deepEqual(came("order_line").map((x) => x.id), ["order-of-ann-5001"], "what hangs on her order by its key is told, too");
    assert.ok(held.sources.some((s) => s.history && s.records.length === s.rows), "and what a record said earlier");
    assert.ok(held.set_aside.some((x) => /broken/.test(x.text)), "and the row that could not be read");
    assert.ok(!held.set_aside.some((x) => /friend of/.test(x.text)), "who speaks of her is somebody else");
    assert.match(html, /order-of-ann-5001/);
    assert.ok(held.purposes.some((p) => p.purpose === "advertising"));
    assert.ok(held.said_at_the_desk.some((x) => x.purpose === "email" && x.status === "denied"));
    for (const other of ["ben@example.org", "gil@example.org", "fay@example.org", "u-ben"]) assert.ok(!fs.readFileSync(file, "utf8").includes(other), `${other} is somebody else`);
    assert.match(html, /ann@example.org/i);
    assert.doesNotMatch(html, /<script/i);

    const zip = path.join(dir, "ann.zip");
    must(["export", "--identifier", "email:ann@example.org", "--out", zip], { cwd: dir });
    assert.equal(fs.statSync(zip).mode & 0o777, 0o600);
    const entries = unzip(fs.readFileSync(zip));
    const orders = JSON.parse(entries["web.shopify__order.json"]);
    assert.deepEqual(orders.map((o) => o.id), ["5001"]);
    assert.match(entries["web.shopify__order.csv"], /^id,/);
    assert.deepEqual(JSON.parse(entries["consent_said.json"]).map((x) => [x.purpose, x.status]), [["email", "denied"]]);
    assert.ok(!("channel_group" in JSON.parse(entries["web.site__page.json"])[0]), "inferred values are not theirs");
    const log = json(["audit", "show"], { cwd: dir }).entries.map((x) => x.kind);
    assert.ok(log.includes("access") && log.includes("export"), log.join(" "));
});

// Entries of a small zip: its central directory, then each member.
function unzip(b) {
    const out = {};
    let at = b.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
    const n = b.readUInt16LE(at + 10);
    at = b.readUInt32LE(at + 16);
    for (let i = 0; i < n; i++) {
        const size = b.readUInt32LE(at + 20), name = b.readUInt16LE(at + 28), extra = b.readUInt16LE(at + 30), comment = b.readUInt16LE(at + 32), local = b.readUInt32LE(at + 42);
        const begin = local + 30 + b.readUInt16LE(local + 26) + b.readUInt16LE(local + 28), bytes = b.subarray(begin, begin + size);
        out[b.toString("utf8", at + 46, at + 46 + name)] = (b.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes) : bytes).toString("utf8");
        at += 46 + name + extra + comment;
    }
    return out;
}
