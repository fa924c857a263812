// Line ends, terminal codes and other control signs in whatever is said back, written into a log or kept: names, reasons, agents, purposes, identifiers.
const evil = { "CR LF": "x\r\nSet-Cookie: evil=1\r\n\r\nHTTP/1.1 200 OK", "a line feed": "x\nforged level=error", "terminal codes": "x\u001b[2J\u001b]0;evil\u0007", "a NUL": "x\0y", "a line separator": "x\u2028forged", "a right-to-left override": "x\u202egpj.exe", "a C1 sign": "x\u009b31mred", "markup": "<img src=x onerror=alert(1)>" };
const split = (r) => { if (/^(set-cookie: evil|forged)/im.test(r.head) || (r.text.match(/^HTTP\/1\.1 200 OK/gm) ?? []).length > 1) throw new Error(r.text); };
// eslint-disable-next-line no-control-regex
const quiet = (r) => { split(r); if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(r.body)) throw new Error(`control signs in an answer: ${JSON.stringify(r.body)}`); };
const places = {
    "a search": (v) => ({ path: `/api/v1/search?q=${encodeURIComponent(v)}`, as: "marketer" }),
    "a port's name": (v) => ({ path: `/api/v1/ports/shop/${encodeURIComponent(v)}`, as: "marketer" }),
    "an address of nothing": (v) => ({ path: `/api/v1/${encodeURIComponent(v)}`, as: "marketer" }),
    "a purpose": (v) => ({ path: `/api/v1/ports/shop/people/rows?purpose=${encodeURIComponent(v)}`, as: "marketer" }),
    "an export's format": (v) => ({ path: `/api/v1/export/shop/people?format=${encodeURIComponent(v)}`, as: "marketer" }),
    "a name of a sign-in": (v) => ({ path: "/api/v1/sign-in", method: "POST", body: { name: v, password: "x" }, from: true }),
    "a user's name": (v) => ({ path: "/api/v1/users", method: "POST", as: "local", body: { name: v, roles: ["marketer"] } }),
    "a token's title": (v) => ({ path: "/api/v1/tokens", method: "POST", as: "local", body: { roles: ["marketer"], purposes: ["analytics"], title: v } }),
    "a request's title": (v) => ({ path: "/api/v1/requests", method: "POST", as: "marketer", body: { kind: "question", title: v, body: v } }),
    "SQL": (v) => ({ path: "/api/v1/query", method: "POST", as: "marketer", body: { sql: `SELECT '${v}' FROM shop.nothing` } }),
    "a name within SQL": (v) => ({ path: "/api/v1/query", method: "POST", as: "marketer", body: { sql: `SELECT "${v}" FROM shop.people` } }),
    "an identifier": (v) => ({ path: "/api/v1/consent/show", method: "POST", as: "officer", body: { identifier: `email:${v}@example.org` } }),
    "a reason": (v) => ({ path: "/api/v1/holds", method: "POST", as: "officer", body: { ref: "shop.people", reason: v } }),
};
let n = 20;
export default [
    ...Object.entries(places).flatMap(([where, f]) => Object.entries(evil).map(([what, v]) => {
        const { from, ...ask } = f(v);
        return { name: `${what} in ${where}`, ask, status: [200, 400, 401, 403, 404, 409, 422, 429], also: quiet, ...(from ? { from: `127.0.0.${n++}`, wait: 20_000 } : {}) };
    })),
    ...Object.entries({ "User-Agent": "agent", Referer: "referer", "X-Request-Id": "id", "Accept-Language": "de", "Accept-Encoding": "gzip", "If-None-Match": '"x"' }).map(([h, v]) => ({ name: `terminal codes in ${h}`, ask: { path: "/", headers: { [h]: `${v}\u001b[2J` } }, status: [200, 400, 404], also: split })),
    { name: "a bare carriage return in a header", raw: (x) => Buffer.from(`GET /healthz HTTP/1.1\r\nHost: ${x.host}\r\nUser-Agent: a\rforged\r\nConnection: close\r\n\r\n`), status: 400, also: split },
    { name: "a bare line feed in a header", raw: (x) => Buffer.from(`GET /healthz HTTP/1.1\r\nHost: ${x.host}\r\nUser-Agent: a\nX-Trellis-Role: admin\r\nConnection: close\r\n\r\n`), status: [200, 400], also: split },
    { name: "line ends in the first line, escaped", ask: { path: "/healthz%0d%0aSet-Cookie:%20evil=1" }, status: [200, 400, 404], also: split },
    { name: "line ends in a redirect, escaped", ask: (x) => ({ path: `/x%0d%0aSet-Cookie:%20evil=1?token=${x.local}` }), status: [303, 400], also: split },
    { name: "line ends in a parameter of a redirect", ask: (x) => ({ path: `/x?token=${x.local}&a=%0d%0aSet-Cookie:%20evil=1` }), status: [303, 400], also: split },
    { name: "a file name of an export is made of names alone", ask: { path: '/api/v1/ports/shop/people%22;filename=%22evil.exe/rows?format=csv', as: "marketer" }, status: 404, also: (r) => { if (/evil\.exe/.test(r.head)) throw new Error(r.head); } },
];
