// Contracts that come from other tools: into the mesh, held against real rows, and out again.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, write } from "./lib.mjs";

const ddl = `CREATE TABLE shop.customers (id BIGINT PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, status VARCHAR CHECK (status IN ('new', 'active')));
CREATE TABLE shop.orders (order_id BIGINT NOT NULL, customer_id BIGINT REFERENCES shop.customers (id), total NUMERIC(10,2), PRIMARY KEY (order_id));
COMMENT ON TABLE shop.orders IS 'All orders of the shop';
COMMENT ON COLUMN shop.orders.total IS 'Gross, in euros';
`;

function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--name", "shop"]);
    write(dir, "ddl/shop.sql", ddl);
    return dir;
}

test("a schema becomes sources, products and checks that hold its rows", (t) => {
    const dir = mesh(t);
    const said = must(["import", "ddl/shop.sql", "--domain", "web", "--path", "landing"], { cwd: dir }).out;
    assert.match(said, /domains\/web\/products\/orders\/orders\.odcs\.yaml/);
    assert.match(must(["check"], { cwd: dir }).out, /in order/);
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT count(*) FROM web.orders", { cwd: dir }), ["0"], "no file yet is fine");

    write(dir, "landing/customers.csv", "id,email,status\n1,a@example.org,new\n2,b@example.org,active\nx,c@example.org,new\n");
    write(dir, "landing/orders_2026.csv", "order_id,customer_id,total\n10,1,12.50\n11,2,7\n");
    run(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT sum(total) FROM web.orders", { cwd: dir }), ["19.50"]);
    assert.deepEqual(rows("SELECT count(*) FROM web.customers", { cwd: dir }), ["2"], "the row that breaks its type is set aside");
    assert.deepEqual(rows("SELECT DISTINCT email FROM web.customers", { cwd: dir }), ["hidden: personal"]);

    // A value outside of the imported list refuses the new version; the good one stays.
    write(dir, "landing/customers.csv", "id,email,status\n1,a@example.org,gone\n");
    const refused = run(["run"], { cwd: dir });
    assert.equal(refused.code, 4, refused.err);
    assert.deepEqual(rows("SELECT count(*) FROM web.customers", { cwd: dir }), ["2"]);

    const again = run(["import", "ddl/shop.sql", "--domain", "web", "--path", "elsewhere"], { cwd: dir });
    assert.equal(again.code, 2, "files that are there are not replaced unasked");
    assert.match(again.err, /TR105/);
});

test("what is exported is read back by its own tools' forms", async (t) => {
    const dir = mesh(t);
    must(["import", "ddl/shop.sql", "--domain", "web"], { cwd: dir });
    const schema = JSON.parse(must(["export", "web.orders", "--as", "json-schema"], { cwd: dir }).out);
    assert.equal(schema.properties.order_id.type, "integer");
    assert.equal(schema.properties.total.description, "Gross, in euros");
    assert.deepEqual(schema.required, ["order_id"]);
    const avro = JSON.parse(must(["export", "web.orders", "--as", "avro"], { cwd: dir }).out);
    assert.deepEqual(avro.fields.find((f) => f.name === "total").type, ["null", { type: "bytes", logicalType: "decimal", precision: 10, scale: 2 }]);
    const sql = must(["export", "web", "--as", "sql"], { cwd: dir }).out;
    assert.match(sql, /CREATE TABLE "web"\."customers"[^]*CHECK \("status" IN \('new', 'active'\)\)/);
    assert.match(sql, /FOREIGN KEY \("customer_id"\) REFERENCES "web"\."customers" \("id"\)/);
    assert.match(must(["export", "web", "--as", "dbt"], { cwd: dir }).out, /accepted_values:\n +arguments: \{values: \["new", "active"\]\}/);
    must(["export", "web.orders", "--out", "orders.odcs.yaml"], { cwd: dir });
    assert.match(must(["check", "orders.odcs.yaml"], { cwd: dir }).out, /1 file in order/);

    const server = await serve(t, dir);
    const file = await server.ask("/api/v1/export/web/orders?format=avro");
    assert.deepEqual(JSON.parse(file.text), avro);
    assert.match(file.headers["content-disposition"], /orders\.avsc/);
    assert.equal((await server.ask("/api/v1/export/web/orders?format=avrow")).status, 400);
    assert.equal((await server.ask("/api/v1/export/web/ordrs")).status, 404);

    const lost = run(["export", "web.ordrs"], { cwd: dir });
    assert.equal(lost.code, 2);
    assert.match(lost.err, /did you mean web\.orders/);
    assert.match(run(["export", "web.orders", "--as", "dbt-manifest"], { cwd: dir }).err, /is read, not written/);
});

test("contracts of a dbt project, beside any mesh", (t) => {
    const dir = scratch(t);
    write(dir, "models/shop.yml", `version: 2
models:
  - name: orders
    description: One row per order
    columns:
      - name: order_id
        data_type: bigint
        data_tests: [not_null, unique]
      - name: state
        data_tests:
          - accepted_values: {arguments: {values: [paid, open]}}
`);
    must(["import", "models/shop.yml", "--out", "contracts"], { cwd: dir });
    assert.match(must(["check", "contracts/orders.odcs.yaml"], { cwd: dir }).out, /in order/);
    const text = fs.readFileSync(path.join(dir, "contracts/orders.odcs.yaml"), "utf8");
    assert.match(text, /validValues: \["paid", "open"\]/);
    assert.equal(run(["import", "models/shop.yml", "--out", "contracts"], { cwd: dir }).code, 2);
    assert.equal(run(["import", "models/shop.yml", "--select", "ordrs"], { cwd: dir }).code, 2);
    assert.match(run(["import", "models/shop.yml", "--as", "json-schem"], { cwd: dir }).err, /did you mean/);
    assert.match(run(["import", "nothing.sql"], { cwd: dir }).err, /nothing\.sql/);
    assert.ok(json(["check", "contracts/orders.odcs.yaml"], { cwd: dir }).ok);
});
