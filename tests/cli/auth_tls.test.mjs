// Beyond loopback: TLS by certificate files, a proxy in front, and the refusal of everything else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import https from "node:https";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { must, run, smallMesh, start, until } from "./lib.mjs";

const PASSWORD = "violet kettle 93 harbour";

function certificate(dir, name = "mesh.example.org") {
    const key = path.join(dir, "tls.key"), crt = path.join(dir, "tls.crt");
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", key, "-out", crt, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name},DNS:*.lan.example,IP:127.0.0.1`], { stdio: "ignore" });
    return ["--tls-certificate", crt, "--tls-key", key];
}
async function up(t, dir, args) {
    const it = start(["serve", ...args], { cwd: dir });
    t.after(async () => {
        it.child.kill("SIGTERM");
        await it.ended;
    });
    await until("the address", () => {
        if (it.child.exitCode !== null) throw new Error(`serve ended: ${it.err}`);
        return /^https?:\/\/\S+\n/.test(it.out);
    });
    return it;
}
async function freePort() {
    const s = net.createServer();
    await new Promise((r) => s.listen(0, "127.0.0.1", r));
    const { port } = s.address();
    await new Promise((r) => s.close(r));
    return port;
}
function ask(mod, port, pathname, { method = "GET", headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
        const h = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers };
        const q = mod.request({ host: "127.0.0.1", port, path: pathname, method, headers: h, rejectUnauthorized: false, servername: "mesh.example.org" }, (r) => {
            const chunks = [];
            r.on("data", (d) => chunks.push(d));
            r.on("end", () => resolve({ status: r.statusCode, headers: r.headers, text: Buffer.concat(chunks).toString() }));
        });
        q.on("error", reject);
        q.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

test("without TLS the page and the API stay on this machine", (t) => {
    const dir = smallMesh(t);
    const refused = [
        ["serve", "--listen", "0.0.0.0:0"],
        ["serve", "--listen", "[::]:0"],
        ["serve", "--host", "0.0.0.0", "--port", "0"],
        ["serve", "--host", "192.0.2.1", "--port", "0"],
    ];
    for (const args of refused) {
        const r = run(args, { cwd: dir });
        assert.equal(r.code, 5, `${args.join(" ")}: ${r.err}`);
        assert.match(r.err, /without encryption/);
        assert.match(r.err, /--tls-certificate/);
    }
    const tls = certificate(dir);
    assert.equal(run(["serve", "--host", "0.0.0.0", "--port", "0", ...tls], { cwd: dir }).code, 5, "the certificate alone is not yet a wish to leave this machine");
    assert.equal(run(["serve", "--listen", "0.0.0.0:0", "--tls-certificate", tls[1]], { cwd: dir }).code, 2, "half of it");
    assert.equal(run(["serve", "--listen", "0.0.0.0:0", "--tls-certificate", tls[3], "--tls-key", tls[1]], { cwd: dir }).code, 2, "the wrong way round");
    assert.equal(run(["serve", "--listen", "0.0.0.0:0", "--tls-certificate", "/nowhere", "--tls-key", "/nowhere"], { cwd: dir }).code, 2);
    assert.equal(run(["serve", "--listen", "127.0.0.1:0", "--port", "1"], { cwd: dir }).code, 2);
    assert.equal(run(["serve", "--port", "0", "--behind-proxy"], { cwd: dir }).code, 2, "no public address");
    for (const url of ["http://mesh.example.org", "https://mesh.example.org/path", "https://", "https://a b", "https://u@mesh.example.org", "mesh.example.org"])
        assert.equal(run(["serve", "--port", "0", "--behind-proxy", "--public-url", url], { cwd: dir }).code, 2, url);
    assert.equal(run(["serve", "--port", "0", "--public-url", "https://mesh.example.org"], { cwd: dir }).code, 2, "on loopback");
});

test("over TLS: users alone, by the names of the certificate", async (t) => {
    const dir = smallMesh(t), port = await freePort();
    fs.mkdirSync(path.join(dir, "data"), { recursive: true });
    fs.writeFileSync(path.join(dir, "data/session-token"), "of an earlier start\n");
    const it = await up(t, dir, ["--listen", `0.0.0.0:${port}`, ...certificate(dir)]);
    const link = (await until("the link", () => it.out.match(/code=([\w-]{43})/)))[1];
    assert.equal(it.out.includes("token="), false, "no printed token");
    assert.equal(fs.existsSync(path.join(dir, "data/session-token")), false);
    const host = `mesh.example.org:${port}`;
    const get = (at, headers = {}) => ask(https, port, at, { headers: { host, ...headers } });
    const health = await get("/healthz");
    assert.equal(health.status, 200);
    assert.equal(health.headers["strict-transport-security"], "max-age=31536000");
    assert.match(health.headers["content-security-policy"], /default-src 'self'/);
    for (const other of [`x.lan.example:${port}`, `127.0.0.1:${port}`, `MESH.example.org:${port}`]) assert.equal((await get("/healthz", { host: other })).status, 200, other);
    for (const other of ["mesh.example.org", `evil.example:${port}`, `mesh.example.org.evil.example:${port}`, `x.y.lan.example:${port}`, `mesh.example.org:${port + 1}`, `192.0.2.9:${port}`])
        assert.equal((await get("/healthz", { host: other })).status, 403, other);
    assert.equal((await get("/api/v1/me")).status, 401);
    const post = (at, body, headers = {}) => ask(https, port, at, { method: "POST", body, headers: { host, ...headers } });
    assert.equal((await post("/api/v1/welcome", { code: link, name: "first", password: PASSWORD }, { origin: "https://evil.example" })).status, 403);
    assert.equal((await post("/api/v1/welcome", { code: link, name: "first", password: PASSWORD }, { origin: `http://${host}` })).status, 403);
    const made = await post("/api/v1/welcome", { code: link, name: "first", password: PASSWORD }, { origin: `https://${host}` });
    assert.equal(made.status, 200, made.text);
    const set = made.headers["set-cookie"][0];
    assert.match(set, /^__Host-trellis=[0-9a-f]{64}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/);
    const cookie = set.split(";")[0];
    assert.equal(JSON.parse((await get("/api/v1/me", { cookie })).text).name, "first");
    assert.equal((await get("/api/v1/mesh", { cookie })).status, 200);
    const sessions = JSON.parse((await get("/api/v1/sessions", { cookie })).text).sessions;
    assert.equal(sessions[0].address, "127.0.0.1");
    const forged = await get("/api/v1/sessions", { cookie, "x-forwarded-for": "203.0.113.9" });
    assert.equal(forged.status, 200);
    await assert.rejects(ask(http, port, "/healthz", { headers: { host } }), "plain HTTP gets no answer");
    const added = JSON.parse(must(["user", "add", "second", "--role", "admin", "--json"], { cwd: dir }).out);
    assert.match(added.link, /^\/welcome\?code=/);
});

test("behind a proxy: its address is held to, its word counts for who it is", async (t) => {
    const dir = smallMesh(t), port = await freePort();
    const it = await up(t, dir, ["--port", String(port), "--behind-proxy", "--public-url", "https://mesh.example.org"]);
    assert.match(it.out, /^https:\/\/mesh\.example\.org\/\n/);
    const link = (await until("the link", () => it.out.match(/code=([\w-]{43})/)))[1];
    const host = "mesh.example.org", origin = "https://mesh.example.org";
    const post = (at, body, headers = {}) => ask(http, port, at, { method: "POST", body, headers: { host, origin, ...headers } });
    assert.equal((await ask(http, port, "/api/v1/sign-in", { headers: { host: "evil.example" } })).status, 403);
    assert.equal((await post("/api/v1/sign-in", {}, { origin: "http://mesh.example.org" })).status, 403);
    assert.equal((await post("/api/v1/sign-in", {}, { origin: "https://mesh.example.org.evil.example" })).status, 403);
    const made = await post("/api/v1/welcome", { code: link, name: "first", password: PASSWORD }, { "x-forwarded-for": "203.0.113.1, 198.51.100.4" });
    assert.equal(made.status, 200, made.text);
    assert.match(made.headers["set-cookie"][0], /^__Host-trellis=.*; Secure$/);
    assert.equal(made.headers["strict-transport-security"], "max-age=31536000");
    const cookie = made.headers["set-cookie"][0].split(";")[0];
    const sessions = JSON.parse((await ask(http, port, "/api/v1/sessions", { headers: { host, cookie } })).text).sessions;
    assert.equal(sessions[0].address, "198.51.100.4", "what stands before the proxy's own word anybody may have written");
    const added = JSON.parse(must(["user", "add", "second", "--role", "admin", "--json"], { cwd: dir }).out);
    assert.match(added.url, /^https:\/\/mesh\.example\.org\/welcome\?code=[\w-]{43}&name=second$/);
    let last;
    for (let i = 0; i < 21; i++) last = await post("/api/v1/sign-in", { name: "", password: "x" }, { "x-forwarded-for": `10.0.0.${i}, 198.51.100.77` });
    assert.equal(last.status, 429, "one address behind the proxy");
    assert.equal((await post("/api/v1/sign-in", { name: "first", password: PASSWORD }, { "x-forwarded-for": "198.51.100.78" })).status, 200, "and another one");
});

test("TLS on loopback keeps the printed address", async (t) => {
    const dir = smallMesh(t), port = await freePort();
    const it = await up(t, dir, ["--listen", `127.0.0.1:${port}`, ...certificate(dir)]);
    const token = it.out.match(/^https:\/\/127\.0\.0\.1:\d+\/\?token=([0-9a-f]{64})\n/)[1];
    const r = await ask(https, port, `/?token=${token}`, { headers: { host: `127.0.0.1:${port}` } });
    assert.equal(r.status, 303);
    assert.match(r.headers["set-cookie"][0], /SameSite=Strict; Secure$/);
    const ours = await ask(https, port, "/api/v1/mesh", { headers: { host: `127.0.0.1:${port}`, authorization: `Bearer ${token}` } });
    assert.equal(ours.status, 200, ours.text);
    assert.equal((await ask(https, port, "/api/v1/mesh", { headers: { host: `mesh.example.org:${port}`, authorization: `Bearer ${token}` } })).status, 403);
});
