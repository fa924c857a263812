// The audit log from outside: what reads, changes, refusals, reveals and downloads leave in it, who may read it, and what `trellis audit verify` finds in a
// log that somebody has been at (with sqlite3, where it is there).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, run, scratch, serve, smallMesh, until, write } from "./lib.mjs";

const sqlite = spawnSync("sqlite3", ["-version"]).status === 0;
if (!sqlite) console.log("# sqlite3 is not there: the log is falsified by the unit test alone");

const shown = (dir, more = []) => json(["audit", "show", "--limit", "1000", ...more], { cwd: dir }).entries;

test("commands leave entries, and the log is verified", async (t) => {
    const dir = smallMesh(t);
    const at = { cwd: dir };
    must(["run"], at);
    must(["query", "SELECT channel FROM acquisition.spend WHERE amount > 10 AND channel = 'CANARY@example.org'"], at);
    assert.notEqual(run(["query", "SELECT * FROM acquisition.nothing"], at).code, 0);
    const all = shown(dir);
    const read = all.find((e) => e.kind === "read" && e.verdict === "ok");
    assert.equal(read.principal, "local-admin");
    assert.deepEqual(read.roles, ["admin"]);
    assert.equal(read.purpose, "analytics");
    assert.match(read.what, /^acquisition\.spend(_v1)?$/);
    assert.equal(read.sql, "SELECT channel FROM acquisition.spend WHERE amount > ? AND channel = ?");
    assert.equal(read.rows, 0);
    assert.ok(read.elapsed_us > 0);
    assert.equal(all.find((e) => e.verdict === "E_NOT_FOUND").rows, 0);
    assert.ok(all.some((e) => e.kind === "change" && e.what === "run"));
    assert.deepEqual(shown(dir, ["--refused"]).map((e) => e.verdict), ["E_NOT_FOUND"]);
    assert.equal(shown(dir, ["--what", "acquisition.spend", "--kind", "read"]).length, 1);
    assert.equal(shown(dir, ["--principal", "nobody"]).length, 0);
    assert.equal(shown(dir, ["--to", "2020-01-01"]).length, 0);
    assert.equal(shown(dir, ["--from", "2020-01-01"]).length, all.length);
    assert.equal(run(["audit", "show", "--kind", "nonsense"], at).code, 2);
    assert.equal(run(["audit", "show", "--from", "yesterday"], at).code, 2);
    assert.equal(run(["audit", "nonsense"], at).code, 2);
    const text = must(["audit"], at).out;
    assert.match(text, /local-admin \(admin\)/);
    assert.equal(text.includes("CANARY"), false);

    const first = json(["audit", "verify"], at);
    assert.equal(first.whole, true);
    assert.match(first.head, /^[0-9a-f]{64}$/);
    must(["query", "SELECT 1 AS x"], at);
    assert.equal(json(["audit", "verify", "--head", first.head], at).whole, true);
    assert.equal(run(["audit", "verify", "--head", "0".repeat(64)], at).code, 4);
    assert.equal(run(["audit", "verify", "--head", "abc"], at).code, 2);

    await t.test("an export is verified anywhere", () => {
        const away = scratch(t), file = path.join(away, "audit.ndjson");
        fs.writeFileSync(file, must(["audit", "export"], at).out);
        const key = json(["audit", "verify"], at).public_key;
        assert.equal(json(["audit", "verify", file, "--key", key, "--head", first.head], { cwd: away }).whole, true);
        const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
        for (const line of lines.slice(1)) JSON.parse(line);
        const k = lines.findIndex((l) => l.includes('"kind":"read"'));
        lines[k] = lines[k].replace(/"rows":\d+/, '"rows":999');
        fs.writeFileSync(file, lines.join("\n") + "\n");
        const r = run(["audit", "verify", file, "--json"], { cwd: away });
        assert.equal(r.code, 4);
        assert.equal(JSON.parse(r.out).first_bad_id, JSON.parse(lines[k]).id);
        assert.equal(run(["audit", "verify", path.join(away, "nothing")]).code, 2);
        fs.writeFileSync(file, "no log\n");
        assert.equal(run(["audit", "verify", file]).code, 2);
        assert.ok(shown(dir).some((e) => e.kind === "export" && e.what === "audit"));
    });

    await t.test("what was done to the file is found, for ever", { skip: !sqlite }, () => {
        const db = path.join(dir, "data/audit.sqlite");
        const newest = shown(dir)[0].id; // showing it leaves nothing behind
        const sql = (text) => assert.equal(spawnSync("sqlite3", [db, text]).status, 0);
        sql("UPDATE entry SET principal = 'somebody' WHERE id = 2");
        let v = JSON.parse(run(["audit", "verify", "--json"], at).out);
        assert.deepEqual([v.whole, v.first_bad_id], [false, 2]);
        sql("UPDATE entry SET principal = 'local-admin' WHERE id = 2");
        assert.equal(json(["audit", "verify"], at).whole, true);
        sql(`DELETE FROM entry WHERE id > ${newest - 1}; DELETE FROM checkpoint WHERE id > ${newest - 1}`);
        must(["query", "SELECT 1 AS x"], at);
        const r = run(["audit", "verify"], at);
        assert.equal(r.code, 4);
        assert.match(r.out, new RegExp(`entry ${newest}|entries ${newest}`));
        assert.ok(shown(dir, ["--kind", "system"]).some((e) => e.verdict === "E_STORE"));
    });
});

test("what is older than it has to be kept is cut, and the rest stays whole", async (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    must(["query", "SELECT 1 AS x"], { cwd: dir });
    write(dir, "governance/policies.yaml", "audit: {keep: 1s}\n");
    must(["check"], { cwd: dir });
    await new Promise((r) => setTimeout(r, 1100));
    const s = await serve(t, dir);
    const v = await until("the cut", async () => {
        const v = await s.json("/api/v1/audit/verify");
        return v.first_id > 1 && v;
    });
    assert.equal(v.whole, true, v.problem);
    const [cut] = (await s.json("/api/v1/audit?kind=retention")).entries;
    assert.match(cut.what, new RegExp(`^audit cut to ${v.first_id - 1} [0-9a-f]{64}$`));
    const file = write(scratch(t), "audit.ndjson", (await s.ask("/api/v1/audit/export")).text);
    assert.equal(json(["audit", "verify", file, "--key", v.public_key]).whole, true);
    write(dir, "domains/acquisition/policies.yaml", "audit: {keep: 1d}\n");
    const r = run(["check"], { cwd: dir });
    assert.match(r.out + r.err, /audit holds for the whole mesh/);
});

test("the server's requests leave entries", async (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir);
    const post = (where, body) => s.ask(where, { method: "POST", body });
    const entries = async (more = "") => (await s.json(`/api/v1/audit?limit=500${more}`)).entries;

    await t.test("a download is on the record before its rows", async () => {
        assert.equal((await s.ask("/api/v1/ports/acquisition/spend_v1/rows?format=csv&limit=5")).status, 200);
        const [e] = await entries("&kind=export");
        assert.equal(e.what, "rows as CSV");
        assert.match(e.sql, /spend/);
    });

    await t.test("changes say what they change", async () => {
        const told = [
            [() => post("/api/v1/alerts/test", {}), /alerts: a test message/],
            [() => post("/api/v1/requests", { kind: "product", title: "CANARY-TITLE", body: "b", asker: "x", domain: "acquisition" }), /^request asked \(product\)/],
            [() => post("/api/v1/requests/1/answer", { state: "declined", answer: "no" }), /^request 1: declined$/],
            [() => post("/api/v1/suppressed", { identifier: "CANARY@example.org", kind: "email", reason: "asked" }), /^suppression list/],
            [() => post("/api/v1/run", {}), /^run$/],
            [() => post("/api/v1/edits", { changes: [{ kind: "domain", ref: "acquisition", field: "title", value: "Reach" }], apply: true }), /domains\/acquisition/],
        ];
        for (const [act, what] of told) {
            const before = (await entries())[0]?.id ?? 0;
            const r = await act();
            const fresh = (await entries()).filter((e) => e.id > before && e.kind !== "read");
            assert.ok(fresh.some((e) => what.test(e.what)), `${what}: ${r.status} ${r.text.slice(0, 200)} ${JSON.stringify(fresh)}`);
            assert.equal(fresh[0].principal, "local-admin");
        }
        const before = (await entries())[0].id;
        await post("/api/v1/edits", { changes: [{ kind: "domain", ref: "acquisition", field: "title", value: "Tried" }], apply: false });
        assert.deepEqual((await entries()).filter((e) => e.id > before), [], "what is only tried changes nothing");
        const all = JSON.stringify(await entries());
        assert.equal(all.includes("CANARY"), false, "no identifier, no title");
    });

    await t.test("pages follow one another", async () => {
        const whole = (await entries()).map((e) => e.id);
        const seen = [];
        for (let next = ""; next !== null; ) {
            const page = await s.json(`/api/v1/audit?limit=2${next ? `&before=${next}` : ""}`);
            seen.push(...page.entries.map((e) => e.id));
            next = page.next;
            assert.ok(page.kinds.includes("reveal"));
        }
        assert.deepEqual(seen, whole);
    });

    await t.test("wrong questions", async () => {
        for (const q of ["kind=x", "limit=0", "limit=x", "before=x", "from=x", "to=2026-13-01", "refused=perhaps", "customers=x"])
            assert.equal((await s.ask(`/api/v1/audit?${q}`)).status, 400, q);
        assert.equal((await s.ask("/api/v1/audit?customer=email:a@b.example")).status, 400, "not in an address");
        assert.deepEqual((await s.json("/api/v1/audit", { method: "POST", body: { customer: "email:a@b.example" } })).entries, []);
        assert.equal((await s.ask("/api/v1/audit", { method: "POST", body: { customer: "nonsense:1" } })).status, 400);
        for (const q of ["text=%27%20OR%201%3D1--", "what=%25", `customer=c_${"a".repeat(26)}`])
            assert.deepEqual((await s.json(`/api/v1/audit?${q}`)).entries, [], q);
        assert.equal((await s.ask("/api/v1/audit/verify?head=zz")).status, 400);
        assert.equal((await s.ask("/api/v1/audit", { bare: true })).status, 401);
    });

    await t.test("verified while it is written, exported whole", async () => {
        await Promise.all([...Array(30)].map((_, i) => (i % 3 ? post("/api/v1/query", { sql: `SELECT ${i} AS x` }) : s.json("/api/v1/audit/verify"))));
        // A question is noted when it is closed, which may be a moment after its answer arrived.
        let v = await s.json("/api/v1/audit/verify");
        for (let before = -1; before !== v.entries; ) {
            before = v.entries;
            await new Promise((done) => setTimeout(done, 200));
            v = await s.json("/api/v1/audit/verify");
        }
        assert.equal(v.whole, true, v.problem);
        const lines = (await s.ask("/api/v1/audit/export")).text.trimEnd().split("\n").map((l) => JSON.parse(l));
        assert.equal(lines[0].trellis_audit, 1);
        assert.equal(lines.filter((l) => l.id).length, v.entries + 1, "with the export itself");
    });
});
