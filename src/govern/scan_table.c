/* From values to a verdict: counting over a sample, and what a share of matches and a name together are worth. */
#include "govern/scan.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { VALUES_FEW = 3, PATHS_MAX = 200, DEPTH_MAX = 8, TEXT_MAX = 1 << 20, SQL_MAX = 1 << 20, NAMED_BELOW = 10, NAMED_SHARE = 20, ONE_IN = 5, NAME_ALONE = 80, NAMES_NEEDED = 4 };

static const char *const texts[] = {
#define X(id, text, words) text,
    SCAN_LIST(X)
#undef X
    "name_of_column"};
static const char *const words_of[] = {
#define X(id, text, words) words,
    SCAN_LIST(X)
#undef X
    ""};

const char *scan_kind_text(enum scan_kind k) { return texts[k]; }
const char *scan_kind_words(enum scan_kind k) { return words_of[k]; }

/* share: of the values, in percent. alone, named: confidence by values alone, and where the name speaks of it too. What many numbers are by
 * chance (a UUID, a date, a number with one check digit) needs nearly all of the values, or a name. */
static const struct { int share, alone, named; enum mesh_class class_; const char *hints[8]; } rules[SCAN_KINDS] = {
    [SCAN_EMAIL] = {50, 97, 99, CLASS_PERSONAL, {"mail"}},
    [SCAN_PHONE] = {60, 86, 97, CLASS_PERSONAL, {"phone", "mobile", "tel", "fax", "whatsapp", "msisdn"}},
    [SCAN_IBAN] = {50, 97, 99, CLASS_PERSONAL, {"iban", "account", "konto"}},
    [SCAN_CARD] = {80, 90, 98, CLASS_SENSITIVE, {"card", "pan", "karte"}},
    [SCAN_NATIONAL_ID] = {80, 86, 97, CLASS_SENSITIVE, {"ssn", "nino", "dni", "nif", "national", "tax", "pesel", "insurance"}},
    [SCAN_IP] = {80, 88, 97, CLASS_PERSONAL, {"ip", "addr"}},
    [SCAN_ADDRESS] = {50, 88, 97, CLASS_PERSONAL, {"street", "address", "addr", "strasse"}},
    [SCAN_NAME] = {60, 82, 95, CLASS_PERSONAL, {"name", "contact", "person", "customer", "author", "recipient"}},
    [SCAN_BIRTH] = {90, 30, 95, CLASS_PERSONAL, {"birth", "born", "dob", "geburt", "naissance", "nacimiento"}},
    [SCAN_DEVICE] = {80, 50, 95, CLASS_PERSONAL, {"device", "visitor", "anonymous", "cookie", "client_id", "idfa", "gaid", "user"}},
    [SCAN_TEXT] = {ONE_IN, 85, 90, CLASS_PERSONAL, {"note", "comment", "message", "text", "body"}},
};

static bool hinted(struct str column, enum scan_kind k)
{
    char z[128];
    size_t n = column.n < sizeof z - 1 ? column.n : sizeof z - 1;
    for (size_t i = 0; i < n; i++)
        z[i] = column.p[i] >= 'A' && column.p[i] <= 'Z' ? (char)(column.p[i] + 32) : column.p[i];
    z[n] = '\0';
    for (size_t i = 0; i < 8 && rules[k].hints[i]; i++)
        if (strstr(z, rules[k].hints[i]))
            return true;
    return false;
}

void scan_count(struct scan_tally *t, struct str v, int year)
{
    unsigned bits = scan_value(v, year);
    if (v.n == 0)
        return;
    t->values++;
    for (unsigned k = 0; k < SCAN_KINDS; k++)
        t->hits[k] += (bits >> k) & 1;
    if (bits & 1u << SCAN_NAME && t->n_names < SCAN_NAMES) {
        uint64_t h = str_hash(v);
        bool known = false;
        for (size_t i = 0; i < t->n_names; i++)
            known = known || t->names[i] == h;
        if (!known)
            t->names[t->n_names++] = h;
    }
}

/* What a kind is worth here; 0: nothing. */
static int worth(struct str name, const struct scan_tally *t, enum scan_kind k, bool named)
{
    size_t hits = t->hits[k];
    if (hits < VALUES_FEW || t->values < VALUES_FEW || (k == SCAN_NAME && t->n_names < NAMES_NEEDED))
        return 0;
    if (k == SCAN_IP && str_find(name, STR("version"), 0) != SIZE_MAX)
        return 0;
    int share = (int)(hits * 100 / t->values);
    if (share >= rules[k].share)
        return named ? rules[k].named : rules[k].alone;
    return named && share >= NAMED_SHARE && rules[k].alone >= NAME_ALONE ? rules[k].named - NAMED_BELOW : 0;
}

static struct str last_part(struct str column, struct str path)
{
    struct str name = path.n ? path : column;
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '.')
            return (struct str){name.p + i, name.n - i};
    return name;
}

bool scan_judge(struct str column, struct str path, const struct scan_tally *t, struct scan_finding *out)
{
    struct str name = last_part(column, path);
    *out = (struct scan_finding){.column = column, .path = path, .kind = SCAN_KINDS, .class_ = CLASS_PERSONAL, .values = t->values};
    for (int i = 0; i < SCAN_KINDS; i++) {
        enum scan_kind k = (enum scan_kind)i;
        bool named = hinted(name, k);
        int percent = worth(name, t, k, named);
        if (percent > out->percent) {
            out->kind = k;
            out->named = named;
            out->percent = percent;
            out->class_ = rules[k].class_;
            out->hits = t->hits[k];
        }
    }
    if (mesh_name_personal(name) && out->percent < NAME_ALONE) {
        out->kind = SCAN_KINDS;
        out->named = true;
        out->percent = NAME_ALONE;
        out->class_ = CLASS_PERSONAL;
        out->hits = 0;
    }
    return out->percent > 0;
}

struct str scan_why(struct arena *a, const struct scan_finding *f)
{
    if (f->kind == SCAN_KINDS)
        return STR("its name speaks of a person");
    return arena_printf(a, "%zu of %zu values look like %s%s", f->hits, f->values, scan_kind_words(f->kind), f->named ? ", and the name says so" : "");
}

bool scan_unclassified(const struct mesh_contract *c, struct str column, bool stream, struct mesh_pos *at)
{
    *at = c ? c->pos : (struct mesh_pos){STR(""), 0, 0};
    for (size_t i = 0; c && i < c->n_columns; i++)
        if (str_eq_nocase(c->columns[i].name, column)) {
            *at = c->columns[i].pos;
            return c->columns[i].class_ == CLASS_UNSET && c->columns[i].carried == CLASS_UNSET;
        }
    for (size_t i = 0; c && i < c->n_beyond; i++)
        if (str_eq_nocase(c->beyond[i].name, column))
            return false;
    return !stream || !mesh_name_personal(column);
}

/* ---- a table ---- */

struct place { struct str column, path; struct scan_tally t; };
struct places { struct arena *a; struct place *v; size_t n, max; int year; };

static struct scan_tally *place_of(struct places *x, struct str column, struct str path)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(x->v[i].column, column) && str_eq(x->v[i].path, path))
            return &x->v[i].t;
    if (x->n >= x->max)
        return NULL;
    x->v[x->n] = (struct place){.column = column, .path = arena_str(x->a, path)};
    return &x->v[x->n++].t;
}

/* Members by their names, entries of a list all alike. */
static void walk(struct places *x, struct str column, struct str path, yyjson_val *v, int depth)
{
    size_t i, n;
    yyjson_val *key, *child;
    char below[256], text[32];
    if (depth > DEPTH_MAX)
        return;
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, child) {
            int k = snprintf(below, sizeof below, "%.*s%s%s", STR_FMT(path), path.n ? "." : "", yyjson_get_str(key));
            if (k > 0 && (size_t)k < sizeof below)
                walk(x, column, (struct str){below, (size_t)k}, child, depth + 1);
        }
        return;
    }
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, child)
            walk(x, column, path, child, depth + 1);
        return;
    }
    struct scan_tally *t = yyjson_is_str(v) || yyjson_is_int(v) ? place_of(x, column, path) : NULL;
    if (t && yyjson_is_str(v)) {
        scan_count(t, (struct str){yyjson_get_str(v), yyjson_get_len(v)}, x->year);
    } else if (t) {
        int k = snprintf(text, sizeof text, "%lld", (long long)yyjson_get_sint(v));
        scan_count(t, (struct str){text, (size_t)k}, x->year);
    }
}

static bool nested(const struct engine_column *c)
{
    return c->type == ENGINE_NESTED || str_eq(c->type_name, STR("JSON"));
}

static bool looked_at(const struct engine_column *c)
{
    return nested(c) || c->type == ENGINE_TEXT || c->type == ENGINE_INT || c->type == ENGINE_DATE || c->type == ENGINE_TIMESTAMP || c->type == ENGINE_UUID || c->type == ENGINE_OTHER ||
           c->type == ENGINE_HUGEINT;
}

static void cell(struct places *x, const struct engine_chunk *ch, const struct engine_column *c, size_t col, size_t row, struct buf *b)
{
    if (engine_cell_null(ch, col, row))
        return;
    buf_reset(b);
    if (nested(c) && c->type != ENGINE_TEXT)
        engine_cell_json(ch, col, row, b);
    else
        engine_cell_text(ch, col, row, b);
    if (b->failed)
        return;
    yyjson_doc *doc = nested(c) || (b->n > 1 && b->p[0] == '{') ? yyjson_read(b->p, b->n, 0) : NULL;
    if (doc && (yyjson_is_obj(yyjson_doc_get_root(doc)) || yyjson_is_arr(yyjson_doc_get_root(doc)))) {
        walk(x, c->name, STR(""), yyjson_doc_get_root(doc), 0);
    } else {
        struct scan_tally *t = place_of(x, c->name, STR(""));
        if (t)
            scan_count(t, buf_str(b), x->year);
    }
    yyjson_doc_free(doc);
}

/* The first rows are read and a part of them taken: cheap, and the same at each look. */
bool scan_table(struct engine_conn *c, struct str object, scan_wanted wanted, void *ctx, struct arena *a, struct scan_finding **out, size_t *n, struct err *e)
{
    struct engine_column *all = NULL;
    size_t n_all = 0, n_cols = 0;
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    struct buf sql = BUF_INIT(SQL_MAX), text = BUF_INIT(TEXT_MAX);
    struct places x = {.a = a};
    struct clock_text today = clock_date((int32_t)(clock_now_us() / 86400000000LL));
    bool ok = engine_describe(c, arena_printf(a, "SELECT * FROM %.*s", STR_FMT(object)), a, &all, &n_all, e);
    struct engine_column *cols = arena_array(a, n_all + 1, sizeof *cols);
    int64_t year = 0;
    *n = 0;
    x.year = str_to_i64((struct str){today.z, 4}, &year) ? (int)year : 0;
    buf_addz(&sql, "SELECT ");
    for (size_t i = 0; ok && i < n_all; i++) {
        if ((all[i].name.n && all[i].name.p[0] == '_') || !looked_at(&all[i]) || (wanted && !wanted(ctx, all[i].name)))
            continue;
        buf_addz(&sql, n_cols ? ", " : "");
        buf_sql_ident(&sql, all[i].name);
        cols[n_cols++] = all[i];
    }
    if (!ok || n_cols == 0)
        goto out;
    x.max = n_cols * 4 + PATHS_MAX;
    x.v = arena_array(a, x.max + 1, sizeof *x.v);
    buf_printf(&sql, " FROM (SELECT * FROM %.*s LIMIT %d) USING SAMPLE reservoir(%d ROWS) REPEATABLE (1)", STR_FMT(object), SCAN_READ, SCAN_ROWS);
    ok = engine_query(c, buf_str(&sql), NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++)
            for (size_t k = 0; k < n_cols; k++)
                cell(&x, ch, &cols[k], k, row, &text);
    for (size_t k = 0; ok && k < n_cols; k++)
        if (!nested(&cols[k]))
            (void)place_of(&x, cols[k].name, STR("")); /* without a value, its name still speaks */
    *out = arena_array(a, x.n + 1, sizeof **out);
    for (size_t i = 0; ok && i < x.n; i++)
        *n += scan_judge(x.v[i].column, x.v[i].path, &x.v[i].t, &(*out)[*n]);
out:
    if (r)
        engine_result_close(r);
    buf_fini(&sql);
    buf_fini(&text);
    return ok;
}
