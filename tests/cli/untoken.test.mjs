// Tokens of masked columns: joinable, turned back by who holds the right alone, and never without an entry in the log.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, write } from "./lib.mjs";

const roles = `roles:
  - name: analyst
    title: Analyst
    about: Counts
    grants: [{products: ["*"], tier: masked}]
    rights: [{right: detokenise}]
  - name: marketer
    title: Marketer
    about: Writes
    grants: [{products: ["*"], tier: masked}]
`;
const policies = `masks:
  - {name: keys, columns: [email], mask: tokenise}
`;

test("a token is turned back with the right and a reason, and the log says so first", async (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    write(dir, "people.csv", "email,city\nann@example.org,Berlin\nann@example.org,Bonn\nbob@example.org,Berlin\n");
    must(["add", "files", "--domain", "web", "--name", "people", "--path", path.join(dir, "people.csv")], { cwd: dir });
    write(dir, "governance/roles.yaml", roles);
    write(dir, "governance/policies.yaml", policies);
    must(["run"], { cwd: dir });
    const seen = rows("SELECT email, count(*) FROM web.people GROUP BY email ORDER BY 2 DESC", { cwd: dir }, ["--role", "marketer"]);
    assert.equal(seen.length, 2);
    const [token, n] = seen[0].split(",");
    assert.match(token, /^t_[A-Za-z0-9_-]+$/);
    assert.equal(n, "2");

    const no = run(["untoken", token], { cwd: dir });
    assert.equal(no.code, 2, "without a reason");
    assert.equal(must(["untoken", token, "--reason", "a fraud case"], { cwd: dir }).out.trim(), "ann@example.org");
    assert.equal(run(["untoken", token.slice(0, -3) + "AAA", "--reason", "a fraud case"], { cwd: dir }).code, 2);
    const log = json(["audit", "show", "--kind", "reveal"], { cwd: dir });
    const text = JSON.stringify(log);
    assert.ok(text.includes("a fraud case"));
    assert.ok(!text.includes("ann@"));

    // Over HTTP, by service tokens of either role.
    const bearer = (role) => must(["token", "create", "--role", role, "--purpose", "analytics"], { cwd: dir }).out.match(/trt_\S+/)[0];
    const [analyst, marketer] = [bearer("analyst"), bearer("marketer")];
    const it = await serve(t, dir);
    const ask = (who) => it.ask("/api/v1/untoken", { method: "POST", headers: { authorization: `Bearer ${who}`, "content-type": "application/json" }, body: JSON.stringify({ token, reason: "a fraud case" }) });
    const yes = await ask(analyst);
    assert.equal(yes.status, 200, yes.text);
    assert.equal(JSON.parse(yes.text).value, "ann@example.org");
    const refused = await ask(marketer);
    assert.equal(refused.status, 403);
    assert.ok(!refused.text.includes("ann@"));
});
