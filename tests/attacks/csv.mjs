// Cells that a spreadsheet would take for a formula: what an export writes for each. Numbers, days, what only looks dangerous stay as they are.
import { cells } from "./world.mjs";
export function csvRows(text) {
    const rows = [[]];
    for (let i = 0, cell = "", quoted = false; i <= text.length; i++) {
        const c = text[i];
        if (quoted) {
            if (c === '"' && text[i + 1] === '"') cell += text[++i];
            else if (c === '"') quoted = false;
            else cell += c;
        } else if (c === '"') quoted = true;
        else if (c === "," || c === "\r" || c === undefined) {
            rows.at(-1).push(cell);
            cell = "";
            if (c === "\r" && text[i + 1] === "\n") rows.push([]), i++;
        } else cell += c;
    }
    return rows.filter((r) => r.length > 1);
}
export const dangerous = (s) => /^[\t\r\n=@＝＠＋－]/.test(s) || /^\s+[=@+\-＝＠＋－]/u.test(s) || (/^[+-]/.test(s) && !/^[+-][0-9 .()/-]*(e[+-]?[0-9]+)?$/i.test(s));
const fail = (m) => { throw new Error(m); };
function held(text, at, n = cells.length) {
    const [head, ...rows] = csvRows(text);
    if (rows.length !== n) fail(`${rows.length} rows: ${text}`);
    for (const h of head) if (dangerous(h)) fail(`the heading ${h}`);
    for (const r of rows) {
        const was = cells[Number(r[0])], now = r[at];
        if (now !== (dangerous(was) ? `'${was}` : was)) fail(`${JSON.stringify(was)} was written ${JSON.stringify(now)}`);
    }
}
const sql = "SELECT no, word FROM shop.cells ORDER BY no";
export default () => [
    ...["marketer", "local", "anna"].map((as) => ({ name: `rows of a port as CSV, ${as}`, ask: { path: "/api/v1/ports/shop/cells/rows?format=csv", as }, status: 200, also: (r) => {
        held(r.body, 1);
        for (const row of csvRows(r.body).slice(1)) if (!/^(0|-?\d+)\.00$/.test(row[3]) || row[4] !== "2026-01-01") fail(`a number or day was changed: ${row}`);
    } })),
    { name: "a question as CSV", ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: { sql, format: "csv" } }, status: 200, also: (r) => held(r.body, 1) },
    { name: "a question as JSON tells what it is", ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: { sql } }, status: 200, also: (r) => { if (JSON.stringify(r.json.rows.map((v) => v[1])) !== JSON.stringify(cells)) fail(r.body); } },
    { name: "a name of a column", ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: { sql: `SELECT 1 AS "=cmd()", 2 AS "@x", 3 AS "-x"`, format: "csv" } }, status: 200, also: (r) => { for (const h of csvRows(r.body)[0]) if (dangerous(h)) fail(h); } },
    ...cells.map((c, i) => ({ name: `the cell ${JSON.stringify(c)}`, ask: { method: "POST", path: "/api/v1/query", as: "marketer", body: { sql: "SELECT $1::INTEGER AS no, $2 AS word, -1.5 AS m, -1e-7::DOUBLE AS d", params: [i, c], format: "csv" } }, status: 200, also: (r) => { held(r.body, 1, 1); if (csvRows(r.body)[1][2] !== "-1.5" || !/^-1e-07$|^-1e-7$|^-0\.0000001$/.test(csvRows(r.body)[1][3])) fail(r.body); } })),
];
