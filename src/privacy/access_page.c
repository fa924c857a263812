/* The answer to an access request as a page to print: one document without scripts, styles of its own, nothing fetched. */
#include "privacy/access.h"

#include <stdlib.h>

#include "base/json.h"

enum { COLUMNS_MAX = 1024, COLUMNS_ABREAST = 8 };

static void text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '<': buf_addz(b, "&lt;"); break;
        case '>': buf_addz(b, "&gt;"); break;
        case '&': buf_addz(b, "&amp;"); break;
        case '"': buf_addz(b, "&quot;"); break;
        default: buf_addc(b, s.p[i]);
        }
}

static void value(struct buf *b, yyjson_val *v)
{
    if (yyjson_is_str(v)) {
        text(b, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    } else if (yyjson_is_bool(v)) {
        buf_addz(b, yyjson_get_bool(v) ? "yes" : "no");
    } else if (yyjson_is_str(yyjson_arr_get_first(v))) {
        size_t i, n;
        yyjson_val *one;
        yyjson_arr_foreach(v, i, n, one)
        {
            buf_addz(b, i ? ", " : "");
            value(b, one);
        }
    } else if (v && !yyjson_is_null(v)) {
        size_t n;
        char *z = yyjson_val_write(v, 0, &n);
        if (z)
            text(b, (struct str){z, n});
        free(z); /* banned-ok: yyjson's own allocation */
    }
}

/* Members that are lists of rows have tables of their own; what no row has a value for is left out. */
static bool shown(yyjson_val *list, size_t column)
{
    size_t i, n, k, m;
    yyjson_val *row, *key, *v;
    yyjson_arr_foreach(list, i, n, row) yyjson_obj_foreach(row, k, m, key, v)
    {
        if (k != column)
            continue;
        if (yyjson_is_obj(yyjson_arr_get_first(v)))
            return false;
        if (v && !yyjson_is_null(v) && !yyjson_equals_str(v, "") && !(yyjson_is_arr(v) && yyjson_arr_size(v) == 0))
            return true;
    }
    return false;
}

static void cell(struct buf *b, const char *tag, struct str s)
{
    buf_printf(b, "<%s>", tag);
    text(b, s);
    buf_printf(b, "</%s>", tag);
}

/* A table; where it would be wider than a sheet of paper, one record below the other. */
static void rows(struct buf *b, yyjson_val *list)
{
    size_t i, n, k, m, wide = 0;
    yyjson_val *row, *key, *v, *first = yyjson_arr_get_first(list);
    bool keep[COLUMNS_MAX] = {false};
    if (!first)
        return;
    for (k = 0; k < yyjson_obj_size(first) && k < COLUMNS_MAX; k++)
        wide += keep[k] = shown(list, k);
    const bool records = wide > COLUMNS_ABREAST;
    buf_addz(b, records ? "" : "<table><tr>");
    yyjson_obj_foreach(first, k, m, key, v)
    {
        if (!records && k < COLUMNS_MAX && keep[k])
            cell(b, "th", (struct str){yyjson_get_str(key), yyjson_get_len(key)});
    }
    buf_addz(b, records ? "" : "</tr>");
    yyjson_arr_foreach(list, i, n, row)
    {
        buf_addz(b, records ? "<dl>" : "<tr>");
        yyjson_obj_foreach(row, k, m, key, v)
        {
            if (k >= COLUMNS_MAX || !keep[k] || (records && yyjson_is_null(v)))
                continue;
            if (records) {
                buf_addz(b, "<div>");
                cell(b, "dt", (struct str){yyjson_get_str(key), yyjson_get_len(key)});
            }
            buf_addz(b, records ? "<dd>" : "<td>");
            value(b, v);
            buf_addz(b, records ? "</dd></div>" : "</td>");
        }
        buf_addz(b, records ? "</dl>" : "</tr>");
    }
    buf_addz(b, records ? "" : "</table>");
}

/* A table that does not hold all of them says so. */
static void cut(struct buf *b, yyjson_val *list, yyjson_val *count)
{
    if (yyjson_get_sint(count) > (int64_t)yyjson_arr_size(list))
        buf_printf(b, "<p>The first %zu of %lld rows.</p>", yyjson_arr_size(list), (long long)yyjson_get_sint(count));
}

static void section(struct buf *b, const char *title, yyjson_val *list)
{
    if (!yyjson_arr_size(list))
        return;
    buf_printf(b, "<h2>%s</h2>", title);
    rows(b, list);
}

bool access_page(struct str json, struct buf *out, struct err *e)
{
    yyjson_doc *doc = json_parse(json, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL, *p;
    size_t i, n;
    if (!root)
        return false;
    buf_addz(out, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Your data</title><style>body{font:11pt/1.4 system-ui,sans-serif;margin:2cm;max-width:60em}"
                  "h1{font-size:18pt}h2{font-size:13pt;margin-top:2em}h3{font-size:11pt}table{border-collapse:collapse;width:100%;font-size:8pt}"
                  "th,td{border:1px solid #bbb;padding:2px 4px;text-align:left;vertical-align:top;overflow-wrap:anywhere}dl{columns:2;font-size:8pt;border:1px solid #bbb;padding:4px 6px;margin:0 0 6px}dl div{display:flex;gap:6px;break-inside:avoid}"
                  "dt{flex:0 0 11em;color:#555;overflow-wrap:anywhere}dd{margin:0;overflow-wrap:anywhere;min-width:0}@media print{body{margin:0}}</style><h1>What ");
    text(out, json_str(yyjson_obj_get(root, "mesh"), "title"));
    buf_addz(out, " holds about you</h1><p>Made ");
    struct str at = json_str(root, "made_at");
    text(out, (struct str){at.p, at.n < 10 ? at.n : 10});
    buf_addz(out, ".</p>");
    section(out, "By what you are known", yyjson_obj_get(root, "identifiers"));
    section(out, "What it is used for, and what holds without a word of yours", yyjson_obj_get(root, "purposes"));
    section(out, "What you said to that", yyjson_obj_get(root, "consent"));
    section(out, "What you told us directly", yyjson_obj_get(root, "said_at_the_desk"));
    section(out, "Where it came from", yyjson_obj_get(root, "sources"));
    section(out, "How long it is kept", yyjson_obj_get(root, "kept"));
    buf_addz(out, "<h2>What it says</h2>");
    yyjson_arr_foreach(yyjson_obj_get(root, "products"), i, n, p)
    {
        buf_addz(out, "<h3>");
        text(out, json_str(p, "title"));
        buf_addz(out, "</h3><p>");
        text(out, json_str(p, "purpose"));
        buf_addz(out, "</p>");
        if (yyjson_arr_size(yyjson_obj_get(p, "recipients"))) {
            buf_addz(out, "<p>Who gets it: ");
            value(out, yyjson_obj_get(p, "recipients"));
            buf_addz(out, "</p>");
        }
        cut(out, yyjson_obj_get(p, "rows"), yyjson_obj_get(p, "row_count"));
        rows(out, yyjson_obj_get(p, "rows"));
    }
    buf_addz(out, "<h2>What came in, as it came</h2>");
    yyjson_arr_foreach(yyjson_obj_get(root, "sources"), i, n, p)
    {
        buf_addz(out, "<h3>");
        text(out, json_str(p, "title"));
        buf_addz(out, ": ");
        text(out, json_str(p, "stream"));
        buf_addz(out, yyjson_get_bool(yyjson_obj_get(p, "history")) ? ", as it was earlier</h3>" : "</h3>");
        cut(out, yyjson_obj_get(p, "records"), yyjson_obj_get(p, "rows"));
        rows(out, yyjson_obj_get(p, "records"));
    }
    section(out, "What could not be read or used, and is kept until it is mended", yyjson_obj_get(root, "set_aside"));
    buf_addz(out, "<h2>Your rights</h2><p>You may ask to have this mended, erased or given to you to take along, object to its use, and complain to a supervisory authority.</p></html>\n");
    yyjson_doc_free(doc);
    return buf_ok(out, e);
}
