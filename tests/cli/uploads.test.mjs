// Own files from the page: pieces, what they hold, into the mesh, and a second file in place of the first.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { must, scratch, serve } from "./lib.mjs";

async function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana Ruiz", "--contact", "ana@example.org"]);
    must(["-C", dir, "run"]);
    const s = await serve(t, dir);
    const ask = async (p, body) => {
        const r = await s.ask(`/api/v1${p}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
        return { status: r.status, ...JSON.parse(r.text) };
    };
    const put = async (id, at, bytes, type = "application/octet-stream") => {
        const r = await s.ask(`/api/v1/uploads/${id}/${at}`, { method: "PUT", body: bytes, headers: { "content-type": type } });
        return { status: r.status, ...JSON.parse(r.text) };
    };
    const send = async (name, bytes) => {
        const { id, part_bytes } = await ask("/uploads", { name, bytes: bytes.length });
        for (let at = 0; at < bytes.length; at += part_bytes) assert.equal((await put(id, at, bytes.subarray(at, at + part_bytes))).received, Math.min(at + part_bytes, bytes.length));
        return id;
    };
    const load = async (port) => (await s.ask("/api/v1/run", { method: "POST", body: JSON.stringify({ ports: [port] }) })).text.trim().split("\n").map((l) => JSON.parse(l)).at(-1);
    const query = async (sql) => (await ask("/query", { sql })).rows;
    return { dir, s, ask, put, send, load, query };
}
const sheet = (n, add = 0) => Buffer.from(`Tag;E-Mail;Betrag;Kanal\n${Array.from({ length: n }, (_, i) => `${String((i % 28) + 1).padStart(2, "0")}.03.2026;a${i}@example.org;1.${String(200 + (i % 700)).padStart(3, "0")},${i % 10}5;${"abc"[(i + add) % 3]}`).join("\n")}\n`);

test("a spreadsheet in a foreign number style becomes a product; personal values are hidden all the way", async (t) => {
    const { dir, ask, send, load, query } = await mesh(t);
    const id = await send("..\\Downloads\\Ausgaben März.csv", sheet(60000));
    const seen = await ask(`/uploads/${id}/look`, {});
    assert.equal(seen.status, 200);
    assert.deepEqual([seen.format, seen.delimiter, seen.header_row, seen.suggested.title], ["csv", ";", 1, "Ausgaben März"]);
    assert.deepEqual(seen.columns.map((c) => [c.name, c.title, c.type.split("(")[0], c.classification]), [["tag", "Tag", "DATE", "internal"], ["e_mail", "E-Mail", "VARCHAR", "personal"], ["betrag", "Betrag", "DECIMAL", "internal"], ["kanal", "Kanal", "VARCHAR", "internal"]]);
    assert.ok(!JSON.stringify(seen).includes("@example.org"), "no address leaves the server");
    const shown = await ask(`/uploads/${id}/add`, { domain: "web", name: "ausgaben", apply: false });
    assert.deepEqual([shown.applied, shown.errors.length, shown.files.length], [false, 0, 5]);
    assert.ok(!fs.existsSync(path.join(dir, "domains/web/sources/ausgaben.yaml")));
    const added = await ask(`/uploads/${id}/add`, { domain: "web", name: "ausgaben", title: "Ausgaben", owner: { name: "Zoe", contact: "zoe@example.org" }, columns: [{ name: "betrag", type: "DECIMAL(18,2)", description: "Was wir zahlten" }, { name: "kanal", classification: "personal" }] });
    assert.deepEqual([added.applied, added.port, added.errors], [true, "web.ausgaben", []]);
    assert.ok(fs.existsSync(path.join(dir, "uploads/web/ausgaben.csv")));
    assert.equal(fs.statSync(path.join(dir, "uploads/web/ausgaben.csv")).mode & 0o777, 0o600);
    assert.match(fs.readFileSync(path.join(dir, "uploads/.gitignore"), "utf8"), /^\*$/m);
    assert.deepEqual(fs.readdirSync(path.join(dir, "data/uploads")), [], "nothing is left behind");
    assert.match(fs.readFileSync(path.join(dir, "domains/web/products/ausgaben/product.yaml"), "utf8"), /zoe@example\.org/);
    assert.equal((await load("web.ausgaben")).status, "succeeded");
    let sum = 0n;
    for (let i = 0; i < 60000; i++) sum += BigInt(1000 + 200 + (i % 700)) * 100n + BigInt((i % 10) * 10 + 5);
    assert.deepEqual(await query("SELECT count(*), CAST(sum(betrag) AS VARCHAR), min(e_mail), min(kanal), CAST(max(tag) AS VARCHAR) FROM web.ausgaben"),
        [[60000, `${sum / 100n}.${String(sum % 100n).padStart(2, "0")}`, "hidden: personal", "hidden: personal", "2026-03-28"]]);
    must(["-C", dir, "check"]);
});

test("a second file takes the place of the first, and only where it is meant", async (t) => {
    const { dir, ask, send, load, query } = await mesh(t);
    await ask(`/uploads/${await send("a.csv", sheet(30))}/add`, { domain: "web", name: "spend" });
    await load("web.spend");
    const again = await send("b.csv", sheet(12));
    const refused = await ask(`/uploads/${again}/add`, { domain: "web", name: "spend" });
    assert.deepEqual([refused.status, refused.error.name], [400, "E_DUPLICATE"]);
    const before = fs.readFileSync(path.join(dir, "domains/web/sources/spend.yaml"), "utf8");
    const done = await ask(`/uploads/${again}/add`, { domain: "web", name: "spend", replace: true });
    assert.deepEqual([done.replaced, done.applied, done.files.length], [true, true, 0]);
    assert.equal(fs.readFileSync(path.join(dir, "domains/web/sources/spend.yaml"), "utf8"), before);
    await load("web.spend");
    assert.deepEqual(await query("SELECT count(*) FROM web.spend"), [[12]], "restated, not added");
    const other = await ask(`/uploads/${await send("c.json", Buffer.from('[{"a":1}]'))}/add`, { domain: "web", name: "spend", replace: true });
    assert.match(other.error.message, /another kind of file/);
});

test("pieces: sent again is fine, gaps and excess are refused", async (t) => {
    const { ask, put } = await mesh(t);
    const bytes = sheet(5);
    const { id } = await ask("/uploads", { name: "x.csv", bytes: bytes.length });
    const gap = await put(id, 10, bytes.subarray(10));
    assert.equal(gap.status, 400);
    assert.match(gap.error.hint, /\/0$/);
    assert.equal((await put(id, 0, bytes.subarray(0, 20))).received, 20);
    assert.equal((await put(id, 0, bytes.subarray(0, 20))).received, 20, "again");
    assert.equal((await put(id, 5, bytes.subarray(5, 40))).received, 40, "overlapping");
    assert.match((await ask(`/uploads/${id}/look`, {})).error.message, /only 40 of/);
    assert.equal((await put(id, 40, Buffer.concat([bytes.subarray(40), Buffer.from("x")]))).status, 400);
    assert.equal((await put(id, 40, bytes.subarray(40), "text/plain")).status, 400, "a foreign page could send that");
    assert.equal((await put(id, "-1", bytes)).status, 400);
    assert.equal((await put(id, 40, Buffer.alloc((1 << 20) + 1))).status, 413);
    assert.equal((await put(id, 40, bytes.subarray(40))).received, bytes.length);
    assert.equal((await ask(`/uploads/${id}/look`, {})).columns.length, 4);
    for (const other of ["0".repeat(32), "..%2f..%2fmesh", "ABCDEF", "."]) assert.equal((await put(other, 0, bytes)).status, 404, other);
});

test("what cannot be read is refused with a way out", async (t) => {
    const { dir, ask, send } = await mesh(t);
    for (const [name, bytes, said] of [["x.pdf", 10, /no kind of file/], ["..", 10, /no usable name/], ["x.csv", 0, /empty/], ["x.csv", 3 * 2 ** 30, /larger than 2 GB/]]) assert.match((await ask("/uploads", { name, bytes })).error.message, said);
    const id = await send("a.csv", sheet(5));
    for (const [body, said] of [[{ domain: "wep", name: "a" }, /no domain wep/], [{ domain: "web", name: "A b" }, /cannot be a name/], [{ domain: "web", name: "a", columns: [{ name: "betrug" }] }, /no column betrug/],
        [{ domain: "web", name: "a", columns: [{ name: "betrag", type: "MONEY2" }] }, /no type/], [{ domain: "web", name: "a", columns: [{ name: "betrag", classification: "secret" }] }, /no classification/]])
        assert.match((await ask(`/uploads/${id}/add`, body)).error.message, said);
    assert.ok(!fs.existsSync(path.join(dir, "uploads")), "nothing was moved");
    const zip = await ask(`/uploads/${await send("a.xlsx", Buffer.from("PK\x03\x04 no workbook at all"))}/look`, {});
    assert.equal(zip.status, 400);
    assert.ok(zip.error.hint, "a hint says what to do");
});

test("uploads that nobody finished go after a day", async (t) => {
    const { dir, ask } = await mesh(t);
    const { id } = await ask("/uploads", { name: "old.csv", bytes: 10 });
    const { id: young } = await ask("/uploads", { name: "young.csv", bytes: 10 });
    const folder = path.join(dir, "data/uploads", id);
    assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
    const past = Date.now() / 1000 - 25 * 3600;
    for (const f of [path.join(folder, "upload.json"), folder]) fs.utimesSync(f, past, past);
    await ask("/uploads", { name: "new.csv", bytes: 10 });
    assert.ok(!fs.existsSync(folder));
    assert.ok(fs.existsSync(path.join(dir, "data/uploads", young)));
});
