// Single sign-on against a real provider (npm oidc-provider), and against one that lies.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { json, must, root, serve, smallMesh, write } from "./lib.mjs";

const entry = path.join(root, "tests/oidc/node_modules/oidc-provider/lib/index.js");
const there = fs.existsSync(entry);
if (!there) console.log(`# ${path.dirname(entry)} is not there: the tests of single sign-on are skipped (scripts/setup.sh installs it)`);
const it = { skip: there ? false : "oidc-provider is not installed" };

const roles = `roles:
  - name: marketer
    groups: [marketing]
    grants: [{products: ["*"], tier: masked, purposes: [analytics]}]
  - name: analyst
    groups: [data, science]
    grants: [{products: ["*"], tier: masked, purposes: [analytics]}]
`;
const people = {
    anna: { groups: ["marketing", "other"], preferred_username: "anna", name: "Anna A." },
    dora: { groups: ["data", "marketing"], preferred_username: "dora" },
    nils: { groups: ["somewhere"], preferred_username: "nils" },
    none: { preferred_username: "none" },
};

// ---- the real provider ----
async function provider(t, { inUserinfo = false, alg = "RS256", secret = "a-secret-of-the-client" } = {}) {
    const { default: Provider } = await import(pathToFileURL(entry));
    const keys = [await jwk(alg, "one")];
    const server = http.createServer();
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => new Promise((r) => { server.closeAllConnections(); server.close(r); }));
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const p = { issuer, secret, keys };
    p.make = (redirect) => {
        const oidc = new Provider(issuer, {
            clients: [{ client_id: "trellis", ...(secret ? { client_secret: secret } : { token_endpoint_auth_method: "none" }), redirect_uris: [redirect],
                        id_token_signed_response_alg: alg, response_types: ["code"], grant_types: ["authorization_code"] }],
            jwks: { keys: p.keys },
            claims: { openid: ["sub"], groups: ["groups"], profile: ["preferred_username", "name"], email: ["email"] },
            scopes: ["openid", "profile", "email", "groups"],
            conformIdTokenClaims: inUserinfo,
            pkce: { required: () => true },
            cookies: { keys: ["test"] },
            features: { devInteractions: { enabled: true } },
            findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
            enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256"] },
        });
        server.removeAllListeners("request");
        server.on("request", oidc.callback());
    };
    return p;
}
async function jwk(alg, kid) {
    const { privateKey } = alg === "ES256" ? crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }) : crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
    return { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}

// A browser with a jar for each host, that follows redirects by hand.
function browser() {
    const jars = new Map();
    const b = { trail: [] };
    b.jar = (url) => {
        const { host } = new URL(url);
        if (!jars.has(host)) jars.set(host, new Map());
        return jars.get(host);
    };
    b.get = (url, { method = "GET", form, headers = {} } = {}) =>
        new Promise((resolve, reject) => {
            const jar = b.jar(url), u = new URL(url);
            const h = { ...headers, cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; ") };
            if (form) h["content-type"] = "application/x-www-form-urlencoded";
            const q = http.request({ host: u.hostname, port: u.port, path: u.pathname + u.search, method, headers: h }, (r) => {
                for (const c of r.headers["set-cookie"] ?? []) {
                    const [pair, ...rest] = c.split(";"), at = pair.indexOf("=");
                    const gone = rest.some((x) => /max-age=0\b/i.test(x) || /expires=thu, 01 jan 1970/i.test(x));
                    if (gone || pair.slice(at + 1) === "") jar.delete(pair.slice(0, at).trim());
                    else jar.set(pair.slice(0, at).trim(), pair.slice(at + 1));
                }
                const chunks = [];
                r.on("data", (d) => chunks.push(d));
                r.on("end", () => resolve({ status: r.statusCode, headers: r.headers, text: Buffer.concat(chunks).toString(), location: r.headers.location && new URL(r.headers.location, url).href }));
            });
            q.on("error", reject);
            q.end(form ? new URLSearchParams(form).toString() : undefined);
        });
    return b;
}

// From the first click to our callback's address, which is not opened: the test decides what comes of it.
async function toCallback(b, base, who, next) {
    let r = await b.get(`${base}/sign-in/start${next ? `?next=${encodeURIComponent(next)}` : ""}`);
    assert.equal(r.status, 303, r.text);
    const asked = new URL(r.location);
    for (let i = 0; i < 12; i++) {
        if (r.location?.startsWith(`${base}/sign-in/callback`)) return { callback: r.location, asked };
        if (r.location) {
            r = await b.get(r.location);
            continue;
        }
        const action = r.text.match(/action="([^"]+)"/)?.[1], prompt = r.text.match(/name="prompt" value="(\w+)"/)?.[1];
        assert.ok(action, `a form was expected: ${r.status} ${r.text.slice(0, 400)}`);
        r = await b.get(action, { method: "POST", form: prompt === "login" ? { prompt, login: who, password: "x" } : { prompt } });
    }
    throw new Error("the provider does not lead back");
}

function smallMeshOf(t, p, { passwords = true } = {}) {
    const dir = smallMesh(t);
    write(dir, "governance/roles.yaml", roles);
    write(dir, "governance/policies.yaml", "small_groups: {minimum: 10}\n");
    if (p.secret) fs.chmodSync(write(dir, "secret.txt", `${p.secret}\n`), 0o600);
    fs.appendFileSync(path.join(dir, "mesh.yaml"), `sign_on:\n  issuer: ${p.issuer}\n  client_id: trellis\n${p.secret ? "  client_secret: file:secret.txt\n" : ""}  title: Company account\n${passwords ? "" : "  password: false\n"}`);
    must(["check"], { cwd: dir });
    return dir;
}
async function world(t, options = {}) {
    const p = await (options.provider ?? provider)(t, options);
    const dir = smallMeshOf(t, p, options);
    const s = await serve(t, dir);
    const base = `http://127.0.0.1:${s.port}`;
    p.make(`${base}/sign-in/callback`);
    return { p, dir, s, base };
}
const me = async (b, base) => {
    const r = await b.get(`${base}/api/v1/me`);
    return r.status === 200 ? JSON.parse(r.text) : { status: r.status };
};
const problem = (r) => {
    assert.equal(r.status, 303, r.text);
    assert.ok(![r.headers["set-cookie"] ?? []].flat().some((c) => /_user=[0-9a-f]/.test(c)), "no session");
    return new URL(r.location).searchParams.get("problem");
};

test("through the provider and back, with the role of the groups and to the page that was asked for", it, async (t) => {
    const { dir, base } = await world(t);
    assert.deepEqual(JSON.parse((await browser().get(`${base}/api/v1/sign-in`)).text), { password: true, single_sign_on: { title: "Company account" } });
    const b = browser();
    const { callback, asked } = await toCallback(b, base, "anna", "/catalog?q=spend");
    for (const [k, v] of Object.entries({ response_type: "code", client_id: "trellis", code_challenge_method: "S256", redirect_uri: `${base}/sign-in/callback` }))
        assert.equal(asked.searchParams.get(k), v);
    for (const k of ["state", "nonce", "code_challenge"]) assert.equal(asked.searchParams.get(k).length, 43, k);
    const r = await b.get(callback);
    assert.equal(r.location, `${base}/catalog?q=spend`);
    const who = await me(b, base);
    assert.deepEqual([who.name, who.kind, who.title, who.roles, who.has_password], ["anna", "user", "Anna A.", ["marketer"], false]);
    const again = browser();
    await again.get((await toCallback(again, base, "dora")).callback);
    assert.deepEqual((await me(again, base)).roles, ["marketer", "analyst"]);
    const listed = json(["user", "list"], { cwd: dir }).users;
    assert.deepEqual(listed.map((u) => [u.name, u.by, u.groups]), [["anna", "single_sign_on", ["marketing", "other"]], ["dora", "single_sign_on", ["data", "marketing"]]]);
});

for (const alg of ["PS256", "ES256"])
    test(`tokens of ${alg}`, it, async (t) => {
        const { base } = await world(t, { alg });
        const b = browser();
        const r = await b.get((await toCallback(b, base, "anna")).callback);
        assert.equal(r.location, `${base}/`, r.location);
        assert.equal((await me(b, base)).name, "anna");
    });

test("a public client, and groups that only the userinfo tells", it, async (t) => {
    const { base } = await world(t, { secret: "", inUserinfo: true });
    const b = browser();
    const r = await b.get((await toCallback(b, base, "dora")).callback);
    assert.equal(r.location, `${base}/`, r.location);
    assert.deepEqual((await me(b, base)).roles, ["marketer", "analyst"]);
});

test("nobody is let in without a role, and a role that is gone ends what there was", it, async (t) => {
    const { dir, base } = await world(t);
    for (const who of ["nils", "none"]) {
        const b = browser();
        assert.equal(problem(await b.get((await toCallback(b, base, who)).callback)), "denied");
    }
    assert.deepEqual(json(["user", "list"], { cwd: dir }).users, [], "nobody was made");
    const b = browser(), again = browser();
    await b.get((await toCallback(b, base, "anna")).callback);
    people.anna.groups = ["other"];
    t.after(() => (people.anna.groups = ["marketing", "other"]));
    assert.equal(problem(await again.get((await toCallback(again, base, "anna")).callback)), "denied");
    assert.equal((await me(b, base)).status, 401, "her other session");
});

test("a disabled account, and a name that somebody else has", it, async (t) => {
    const { dir, base } = await world(t);
    must(["user", "add", "anna", "--role", "admin"], { cwd: dir });
    const b = browser();
    await b.get((await toCallback(b, base, "anna")).callback);
    const who = await me(b, base);
    assert.deepEqual([who.name, who.roles], ["anna-2", ["marketer"]], "not the administrator of that name");
    must(["user", "disable", "anna-2"], { cwd: dir });
    assert.equal((await me(b, base)).status, 401);
    const c = browser();
    assert.equal(problem(await c.get((await toCallback(c, base, "anna")).callback)), "disabled");
    assert.equal(must(["user", "link", "anna-2"], { cwd: dir, code: 2 }).code, 2, "no password for an account of the provider");
});

test("the answer belongs to the browser that began, once, and in time", it, async (t) => {
    const { base } = await world(t);
    const b = browser(), other = browser();
    const { callback } = await toCallback(b, base, "anna");
    assert.equal(problem(await other.get(callback)), "expired", "another browser");
    const wrong = new URL(callback);
    wrong.searchParams.set("state", "A".repeat(43));
    const jar = new Map(b.jar(base));
    assert.equal(problem(await b.get(wrong.href)), "expired", "another state");
    for (const [k, v] of jar) b.jar(base).set(k, v);
    assert.equal((await b.get(callback)).location, `${base}/`);
    for (const [k, v] of jar) b.jar(base).set(k, v);
    assert.equal(problem(await b.get(callback)), "expired", "a second time");
    const c = browser();
    const second = await toCallback(c, base, "anna");
    c.jar(base).forEach((v, k) => c.jar(base).set(k, v.slice(0, -2) + (v.endsWith("AA") ? "BB" : "AA")));
    assert.equal(problem(await c.get(second.callback)), "expired", "a changed cookie");
    // The code was used up by the first sign-in; a browser with a state of its own cannot use it again.
    const d = browser();
    const third = new URL((await toCallback(d, base, "anna")).callback);
    third.searchParams.set("code", new URL(callback).searchParams.get("code"));
    assert.equal(problem(await d.get(third.href)), "provider", "a replayed code");
    const e = browser();
    await toCallback(e, base, "anna");
    assert.equal(problem(await e.get(`${base}/sign-in/callback`)), "expired", "no state");
    const f = browser();
    const cancelled = new URL((await toCallback(f, base, "anna")).callback);
    cancelled.searchParams.delete("code");
    cancelled.searchParams.set("error", "access_denied");
    assert.equal(problem(await f.get(cancelled.href)), "provider");
    const g = browser();
    const mixed = new URL((await toCallback(g, base, "anna")).callback);
    mixed.searchParams.set("iss", "https://evil.example");
    assert.equal(problem(await g.get(mixed.href)), "provider", "another issuer's answer");
});

test("only own pages are led to", it, async (t) => {
    const { base } = await world(t);
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1", "javascript:alert(1)", "\\/evil", "/%0d%0a", ""]) {
        const b = browser();
        const r = await b.get((await toCallback(b, base, "anna", next)).callback);
        const to = new URL(r.location);
        assert.equal(to.origin, base, next);
        assert.ok(to.pathname === "/" || next === "/%0d%0a", `${next} -> ${r.location}`);
        assert.equal(r.headers["x"], undefined);
    }
});

test("keys change: the new one is asked for, the old one is not missed", it, async (t) => {
    const { p, base } = await world(t);
    const b = browser();
    await b.get((await toCallback(b, base, "anna")).callback);
    assert.equal((await me(b, base)).name, "anna");
    p.keys = [await jwk("RS256", "two")];
    p.make(`${base}/sign-in/callback`);
    const c = browser();
    const r = await c.get((await toCallback(c, base, "dora")).callback);
    assert.equal(r.location, `${base}/`, r.location);
    assert.equal((await me(c, base)).name, "dora");
});

test("without passwords nobody signs in with one", it, async (t) => {
    const { dir, base, s } = await world(t, { passwords: false });
    assert.equal(JSON.parse((await browser().get(`${base}/api/v1/sign-in`)).text).password, false);
    const link = must(["user", "add", "carl", "--role", "admin"], { cwd: dir }).out.match(/code=([\w-]{43})/)[1];
    assert.equal((await s.ask("/api/v1/welcome", { method: "POST", bare: true, body: { code: link, name: "carl", password: "violet kettle 93 harbour" } })).status, 403);
    assert.equal((await s.ask("/api/v1/sign-in", { method: "POST", bare: true, body: { name: "carl", password: "violet kettle 93 harbour" } })).status, 403);
});

// ---- a provider that lies: everything is as it should be but for one thing ----
async function liar(t) {
    const key = await jwk("RS256", "k"), stranger = await jwk("RS256", "k"), small = { ...crypto.generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ format: "jwk" }), kid: "small" };
    const ec = await jwk("ES256", "ec");
    const p = { secret: "s3cret & more: %", lie: {}, seen: {} };
    const pub = (k) => Object.fromEntries(Object.entries(k).filter(([n]) => !["d", "p", "q", "dp", "dq", "qi"].includes(n)));
    const b64 = (x) => Buffer.from(typeof x === "string" ? x : JSON.stringify(x)).toString("base64url");
    const server = http.createServer((q, r) => {
        const chunks = [];
        q.on("data", (d) => chunks.push(d));
        q.on("end", () => {
            const u = new URL(q.url, p.issuer), body = new URLSearchParams(Buffer.concat(chunks).toString());
            const say = (status, x) => { r.writeHead(status, { "content-type": "application/json" }); r.end(typeof x === "string" ? x : JSON.stringify(x)); };
            if (u.pathname === "/.well-known/openid-configuration")
                return say(200, { issuer: p.lie.issuer ?? p.issuer, authorization_endpoint: `${p.issuer}/authorize`, token_endpoint: p.lie.tokenEndpoint ?? `${p.issuer}/token`, jwks_uri: `${p.issuer}/jwks`, response_types_supported: ["code"], ...p.lie.discovery });
            if (u.pathname === "/authorize") {
                p.seen = Object.fromEntries(u.searchParams);
                const back = new URL(p.seen.redirect_uri);
                back.searchParams.set("code", "the code");
                back.searchParams.set("state", p.seen.state);
                r.writeHead(302, { location: back.href });
                return r.end();
            }
            if (u.pathname === "/jwks") return say(200, p.lie.jwks ?? { keys: [pub(key), pub(ec), { kty: "oct", k: "AAAA", kid: "oct" }, pub(small)] });
            if (u.pathname === "/token") {
                p.token = { body, authorization: q.headers.authorization };
                if (p.lie.status) return say(p.lie.status, p.lie.body ?? { error: "invalid_grant" });
                if (p.lie.redirect) { r.writeHead(302, { location: p.lie.redirect }); return r.end(); }
                const now = Math.floor(Date.now() / 1000);
                const claims = { iss: p.issuer, aud: "trellis", sub: "subject-1", exp: now + 300, iat: now, nonce: p.seen.nonce, groups: ["marketing"], preferred_username: "lia", ...p.lie.claims };
                for (const k of Object.keys(claims)) if (claims[k] === undefined) delete claims[k];
                const head = { alg: "RS256", kid: "k", typ: "JWT", ...p.lie.head };
                for (const k of Object.keys(head)) if (head[k] === undefined) delete head[k];
                const signed = `${b64(head)}.${b64(p.lie.payload ?? claims)}`;
                const sign = { key: crypto.createPrivateKey({ key, format: "jwk" }) };
                let sig = crypto.sign("sha256", Buffer.from(signed), sign.key).toString("base64url");
                if (p.lie.sign) sig = p.lie.sign(signed, { key, stranger, small, ec });
                let token = `${signed}.${sig}`;
                if (p.lie.token) token = p.lie.token(token);
                return say(200, { access_token: "x", token_type: "Bearer", id_token: token });
            }
            say(404, {});
        });
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => new Promise((r) => { server.closeAllConnections(); server.close(r); }));
    p.issuer = `http://127.0.0.1:${server.address().port}`;
    p.make = () => {};
    p.publicPem = crypto.createPublicKey({ key: pub(key), format: "jwk" }).export({ type: "spki", format: "pem" });
    p.pub = pub(key);
    return p;
}
const rs = (k) => (signed) => crypto.sign("sha256", Buffer.from(signed), crypto.createPrivateKey({ key: k, format: "jwk" })).toString("base64url");

test("tokens that do not hold", it, async (t) => {
    let { p, base, s } = await world(t, { provider: liar });
    const now = () => Math.floor(Date.now() / 1000);
    const go = async (lie) => {
        p.lie = lie;
        p.token = null;
        const b = browser();
        const { callback } = await toCallback(b, base, "lia");
        const r = await b.get(callback);
        assert.ok(p.token, "the provider was asked for the token");
        return { r, b };
    };
    const good = await go({});
    assert.equal(good.r.location, `${base}/`, `${good.r.location} ${s.err}`);
    assert.equal((await me(good.b, base)).name, "lia");
    assert.equal(p.token.body.get("grant_type"), "authorization_code");
    assert.equal(crypto.createHash("sha256").update(p.token.body.get("code_verifier")).digest("base64url"), p.seen.code_challenge);
    assert.equal(p.token.body.get("client_secret"), null);
    assert.equal(Buffer.from(p.token.authorization.slice(6), "base64").toString(), `trellis:${encodeURIComponent(p.secret).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`);
    const also = {
        "two audiences with azp": { claims: { aud: ["other", "trellis"], azp: "trellis" } },
        "a list of one audience": { claims: { aud: ["trellis"] } },
        "no kid where one key alone fits": { head: { kid: undefined, alg: "ES256" }, sign: (x, k) => crypto.sign("sha256", Buffer.from(x), { key: crypto.createPrivateKey({ key: k.ec, format: "jwk" }), dsaEncoding: "ieee-p1363" }).toString("base64url") },
        "a clock that is a little off": { claims: { exp: now() - 20, iat: now() + 20, nbf: now() + 20 } },
        "one group as a text": { claims: { groups: "marketing" } },
    };
    for (const [what, lie] of Object.entries(also)) assert.equal((await go(lie)).r.location, `${base}/`, what);
    const hs = (pem) => (x) => crypto.createHmac("sha256", pem).update(x).digest("base64url");
    const lies = {
        "no signature": { head: { alg: "none" }, sign: () => "" },
        "alg none with a signature": { head: { alg: "none" } },
        "alg None": { head: { alg: "None" } },
        "alg left out": { head: { alg: undefined } },
        "HS256 with the public key as secret": { head: { alg: "HS256" }, sign: hs(p.publicPem) },
        "HS256 with its modulus": { head: { alg: "HS256" }, sign: hs(p.pub.n) },
        "HS256 with the client's secret": { head: { alg: "HS256" }, sign: hs(p.secret) },
        "a symmetric key of the list": { head: { alg: "HS256", kid: "oct" }, sign: hs(Buffer.alloc(3)) },
        "RS512": { head: { alg: "RS512" } },
        "RS256 said, EC key named": { head: { kid: "ec" } },
        "ES256 said, RSA key named": { head: { alg: "ES256" } },
        "PS256 said of a key for RS256": { head: { alg: "PS256" } },
        "another's key": { sign: (x, k) => rs(k.stranger)(x) },
        "a key of the token's own": { head: { jwk: p.pub, kid: "own" } },
        "a key from an address": { head: { jku: `${p.issuer}/jwks`, kid: "own" } },
        "a key that is too short": { head: { kid: "small" }, sign: (x, k) => rs(k.small)(x) },
        "an unknown key": { head: { kid: "nobody" } },
        "no kid where two would fit": { head: { kid: undefined }, sign: (x, k) => rs(k.stranger)(x) },
        "crit": { head: { crit: ["exp"] } },
        "ES256 as a pair of zeros": { head: { alg: "ES256", kid: "ec" }, sign: () => Buffer.alloc(64).toString("base64url") },
        "ES256 in the other form": { head: { alg: "ES256", kid: "ec" }, sign: (x, k) => crypto.sign("sha256", Buffer.from(x), crypto.createPrivateKey({ key: k.ec, format: "jwk" })).toString("base64url") },
        "claims changed afterwards": { token: (x) => x.split(".").map((y, i) => (i === 1 ? Buffer.from(Buffer.from(y, "base64url").toString().replace("subject-1", "subject-2")).toString("base64url") : y)).join(".") },
        "a signature with padding": { token: (x) => `${x}==` },
        "four parts": { token: (x) => `${x}.x` },
        "two parts": { token: (x) => x.split(".").slice(0, 2).join(".") },
        "nothing": { token: () => "" },
        "noise": { token: () => "a.b.c" },
        "very long": { token: (x) => x + "A".repeat(100_000) },
        "another nonce": { claims: { nonce: "A".repeat(43) } },
        "no nonce": { claims: { nonce: undefined } },
        "another issuer": { claims: { iss: "https://evil.example" } },
        "the issuer with a slash": { claims: { iss: `${p.issuer}/` } },
        "another audience": { claims: { aud: "someone" } },
        "no audience": { claims: { aud: undefined } },
        "audiences without us": { claims: { aud: ["a", "b"], azp: "trellis" } },
        "two audiences without azp": { claims: { aud: ["trellis", "other"] } },
        "azp is another": { claims: { azp: "other" } },
        "expired": { claims: { exp: now() - 120 } },
        "expiry left out": { claims: { exp: undefined } },
        "expiry as a text": { claims: { exp: String(now() + 300) } },
        "expiry without an end": { claims: { exp: 1e300 } },
        "not yet": { claims: { nbf: now() + 600 } },
        "issued tomorrow": { claims: { iat: now() + 86400 } },
        "no subject": { claims: { sub: undefined } },
        "a subject that is a number": { claims: { sub: 7 } },
        "claims that are a list": { payload: "[1]" },
        "claims that are no JSON": { payload: "{" },
        "the provider says no": { status: 400 },
        "the provider breaks": { status: 500, body: "x" },
        "no JSON": { status: 200, body: "<html>" },
        "redirected": { redirect: "http://evil.example/" },
        "too much": { status: 200, body: JSON.stringify({ id_token: "a".repeat(2 << 20) }) },
    };
    const secret = p.secret;
    let count = 0, logs = "";
    for (const [what, lie] of Object.entries(lies)) {
        if (count++ % 15 === 0) {
            logs += s.err; // refused ones count against the address: a new server with the same provider counts anew
            s = await serve(t, smallMeshOf(t, p));
            base = `http://127.0.0.1:${s.port}`;
        }
        const { r, b } = await go(lie);
        assert.equal(problem(r), "provider", what);
        assert.equal((await me(b, base)).status, 401, what);
    }
    logs += s.err;
    for (const word of ["subject-1", secret, "the code", "eyJ"]) assert.equal(logs.includes(word), false, `the log holds ${word}`);
    assert.match(logs, /single_sign_on/);
});

test("a provider that calls itself otherwise, or leads to places without encryption, is not used", it, async (t) => {
    for (const lie of [{ issuer: "https://evil.example" }, { discovery: { authorization_endpoint: "http://evil.example/authorize" } }, { tokenEndpoint: "http://evil.example/token" }, { discovery: { jwks_uri: "file:///etc/passwd" } }, { discovery: { jwks_uri: undefined } }]) {
        const { p, base } = await world(t, { provider: liar });
        p.lie = lie;
        const r = await browser().get(`${base}/sign-in/start`);
        assert.equal(problem(r), "provider", JSON.stringify(lie));
    }
});

test("without a provider there is no way to one", it, async (t) => {
    const s = await serve(t, smallMesh(t));
    assert.equal((await s.ask("/sign-in/start", { bare: true })).status, 404);
    assert.equal(new URL((await s.ask("/sign-in/callback?code=x&state=y", { bare: true })).headers.location, "http://x").searchParams.get("problem"), "provider");
});
