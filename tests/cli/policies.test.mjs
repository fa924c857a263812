// Who sees what, over the command line and a real server: the matrix, a product as a role, changes looked at before they are written, and the council.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, run, serve, smallMesh, write } from "./lib.mjs";

const domainFile = "domains/web/policies.yaml";
const loose = "masks:\n  - {name: open_mails, columns: [email], roles: [marketer], mask: none}\n";

function people(t) {
    const dir = smallMesh(t);
    write(dir, "in/people.csv", "id,email,country\n1,ada.lovelace@example.org,DE\n2,bob@example.org,CH\n3,cyd@example.org,DE\n");
    must(["add", "files", "--name", "people", "--path", "in/people.csv", "--domain", "web"], { cwd: dir });
    must(["run"], { cwd: dir });
    return dir;
}
const token = (dir, role) => json(["token", "create", "--role", role, "--purpose", "analytics"], { cwd: dir }).secret;
const bearer = (secret) => ({ bare: true, headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" } });

test("roles: what each sees, on the command line", (t) => {
    const dir = people(t);
    const all = must(["roles"], { cwd: dir }).out;
    for (const role of ["admin", "viewer", "marketer", "analyst", "engineer", "privacy_officer", "council", "tester"]) assert.match(all, new RegExp(`^${role} `, "m"));
    assert.match(must(["roles", "marketer"], { cwd: dir }).out, /web\.people +masked.*email partial/);
    assert.doesNotMatch(must(["roles", "marketer", "--purpose", "sale"], { cwd: dir }).out, /web\.people/);
    assert.match(run(["roles", "marketeer"], { cwd: dir }).err, /there is no role marketeer[^]*did you mean marketer/);
    const viewer = Object.fromEntries(json(["roles", "viewer"], { cwd: dir }).cells.map((c) => [c.ref, c.tier]));
    assert.deepEqual([viewer["acquisition.spend"], viewer["web.people"]], ["aggregated", "none"], "nobody can count people whom no column tells apart");
});

test("the matrix, the rules and a product as a role", async (t) => {
    const dir = people(t);
    write(dir, domainFile, "rows:\n  - {name: germans, products: [web.people], roles: [marketer], where: \"country = 'DE'\"}\n");
    const server = await serve(t, dir);
    const m = await server.json("/api/v1/governance/access?domain=web&purpose=email");
    assert.equal(m.total, m.products.length);
    assert.deepEqual(m.products[0].ports[0], { ref: "web.people", columns: 3, personal_columns: 1, person_column: null });
    const cell = m.cells.find((c) => c.role === "marketer" && c.ref === "web.people");
    assert.equal(cell.tier, "masked");
    assert.equal(cell.rows, "(country = 'DE')");
    assert.deepEqual(cell.masks.map((x) => [x.column, x.mask, x.rule.file]), [["email", "partial", "governance/policies.yaml"]]);
    assert.deepEqual(cell.why.map((w) => [w.what, w.file]), [["grant", "governance/roles.yaml"], ["rows", domainFile]]);
    assert.equal(m.cells.find((c) => c.role === "viewer" && c.ref === "web.people").tier, "none", "for e-mail it has no grant");
    assert.equal((await server.json("/api/v1/governance/access?purpose=fun")).status, 404);

    const rules = (await server.json("/api/v1/governance/policies")).rules;
    const germans = rules.find((r) => r.name === "germans");
    assert.deepEqual([germans.kind, germans.domain, germans.file, germans.line, germans.ports], ["rows", "web", domainFile, 2, 1]);
    assert.match(germans.words, /only rows where country = 'DE' are shown for Marketer/);
    assert.deepEqual(germans.set, { name: "germans", products: ["web.people"], roles: ["marketer"], where: "country = 'DE'" });

    const as = (role, more = "") => server.json(`/api/v1/governance/preview/web/people?role=${role}${more}`);
    const seen = await as("marketer");
    assert.equal(seen.row_count, 2, "the rows of Germany");
    const at = seen.columns.findIndex((c) => c.name === "email");
    assert.deepEqual(seen.rows.map((r) => r[at]).sort(), ["a***@example.org", "c***@example.org"]);
    assert.deepEqual((await as("engineer")).rows.map((r) => r[at]), ["hidden: personal", "hidden: personal", "hidden: personal"]);
    const made = await as("tester");
    assert.doesNotMatch(JSON.stringify(made.rows), /ada\.lovelace|bob@|cyd@/);
    assert.equal((await as("marketer", "&purpose=sale")).status, 404);
    assert.equal((await as("nobody")).status, 404);
});

test("who administers one domain sees and changes what is of that domain", async (t) => {
    const dir = people(t);
    const roles = path.join(dir, "governance/roles.yaml");
    fs.appendFileSync(roles, "  - name: web_lead\n    grants: [{products: ['web.*'], tier: masked}]\n    rights: [{right: administer, domains: [web]}, {right: approve, domains: [web]}]\n");
    const lead = token(dir, "web_lead"), viewer = token(dir, "viewer");
    const server = await serve(t, dir);
    const matrix = await server.ask("/api/v1/governance/access", bearer(lead));
    assert.equal(matrix.status, 200);
    assert.doesNotMatch(matrix.text, /acquisition|spend|shared/, "what they do not see has no name");
    assert.equal((await server.ask("/api/v1/governance/policies", bearer(lead))).status, 200);
    assert.equal((await server.ask("/api/v1/governance/preview/web/people?role=engineer", bearer(lead))).status, 403, "a look as any role is for the whole mesh");
    const edit = async (secret, change) => (await server.json("/api/v1/edits", { method: "POST", body: { changes: [change], apply: true }, ...bearer(secret) }));
    const rule = { name: "hide", columns: ["country"], classification: "confidential", mask: "redact" };
    assert.equal((await edit(lead, { kind: "mask", ref: "web.hide", field: "rule", value: rule })).applied, true);
    assert.match(fs.readFileSync(path.join(dir, domainFile), "utf8"), /masks:\n {2}- \{name: "hide"/);
    const elsewhere = await edit(lead, { kind: "mask", ref: "acquisition.hide", field: "rule", value: rule });
    assert.deepEqual([elsewhere.applied, elsewhere.errors[0].code], [false, "TR011"], "a domain that they do not see is not there");
    assert.equal(fs.existsSync(path.join(dir, "domains/acquisition/policies.yaml")), false);
    for (const [ref, kind] of [["hide", "mask"], ["web_lead", "role"]])
        assert.equal((await edit(lead, { kind, ref, field: kind === "role" ? "grants" : "rule", value: null })).status, 403, `${kind} ${ref}`);
    assert.equal((await edit(viewer, { kind: "mask", ref: "web.hide", field: "rule", value: null })).status, 403);
    assert.equal((await edit(viewer, { kind: "product", ref: "web.people", field: "purpose", value: "x" })).status, 403);
    for (const p of ["governance/access", "governance/policies", "council"]) assert.equal((await server.ask(`/api/v1/${p}`, bearer(viewer))).status, 403, p);
    assert.equal((await edit(lead, { kind: "mask", ref: "web.hide", field: "rule", value: null })).applied, true);
    assert.doesNotMatch(fs.readFileSync(path.join(dir, domainFile), "utf8"), /hide/);
});

test("a change is looked at, role by role, before it is written", async (t) => {
    const dir = people(t);
    const server = await serve(t, dir);
    const before = fs.readFileSync(path.join(dir, "governance/roles.yaml"), "utf8");
    const look = (changes) => server.json("/api/v1/governance/change-preview", { method: "POST", body: { changes } });
    const on = (list, role) => list.filter((x) => x.role === role && x.ref === "web.people").map((x) => `${x.purpose}: ${x.words}`);
    const wider = await look([{ kind: "role", ref: "marketer", field: "grants", value: [{ products: ["*"], tier: "raw", purposes: ["email"] }, { products: ["shared.*"], tier: "masked" }] }]);
    assert.deepEqual(wider.errors, []);
    assert.deepEqual(on(wider.gains, "marketer"), ["email: from with personal values masked to as it is"]);
    assert.deepEqual(on(wider.loses, "marketer"), ["analytics: from with personal values masked to not at all"]);
    const mask = await look([{ kind: "mask", ref: "emails", field: "rule", value: { name: "emails", columns: ["email"], mask: "hash" } }]);
    assert.deepEqual(on(mask.loses, "marketer"), ["analytics: email: from in part to as a keyed hash", "email: email: from in part to as a keyed hash"]);
    assert.ok(on(mask.gains, "engineer").includes("analytics: email: from not at all to as a keyed hash"));
    const rights = await look([{ kind: "role", ref: "viewer", field: "rights", value: [{ right: "audit" }, { right: "build", domains: ["web"] }] }]);
    assert.deepEqual(rights.gains.map((x) => x.words), ["the right build in web", "the right audit in the whole mesh"]);
    const fewer = await look([{ kind: "rows", ref: "web.swiss", field: "rule", value: { name: "swiss", products: ["web.people"], where: "country = 'CH'" } }]);
    assert.deepEqual(on(fewer.loses, "engineer"), ["analytics: only rows where (country = 'CH')"]);
    const loosens = await look([{ kind: "mask", ref: "web.open", field: "rule", value: { name: "open", columns: ["email"], mask: "none" } }]);
    assert.deepEqual(loosens.errors.map((x) => x.code), ["TR114", "TR114"], "against the rule of the mesh, and against what holds without one");
    assert.match((await look([{ kind: "role", ref: "viewer", field: "grants", value: [{ products: ["wep.*"], tier: "masked" }] }])).errors[0].hint, /web/);
    assert.equal(fs.readFileSync(path.join(dir, "governance/roles.yaml"), "utf8"), before, "nothing was written");
    assert.equal(fs.existsSync(path.join(dir, domainFile)), false);
});

test("the council lets a rule loosen, while the server keeps what held", async (t) => {
    const dir = people(t);
    const server = await serve(t, dir);
    const mail = async () => (await server.json("/api/v1/governance/preview/web/people?role=marketer")).rows.map((r) => r[1]).sort()[0];
    assert.equal(await mail(), "a***@example.org");
    write(dir, domainFile, loose);
    const waits = (await server.json("/api/v1/council")).waiting;
    assert.equal(waits.length, 1);
    assert.deepEqual([waits[0].id, waits[0].may, waits[0].rule.file, waits[0].against.name, waits[0].needs], ["web.masks.open_mails.emails", true, domainFile, "emails", 1]);
    assert.equal(await mail(), "a***@example.org", "until it is decided the mesh's rule holds");
    const decide = (body) => server.json(`/api/v1/council/${waits[0].id}`, { method: "POST", body });
    assert.equal((await decide({ decision: "perhaps" })).status, 400);
    assert.equal((await decide({ decision: "decline" })).status, 400, "a no needs a reason");
    const no = await decide({ decision: "decline", reason: "not like this", by: "ben" });
    assert.deepEqual([no.matter.decision, no.matter.decided_by, no.matter.reason], ["decline", "ben", "not like this"]);
    assert.match(run(["check"], { cwd: dir }).err + run(["check"], { cwd: dir }).out, /the council declined it .*not like this/);
    const yes = await decide({ decision: "approve", reason: "they agreed", by: "ana" });
    assert.deepEqual([yes.matter.decision, yes.matter.approved_by], ["approve", ["ana"]]);
    assert.equal(await mail(), "ada.lovelace@example.org");
    assert.deepEqual((await server.json("/api/v1/council")).decided.map((x) => x.id), [waits[0].id]);
    assert.equal((await decide({ decision: "approve" })).status, 400, "it is decided");
    assert.equal((await server.json("/api/v1/governance/policies")).rules.find((r) => r.name === "open_mails").state, "approved");
    const log = must(["audit", "show"], { cwd: dir }).out;
    assert.match(log, /approved web\.masks\.open_mails\.emails/);
    // The rule changes: what was approved is no longer what stands there.
    write(dir, domainFile, loose.replace("marketer", "analyst"));
    const again = (await server.json("/api/v1/council")).waiting;
    assert.match(again[0].words, /decided on before/);
});

test("a mesh that cannot be loaded for want of a decision gets one", (t) => {
    const dir = people(t);
    const id = "web.masks.open_mails.emails";
    write(dir, domainFile, loose);
    const broken = run(["check"], { cwd: dir });
    assert.equal(broken.code, 2);
    assert.match(broken.out + broken.err, /domains\/web\/policies\.yaml:2:5: error TR114.*governance\/policies\.yaml:\d+/);
    assert.match(broken.out + broken.err, new RegExp(`trellis council approve ${id.replaceAll(".", "\\.")}`));
    assert.match(must(["council"], { cwd: dir }).out, new RegExp(id.replaceAll(".", "\\.")));
    assert.match(run(["council", "approve", "web.masks.open_mail.emails"], { cwd: dir }).err, /did you mean web\.masks\.open_mails\.emails/);
    assert.equal(run(["council", "decline", id], { cwd: dir }).code, 2);
    assert.match(must(["council", "approve", id, "--reason", 'it is "fine": yes\n# no', "--as", "ana"], { cwd: dir }).out, /is approved/);
    must(["check"], { cwd: dir });
    assert.deepEqual(json(["council"], { cwd: dir }).decided.map((x) => [x.id, x.decided_by, x.reason]), [[id, "ana", 'it is "fine": yes\n# no']]);
    assert.match(must(["audit", "show"], { cwd: dir }).out, /approved web\.masks\.open_mails\.emails/);
});

test("a version that breaks its readers waits, where the mesh asks for it", async (t) => {
    const dir = people(t);
    const rules = path.join(dir, "governance/policies.yaml");
    fs.writeFileSync(rules, fs.readFileSync(rules, "utf8").replace(/approvals:[^]*/, "approvals: [{change: breaking, needs: 2, of: approve}]\n"));
    const sql = path.join(dir, "domains/web/products/people/people.sql"), contract = path.join(dir, "domains/web/products/people/people.odcs.yaml");
    const was = [fs.readFileSync(sql, "utf8"), fs.readFileSync(contract, "utf8")];
    fs.writeFileSync(sql, was[0].split("\n").filter((line) => !/\bcountry\b/.test(line)).join("\n").replace(/,(\s*FROM)/, "$1"));
    fs.writeFileSync(contract, was[1].split("\n").filter((line) => !/name: country/.test(line)).join("\n"));
    const refused = run(["run"], { cwd: dir });
    assert.equal(refused.code, 4, refused.out + refused.err);
    assert.match(refused.out + refused.err, /breaks its readers: country is gone[^]*trellis council approve web\.contract\.people_v1/);
    assert.match(must(["query", "SELECT max(country) FROM web.people"], { cwd: dir }).out, /DE/, "readers keep what they have");
    const decide = (who) => must(["council", "approve", "web.contract.people_v1", "--as", who, "--reason", "nobody reads it"], { cwd: dir }).out;
    assert.match(decide("ana"), /has 1 of 2 approvals/);
    assert.equal(run(["council", "approve", "web.contract.people_v1", "--as", "ana"], { cwd: dir }).code, 2, "one person is one");
    assert.equal(run(["run"], { cwd: dir }).code, 4);
    assert.match(decide("ben"), /is approved/);
    must(["run"], { cwd: dir });
    assert.equal(run(["query", "SELECT country FROM web.people"], { cwd: dir }).code, 2);
    assert.deepEqual(json(["council"], { cwd: dir }), { waiting: [], decided: [] }, "it is live: nothing waits");
    must(["check"], { cwd: dir });
});

test("nobody approves what they wrote themselves, where somebody else can", async (t) => {
    const dir = people(t);
    const server = await serve(t, dir);
    const signIn = async (name) => {
        const code = must(["user", "add", name, "--role", "council"], { cwd: dir }).out.match(/code=([\w-]{43})/)[1];
        const r = await server.ask("/api/v1/welcome", { method: "POST", body: { code, name, password: "violet kettle 93 harbour" }, bare: true });
        const cookie = [r.headers["set-cookie"]].flat().find((c) => c.includes("_user=")).split(";")[0];
        const proof = (await server.json("/api/v1/me", { bare: true, headers: { cookie } })).csrf;
        return (pathname, body) => server.json(pathname, { method: body ? "POST" : "GET", body, bare: true, headers: { cookie, "x-trellis-csrf": proof, "content-type": "application/json" } });
    };
    const ana = await signIn("ana");
    // The rule is right when ana writes it; then the mesh's own rule becomes stricter, by hand, so that hers loosens it.
    const written = await ana("/api/v1/edits", { apply: true, changes: [{ kind: "mask", ref: "web.mails", field: "rule", value: { name: "mails", columns: ["email"], roles: ["marketer"], mask: "partial" } }] });
    assert.equal(written.applied, true, JSON.stringify(written));
    const rules = path.join(dir, "governance/policies.yaml");
    fs.writeFileSync(rules, fs.readFileSync(rules, "utf8").replace(/(name: emails.*mask: )partial/, "$1hash"));
    const own = (await ana("/api/v1/council")).waiting[0];
    assert.deepEqual([own.id, own.asked_by, own.may], ["web.masks.mails.emails", "ana", true], "alone, somebody has to");
    const ben = await signIn("ben");
    const now = (await ana("/api/v1/council")).waiting[0];
    assert.equal(now.may, false);
    assert.match(now.why_not, /your own/);
    assert.equal((await ana(`/api/v1/council/${own.id}`, { decision: "approve", by: "ben" })).status, 403, "nor in somebody's name");
    const done = await ben(`/api/v1/council/${own.id}`, { decision: "approve" });
    assert.deepEqual(done.matter.approved_by, ["ben"], JSON.stringify(done));
});
