// Finding things and following them: search, the catalog's pages, lineage; on the command line and over the API.
import assert from "node:assert/strict";
import path from "node:path";
import fs from "node:fs";
import { test } from "node:test";
import { json, must, run, serve, smallMesh } from "./lib.mjs";

const glossary = `terms:
  - name: outlay
    title: Outlay
    definition: What a channel cost on a day.
    synonyms: [disbursement, "media cost"]
    owner: {name: Tom Berg, contact: tom@example.org}
    columns: [acquisition.spend.amount]
    status: agreed
`;

function shop(t) {
    const dir = smallMesh(t);
    fs.mkdirSync(path.join(dir, "governance"), { recursive: true });
    fs.writeFileSync(path.join(dir, "governance/glossary.yaml"), glossary);
    must(["run"], { cwd: dir });
    return dir;
}

test("find and lineage on the command line", async (t) => {
    const dir = shop(t);
    const find = (...words) => json(["find", ...words], { cwd: dir });

    await t.test("a term comes first, then what it is tied to", () => {
        const { results } = find("outlay");
        assert.deepEqual([results[0].kind, results[0].ref, results[0].owner], ["term", "outlay", "Tom Berg"]);
        assert.deepEqual([results[1].kind, results[1].ref, results[1].field], ["product", "acquisition.spend", "term"]);
        assert.ok(results.some((r) => r.ref === "acquisition.spend.amount"));
    });
    await t.test("synonyms, typos, beginnings", () => {
        for (const [words, via] of [[["disbursement"], null], [["media", "cost"], null], [["outlya"], "outlay"], [["outl"], null]]) {
            const { results } = find(...words);
            assert.equal(results[0].ref, "outlay", words.join(" "));
            assert.equal(results[0].via, via, words.join(" "));
        }
        assert.equal(find("chanel").results[0].ref, "acquisition.spend.channel");
    });
    await t.test("a number by its synonym, and what it stands on", () => {
        const [first] = find("aov").results;
        assert.deepEqual([first.kind, first.ref], ["metric", "shared.average_order_value"]);
        const { nodes, edges } = json(["lineage", "shared.average_order_value"], { cwd: dir });
        const at = (id) => nodes.findIndex((n) => n.id === id);
        for (const [from, to] of [["metric:shared.revenue", "metric:shared.average_order_value"], ["port:shared.customer_order", "metric:shared.revenue"]])
            assert.ok(edges.some((e) => e.from === at(from) && e.to === at(to)), `${from} to ${to}`);
    });
    await t.test("words that match nothing are named", () => {
        const answer = find("outlay", "qqqqqqq");
        assert.deepEqual(answer.dropped_words, ["qqqqqqq"]);
        assert.equal(answer.results[0].ref, "outlay");
        assert.deepEqual(find("qqqqqqq").results, []);
        assert.match(must(["find", "qqqqqqq"], { cwd: dir }).out, /nothing found/);
    });
    await t.test("filters", () => {
        assert.ok(find("spend", "--kind", "column,port").results.every((r) => ["column", "port"].includes(r.kind)));
        assert.equal(find("spend", "--domain", "web").results.length, 0);
        assert.match(run(["find", "x", "--kind", "colum"], { cwd: dir }).err, /product, port, column/);
        assert.equal(run(["find", "x", "--domain", "nowhere"], { cwd: dir }).code, 2);
        assert.equal(run(["find"], { cwd: dir }).code, 2);
    });
    await t.test("a table for people", () => {
        const { out } = must(["find", "media cost"], { cwd: dir });
        assert.match(out, /term +outlay +Outlay +Tom Berg/);
    });
    await t.test("lineage as a tree", () => {
        const { out } = must(["lineage", "acquisition.spend"], { cwd: dir });
        assert.match(out, /Comes from\n└─ stream acquisition\.spend__\w+ \(loaded\)\n {3}└─ source acquisition\.spend/);
        assert.match(out, /Read by\nnobody in the mesh/);
        const column = must(["lineage", "acquisition.spend.amount", "--up"], { cwd: dir }).out;
        assert.match(column, /^acquisition\.spend\.amount\nComes from\n└─ acquisition\.spend__\w+\.amount\n$/);
        const graph = json(["lineage", "acquisition.spend"], { cwd: dir });
        assert.equal(graph.level, "port");
        assert.ok(graph.edges.every((e) => graph.nodes[e.from].layer < graph.nodes[e.to].layer));
    });
    await t.test("what is not there is said with a hint", () => {
        const column = run(["lineage", "acquisition.spend.amuont"], { cwd: dir });
        assert.equal(column.code, 2);
        assert.match(column.err, /did you mean amount\?/);
        const none = run(["lineage", "acquisition.nothing"], { cwd: dir });
        assert.equal(none.code, 2);
        assert.match(none.err, /nothing called acquisition\.nothing/);
    });
});

test("search, catalog and lineage over the API", async (t) => {
    const dir = shop(t);
    const s = await serve(t, dir);
    const get = async (address) => {
        const r = await s.ask(address);
        return { status: r.status, body: JSON.parse(r.text ?? r.body) };
    };

    await t.test("search", async () => {
        const { body } = await get("/api/v1/search?q=outlay&kinds=term,product");
        assert.equal(body.results[0].href, "/glossary?term=outlay");
        assert.equal(body.results[1].href, "/catalog/acquisition/spend");
        assert.equal(body.results[1].state, "fresh");
        assert.deepEqual((await get("/api/v1/search?q=")).body.results, []);
        assert.deepEqual((await get("/api/v1/search")).body.results, []);
        assert.equal((await get("/api/v1/search?q=%F0%9F%8E%89%00")).status >= 200, true);
        assert.equal((await get(`/api/v1/search?q=${"x".repeat(500)}`)).status, 413);
        assert.equal((await get("/api/v1/search?q=x&limit=1000")).status, 400);
    });
    await t.test("catalog: facets count what the others let through", async () => {
        const all = (await get("/api/v1/catalog")).body;
        assert.equal(all.total, all.items.length);
        assert.equal(all.sort, "title");
        const titles = all.items.map((i) => i.title.toLowerCase());
        assert.deepEqual(titles, [...titles].sort());
        const narrowed = (await get("/api/v1/catalog?domain=acquisition")).body;
        assert.ok(narrowed.items.every((i) => i.domain === "acquisition"));
        assert.deepEqual(narrowed.facets.domain, all.facets.domain);
        assert.equal(narrowed.facets.owner.reduce((n, f) => n + f.count, 0), narrowed.total);
        const two = (await get("/api/v1/catalog?domain=acquisition,shared")).body;
        assert.equal(two.total, all.facets.domain.filter((f) => ["acquisition", "shared"].includes(f.value)).reduce((n, f) => n + f.count, 0));
        assert.equal((await get("/api/v1/catalog?state=failing")).body.total, 0);
    });
    await t.test("catalog: pages, words and orders", async () => {
        const all = (await get("/api/v1/catalog")).body;
        const pages = [];
        for (let offset = 0; offset < all.total; offset += 2) pages.push(...(await get(`/api/v1/catalog?limit=2&offset=${offset}`)).body.items);
        assert.deepEqual(pages.map((p) => `${p.domain}.${p.name}`), all.items.map((p) => `${p.domain}.${p.name}`));
        const found = (await get("/api/v1/catalog?q=disbursement")).body;
        assert.equal(found.sort, "relevance");
        assert.equal(found.items[0].name, "spend");
        assert.equal((await get("/api/v1/catalog?offset=100000")).body.items.length, 0);
        for (const sort of ["relevance", "title", "state", "freshness", "use"]) assert.equal((await get(`/api/v1/catalog?sort=${sort}`)).body.total, all.total);
        assert.equal((await get("/api/v1/catalog?sort=size")).status, 400);
    });
    await t.test("questions count as use", async () => {
        const asked = await s.ask("/api/v1/query", { method: "POST", body: { sql: "SELECT count(*) FROM acquisition.spend" } });
        assert.equal(asked.status, 200);
        // The index counts use when it is made: a new declaration makes it anew.
        fs.appendFileSync(path.join(dir, "governance/glossary.yaml"), "  - {name: another, definition: Something else., owner: {name: A, contact: a@example.org}}\n");
        let item;
        for (const end = Date.now() + 10_000; Date.now() < end; ) {
            item = (await get("/api/v1/catalog?sort=use")).body.items[0];
            if (item.uses > 0) break;
            await new Promise((r) => setTimeout(r, 200));
        }
        assert.deepEqual([item.name, item.uses], ["spend", 1]);
    });
    await t.test("lineage", async () => {
        const domains = (await get("/api/v1/lineage?level=domain")).body;
        assert.ok(domains.nodes.every((n) => n.kind === "domain"));
        const ports = (await get("/api/v1/lineage?level=port&focus=acquisition.spend&up=1")).body;
        assert.deepEqual(ports.nodes.map((n) => n.kind).sort(), ["port", "stream"]);
        assert.equal(ports.nodes.find((n) => n.kind === "port").state, "fresh");
        assert.deepEqual(ports.edges.map((e) => e.columns), [3]);
        assert.equal((await get("/api/v1/lineage?level=table")).status, 400);
        assert.equal((await get("/api/v1/lineage?focus=no.such")).status, 404);
        const few = (await get("/api/v1/lineage?level=port&limit=1")).body;
        assert.equal(few.nodes.length, 1);
        assert.ok(few.hidden > 0);
    });
    await t.test("lineage of a column", async () => {
        const { body } = await get("/api/v1/ports/acquisition/spend/lineage?column=amount");
        assert.deepEqual(body.nodes.map((n) => [n.kind, n.column, n.layer]), [["port", "amount", 0], ["stream", "amount", -1]]);
        assert.deepEqual(body.edges, [{ from: 1, to: 0 }]);
        assert.equal((await get("/api/v1/ports/acquisition/spend/lineage")).status, 400);
        assert.equal((await get("/api/v1/ports/acquisition/spend/lineage?column=none")).status, 404);
        assert.equal((await get("/api/v1/ports/acquisition/none/lineage?column=amount")).status, 404);
    });
});
