// A mesh for the tests of who sees what: one domain that roles see in different forms, one that most may not know of, and canary words in all that is hidden.
import path from "node:path";
import { json, must, scratch, write } from "./lib.mjs";

// Every one of these must be nowhere in what a role is told that may not see the domain `vault`. All in small letters: answers are searched in small letters.
export const canaries = ["vault", "jewels", "zqruby", "zqcarat", "zqopal", "zqsafe", "zqkeeper", "zqgoal", "zqterm", "zqboard", "zqvalue", "zqsource"];
// Of people; hidden from whoever sees them masked.
export const personal = ["anna.zqmail", "+49170555", "berta.zqmail", "+33170555"];

function product(dir, domain, name, ports, more = "") {
    const at = `domains/${domain}/products/${name}`;
    const out = Object.keys(ports)
        .map((p) => `  - {name: ${p}, version: 1.0.0, type: tables, contractId: ${domain}.${name}.${p}}`)
        .join("\n");
    write(dir, `${at}/product.yaml`, `apiVersion: v1.0.0\nkind: DataProduct\nid: ${domain}.${name}\nname: ${name}\nversion: 1.0.0\nstatus: active\ndomain: ${domain}\ndescription: {purpose: "For tests; compare vault.zqruby"}\n${more}outputPorts:\n${out}\n`);
    for (const [p, { columns, sql }] of Object.entries(ports)) {
        write(dir, `${at}/${p}.sql`, sql);
        const props = columns.map(([n, type, cls, extra]) => `      - {name: ${n}, logicalType: ${type}, classification: ${cls}, description: "${n} of ${p}"${extra ? `, ${extra}` : ""}}`).join("\n");
        write(dir, `${at}/${p}.odcs.yaml`, `apiVersion: v3.1.0\nkind: DataContract\nid: ${domain}.${name}.${p}\nname: ${p}\nversion: 1.0.0\nstatus: active\nschema:\n  - name: ${p}\n    properties:\n${props}\n`);
    }
}

// Composed, so that the SQL itself, which readers of the port are shown, has none of the words.
const people = `SELECT * FROM (VALUES
  ('p' || range, CASE WHEN range % 2 = 0 THEN 'anna.' || 'zqmail' || range || '@example.org' ELSE 'berta.' || 'zqmail' || range || '@example.com' END,
   CASE WHEN range % 2 = 0 THEN '+49' || '170555' || range ELSE '+33' || '170555' || range END, CASE WHEN range % 2 = 0 THEN 'DE' ELSE 'FR' END, DATE '1980-01-01' + CAST(range * 97 AS INTEGER), range * 3)
) AS t (customer_id, email, phone, country, born, spent)`;
const each = `SELECT t.* FROM generate_series(1, 60) AS g (range), LATERAL (${people}) AS t`;

export const roles = `roles:
  - {name: masked_all, grants: [{products: ["*"], tier: masked}]}
  - {name: shopper, grants: [{products: ["shop.*"], tier: masked}]}
  - {name: raw_shop, grants: [{products: ["shop.*"], tier: raw}]}
  - {name: german, grants: [{products: ["shop.*"], tier: masked, rows: "country = 'DE'"}]}
  - {name: counter, grants: [{products: ["shop.*"], tier: aggregated}]}
  - {name: tester, grants: [{products: ["shop.*"], tier: test}]}
  - {name: mailer, grants: [{products: [shop.people], tier: masked, purposes: [email]}]}
  - {name: totals_only, grants: [{products: [shop.figures], tier: masked}]}
  - name: shop_builder
    grants: [{products: ["shop.*"], tier: masked}]
    rights: [{right: build, domains: [shop]}, {right: approve, domains: [shop]}]
  - {name: nobody, grants: []}
  - {name: only_build, rights: [{right: build}]}
  - {name: only_approve, rights: [{right: approve}]}
  - {name: only_administer, rights: [{right: administer}]}
  - {name: only_reveal, rights: [{right: reveal}]}
  - {name: only_consent, rights: [{right: consent}]}
  - {name: only_privacy, rights: [{right: privacy}]}
  - {name: only_audit, rights: [{right: audit}]}
`;

// Made and built once; the caller copies nothing: every test that uses it only reads.
export function matrixMesh(t) {
    const dir = path.join(scratch(t), "mesh");
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    write(dir, "domains/shop/domain.yaml", "name: shop\nowner: {name: Ana, contact: ana@example.org}\ndescription: sells\n");
    write(dir, "domains/vault/domain.yaml", "name: vault\ntitle: Zqkeeper\nowner: {name: Zqkeeper, contact: zqkeeper@example.org}\n");
    write(dir, "in/rings.csv", "day,zqcarat\n2026-01-01,3\n2026-01-02,5\n");
    write(dir, "in/till.csv", "day,amount\n2026-01-01,10\n2026-01-02,20\n");
    must(["add", "files", "--name", "zqsource", "--path", "in/rings.csv", "--domain", "vault"], { cwd: dir });
    must(["add", "files", "--name", "till", "--path", "in/till.csv", "--domain", "shop"], { cwd: dir });
    product(dir, "shop", "people", {
        people: { columns: [["customer_id", "string", "internal"], ["email", "string", "personal"], ["phone", "string", "personal"], ["country", "string", "internal"], ["born", "date", "personal"], ["spent", "integer", "internal"]], sql: `${each}\n` },
    });
    product(dir, "shop", "figures", {
        by_country: { columns: [["country", "string", "internal"], ["people", "integer", "internal"], ["spent", "integer", "internal"]], sql: "SELECT country, count(*) AS people, CAST(sum(spent) AS BIGINT) AS spent FROM shop.people GROUP BY country\n" },
        beside_rubies: { columns: [["country", "string", "internal"], ["n", "integer", "internal"]], sql: "SELECT country, count(*) AS n FROM shop.by_country WHERE (SELECT count(*) FROM vault.zqruby) > 0 GROUP BY country\n" },
    });
    product(dir, "vault", "jewels", {
        zqruby: { columns: [["zqcarat", "integer", "internal"], ["country", "string", "internal"], ["note", "string", "personal"]], sql: "SELECT r.range AS zqcarat, 'DE' AS country, 'zqvalue' || r.range AS note FROM generate_series(1, 30) AS r (range)\n" },
        zqopal: { columns: [["zqcarat", "integer", "internal"]], sql: "SELECT zqcarat FROM vault.zqruby UNION ALL SELECT spent AS zqcarat FROM shop.people\n" },
    });
    const owner = "owner: {name: Ana, contact: ana@example.org}";
    write(dir, "governance/goals.yaml", `north_star: zqgoal\ngoals:\n  - {name: zqgoal, title: Zqgoal, question: How many?, ${owner}, number: {port: vault.zqruby, value: sum(zqcarat)}}\n  - {name: sold, title: Sold, question: How much?, ${owner}, number: {port: shop.by_country, value: sum(spent)}, products: [shop.figures, vault.jewels]}\n`);
    write(dir, "governance/glossary.yaml", `terms:\n  - {name: zqterm, title: Zqterm, definition: A stone, ${owner}, columns: [vault.zqruby.zqcarat]}\n  - {name: spender, title: Spender, definition: "Who is in shop.people, not in vault.zqruby", ${owner}, columns: [shop.people.spent, vault.zqopal.zqcarat]}\n`);
    const panel = (p, c) => `{title: P, chart: number, port: ${p}, measures: [{column: ${c}, aggregate: sum, title: T}]}`;
    write(dir, "domains/shop/dashboards/sales.yaml", `name: sales\ntitle: Sales\npanels:\n  - ${panel("shop.by_country", "spent")}\n  - ${panel("vault.zqruby", "zqcarat")}\n`);
    write(dir, "domains/vault/dashboards/zqboard.yaml", `name: zqboard\ntitle: Zqboard\npanels:\n  - ${panel("vault.zqruby", "zqcarat")}\n`);
    write(dir, "governance/roles.yaml", roles);
    write(dir, "governance/policies.yaml", "masks:\n  - {name: mails, columns: [email], mask: partial}\n  - {name: phones, columns: [phone], mask: tokenise}\n  - {name: births, columns: [born], mask: generalise, to: year}\n");
    must(["run"], { cwd: dir });
    must(["request", "access", "vault.zqruby"], { cwd: dir });
    return dir;
}

export const ports = ["shop.people", "shop.by_country", "shop.beside_rubies", "vault.zqruby", "vault.zqopal", "vault.nothing"];
export const token = (dir, role, purposes = ["analytics"]) => json(["token", "create", "--role", role, ...purposes.flatMap((p) => ["--purpose", p])], { cwd: dir }).secret;
