// Records of one person that share no identifier: linked where nothing speaks against it, asked about where it is likely, left alone where only
// the names agree; answers of people, and what becomes of links when records change.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, write } from "./lib.mjs";

const letters = (n) => [7, 11, 13, 17, 19, 23].map((k, i) => String.fromCharCode(97 + ((n * k + i * 5 + Math.floor(n / (i + 1))) % 26))).join("");
const head = "id,first_name,last_name,street,postal_code,city,phone,birth_date,email";
const person = (n) => ({ id: `a${n}`, first_name: letters(n + 3), last_name: letters(n * 31 + 5), street: `${letters(n * 7)}weg ${1 + (n % 90)}`, postal_code: `${10000 + ((n * 7919) % 80000)}`, city: ["Graz", "Wien", "Linz"][n % 3],
    phone: `+43 ${100000000 + ((n * 104729) % 800000000)}`, birth_date: `${1940 + (n % 60)}-${String(1 + (n % 12)).padStart(2, "0")}-${String(1 + (n % 28)).padStart(2, "0")}`, email: `p${n * 17}@example.org` });
const line = (p) => head.split(",").map((c) => p[c]).join(",");

// 120 people. Of the first twenty a second record, of a shop's counter: same phone, written at home, and no mail address. Of the next three one
// without anything but name, street and town. Record n1 has the names of a1 and nothing else of hers.
function people() {
    const all = Array.from({ length: 120 }, (_, n) => person(n));
    const again = all.slice(0, 20).map((p) => ({ ...p, id: p.id.replace("a", "b"), email: "", phone: p.phone.replace("+43 ", "0") }));
    const bare = all.slice(20, 23).map((p) => ({ ...p, id: p.id.replace("a", "c"), email: "", phone: "", birth_date: "", postal_code: "" }));
    return [...all, ...again, ...bare, { ...person(400), id: "n1", first_name: all[1].first_name, last_name: all[1].last_name }];
}
const table = (list) => [head, ...list.map(line)].join("\n") + "\n";

function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    write(dir, "in/people.csv", table(people()));
    must(["add", "files", "--domain", "web", "--name", "counter", "--path", "in/people.csv"], { cwd: dir });
    const product = path.join(dir, "domains/web/products/counter");
    for (const file of fs.readdirSync(product)) { // the port that the union of records looks for
        const text = fs.readFileSync(path.join(product, file), "utf8");
        fs.writeFileSync(path.join(product, file.replace(/^counter\./, "counter_person_record.")), text.replace("name: counter\n    version", "name: counter_person_record\n    version").replaceAll("web.counter.counter", "web.counter.counter_person_record")
            .replace("schema:\n  - name: counter\n", "schema:\n  - name: counter_person_record\n").replace("\nname: counter\nversion: 1.0.0\nstatus: active", "\nname: counter_person_record\nversion: 1.0.0\nstatus: active"));
        if (file.startsWith("counter.")) fs.rmSync(path.join(product, file));
    }
    const sql = path.join(product, "counter_person_record.sql");
    fs.writeFileSync(sql, `SELECT 'counter:' || id AS contact_key, first_name, last_name, street, postal_code::VARCHAR AS postal_code, city, 'AT' AS country, phone::VARCHAR AS phone, birth_date, email, NULL::VARCHAR AS national_id,
        TIMESTAMP '2026-01-01' AS created_at, NULL::TIMESTAMP AS updated_at, 'web' AS domain, 'counter' AS source FROM web.counter__data\n`);
    const contract = path.join(product, "counter_person_record.odcs.yaml"), text = fs.readFileSync(contract, "utf8");
    fs.writeFileSync(contract, text.slice(0, text.indexOf("      - {name:")) + `      - {name: contact_key, logicalType: string, physicalType: "VARCHAR", classification: confidential}\n` +
        ["first_name", "last_name", "street", "postal_code", "city", "phone", "email", "national_id"].map((c) => `      - {name: ${c}, logicalType: string, physicalType: "VARCHAR", classification: personal}\n`).join("") +
        `      - {name: country, logicalType: string, physicalType: "VARCHAR", classification: internal}\n      - {name: domain, logicalType: string, physicalType: "VARCHAR", classification: internal}\n      - {name: source, logicalType: string, physicalType: "VARCHAR", classification: internal}\n      - {name: birth_date, logicalType: date, physicalType: "DATE", classification: personal}\n` +
        ["created_at", "updated_at"].map((c) => `      - {name: ${c}, logicalType: timestamp, physicalType: "TIMESTAMP", classification: internal}\n`).join(""));
    must(["add", "shopify", "--domain", "web", "--path", "in/shop"], { cwd: dir }); // joins what is there to the unions
    return dir;
}
const fuzzy = (dir, on) => {
    const file = path.join(dir, "governance/identity.yaml"), text = fs.readFileSync(file, "utf8").replace(/^(# )?fuzzy:.*$/m, on ? "fuzzy: {link: 0.99, review: 0.5}" : "# fuzzy:");
    fs.writeFileSync(file, text);
};
const count = (dir) => Number(rows("SELECT count(DISTINCT customer_id) FROM shared.identity", { cwd: dir })[0]);
const review = (dir, ...more) => json(["identity", "review", ...more], { cwd: dir });
const pairs = (r) => r.pairs.map((p) => [p.a, p.b].map((k) => k.replace("counter:", "")).sort().join("-")).sort();

test("records that are alike", async (t) => {
    const dir = mesh(t), all = people().length;
    must(["run"], { cwd: dir });
    assert.equal(count(dir), all, "without fuzzy only identifiers count");
    assert.equal(review(dir).on, false);

    fuzzy(dir, true);
    must(["run"], { cwd: dir });

    await t.test("linked where nothing speaks against it", () => {
        const linked = review(dir, "--state", "linked", "--limit", "100");
        assert.deepEqual(pairs(linked), Array.from({ length: 20 }, (_, n) => `a${n}-b${n}`).sort());
        assert.equal(count(dir), all - 20);
        const merged = json(["identity", "ledger", "--action", "merged", "--limit", "100"], { cwd: dir });
        assert.ok(merged.total === 20 && merged.entries.every((x) => x.cause === "fuzzy" && x.source === "fuzzy"));
        assert.ok(linked.pairs[0].fields.find((f) => f.field === "birth_date").agrees === "yes");
    });

    await t.test("asked about where only name and street agree; namesakes are not", () => {
        const waiting = review(dir);
        assert.deepEqual(pairs(waiting), ["a20-c20", "a21-c21", "a22-c22"]);
        assert.equal(json(["identity", "status"], { cwd: dir }).review, 3);
        assert.ok(!pairs(review(dir, "--state", "all", "--limit", "1000")).includes("a1-n1"));
        const text = JSON.stringify(waiting);
        for (const n of [20, 21, 22]) assert.ok(!text.includes(person(n).last_name) && !text.includes(person(n).street), "values are shown in part");
        assert.match(must(["identity", "review"], { cwd: dir }).out, /3 pairs waiting, 20 linked/);
    });

    await t.test("yes, no, and neither any more", () => {
        const [yes, no] = review(dir).pairs;
        must(["identity", "review", "yes", yes.id, "--reason", "seen both", "--as", "Zoe"], { cwd: dir });
        must(["identity", "review", "no", no.id], { cwd: dir });
        assert.equal(run(["identity", "review", "yes", no.id], { cwd: dir }).code, 2);
        must(["run"], { cwd: dir });
        assert.equal(count(dir), all - 21);
        const left = review(dir);
        assert.equal(left.waiting, 1);
        const same = review(dir, "--state", "same").pairs[0];
        assert.ok(same.id === yes.id && same.decided_by === "Zoe" && same.reason === "seen both");
        must(["identity", "withdraw", String(same.decision_id)], { cwd: dir });
        assert.equal(review(dir).waiting, 2, "the question is back");
        must(["run"], { cwd: dir });
        assert.equal(count(dir), all - 20);
    });

    await t.test("a no takes a link apart", () => {
        const link = review(dir, "--state", "linked", "--limit", "1").pairs[0];
        must(["identity", "review", "no", link.id, "--reason", "twins"], { cwd: dir });
        must(["run"], { cwd: dir });
        assert.equal(count(dir), all - 19);
        assert.equal(review(dir).different, 2);
    });

    await t.test("over HTTP: whole values only when that is written down", async () => {
        const it = await serve(t, dir), at = "/api/v1/identity/review";
        const listed = await it.json(`${at}?state=linked&limit=1`), pair = listed.pairs[0];
        assert.ok(listed.status === 200 && listed.revealed === false);
        const of = person(Number(pair.a.match(/\d+/)[0]));
        assert.ok(!JSON.stringify(listed).includes(of.last_name));
        assert.equal((await it.json(`${at}/${pair.id}`, { method: "POST", body: { reveal: true } })).status, 400);
        const open = await it.json(`${at}/${pair.id}`, { method: "POST", body: { reveal: true, reason: "to decide" } });
        assert.ok(open.revealed && open.pairs[0].fields.find((f) => f.field === "last_name").a === of.last_name);
        for (const [pathname, body, status] of [[`${at}/1`, { same: true }, 404], [`${at}/x`, { same: true }, 400], [`${at}/${pair.id}`, {}, 400], [`${at}/${pair.id}`, { same: true, reveal: true, reason: "x" }, 400],
            [`${at}/${pair.id}`, { same: "yes" }, 400]])
            assert.equal((await it.json(pathname, { method: "POST", body })).status, status, `${pathname} ${JSON.stringify(body)}`);
        assert.equal((await it.json(`${at}?state=maybe`)).status, 400);
        const done = await it.json(`${at}/${pair.id}`, { method: "POST", body: { same: true } });
        assert.ok(done.status === 200 && done.pairs[0].state === "same");
    });

    await t.test("a record that changes takes its link with it; turned off, all go", () => {
        const linked = pairs(review(dir, "--state", "linked", "--limit", "100")), before = count(dir), n = Number(linked[0].match(/\d+/)[0]);
        write(dir, "in/people.csv", table(people().map((p) => (p.id === `b${n}` ? { ...person(700), id: p.id } : p))));
        must(["run"], { cwd: dir });
        assert.ok(!pairs(review(dir, "--state", "linked", "--limit", "100")).includes(linked[0]));
        assert.equal(count(dir), before + 1);
        const went = rows("SELECT DISTINCT evidence, customer_id FROM shared.identity ORDER BY ALL", { cwd: dir });
        must(["run", "--full"], { cwd: dir });
        assert.deepEqual(rows("SELECT DISTINCT evidence, customer_id FROM shared.identity ORDER BY ALL", { cwd: dir }), went, "the same as built from the beginning");
        fuzzy(dir, false);
        must(["run"], { cwd: dir });
        assert.equal(rows("SELECT count(*) FROM shared.identity WHERE source = 'fuzzy'", { cwd: dir })[0], "0");
    });
});
