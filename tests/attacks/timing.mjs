// What a clock could tell: whether a name exists, a token, a product. Two kinds of request by turns; middles, the least of both and how often one is above the other are printed; the least
// may not be further apart than `bound` times: a generous one, since the machine has other work. What a test of time cannot see is held by the code: compared in constant time, an unknown name works out a password as well.
const clock = async (f) => {
    const began = process.hrtime.bigint();
    await f();
    return Number(process.hrtime.bigint() - began) / 1e6;
};
async function byTurns(n, a, b) {
    const all = [[], []];
    await a(0), await b(0);
    for (let i = 0; i < n; i++) for (const k of i % 2 ? [0, 1] : [1, 0]) all[k].push(await clock(() => (k ? b : a)(i + 1)));
    return all;
}
const get = (x, path, as = "marketer") => x.it.ask(path, { bare: true, headers: { authorization: as } });
const bearer = (x, as) => `Bearer ${x.tokens[as]}`;
export default [
    // five of a name in all: the next would be refused without work
    { name: "a name of a user", bound: 3, measure: (x) => byTurns(4, (i) => x.signIn("bertha", "wrong", {}, `127.0.3.${i + 1}`), (i) => x.signIn(`nobody-${i}`, "wrong", {}, `127.0.4.${i + 1}`)) },
    { name: "a product that is hidden", bound: 3, measure: (x) => byTurns(150, () => get(x, "/api/v1/ports/zqvault/zqpay", bearer(x, "marketer")), () => get(x, "/api/v1/ports/zqvault/zqpax", bearer(x, "marketer"))) },
    { name: "a table that is hidden", bound: 3, measure: (x) => { const q = (sql) => x.it.ask("/api/v1/query", { method: "POST", bare: true, body: { sql }, headers: { authorization: bearer(x, "marketer") } }); return byTurns(150, () => q("SELECT 1 FROM zqvault.zqpay"), () => q("SELECT 1 FROM zqvault.zqpax")); } },
    { name: "a token that is nearly right", bound: 3, measure: (x) => byTurns(150, () => get(x, "/api/v1/me", `Bearer ${x.tokens.marketer.slice(0, -1)}${x.tokens.marketer.endsWith("A") ? "B" : "A"}`), () => get(x, "/api/v1/me", `Bearer trt_${"A".repeat(43)}`)) },
];
