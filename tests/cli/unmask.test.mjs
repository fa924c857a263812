// Whoever builds writes SQL that runs below all masks: from the page and the API that must not be a way round them.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { must, scratch, serve, write } from "./lib.mjs";

const roles = `roles:
  - name: lead
    title: Lead
    about: Builds in web, and sees crm in groups alone
    grants: [{products: ["web.*"], tier: masked}, {products: ["lifecycle.*"], tier: aggregated}]
    rights: [{right: build, domains: [web]}, {right: administer, domains: [web]}]
  - name: officer
    title: Officer
    about: Looks after privacy
    grants: [{products: ["*"], tier: masked}]
    rights: [{right: build}, {right: privacy}]
`;
const people = Array.from({ length: 30 }, (_, i) => `c${i},ann${i}@example.org,Berlin`).join("\n");

test("no class is talked away, and nothing is built over rows that are seen in groups", async (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    for (const [domain, name] of [["web", "visitors"], ["lifecycle", "members"]]) {
        write(dir, `${name}.csv`, `customer_id,email,city\n${people}\n`);
        must(["add", "files", "--domain", domain, "--name", name, "--path", path.join(dir, `${name}.csv`)], { cwd: dir });
    }
    write(dir, "governance/roles.yaml", roles);
    write(dir, "governance/policies.yaml", "small_groups: {minimum: 10, questions_per_day: 500}\n");
    must(["run"], { cwd: dir });
    const bearer = (role) => must(["token", "create", "--role", role, "--purpose", "analytics"], { cwd: dir }).out.match(/trt_\S+/)[0];
    const [lead, officer] = [bearer("lead"), bearer("officer")];
    const it = await serve(t, dir);
    const post = async (who, where, body) => {
        const r = await it.ask(where, { method: "POST", headers: { authorization: `Bearer ${who}`, "content-type": "application/json" }, body });
        return { status: r.status, ...JSON.parse(r.text) };
    };
    const lower = { changes: [{ kind: "column", ref: "web.visitors", column: "email", field: "classification", value: "internal" }], apply: true };
    const refused = await post(lead, "/api/v1/edits", lower);
    assert.equal(refused.status, 403, JSON.stringify(refused));
    assert.match(refused.error.message, /no longer be personal/);
    assert.ok(refused.error.file.endsWith(".odcs.yaml") && refused.error.line > 0);
    const words = { changes: [{ kind: "column", ref: "web.visitors", column: "city", field: "description", value: "Where they live" }], apply: true };
    assert.equal((await post(lead, "/api/v1/edits", words)).applied, true, "other changes are theirs");

    const brief = { kind: "product", apply: true, draft: { domain: "web", name: "copy", purpose: "A copy.", consumers: ["Us"], success_metrics: ["Used"], sla: { freshness: "26h" } } };
    const draft = (who, more) => post(who, "/api/v1/drafts", { ...brief, draft: { ...brief.draft, ...more } });
    const over = await draft(lead, { from: "lifecycle.members", columns: [{ column: "customer_id" }, { column: "city" }] });
    assert.ok(over.status >= 400 || over.applied === false, JSON.stringify(over));
    const open = await draft(lead, { from: "web.visitors", columns: [{ column: "customer_id" }, { column: "email", class: "internal", classification: "internal" }] });
    const rows = await it.ask("/api/v1/query", { method: "POST", headers: { authorization: `Bearer ${lead}`, "content-type": "application/json" }, body: { sql: "SELECT * FROM web.copy LIMIT 3" } });
    assert.ok(!rows.text.includes("@example.org"), `${JSON.stringify(open)} ${rows.text}`);

    assert.equal((await post(officer, "/api/v1/edits", lower)).applied, true, "who looks after privacy can");
});
