// Where an answer leads to is always ours: the way into single sign-on, and the printed address without its token.
const fail = (r) => { throw new Error(r.head); };
// What a browser makes of it, from a page of ours.
export const leadsElsewhere = (r, x) => {
    const to = r.headers.location;
    if (!to) return false;
    try {
        const u = new URL(to, `http://${x.host}/`);
        return u.host !== x.host || u.protocol !== "http:";
    } catch {
        return true;
    }
};
const ours = (r, x) => leadsElsewhere(r, x) && fail(r);
export const evils = ["//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example", "https://evil.example", "https:evil.example", "HTTP://evil.example", "http:/evil.example", "javascript:alert(1)", "data:text/html,x", "/%2fevil.example", "/%5cevil.example", "%2f%2fevil.example", "/\t/evil.example", "/%09/evil.example", "/%0a/evil.example", "/ /evil.example", "@evil.example", "/.evil.example", "//evil.example/..", "/..//evil.example", "/./\\evil.example", "//127.0.0.1@evil.example", "/\u2044evil.example", "/\uff0fevil.example", "。evil.example"];

export default [
    // `next` of single sign-on: in the test of that
    ...evils.filter((e) => e.startsWith("/")).map((e) => ({ name: `the printed address of ${JSON.stringify(e)}`, ask: (x) => ({ path: `${encodeURI(e).replaceAll("%25", "%").replaceAll("%5C", "\\")}?token=${x.local}` }), status: [303, 400], also: ours })),
    { name: "two tokens in an address", ask: (x) => ({ path: `/?token=${x.local}&token=${x.local}&a=1` }), status: [303, 400], also: ours },
    { name: "a callback that tells where to", ask: { path: "/sign-in/callback?code=x&state=y&next=//evil.example&redirect_uri=https://evil.example" }, status: 303, also: ours },
    { name: "a problem in the words of another", ask: { path: "/sign-in/callback?error=x%0d%0aSet-Cookie:%20a=b&error_description=%3Cscript%3E" }, status: 303, also: (r, x) => { ours(r, x); if (/script|a=b/i.test(r.text)) fail(r); } },
    { name: "a welcome with a way elsewhere", ask: { method: "POST", path: "/api/v1/welcome", body: { code: "A".repeat(43), name: "x", password: "violet kettle 93 harbour", next: "//evil.example" } }, from: "127.0.0.12", wait: 20_000, status: [400, 401], also: ours },
];
