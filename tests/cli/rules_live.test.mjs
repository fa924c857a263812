// Rules of identity that change while a server runs: customers follow at once, and whoever asks meanwhile gets an answer of the ones or of the others.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { must, scratch, serve, until } from "./lib.mjs";
import { calls, landed, mesh, send } from "./entities_world.mjs";

test("rules change again and again, while customers are made anew and asked for", async (t) => {
    const dir = path.join(scratch(t), "shop");
    const key = JSON.parse(mesh(dir)).key;
    landed(dir);
    await send(dir, key, [calls()]);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir);
    const api = async (route, body) => {
        const r = await s.ask(route, body && { method: "POST", body });
        assert.equal(r.status, 200, `${route}: ${r.text}`);
        return JSON.parse(r.text);
    };
    const { yaml } = await api("/api/v1/identity");
    const loose = yaml.replace("{name: user_id, limit: 1}", "{name: user_id, limit: 2}");
    assert.notEqual(loose, yaml);
    const rules = (value) => api("/api/v1/edits", { changes: [{ kind: "identity", ref: "rules", field: "rules", value }], apply: true });
    const customers = async () => (await api("/api/v1/identity")).customers;

    await rules(loose);
    await until("customers by the other rules", async () => (await customers()) === 11, 30_000);
    await rules(yaml);
    await until("customers by the old rules", async () => (await customers()) === 12, 30_000);

    let over = false, asked = 0;
    const asking = ["/api/v1/customers?sort=recent", "/api/v1/customers?sort=value", "/api/v1/identity/ledger?limit=50"].map(async (route) => {
        while (!over) {
            await api(route);
            asked++;
        }
    });
    for (let i = 0; i < 8; i++) {
        await rules(i % 2 ? yaml : loose);
        await new Promise((done) => setTimeout(done, 40 * (i % 6)));
    }
    await until("customers by the last rules", async () => (await customers()) === 12, 60_000);
    over = true;
    await Promise.all(asking);
    assert.ok(asked > 10);
});
