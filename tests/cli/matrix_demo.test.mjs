// The pages of the demo as its roles see them: customers, dashboards, live events, lineage; each the same as the role's own questions.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { must, run, scratch, serve } from "./lib.mjs";
import { token } from "./matrix_world.mjs";

const roles = ["marketer", "analyst", "engineer", "german_agency", "support_agent", "web_lead", "viewer", "tester"];

test("pages of the demo show a role what its questions answer", async (t) => {
    const dir = path.join(scratch(t), "demo");
    must(["demo", "--dir", dir, "--no-serve"]);
    const it = await serve(t, dir);
    const as = Object.fromEntries(roles.map((r) => [r, { authorization: `Bearer ${token(dir, r)}` }]));
    const get = (role, at) => it.json(`/api/v1/${at}`, { headers: as[role], bare: true });
    const ask = (role, sql) => it.json("/api/v1/query", { method: "POST", body: { sql }, headers: as[role], bare: true });
    const look = (role, sql) => it.json("/api/v1/query", { method: "POST", body: { sql }, headers: { "x-trellis-role": role } });
    const rows = (r) => (r.status === 200 ? { columns: r.columns.map((c) => c.name), rows: r.rows } : r.error);
    const ids = "SELECT customer_id, country FROM shared.customer ORDER BY last_seen_at DESC NULLS LAST, customer_id LIMIT 20";
    const german = (await ask("german_agency", "SELECT customer_id FROM shared.customer LIMIT 1")).rows[0][0];
    const other = (await ask("marketer", "SELECT customer_id FROM shared.customer WHERE country NOT IN ('DE', 'Germany') LIMIT 1")).rows[0][0];
    const mesh = await it.json("/api/v1/dashboards");
    // Consent reaches the ports of single platforms by their contacts: for analytics orders are counted whole, for advertising those of who said yes.
    const count = async (ref, purpose) => (await it.json("/api/v1/query", { method: "POST", body: { sql: `SELECT count(*) FROM ${ref}`, purpose } })).rows[0][0];
    for (const purpose of ["analytics", "advertising"])
        assert.equal(await count("web.shopify_customer_order", purpose), await count("shared.customer_order", purpose), purpose);
    for (const purpose of ["advertising", "email"])
        assert.equal(await count("lifecycle.klaviyo_email_engagement", purpose), await count("shared.email_engagement", purpose), purpose);
    for (const ref of ["web.shopify_customer_order", "web.shopify_contact", "lifecycle.hubspot_contact", "lifecycle.klaviyo_event"])
        assert.ok((await count(ref, "advertising")) < (await count(ref, "analytics")) / 2, ref);
    for (const role of roles) {
        // Every product that the role is shown can be asked, and none that it is not shown; by a look as the role, too.
        const shown = (await get(role, "products")).products.flatMap((p) => p.ports.map((x) => x.ref));
        const seen = new Set(shown);
        for (const ref of ["shared.customer", "shared.customer_order", "acquisition.campaign_daily", "web.page_daily", "shared.identity"]) {
            const sql = `SELECT count(*) AS n FROM ${ref}`;
            const [one, two] = [await ask(role, sql), await look(role, sql)];
            assert.deepEqual(rows(one), rows(two), `${role} at ${ref}`);
            assert.equal(one.error?.name === "E_NOT_FOUND" || one.error?.name === "E_DENIED", !seen.has(ref), `${role} at ${ref}: ${JSON.stringify(one.error)}`);
        }
        // Customers.
        const page = await get(role, "customers?limit=20&sort=recent");
        const own = await ask(role, ids);
        assert.equal(page.status === 200, own.status === 200, `${role}: ${JSON.stringify(page.error ?? own.error)}`);
        if (own.status === 200)
            assert.deepEqual(page.customers.map((c) => [c.customer_id, c.country]), own.rows, role);
        else assert.equal(page.error.name, own.error.name, role);
        // Dashboards: panels of ports that they see, and each panel's question answers as it does over the command line.
        const boards = (await get(role, "dashboards")).dashboards;
        // A panel of metrics is there where all of its metrics are; one of journeys reads ports of its own, which the declaration as they see it decides.
        const numbers = new Set((await get(role, "metrics")).metrics.flatMap((m) => [m.name, m.ref]));
        const there = (p) => (p.port ? seen.has(p.port) : p.metrics?.length ? p.metrics.every((m) => numbers.has(m)) : undefined);
        for (const b of boards) for (const p of b.panels) assert.notEqual(there(p), false, `${role}: ${b.name} shows ${p.port ?? p.metrics}`);
        const of = (list) => list.flatMap((b) => b.panels).filter((p) => there(p)).length;
        assert.equal(of(boards), of(mesh.dashboards), role);
        const panel = boards.flatMap((b) => b.panels).find((p) => p.sql);
        if (panel) assert.deepEqual(rows(await ask(role, panel.sql)), rows(await look(role, panel.sql)), `${role}: ${panel.title}`);
        // Live events and raw streams are for who builds.
        const builds = role === "engineer" || role === "web_lead";
        assert.equal((await get(role, role === "web_lead" ? "live?source=web.site" : "live")).status, builds ? 200 : 403, `${role}: live`);
        assert.equal((await get(role, "sources")).sources.length > 0, builds, `${role}: sources`);
        // Lineage names what the catalog shows.
        const domains = new Set((await get(role, "domains")).domains.map((d) => d.name));
        for (const n of (await get(role, "lineage?level=port")).nodes) {
            if (n.kind === "port") assert.ok(seen.has(n.ref), `${role}: lineage shows ${n.ref}`);
            if (n.domain) assert.ok(domains.has(n.domain), `${role}: lineage shows ${n.domain}`);
        }
    }
    // A customer out of the rows of a role is nobody, in the words for nobody; with all that hangs on the customer.
    const nobody = "c_" + "a".repeat(26);
    for (const tail of ["", "/timeline", "/consent", "/why"]) {
        const [theirs, absent] = [await get("german_agency", `customers/${other}${tail}`), await get("german_agency", `customers/${nobody}${tail}`)];
        assert.deepEqual(theirs, absent, tail);
        assert.equal(theirs.status, 404, tail);
        assert.equal((await get("german_agency", `customers/${german}${tail}`)).status, 200, tail);
    }
    // Values in part only for who may see them whole.
    for (const x of (await get("marketer", `customers/${german}/why`)).identifiers) assert.equal(x.value, "hidden: personal");
    assert.ok((await get("support_agent", `customers/${german}/why`)).identifiers.some((x) => x.value.includes("***") || x.value.includes("…")));
    // A reveal: the right, a reason, a row of theirs; and an entry in the log.
    const reveal = (role, id, body) => it.json(`/api/v1/customers/${id}/reveal`, { method: "POST", body, headers: as[role], bare: true });
    const body = { fields: ["email"], reason: "ticket 17" };
    assert.equal((await reveal("marketer", german, body)).error.name, "E_DENIED");
    assert.equal((await reveal("support_agent", nobody, body)).status, 404);
    assert.equal((await reveal("support_agent", german, { ...body, reason: "" })).status, 400);
    assert.equal((await reveal("support_agent", german, { ...body, fields: ["country"] })).status, 400);
    const values = (await reveal("support_agent", german, body)).values;
    assert.deepEqual(Object.keys(values), ["email"]);
    const truth = run(["audit", "show", "--json", "--kind", "reveal"], { cwd: dir });
    assert.match(truth.out, /ticket 17/);
    assert.match(truth.out, /shared\.customer: email/);
    assert.ok(!values.email || !truth.out.includes(values.email));
});
