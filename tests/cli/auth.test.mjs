// Signing in over the network: users, one-time links, sessions, tokens, what is locked and refused. Each request is the real server's.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, run, scratch, serve, smallMesh, write } from "./lib.mjs";

const PASSWORD = "violet kettle 93 harbour";
const roles = `roles:
  - name: marketer
    title: Marketer
    grants:
      - {products: ["*"], tier: masked, purposes: [analytics]}
  - name: keeper
    grants: []
    rights:
      - {right: administer}
`;

function mesh(t) {
    const dir = smallMesh(t);
    write(dir, "governance/roles.yaml", roles);
    write(dir, "governance/policies.yaml", "small_groups: {minimum: 10}\n");
    must(["run"], { cwd: dir });
    return dir;
}
const code = (out) => out.match(/code=([\w-]{43})/)[1];

// A browser: keeps the cookie, sends the proof.
function browser(it, { host = `127.0.0.1:${it.port}` } = {}) {
    const b = { cookie: "", csrf: null };
    b.ask = async (pathname, { method = "GET", body, headers = {}, proof = true } = {}) => {
        const h = { host, ...headers };
        if (b.cookie) h.cookie = b.cookie;
        if (method !== "GET" && proof && b.csrf) h["x-trellis-csrf"] = b.csrf;
        const r = await it.ask(pathname, { method, headers: h, body: method === "GET" ? undefined : (body ?? {}), bare: true });
        const set = [r.headers["set-cookie"] ?? []].flat().find((c) => c.startsWith(`trellis_${it.port}_user=`));
        if (set) b.cookie = set.split(";")[0];
        r.json = r.text.startsWith("{") ? JSON.parse(r.text) : null;
        if (r.json?.csrf !== undefined) b.csrf = r.json.csrf;
        return r;
    };
    b.signIn = (name, password = PASSWORD) => b.ask("/api/v1/sign-in", { method: "POST", body: { name, password } });
    b.welcome = (c, name, password = PASSWORD) => b.ask("/api/v1/welcome", { method: "POST", body: { code: c, name, password } });
    return b;
}

async function withUser(t, role = "marketer") {
    const dir = mesh(t);
    const it = await serve(t, dir);
    const link = code(must(["user", "add", "anna", "--role", role, "--title", "Anna A."], { cwd: dir }).out);
    const b = browser(it);
    const first = await b.welcome(link, "anna");
    assert.equal(first.status, 200, first.text);
    return { dir, it, b, link, first };
}

test("a link makes a password, once, and the cookie is closed to scripts", async (t) => {
    const { it, b, link, first } = await withUser(t);
    const set = first.headers["set-cookie"].join("\n");
    assert.match(set, new RegExp(`^trellis_${it.port}_user=[0-9a-f]{64}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax$`));
    assert.equal(first.json.name, "anna");
    assert.equal(first.json.kind, "user");
    assert.deepEqual(first.json.roles, ["marketer"]);
    assert.deepEqual(first.json.rights, []);
    assert.deepEqual(first.json.purposes, ["analytics"]);
    const me = await b.ask("/api/v1/me");
    assert.equal(me.json.title, "Anna A.");
    assert.equal(me.json.csrf.length, 32);
    const again = await browser(it).welcome(link, "anna");
    assert.equal(again.status, 401);
    assert.equal(again.headers["set-cookie"], undefined);
});

test("name and password: the same words whatever was wrong, and the way in when they are right", async (t) => {
    const { dir, it } = await withUser(t);
    must(["user", "add", "bob", "--role", "marketer"], { cwd: dir }); // has no password yet
    const answers = [];
    for (const [name, password] of [["anna", "wrong"], ["nobody-of-this-name", PASSWORD], ["bob", PASSWORD], ["", PASSWORD], ["local-admin", PASSWORD], ["anna\n", ""], ["'; DROP TABLE user", "x"]])
        answers.push(await browser(it).signIn(name, password));
    for (const r of answers) {
        assert.equal(r.status, 401);
        assert.equal(r.text, answers[0].text);
        assert.equal(r.headers["set-cookie"], undefined);
    }
    const b = browser(it);
    const good = await b.signIn("  ANNA ");
    assert.equal(good.status, 200, good.text);
    assert.equal((await b.ask("/api/v1/me")).json.name, "anna");
});

test("a session cannot be chosen from outside, and signing in again ends the one before", async (t) => {
    const { it, b } = await withUser(t);
    const mine = `trellis_${it.port}_user=${"ab".repeat(32)}`;
    const c = browser(it);
    c.cookie = mine;
    assert.equal((await c.signIn("anna")).status, 200);
    assert.notEqual(c.cookie, mine);
    const before = { cookie: c.cookie };
    assert.equal((await c.signIn("anna")).status, 200);
    assert.notEqual(c.cookie, before.cookie);
    assert.equal((await it.ask("/api/v1/me", { bare: true, headers: before })).status, 401);
    assert.equal((await b.ask("/api/v1/me")).status, 200, "another browser's session stays");
});

test("a change in a session needs its proof", async (t) => {
    const { it, b } = await withUser(t, "admin");
    const change = { method: "POST", body: { name: "carl", roles: ["marketer"] } };
    const bare = await b.ask("/api/v1/users", { ...change, proof: false });
    assert.equal(bare.status, 403);
    assert.match(bare.text, /X-Trellis-CSRF/);
    assert.equal((await b.ask("/api/v1/users", { ...change, headers: { "x-trellis-csrf": "0".repeat(32) }, proof: false })).status, 403);
    assert.equal((await b.ask("/api/v1/users", { ...change, headers: { origin: "http://evil.example" } })).status, 403);
    assert.equal((await b.ask("/api/v1/users", { ...change, headers: { "content-type": "text/plain" } })).status, 400);
    const other = browser(it);
    await other.signIn("anna");
    assert.equal((await b.ask("/api/v1/users", { ...change, headers: { "x-trellis-csrf": other.csrf }, proof: false })).status, 403, "the proof of another session");
    assert.equal((await b.ask("/api/v1/users", change)).status, 200);
});

test("sessions are seen and ended: by oneself, by signing out, with a new password, by an administrator", async (t) => {
    const { dir, it, b } = await withUser(t);
    const two = browser(it), three = browser(it);
    await two.signIn("anna");
    await three.signIn("anna");
    const { sessions } = (await b.ask("/api/v1/sessions")).json;
    assert.equal(sessions.length, 3);
    assert.equal(sessions.filter((s) => s.own).length, 1);
    assert.equal(sessions[0].address, "127.0.0.1");
    const ended = await b.ask(`/api/v1/sessions/${sessions[0].id}/end`, { method: "POST" });
    assert.equal(ended.status, 200, ended.text);
    assert.equal((await three.ask("/api/v1/me")).status, 401);
    assert.equal((await b.ask("/api/v1/sessions/999/end", { method: "POST" })).status, 404);
    const out = await two.ask("/api/v1/sign-out", { method: "POST" });
    assert.equal(out.status, 200);
    assert.match(out.headers["set-cookie"].join(), /_user=; Path=\/; Max-Age=0/);
    assert.equal((await two.ask("/api/v1/me")).status, 401);
    const four = browser(it);
    await four.signIn("anna");
    assert.equal((await b.ask("/api/v1/password", { method: "POST", body: { old: "no", new: "amber 55 pencil sails" } })).status, 401);
    assert.equal((await b.ask("/api/v1/password", { method: "POST", body: { old: PASSWORD, new: "password1234" } })).status, 400);
    const changed = await b.ask("/api/v1/password", { method: "POST", body: { old: PASSWORD, new: "amber 55 pencil sails" } });
    assert.equal(changed.status, 200, changed.text);
    assert.equal((await four.ask("/api/v1/me")).status, 401, "other sessions end");
    assert.equal((await b.ask("/api/v1/me")).status, 200);
    assert.equal((await browser(it).signIn("anna")).status, 401, "the old password");
    must(["user", "disable", "anna"], { cwd: dir });
    assert.equal((await b.ask("/api/v1/me")).status, 401);
    assert.equal((await browser(it).signIn("anna", "amber 55 pencil sails")).status, 401);
    must(["user", "enable", "anna"], { cwd: dir });
    assert.equal((await browser(it).signIn("anna", "amber 55 pencil sails")).status, 200);
});

test("new roles begin with a new session", async (t) => {
    const { dir, it, b } = await withUser(t);
    must(["user", "roles", "anna", "admin"], { cwd: dir });
    assert.equal((await b.ask("/api/v1/me")).status, 401);
    const again = browser(it);
    assert.deepEqual((await again.signIn("anna")).json.roles, ["admin"]);
});

test("five wrong passwords in a row lock a name, whether or not somebody has it; twenty a minute an address", async (t) => {
    const { dir, it } = await withUser(t);
    for (const name of ["anna", "ghost"]) {
        for (let i = 0; i < 5; i++) assert.equal((await browser(it).signIn(name, "wrong")).status, 401, `${name} ${i}`);
        const locked = await browser(it).signIn(name);
        assert.equal(locked.status, 429, name);
        assert.equal(locked.headers["retry-after"], "60");
        assert.match(locked.text, /too many wrong passwords/);
    }
    assert.equal(json(["user", "list"], { cwd: dir }).users.find((u) => u.name === "anna").locked, true);
    // A locked name is refused without work, so these come within one minute however slow the machine is.
    let limited;
    for (let i = 0; i < 60 && !limited; i++) {
        const r = await browser(it).signIn("ghost", "wrong");
        assert.equal(r.status, 429);
        limited = /from this address/.test(r.text);
    }
    assert.ok(limited);
    assert.equal((await browser(it).welcome("A".repeat(43), "anna")).status, 429, "a link is an attempt as well");
});

test("weak passwords are refused, and the link stays good", async (t) => {
    const dir = mesh(t);
    const it = await serve(t, dir);
    const link = code(must(["user", "add", "margarethe", "--role", "marketer"], { cwd: dir }).out);
    for (const weak of ["short", "aaaaaaaaaaaaaaaa", "123456789012", "Password123!", "margarethe2026", "qwertzuiop12", "passwordpassword", "Summer2026!!"])
        assert.equal((await browser(it).welcome(link, "margarethe", weak)).status, 400, weak);
    assert.equal((await browser(it).welcome(link, "somebody-else")).status, 401);
    assert.equal((await browser(it).welcome(link, "margarethe")).status, 200);
});

test("service tokens: shown once, for their role and purpose, ended, rotated", async (t) => {
    const dir = mesh(t);
    const it = await serve(t, dir);
    const made = json(["token", "create", "--role", "marketer", "--purpose", "analytics", "--expires", "30d", "--name", "notebook"], { cwd: dir });
    assert.match(made.secret, /^trt_[\w-]{43}$/);
    const as = (secret) => ({ bare: true, headers: { authorization: `Bearer ${secret}` } });
    const me = JSON.parse((await it.ask("/api/v1/me", as(made.secret))).text);
    assert.equal(me.name, `token:${made.token.id}`);
    assert.equal(me.kind, "token");
    assert.deepEqual(me.purposes, ["analytics"]);
    assert.equal(me.csrf, null);
    assert.equal((await it.ask("/api/v1/users", as(made.secret))).status, 403);
    for (const wrong of ["trt_" + "A".repeat(43), made.secret.slice(0, -1), made.secret + "A", "trt_", made.secret.toUpperCase()])
        assert.equal((await it.ask("/api/v1/me", as(wrong))).status, 401, wrong);
    assert.ok(!must(["token", "list", "--json"], { cwd: dir }).out.includes(made.secret));
    const next = json(["token", "rotate", String(made.token.id)], { cwd: dir });
    assert.equal(next.before.state, "ending");
    for (const secret of [made.secret, next.secret]) assert.equal((await it.ask("/api/v1/me", as(secret))).status, 200);
    must(["token", "revoke", String(made.token.id)], { cwd: dir });
    assert.equal((await it.ask("/api/v1/me", as(made.secret))).status, 401);
    assert.equal((await it.ask("/api/v1/me", as(next.secret))).status, 200);
    assert.equal(run(["token", "rotate", String(made.token.id)], { cwd: dir }).code, 2);
    assert.equal(run(["token", "create", "--role", "marketer"], { cwd: dir }).code, 2, "no purpose");
    assert.equal(run(["token", "create", "--role", "marketr", "--purpose", "analytics"], { cwd: dir }).code, 2);
    assert.equal(run(["token", "create", "--role", "marketer", "--purpose", "analytics", "--expires", "900d"], { cwd: dir }).code, 2);
});

test("no secret lies in the files", async (t) => {
    const { dir, it, b, link } = await withUser(t);
    const made = json(["token", "create", "--role", "marketer", "--purpose", "analytics"], { cwd: dir });
    const secrets = [link, PASSWORD, made.secret, b.cookie.split("=")[1]];
    await b.ask("/api/v1/me");
    for (const name of fs.readdirSync(path.join(dir, "data"), { recursive: true })) {
        const file = path.join(dir, "data", name);
        if (!fs.statSync(file).isFile()) continue;
        const bytes = fs.readFileSync(file);
        for (const s of secrets) assert.equal(bytes.includes(s), false, `${name} holds ${s.slice(0, 6)}…`);
    }
    assert.equal(it.err.includes(PASSWORD), false);
});

test("who may administer makes no administrator and touches none", async (t) => {
    const { dir, b } = await withUser(t, "keeper");
    const post = (at, body) => b.ask(at, { method: "POST", body });
    assert.equal((await post("/api/v1/users", { name: "eve", roles: ["admin"] })).status, 403);
    assert.equal((await post("/api/v1/tokens", { roles: ["admin"], purposes: ["analytics"] })).status, 403);
    assert.equal((await post("/api/v1/users/anna", { roles: ["admin"] })).status, 403);
    must(["user", "add", "root", "--role", "admin"], { cwd: dir });
    assert.equal((await post("/api/v1/users/root/link", {})).status, 403);
    assert.equal((await post("/api/v1/users/root", { disabled: true })).status, 403);
    assert.equal((await post("/api/v1/users", { name: "eve", roles: ["marketer"] })).status, 200);
    assert.equal((await b.ask("/api/v1/users")).json.roles.some((r) => r.name === "admin"), false);
});

test("whoever has no right sees no people and no tokens", async (t) => {
    const { b } = await withUser(t);
    for (const at of ["/api/v1/users", "/api/v1/tokens"]) assert.equal((await b.ask(at)).status, 403, at);
    for (const at of ["/api/v1/users", "/api/v1/users/anna", "/api/v1/users/anna/link", "/api/v1/tokens", "/api/v1/tokens/1/revoke", "/api/v1/tokens/1/rotate"])
        assert.equal((await b.ask(at, { method: "POST" })).status, 403, at);
});

test("the printed address and the files stay the local administrator's", async (t) => {
    const dir = mesh(t);
    const it = await serve(t, dir);
    const me = await it.json("/api/v1/me");
    assert.equal(me.name, "local-admin");
    assert.equal(me.kind, "local");
    assert.equal(me.rights.length, 8);
    assert.ok(me.rights.every((r) => r.domains === null));
    assert.equal((await it.ask("/api/v1/me", { bare: true })).status, 401);
    assert.equal((await it.ask("/api/v1/sessions")).status, 200);
    assert.equal((await it.ask("/api/v1/password", { method: "POST", body: { old: "a", new: "b" } })).status, 403);
    assert.deepEqual(JSON.parse((await it.ask("/api/v1/sign-in", { bare: true })).text), { password: true, single_sign_on: null });
});

test("--welcome makes the first administrator once", async (t) => {
    const dir = mesh(t);
    const it = await serve(t, dir, ["--welcome"]);
    const link = code(it.out);
    assert.equal((await browser(it).welcome(link, "")).status, 400, "a name is needed");
    assert.equal((await browser(it).welcome(link, "local-admin")).status, 400);
    const b = browser(it);
    const made = await b.welcome(link, "first");
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(made.json.roles, ["admin"]);
    assert.equal((await browser(it).welcome(link, "second")).status, 401);
    assert.deepEqual(json(["user", "list"], { cwd: dir }).users.map((u) => u.name), ["first"]);
    assert.equal((await browser(it).signIn("my secret typed as a name", "x")).status, 401);
    const log = must(["audit", "show", "--json"], { cwd: dir }).out;
    for (const word of ["user first added as the first administrator", "sign_in", "E_UNAUTHENTICATED"]) assert.ok(log.includes(word), word);
    for (const word of [link, PASSWORD, "my secret"]) assert.equal(log.includes(word), false, word);
});
