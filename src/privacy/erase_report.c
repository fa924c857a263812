/* What was found and done, as the page, the command line and the receipt say it. */
#include "privacy/erase_int.h"

#include "base/clock.h"
#include "base/json.h"

void erase_report_add(struct erase_report *r, const char *place, struct str what, const char *how, int64_t rows, int64_t cells)
{
    if (rows == 0 && cells == 0)
        return;
    for (size_t i = 0; i < r->n_counts; i++)
        if (str_eq(r->counts[i].what, what) && str_eq(r->counts[i].how, str_of(how))) {
            r->counts[i].rows += rows;
            r->counts[i].cells += cells;
            r->rows += rows;
            r->cells += cells;
            return;
        }
    if (r->n_counts == r->counts_cap) {
        struct erase_count *more = arena_array(r->a, r->counts_cap = r->counts_cap ? r->counts_cap * 2 : 32, sizeof *more);
        if (r->n_counts)
            memcpy(more, r->counts, r->n_counts * sizeof *more);
        r->counts = more;
    }
    r->counts[r->n_counts++] = (struct erase_count){str_of(place), arena_str(r->a, what), str_of(how), rows, cells};
    r->rows += rows;
    r->cells += cells;
}

void erase_report_left(struct erase_report *r, struct str what, struct str why)
{
    for (size_t i = 0; i < r->n_left; i++)
        if (str_eq(r->left[i].what, what))
            return;
    if (r->n_left == r->left_cap) {
        struct erase_left *more = arena_array(r->a, r->left_cap = r->left_cap ? r->left_cap * 2 : 16, sizeof *more);
        if (r->n_left)
            memcpy(more, r->left, r->n_left * sizeof *more);
        r->left = more;
    }
    r->left[r->n_left++] = (struct erase_left){arena_str(r->a, what), arena_str(r->a, why)};
}

static void member(struct buf *b, const char *key, struct str v)
{
    buf_json_key(b, key);
    buf_json_str(b, v);
}

static void put_person(struct buf *b, const struct erase_report *r)
{
    buf_printf(b, "\"person\":{\"known\":%s,\"customer_id\":", r->known ? "true" : "false");
    if (r->customer_id.n)
        buf_json_str(b, r->customer_id);
    else
        buf_addz(b, "null");
    buf_printf(b, ",\"customer_ids\":%lld,\"identifiers\":[", (long long)r->customer_ids);
    for (size_t i = 0; i < r->n_kinds; i++) {
        buf_addz(b, i ? ",{" : "{");
        member(b, "kind", r->kinds[i].kind);
        buf_printf(b, ",\"count\":%lld,\"shared\":%lld}", (long long)r->kinds[i].count, (long long)r->kinds[i].shared);
    }
    buf_printf(b, "],\"evidence\":%lld},\"held\":[", (long long)r->evidence);
    for (size_t i = 0; i < r->n_held; i++) {
        buf_printf(b, "%s{\"hold\":%lld,", i ? "," : "", (long long)r->held[i].hold);
        member(b, "reason", r->held[i].reason);
        buf_addc(b, '}');
    }
    buf_addz(b, "],");
}

void erase_report_unfollowed(struct erase_report *r, const struct person *p)
{
    if (p->n_records >= ERASE_RECORDS_MAX)
        erase_report_left(r, arena_printf(r->a, "records beyond %d", ERASE_RECORDS_MAX),
                          STR("rows that hang on them by their keys alone, and name nobody, were not looked for"));
}

void erase_report_put_done(struct buf *b, const struct erase_report *r)
{
    buf_addz(b, "\"places\":[");
    for (size_t i = 0; i < r->n_counts; i++) {
        const struct erase_count *x = &r->counts[i];
        buf_addz(b, i ? ",{" : "{");
        member(b, "place", x->place);
        buf_addc(b, ',');
        member(b, "what", x->what);
        buf_printf(b, ",\"rows\":%lld,\"cells\":%lld,", (long long)x->rows, (long long)x->cells);
        member(b, "how", x->how);
        buf_addc(b, '}');
    }
    buf_printf(b, "],\"rows\":%lld,\"cells\":%lld,\"built_again\":[", (long long)r->rows, (long long)r->cells);
    for (size_t i = 0; i < r->n_built; i++) {
        buf_addz(b, i ? "," : "");
        buf_json_str(b, r->built[i]);
    }
    buf_addz(b, "],\"left\":[");
    for (size_t i = 0; i < r->n_left; i++) {
        buf_addz(b, i ? ",{" : "{");
        member(b, "what", r->left[i].what);
        buf_addc(b, ',');
        member(b, "why", r->left[i].why);
        buf_addc(b, '}');
    }
    buf_addz(b, "],\"backups\":[");
    for (size_t i = 0; i < r->n_backups; i++) {
        struct clock_text at = clock_iso(r->backups[i].at_us);
        buf_addz(b, i ? ",{" : "{");
        member(b, "name", r->backups[i].name);
        buf_addc(b, ',');
        member(b, "at", str_of(at.z));
        buf_addz(b, ",\"how\":\"removed\"}");
    }
    buf_addc(b, ']');
}

void erase_report_put(struct buf *b, const struct erase_report *r)
{
    put_person(b, r);
    erase_report_put_done(b, r);
    buf_addz(b, ",\"receipt_id\":");
    if (r->receipt_id.n)
        buf_json_str(b, r->receipt_id);
    else
        buf_addz(b, "null");
}

/* ---- For an erasure that goes on after its process ended ---- */

static const char *kept(struct erase_report *r, yyjson_val *o, const char *key)
{
    return arena_strz(r->a, json_str(o, key));
}

void erase_report_take(struct erase_report *r, struct str json)
{
    yyjson_doc *doc = json.n ? json_parse(json, NULL) : NULL;
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL, *v;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(root, "places"), i, n, v)
        erase_report_add(r, kept(r, v, "place"), json_str(v, "what"), kept(r, v, "how"), json_int(v, "rows", 0), json_int(v, "cells", 0));
    yyjson_arr_foreach(yyjson_obj_get(root, "left"), i, n, v) erase_report_left(r, json_str(v, "what"), json_str(v, "why"));
    yyjson_doc_free(doc);
}

void erase_report_person(struct erase_report *r, const struct person *p)
{
    r->known = p->known;
    r->customer_id = arena_str(r->a, p->customer_id);
    r->customer_ids = (int64_t)p->customer_ids.n;
    r->evidence = (int64_t)p->n_evidence;
    r->n_kinds = 0;
    r->kinds = arena_array(r->a, p->n_identifiers + 1, sizeof *r->kinds);
    for (size_t i = 0; i < p->n_identifiers; i++) {
        size_t k = 0;
        while (k < r->n_kinds && !str_eq(r->kinds[k].kind, p->identifiers[i].kind))
            k++;
        if (k == r->n_kinds)
            r->kinds[r->n_kinds++] = (struct erase_kinds){.kind = arena_str(r->a, p->identifiers[i].kind)};
        r->kinds[k].count++;
        r->kinds[k].shared += p->identifiers[i].shared;
    }
}
