// HTTP itself: methods, versions, framing, Host, Origin, types, sizes, codings. What the page's own server answers.
import zlib from "node:zlib";
import { request } from "./world.mjs";

const crlf = "\r\n";
const raw = (f) => (x) => Buffer.from(f(x), "latin1");
const get = (name, at, status, more = {}) => ({ name, ask: { path: at, as: "marketer", ...more }, status, ...more });
const head = (name, lines, status, more = {}) => ({ name, raw: raw((x) => `${lines(x).join(crlf)}${crlf}${crlf}`), status, ...more });
const sql = { sql: "SELECT 1 AS x" };
const post = (name, body, status, more = {}) => ({ name, ask: { method: "POST", path: "/api/v1/query", as: "marketer", body, ...more }, status, ...more });
const host = (name, h, status = 403) => ({ name: `Host ${name}`, ask: (x) => ({ path: "/api/v1/me", as: "marketer", host: typeof h === "function" ? h(x) : h }), status });
const origin = (name, o) => ({ name: `Origin ${name}`, ask: (x) => ({ path: "/api/v1/query", method: "POST", body: sql, as: "anna", headers: { Origin: typeof o === "function" ? o(x) : o } }), status: 403, error: "E_DENIED" });
const auth = (x) => `Authorization: Bearer ${x.tokens.marketer}`;
const inner = (x) => `GET /api/v1/me HTTP/1.1${crlf}Host: ${x.host}${crlf}${auth(x)}${crlf}${crlf}`;
const smuggle = (name, lines, body, status, more = {}) => ({ name: `smuggling: ${name}`, raw: raw((x) => `POST /api/v1/query HTTP/1.1${crlf}Host: ${x.host}${crlf}Content-Type: application/json${crlf}${lines.join(crlf)}${crlf}${crlf}${typeof body === "function" ? body(x) : body}`), status, answers: 1, wait: 1200, ...more });

export default [
    // ---- methods ----
    ...["DELETE", "PATCH", "TRACE", "OPTIONS"].map((method) => ({ name: `${method} of a question`, ask: { method, path: "/api/v1/query", as: "marketer" }, status: 405 })),
    { name: "GET of a question with its SQL in the address", ask: { path: "/api/v1/query?sql=SELECT%201", as: "marketer" }, status: 405 },
    { name: "a method overridden by a header", ask: { path: "/api/v1/tokens/1/revoke", as: "keeper", headers: { "X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST" } }, status: 405 },
    { name: "a method overridden by a parameter", ask: { path: "/api/v1/tokens/1/revoke?_method=POST", as: "keeper" }, status: 405 },
    head("an unknown method", (x) => [`SPY /api/v1/me HTTP/1.1`, `Host: ${x.host}`, auth(x)], [400, 405, 501]),
    head("a method in small letters", (x) => [`get /api/v1/me HTTP/1.1`, `Host: ${x.host}`, auth(x)], [400, 405, 501]),
    head("a method of 10,000 letters", (x) => [`${"A".repeat(10000)} / HTTP/1.1`, `Host: ${x.host}`], [400, 414, 431]),
    head("CONNECT", (x) => [`CONNECT evil.example:443 HTTP/1.1`, `Host: ${x.host}`], [400, 405]),
    head("an address with its server", (x) => [`GET http://evil.example/api/v1/me HTTP/1.1`, `Host: ${x.host}`, auth(x)], 400),
    head("an asterisk", (x) => [`OPTIONS * HTTP/1.1`, `Host: ${x.host}`], [400, 404, 405]),
    head("HTTP/2 in words", (x) => [`GET /api/v1/me HTTP/2.0`, `Host: ${x.host}`, auth(x)], 505),
    head("HTTP/0.9", () => ["GET /"], [400, 505]),
    head("HTTP/1.0 without Host", (x) => [`GET /api/v1/me HTTP/1.0`, auth(x)], 403),
    head("two spaces in the first line", (x) => [`GET  /api/v1/me HTTP/1.1`, `Host: ${x.host}`, auth(x)], [200, 400]),
    head("a tab in the first line", (x) => [`GET\t/api/v1/me HTTP/1.1`, `Host: ${x.host}`, auth(x)], 400),
    head("an offer to upgrade to HTTP/2", (x) => [`GET /api/v1/me HTTP/1.1`, `Host: ${x.host}`, `Connection: Upgrade, HTTP2-Settings`, `Upgrade: h2c`, `HTTP2-Settings: AAMAAABk`], 401),
    // ---- two requests in one ----
    smuggle("two lengths", ["Content-Length: 2", "Content-Length: 100"], (x) => `{}${inner(x)}`, 400),
    smuggle("two lengths in one line", ["Content-Length: 2, 100"], (x) => `{}${inner(x)}`, 400),
    smuggle("a length and chunks", ["Content-Length: 4", "Transfer-Encoding: chunked"], (x) => `0${crlf}${crlf}${inner(x)}`, 400),
    smuggle("chunks and a length", ["Transfer-Encoding: chunked", "Content-Length: 4"], (x) => `0${crlf}${crlf}${inner(x)}`, 400),
    smuggle("chunks called otherwise", ["Transfer-Encoding: xchunked"], (x) => `0${crlf}${crlf}${inner(x)}`, [400, 501]),
    smuggle("chunks with a blank before the colon", ["Transfer-Encoding : chunked"], (x) => `0${crlf}${crlf}${inner(x)}`, 400),
    smuggle("chunks with a tab", ["Transfer-Encoding:\tchunked", "Content-Length: 4"], (x) => `0${crlf}${crlf}${inner(x)}`, 400),
    smuggle("chunks twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], (x) => `0${crlf}${crlf}${inner(x)}`, [400, 501]),
    smuggle("chunks with a vertical tab", ["Transfer-Encoding: \x0bchunked"], (x) => `0${crlf}${crlf}${inner(x)}`, [400, 501]),
    smuggle("a chunk of a negative size", ["Transfer-Encoding: chunked"], (x) => `-1${crlf}${inner(x)}`, 400),
    smuggle("a chunk of a size with a sign", ["Transfer-Encoding: chunked"], (x) => `+2${crlf}{}${crlf}0${crlf}${crlf}`, 400),
    smuggle("a chunk of a size in 0x", ["Transfer-Encoding: chunked"], (x) => `0x2${crlf}{}${crlf}0${crlf}${crlf}`, 400),
    smuggle("a chunk that wraps around", ["Transfer-Encoding: chunked"], (x) => `10000000000000002${crlf}{}${crlf}0${crlf}${crlf}`, [400, 413]),
    smuggle("chunks that end with line feeds alone", ["Transfer-Encoding: chunked"], (x) => `2\n{}\n0\n\n${inner(x)}`, 400),
    smuggle("a length with a sign", ["Content-Length: +2"], "{}", 400),
    smuggle("a length in 0x", ["Content-Length: 0x2"], "{}", 400),
    smuggle("a length beyond 64 bits", ["Content-Length: 18446744073709551618"], "{}", [400, 413]),
    smuggle("a length in a folded line", ["Content-Length:", " 2"], "{}", 400),
    smuggle("lines that end with a carriage return alone", ["X-A: a\rContent-Length: 2"], "{}", 400),
    smuggle("a NUL in a name", ["Content-Length\0: 2"], "{}", 400),
    { name: "smuggling: a second request behind a refused one is not taken for another's", raw: (x) => Buffer.concat([request(x, { method: "POST", path: "/api/v1/query", body: sql, type: "text/plain", as: "marketer" }), Buffer.from(`GET /api/v1/me HTTP/1.1${crlf}Host: ${x.host}${crlf}${crlf}`)]), status: 400, wait: 1200, also: (r) => { if (r.text.includes('"roles"')) throw new Error("the second request was answered as somebody"); } },
    // ---- Host ----
    host("of another", "evil.example"), host("that begins as ours", (x) => `${x.host}.evil.example`), host("with a user in front", (x) => `evil.example@${x.host}`, [400, 403]), host("with ours as its port", (x) => `evil.example:${x.port}`), host("of another port", "127.0.0.1:1"),
    host("in decimal", (x) => `2130706433:${x.port}`), host("in hex", (x) => `0x7f.1:${x.port}`), host("of all addresses", (x) => `0.0.0.0:${x.port}`), host("with a dot at the end", (x) => `localhost.:${x.port}`), host("of nothing", "", [400, 403]), host("left out", null, [400, 403]),
    host("with a way behind it", (x) => `${x.host}/evil`, [400, 403]), host("with a blank", (x) => `${x.host} evil.example`, [400, 403]), host("with a comma", (x) => `${x.host}, evil.example`, [400, 403]),
    head("two Hosts", (x) => ["GET /api/v1/me HTTP/1.1", `Host: ${x.host}`, "Host: evil.example", auth(x)], 400),
    { name: "another Host behind X-Forwarded-Host", ask: { path: "/sign-in/start", headers: { "X-Forwarded-Host": "evil.example", Forwarded: "host=evil.example", "X-Original-URL": "/api/v1/users", "X-Rewrite-URL": "/api/v1/users" } }, status: [303, 404], also: (r) => { if (/evil\.example/.test(r.text)) throw new Error(r.text); } },
    { name: "an address of a proxy's rewriting", ask: { path: "/healthz", headers: { "X-Original-URL": "/api/v1/users", "X-Rewrite-URL": "/api/v1/users" } }, status: 200, also: (r) => { if (/users/.test(r.body)) throw new Error(r.text); } },
    // ---- Origin, forged requests ----
    origin("of another", "https://evil.example"), origin("null", "null"), origin("of https", (x) => `https://${x.host}`), origin("of another port", "http://127.0.0.1:1"), origin("that begins as ours", (x) => `http://${x.host}.evil.example`), origin("with a way", (x) => `http://${x.host}/`), origin("of nothing", ""), origin("of a file", "file://"),
    { name: "two Origins, the first ours", ask: (x) => ({ path: "/api/v1/query", method: "POST", body: sql, as: "anna", headers: { Origin: [`http://${x.host}`, "https://evil.example"] } }), status: [400, 403] },
    { name: "a change in a session without its proof", ask: (x) => ({ path: "/api/v1/requests", method: "POST", body: { kind: "question", title: "x" }, headers: { Cookie: x.anna.cookie } }), status: 403 },
    { name: "the proof in the address", ask: (x) => ({ path: `/api/v1/requests?csrf=${x.anna.csrf}`, method: "POST", body: { kind: "question", title: "x" }, headers: { Cookie: x.anna.cookie } }), status: [400, 403] },
    { name: "the proof in capitals", ask: (x) => ({ path: "/api/v1/requests", method: "POST", body: { kind: "question", title: "x" }, headers: { Cookie: x.anna.cookie, "X-Trellis-CSRF": x.anna.csrf.toUpperCase() + " " } }), status: 403 },
    { name: "an empty proof", ask: (x) => ({ path: "/api/v1/requests", method: "POST", body: { kind: "question", title: "x" }, headers: { Cookie: x.anna.cookie, "X-Trellis-CSRF": "" } }), status: 403 },
    { name: "a proof that is sent twice", ask: (x) => ({ path: "/api/v1/requests", method: "POST", body: { kind: "question", title: "x" }, headers: { Cookie: x.anna.cookie, "X-Trellis-CSRF": ["0".repeat(32), "0".repeat(32)] } }), status: [400, 403] },
    ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; application/json", "application/jsonp", "application/json-patch+json", "text/plain\tapplication/json", "", "application/json, text/plain"].map((type) => ({ name: `a body of type ${JSON.stringify(type)}`, ask: { method: "POST", path: "/api/v1/query", as: "anna", body: sql, type }, status: 400 })),
    { name: "a form that is JSON by chance", ask: (x) => ({ method: "POST", path: "/api/v1/query", type: "text/plain", body: '{"sql":"SELECT 1","x":"="}', headers: { Cookie: x.anna.cookie } }), status: [400, 403] },
    { name: "a request ahead of a foreign page's", ask: { method: "OPTIONS", path: "/api/v1/query", headers: { Origin: "https://evil.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-trellis-csrf" } }, status: [403, 405], also: (r) => { if (Object.keys(r.headers).some((h) => h.startsWith("access-control"))) throw new Error(r.head); } },
    // ---- bodies ----
    post("a body that is no JSON", "{", 400), post("a list", "[]", 400), post("JSON in UTF-16", Buffer.from(JSON.stringify(sql), "utf16le"), 400), post("a mark of byte order", `\ufeff${JSON.stringify(sql)}`, [200, 400]), post("a NUL behind", `${JSON.stringify(sql)}\0`, 400), post("bytes that are no UTF-8", Buffer.concat([Buffer.from('{"sql":"SELECT \''), Buffer.from([0xff]), Buffer.from("'\"}")]), 400),
    post("one member twice", '{"sql":"SELECT 1","sql":"SELECT * FROM zqvault.zqpay"}', [200, 400, 404]), post("__proto__", '{"__proto__":{"role":"admin"},"sql":"SELECT 1"}', 400), post("a role in the body", { ...sql, role: "admin", roles: ["admin"] }, 400), post("who one is in the body", { ...sql, principal: "local-admin" }, 400),
    post("nested 100,000 times", "[".repeat(100000), 400), post("params nested", { ...sql, params: [[[["x"]]]] }, 400), post("params that speak SQL", { sql: "SELECT $1 AS x", params: ["(select * from zqvault.zqpay)"] }, 200), post("100,000 params", { sql: "SELECT 1", params: Array(100000).fill(1) }, [400, 413]), post("a limit of a text", { ...sql, limit: "1; drop" }, 400), post("a limit below zero", { ...sql, limit: -1 }, 400), post("a time without an end", { ...sql, timeout_ms: 1e15 }, 400),
    post("a day that speaks SQL", { ...sql, as_of: "2026-01-01'; drop table x; --" }, 400), post("a format with a way", { ...sql, format: "../csv" }, 400), post("a purpose that speaks SQL", { ...sql, purpose: "analytics' OR '1'='1" }, [400, 403, 404]), post("a purpose of another letter", { sql: "SELECT * FROM shop.people", purpose: "ANALYTICS" }, [400, 403, 404]), post("a purpose with a NUL", { sql: "SELECT * FROM shop.people", purpose: "analytics\0" }, [400, 403, 404]),
    post("SQL of 65 KB", { sql: `SELECT 1 -- ${"x".repeat(66000)}` }, [400, 403, 413]), post("SQL with a NUL", { sql: "SELECT 1\0; DROP TABLE x" }, [400, 403]), post("SQL with a lone surrogate", '{"sql":"SELECT \'\\ud800\'"}', 400),
    { name: "a claim of 10 GB", raw: raw((x) => `POST /api/v1/query HTTP/1.1${crlf}Host: ${x.host}${crlf}${auth(x)}${crlf}Content-Type: application/json${crlf}Content-Length: 10000000000${crlf}${crlf}{`), status: 413 },
    { name: "a bomb of 50 MB", ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: zlib.gzipSync(Buffer.alloc(50 << 20, 32), { level: 9 }), headers: { "Content-Encoding": "gzip" } }, status: [400, 413, 415] },
    { name: "a coding that nobody knows", ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: sql, headers: { "Content-Encoding": "rot13" } }, status: [200, 400, 415] },
    { name: "an expectation", ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: sql, headers: { Expect: "a miracle" } }, status: 417 },
    { name: "300 header lines", ask: { path: "/api/v1/me", as: "marketer", headers: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`X-${i}`, "1"])) }, status: [400, 431] },
    { name: "a header of 100 KB", ask: { path: "/api/v1/me", as: "marketer", headers: { "X-A": "a".repeat(100_000) } }, status: [400, 431] },
    { name: "an address of 100 KB", ask: { path: `/api/v1/me?${"a".repeat(100_000)}`, as: "marketer" }, status: [400, 414] },
    // What cannot be taken back is not done because a switch was misspelt or of another type.
    ...[{ dry_run: "yes" }, { dry_run: 1 }, { dryrun: true }, { "dry-run": true }, { anonymise: "true" }, { anonymize: true }].map((more) => ({ name: `an erasure with ${JSON.stringify(more)}`, ask: { method: "POST", path: "/api/v1/privacy/erase", as: "officer", body: { identifier: "email:zq1@example.org", ...more } }, status: 400 })),
    ...[["/api/v1/privacy/requests/1/run", { dry_run: true }], ["/api/v1/retention", { dry_run: "false" }], ["/api/v1/retention", { dryRun: true }], ["/api/v1/holds", { identifier: "email:zq1@example.org", reason: 7 }], ["/api/v1/consent", { identifier: "email:zq1@example.org", purpose: "email", status: "granted", until: "2030-01-01" }]].map(([path, body]) => ({ name: `${path} with ${JSON.stringify(body)}`, ask: { method: "POST", path, as: "officer", body }, status: 400 })),
    { name: "a range", ask: { path: "/api/v1/ports/shop/people/rows?format=csv", as: "marketer", headers: { Range: "bytes=0-10,5-20,0-" } }, status: 200 },
    { name: "a look as a role by who may not", ask: { path: "/api/v1/products", as: "marketer", headers: { "X-Trellis-Role": "admin" } }, status: 403 },
    { name: "a look as a role in a session", ask: { path: "/api/v1/products", as: "anna", headers: { "X-Trellis-Role": "officer" } }, status: 403 },
    { name: "a look as two roles", ask: { path: "/api/v1/products", as: "local", headers: { "X-Trellis-Role": ["nobody", "admin"] } }, status: [200, 400, 403] },
    { name: "who one is in a header", ask: { path: "/api/v1/me", headers: { "X-Forwarded-User": "admin", "X-Remote-User": "admin", "X-Trellis-User": "admin", "Remote-User": "local-admin" } }, status: 401 },
    { name: "a near address in a header", ask: { path: "/api/v1/me", headers: { "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1" } }, status: 401 },
    get("a purpose given twice", "/api/v1/ports/shop/people/rows?purpose=analytics&purpose=advertising", [200, 400, 403, 404]),
    get("an unknown parameter", "/api/v1/ports/shop/people/rows?role=admin", 400),
    get("a parameter with a NUL", "/api/v1/ports/shop/people/rows?limit=5%00", 400),
];
