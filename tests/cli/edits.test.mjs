// Changes from the page over a real server: shown first, tried on a copy, written whole or not at all, with the rest of the file untouched.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { serve, smallMesh } from "./lib.mjs";

const product = "domains/acquisition/products/spend/product.yaml";

test("a change is shown, then written, and served at once", async (t) => {
    const dir = smallMesh(t);
    const file = path.join(dir, product);
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("status: draft", "status: draft   # until the first review"));
    const before = fs.readFileSync(file, "utf8");
    const server = await serve(t, dir);
    const edit = (changes, apply) => server.json("/api/v1/edits", { method: "POST", body: { changes, apply } });
    const change = { kind: "product", ref: "acquisition.spend", field: "purpose", value: "What we pay for ads: by day" };

    const shown = await edit([change], false);
    assert.equal(shown.status, 200);
    assert.equal(shown.applied, false);
    assert.match(shown.patch, /^--- a\/domains\/acquisition[^]*\n\+ +purpose: "What we pay for ads: by day"\n/);
    assert.equal(fs.readFileSync(file, "utf8"), before, "showing writes nothing");

    const done = await edit([change, { kind: "column", ref: "acquisition.spend", column: "amount", field: "description", value: "Gross amount" },
        { kind: "term", ref: "acquisition.spend", field: "definition", value: "Money paid to a platform." }, { kind: "term", ref: "acquisition.spend", field: "title", value: "Spend" }], true);
    assert.deepEqual(done.errors, []);
    assert.equal(done.applied, true);
    assert.deepEqual(done.files.map((f) => f.how), ["changed", "changed", "changed"]);
    const after = fs.readFileSync(file, "utf8");
    assert.match(after, /status: draft {3}# until the first review/);
    assert.equal(after.split("\n").length, before.split("\n").length);
    const served = await server.json("/api/v1/products/acquisition/spend");
    assert.equal(served.purpose, "What we pay for ads: by day");
    assert.equal(served.ports[0].columns.find((c) => c.name === "amount").description, "Gross amount");
    const glossary = await server.json("/api/v1/glossary");
    assert.ok(glossary.terms.some((g) => g.name === "spend" && g.definition === "Money paid to a platform."));
    assert.equal(fs.readdirSync(path.join(dir, "data")).filter((n) => n.startsWith("trial")).length, 0, "the copy for the trial is gone");
});

test("what would break the mesh is told with its place and not written", async (t) => {
    const dir = smallMesh(t);
    const before = fs.readFileSync(path.join(dir, product), "utf8");
    const server = await serve(t, dir);
    const edit = (body) => server.json("/api/v1/edits", { method: "POST", body });
    const broken = await edit({ apply: true, changes: [{ kind: "product", ref: "acquisition.spend", field: "status", value: "shiny" }] });
    assert.equal(broken.applied, false);
    assert.equal(broken.errors[0].file, product);
    assert.ok(broken.errors[0].line > 0 && broken.errors[0].hint);
    assert.equal(fs.readFileSync(path.join(dir, product), "utf8"), before);

    const unknown = await edit({ changes: [{ kind: "product", ref: "acquisition.spent", field: "purpose", value: "x" }, { kind: "product", ref: "acquisition.spend", field: "purposes", value: "x" }] });
    assert.deepEqual(unknown.errors.map((e) => e.code), ["TR011", "TR010"], "all errors of a pass at once");
    assert.match(unknown.errors[1].hint, /purpose/);
    for (const body of [{}, { changes: [] }, { changes: "x" }, { changes: [{ kind: "product", ref: "acquisition.spend", field: "purpose" }] }])
        assert.equal((await edit(body)).status, 400, JSON.stringify(body));
    assert.equal((await server.ask("/api/v1/edits", { method: "POST", body: "{", bare: true })).status, 401);
});
