#!/usr/bin/env python3
"""Writes docs/reference/files.md from the JSON Schemas of our own file kinds (schemas/), so that every key is described
once. `--check` writes nothing and fails when the page is not what the schemas say.
"""
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs/reference/files.md")
KINDS = ["mesh", "domain", "source", "glossary", "goals", "naming", "identity", "consent", "channels", "roles", "policies", "approval", "attribution", "annotations", "model", "metric", "dashboard", "pack", "expect"]
STANDARDS = """## Products and contracts

`product.yaml` is [ODPS 1.0](https://bitol-io.github.io/open-data-product-standard/) and `*.odcs.yaml` is
[ODCS 3.1](https://bitol-io.github.io/open-data-contract-standard/), each held to the standard's own JSON Schema
(`schemas/odps-v1.0.0.schema.json`, `schemas/odcs-v3.1.0.schema.json`). What Trellis adds stands in `customProperties`:

| property | on | value | meaning |
|---|---|---|---|
| `trellisTitle` | product | text | name for people |
| `trellisConsumers` | product | list of texts | who uses it |
| `trellisConsent` | product | `filtered` (default), `counted` | whether people who said no to the purpose of a question are left out of its rows |
| `trellisCountedFor` | product | list of purposes | for which purposes a product that says `counted` counts them; all when left out |
| `trellisLawfulBasis` | product | text | on what basis a product that says `counted` counts them |
| `trellisPerson` | column | true or false | the column tells whose row it is; without it, `customer_id` does |
| `trellisMaterialization` | output port | `table` (default), `view`, `incremental` | how the port is built |
| `trellisKey` | output port | list of columns | columns that name a row; needed by `incremental` |
| `trellisTimeColumn` | output port | column | date or timestamp of a row; needed by `incremental` |
| `trellisLookback` | output port | days, 0 to 3660 | how far back an incremental build starts again |
| `trellisDefault` | output port | true | the major that answers to the plain name, where several are declared |

`classification` of a column is one of `public`, `internal`, `confidential` (also `restricted`), `personal` (also `pii`),
`sensitive`; values of the last two are shown through a mask. `physicalType` is a type of DuckDB; without it, `logicalType` decides:
string VARCHAR, integer BIGINT, number DOUBLE, date DATE, timestamp TIMESTAMP, time TIME, boolean BOOLEAN, object JSON.
"""


def show(value):
    return f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, str) else f"`{value}`"


def type_of(schema, root):
    if "$ref" in schema:
        return "map, [below](#" + anchor(root, schema["$ref"].rsplit("/", 1)[1]) + ")"
    if "enum" in schema:
        return ", ".join(show(v) for v in schema["enum"])
    kind = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "map", "array": "list"}[schema["type"] if isinstance(schema["type"], str) else schema["type"][0]]
    if schema["type"] == "array":
        items = schema.get("items", {})
        kind = "list of " + type_of(items, root) if "$ref" in items or "enum" in items else "list of texts"
    bounds = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([kind] + bounds)


def anchor(root, name):
    return (root["title"] + " " + name).lower().replace("/", "").replace("<", "").replace(">", "").replace(".", "").replace(" ", "-")


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def table(schema, root, prefix=""):
    rows = []
    for key, value in schema["properties"].items():
        target = value
        text = value.get("description", "")
        if "default" in value:
            text += f" Default: {show(value['default'])}."
        elif value.get("examples"):
            text += f" Example: {show(value['examples'][0])}."
        need = "yes" if key in schema.get("required", []) else ""
        rows.append(f"| `{prefix}{key}` | {cell(type_of(target, root))} | {need} | {cell(text)} |")
        if target.get("type") == "object" and "properties" in target:
            rows += table(target, root, prefix + key + ".")
    return rows


def page():
    out = ["# Keys of the files of a mesh", "", "Made from `schemas/` by `scripts/reference-files.py`; do not edit. What the files are for: [files of a mesh](../mesh-files.md).", ""]
    head = ["| key | value | required | meaning |", "|---|---|---|---|"]
    for kind in KINDS:
        with open(os.path.join(ROOT, f"schemas/{kind}.schema.json"), encoding="utf-8") as f:
            root = json.load(f)
        out += ["## " + cell(root["title"]), "", cell(root["description"]), ""] + head + table(root, root) + [""]
        for name, schema in root.get("$defs", {}).items():
            out += ["### " + cell(root["title"] + " " + name), ""] + head + table(schema, root) + [""]
    return "\n".join(out) + "\n" + STANDARDS


def main():
    text = page()
    if "--check" in sys.argv[1:]:
        with open(PAGE, encoding="utf-8") as f:
            if f.read() != text:
                sys.exit("docs/reference/files.md is stale: run scripts/reference-files.py")
        return
    os.makedirs(os.path.dirname(PAGE), exist_ok=True)
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(text)


main()
