// Cookies: fixed from outside, tossed by a neighbour, doubled, of another server, cut, changed; and what the server says about its own.
const me = (name, cookie, status, more = {}) => ({ name, ask: (x) => ({ path: "/api/v1/me", headers: { Cookie: typeof cookie === "function" ? cookie(x) : cookie } }), status, ...more });
const mine = (x) => x.anna.cookie.split("=");
const cookie = (f) => (x) => f(...mine(x), x);
const fail = (r) => { throw new Error(`${r.head}\n${r.body}`); };
const flipped = (s, i) => s.slice(0, i) + (s[i] === "0" ? "1" : "0") + s.slice(i + 1);

export default [
    me("one's own", (x) => x.anna.cookie, 200, { also: (r) => r.json.name === "anna" || fail(r) }),
    me("its name in capitals", cookie((n, v) => `${n.toUpperCase()}=${v}`), 401), me("its value in capitals", cookie((n, v) => `${n}=${v.toUpperCase()}`), 401), me("cut by one", cookie((n, v) => `${n}=${v.slice(0, -1)}`), 401), me("one longer", cookie((n, v) => `${n}=${v}0`), 401),
    me("the first sign changed", cookie((n, v) => `${n}=${flipped(v, 0)}`), 401), me("the last sign changed", cookie((n, v) => `${n}=${flipped(v, 63)}`), 401), me("in quotes", cookie((n, v) => `${n}="${v}"`), 401), me("escaped", cookie((n, v) => `${n}=%${v.charCodeAt(0).toString(16)}${v.slice(1)}`), 401),
    me("empty", cookie((n) => `${n}=`), 401), me("without its equal sign", cookie((n, v) => `${n}${v}`), 401), me("zeros", cookie((n) => `${n}=${"0".repeat(64)}`), 401), me("a NUL in the middle", cookie((n, v) => `${n}=${v.slice(0, 32)}\0${v.slice(32)}`), [400, 401]), me("SQL", cookie((n) => `${n}=' OR 1=1 --`), 401), me("a star", cookie((n) => `${n}=*`), 401),
    me("of another port's server", cookie((n, v, x) => `trellis_${x.port + 1}_user=${v}`), 401), me("under the name of TLS", cookie((_n, v) => `__Host-trellis=${v}`), 401), me("under the name of the printed address", cookie((_n, v, x) => `trellis_${x.port}=${v}`), 401), me("under the name of a sign-in that began", cookie((_n, v, x) => `trellis_${x.port}_sign_in=${v}`), 401),
    me("a neighbour's in front", cookie((n, v) => `${n}=${"a".repeat(64)}; ${n}=${v}`), 200, { also: (r) => r.json.name === "anna" || fail(r) }), me("a neighbour's behind", cookie((n, v) => `${n}=${v}; ${n}=${"a".repeat(64)}`), 200, { also: (r) => r.json.name === "anna" || fail(r) }), me("a thousand of them, ours last", cookie((n, v) => `${Array(300).fill(`${n}=${"b".repeat(64)}`).join("; ")}; ${n}=${v}`), [200, 400, 401, 431]),
    me("with a comma as divider", cookie((n, v) => `a=b, ${n}=${v}`), 401), me("in a service token's place", (x) => `trellis_${x.port}_user=${x.tokens.officer}`, 401), me("the printed token under a user's name", (x) => `trellis_${x.port}_user=${x.local}`, 401), me("a token of $Version", cookie((n, v) => `$Version=1; ${n}=${v}; $Path=/`), [200, 401]),
    { name: "a session in the address", ask: (x) => ({ path: `/api/v1/me?${x.anna.cookie}` }), status: [400, 401] },
    { name: "a session as a bearer", ask: (x) => ({ path: "/api/v1/me", headers: { Authorization: `Bearer ${x.anna.cookie.split("=")[1]}` } }), status: 401 },
    { name: "a bad bearer beside a good session", ask: (x) => ({ path: "/api/v1/me", headers: { Cookie: x.anna.cookie, Authorization: "Bearer nonsense" } }), status: 401 },
    { name: "a session that somebody brought along is not taken", raw: undefined, ask: (x) => ({ method: "POST", path: "/api/v1/sign-in", body: { name: "anna", password: "wrong" }, headers: { Cookie: `trellis_${x.port}_user=${"cd".repeat(32)}` } }), status: 401, from: "127.0.0.9", wait: 20_000, also: (r) => r.headers["set-cookie"] && fail(r) },
    { name: "what a session ends, stays ended", ask: (x) => ({ path: "/api/v1/me", headers: { Cookie: x.anna.cookie } }), status: 200, async also(r, x) {
        const b = await x.signIn("anna", undefined, {}, "127.0.0.10");
        if (b.r.status !== 200 || b.cookie === x.anna.cookie) fail(b.r);
        if (!/HttpOnly; SameSite=Lax/.test(b.r.headers["set-cookie"])) fail(b.r);
        const out = await x.ask({ method: "POST", path: "/api/v1/sign-out", body: {}, headers: { Cookie: b.cookie, "X-Trellis-CSRF": b.csrf } });
        if (out.status !== 200) fail(out);
        for (const method of ["GET", "POST"]) {
            const again = await x.ask(method === "GET" ? { path: "/api/v1/me", headers: { Cookie: b.cookie } } : { method, path: "/api/v1/query", body: { sql: "SELECT 1" }, headers: { Cookie: b.cookie, "X-Trellis-CSRF": b.csrf } });
            if (again.status !== 401) fail(again);
        }
    } },
    { name: "no cookie is made where nobody signs in", ask: { path: "/" }, status: [200, 404], also: (r) => r.headers["set-cookie"] && fail(r) },
    { name: "the wrong token of a printed address makes no cookie", ask: { path: `/?token=${"0".repeat(64)}` }, status: 303, also: (r) => r.headers["set-cookie"] && fail(r) },
    { name: "a service token is no printed address", ask: (x) => ({ path: `/?token=${x.tokens.officer}` }), status: 303, echo: true, also: (r) => r.headers["set-cookie"] && fail(r) },
];
