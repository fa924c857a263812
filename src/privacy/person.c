/* From KIND:VALUE to all that the identity graph ties together, and as JSON and back. */
#include "privacy/person.h"

#include <string.h>

#include <sodium.h>

#include "base/json.h"
#include "identity/decisions.h"
#include "identity/identity.h"
#include "identity/rules.h"

struct person *person_new(void)
{
    struct person *p = mem_alloc(sizeof *p);
    arena_init(&p->arena);
    return p;
}

static void wipe(struct str s)
{
    if (s.n)
        sodium_memzero((char *)(uintptr_t)s.p, s.n); /* the person's own copies */
}

void person_free(struct person *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_identifiers; i++)
        wipe(p->identifiers[i].value);
    for (size_t i = 0; i < p->n_records; i++)
        wipe(p->records[i].value);
    mem_free(p->records);
    arena_fini(&p->arena);
    mem_free(p);
}

/* ---- Finding ---- */

struct find {
    struct state *s;
    const struct mesh *m;
    struct engine_conn *c;
    struct rules *rules;
    struct str table; /* live table of the identity port; empty: not built */
    struct person *p;
};

bool person_text_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

static bool kind_check(const struct mesh *m, struct str kind, struct str value, struct err *e)
{
    struct buf b = BUF_INIT((size_t)4096);
    bool known = str_eq(kind, STR("customer"));
    buf_addz(&b, "customer");
    for (size_t i = 0; i < m->identity.n_kinds; i++) {
        known |= str_eq(kind, m->identity.kinds[i].name);
        buf_printf(&b, ", %.*s", STR_FMT(m->identity.kinds[i].name));
    }
    if (!known || str_trim(value).n == 0 || !person_text_plain(value)) {
        err_set(e, E_USAGE, known ? "the identifier has no value, or signs in it that no value has" : "an identifier is KIND:VALUE with a kind that this mesh knows");
        err_hint(e, "kinds: %s; as in email:NAME@HOST", buf_z(&b));
    }
    buf_fini(&b);
    return known && str_trim(value).n > 0;
}

/* One text per row, kept by the person. */
static bool texts(struct find *f, struct str sql, const struct engine_param *params, size_t n_params, struct mesh_strs *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    size_t cap = 0;
    bool ok = engine_query(f->c, sql, params, n_params, &r, e);
    *out = (struct mesh_strs){0};
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            if (out->n == cap) {
                struct str *more = arena_array(&f->p->arena, cap = cap ? cap * 2 : 16, sizeof *more);
                if (out->n)
                    memcpy(more, out->v, out->n * sizeof *more);
                out->v = more;
            }
            out->v[out->n++] = engine_cell_null(ch, 0, row) ? STR("") : arena_str(&f->p->arena, engine_cell_str(ch, 0, row));
        }
    engine_result_close(r);
    return ok;
}

static bool customer_of(struct find *f, struct str kind, struct str value, struct str *id, struct err *e)
{
    struct mesh_strs ids;
    struct arena *a = &f->p->arena;
    struct engine_param p[] = {{.type = ENGINE_TEXT, .s = kind}, {.type = ENGINE_TEXT, .s = value}};
    *id = STR("");
    if (!f->table.n)
        return true;
    struct str sql =
        str_eq(kind, STR("customer"))
            ? arena_printf(a, "SELECT DISTINCT customer_id FROM %.*s WHERE customer_id = $2 AND $1 <> '' UNION SELECT customer_id FROM mesh.identity.redirect WHERE old_id = $2",
                           STR_FMT(f->table))
            : arena_printf(a, "SELECT DISTINCT o.customer_id FROM %.*s o, (SELECT $1 AS kind, $2 AS value) p WHERE o.admitted AND o.kind = $1 AND %.*s = %.*s", STR_FMT(f->table),
                           STR_FMT(rules_value_sql(f->rules, a, "o.")), STR_FMT(rules_value_sql(f->rules, a, "p.")));
    if (!texts(f, sql, p, 2, &ids, e))
        return false;
    if (ids.n > 1) {
        err_set(e, E_USAGE, "this identifier belongs to %zu customers", ids.n);
        err_hint(e, "name one of them by customer:ID; trellis identity explain tells them apart");
        return false;
    }
    *id = ids.n ? ids.v[0] : STR("");
    return true;
}

/* Ids that lead to this one, over any number of steps. */
static bool read_ids(struct find *f, struct err *e)
{
    struct engine_param p = {.type = ENGINE_TEXT, .s = f->p->customer_id};
    return texts(f,
                 STR("WITH RECURSIVE ids(id) AS (SELECT $1 UNION SELECT r.old_id FROM mesh.identity.redirect r JOIN ids ON r.customer_id = ids.id) SELECT id FROM ids ORDER BY id <> $1, id"),
                 &p, 1, &f->p->customer_ids, e);
}

/* Identifiers in every spelling that rows have. One that stands in a set of another customer, too, is shared. */
static bool read_identifiers(struct find *f, struct err *e)
{
    struct arena *a = &f->p->arena;
    struct engine_param p = {.type = ENGINE_TEXT, .s = f->p->customer_id};
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    struct str value = rules_value_sql(f->rules, a, "o.");
    size_t cap = 0;
    struct str sql = arena_printf(
        a,
        "WITH mine AS (SELECT DISTINCT o.kind, o.value AS spelled, %.*s AS compared FROM %.*s o WHERE o.customer_id = $1 AND o.value IS NOT NULL),"
        " others AS (SELECT DISTINCT o.kind, %.*s AS compared FROM %.*s o WHERE o.customer_id <> $1)"
        " SELECT m.kind, m.spelled, EXISTS (SELECT 1 FROM others x WHERE x.kind = m.kind AND x.compared = m.compared) FROM mine m ORDER BY 1, 2",
        STR_FMT(value), STR_FMT(f->table), STR_FMT(value), STR_FMT(f->table));
    bool ok = engine_query(f->c, sql, &p, 1, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            if (f->p->n_identifiers == cap) {
                struct person_identifier *more = arena_array(a, cap = cap ? cap * 2 : 16, sizeof *more);
                if (f->p->n_identifiers)
                    memcpy(more, f->p->identifiers, f->p->n_identifiers * sizeof *more);
                f->p->identifiers = more;
            }
            f->p->identifiers[f->p->n_identifiers++] = (struct person_identifier){arena_str(a, engine_cell_str(ch, 0, row)),
                                                                                 arena_str(a, engine_cell_str(ch, 1, row)), engine_cell_i64(ch, 2, row) != 0};
        }
    engine_result_close(r);
    return ok;
}

static bool read_evidence(struct find *f, struct err *e)
{
    struct mesh_strs v;
    struct engine_param p = {.type = ENGINE_TEXT, .s = f->p->customer_id};
    struct arena *a = &f->p->arena;
    if (!texts(f, arena_printf(a, "SELECT DISTINCT CAST(evidence AS VARCHAR) FROM %.*s WHERE customer_id = $1 AND evidence IS NOT NULL", STR_FMT(f->table)), &p, 1, &v, e) ||
        !texts(f, arena_printf(a, "SELECT DISTINCT source FROM %.*s WHERE customer_id = $1 AND source IS NOT NULL", STR_FMT(f->table)), &p, 1, &f->p->sources, e))
        return false;
    f->p->evidence = arena_array(a, v.n + 1, sizeof *f->p->evidence);
    for (size_t i = 0; i < v.n; i++)
        if (str_to_i64(v.v[i], &f->p->evidence[f->p->n_evidence]))
            f->p->n_evidence++;
    return true;
}

static bool look(struct find *f, struct str kind, struct str value, struct err *e)
{
    struct person *p = f->p;
    const struct mesh_port *port;
    struct err absent = {0};
    if (!identity_port_table(f->m, f->c, &p->arena, &port, &f->table, &absent) && absent.code != E_NOT_FOUND) {
        *e = absent;
        return false;
    }
    if (!customer_of(f, kind, value, &p->customer_id, e))
        return false;
    p->asked_kind = arena_str(&p->arena, kind);
    p->known = p->customer_id.n > 0;
    if (p->known)
        return read_ids(f, e) && read_identifiers(f, e) && read_evidence(f, e);
    if (str_eq(kind, STR("customer"))) {
        err_set(e, E_NOT_FOUND, "there is no customer of this id");
        err_hint(e, "a person is also found by an identifier, such as email:NAME@HOST");
        return false;
    }
    p->identifiers = arena_array(&p->arena, 1, sizeof *p->identifiers);
    p->identifiers[p->n_identifiers++] = (struct person_identifier){p->asked_kind, arena_str(&p->arena, value), false};
    return true;
}

bool person_find(struct state *s, const struct mesh *m, struct str identifier, struct person **out, struct err *e)
{
    struct find f = {.s = s, .m = m, .table = STR("")};
    struct str value, kind = str_trim(str_cut(str_trim(identifier), ':', &value));
    bool ok = false;
    *out = NULL;
    if (!value.p) {
        err_set(e, E_USAGE, "an identifier is written KIND:VALUE");
        err_hint(e, "as in email:NAME@HOST or customer:ID");
        return false;
    }
    value = str_trim(value);
    if (!kind_check(m, kind, value, e))
        return false;
    f.p = person_new();
    if (!engine_connect(s->engine, &f.c, e) || !rules_open(&m->identity, &f.rules, e))
        goto out;
    ok = look(&f, kind, value, e);
out:
    if (f.rules)
        rules_close(f.rules);
    engine_disconnect(f.c);
    if (ok)
        *out = f.p;
    else
        person_free(f.p);
    return ok;
}

void person_record_add(struct person *p, struct str source, struct str stream, struct str value)
{
    for (size_t i = 0; i < p->n_records; i++)
        if (str_eq(p->records[i].value, value) && str_eq(p->records[i].source, source) && str_eq(p->records[i].stream, stream))
            return;
    if (p->n_records == p->records_cap)
        p->records = mem_realloc(p->records, (p->records_cap = p->records_cap ? p->records_cap * 2 : 64) * sizeof *p->records);
    p->records[p->n_records++] = (struct person_record){arena_str(&p->arena, source), arena_str(&p->arena, stream), arena_str(&p->arena, value)};
}

void person_path_add(struct person *p, struct str part)
{
    if (mesh_strs_have(p->paths, part))
        return;
    if (p->paths.n == p->paths_cap) {
        struct str *more = arena_array(&p->arena, p->paths_cap = p->paths_cap ? p->paths_cap * 2 : 16, sizeof *more);
        if (p->paths.n)
            memcpy(more, p->paths.v, p->paths.n * sizeof *more);
        p->paths.v = more;
    }
    p->paths.v[p->paths.n++] = arena_str(&p->arena, part);
}

/* ---- Back and forth ---- */

static void put_texts(struct buf *b, const char *key, const struct str *v, size_t n)
{
    buf_json_key(b, key);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i ? "," : "");
        buf_json_str(b, v[i]);
    }
    buf_addz(b, "],");
}

void person_put(const struct person *p, struct buf *b)
{
    buf_printf(b, "{\"known\":%s,\"kind\":", p->known ? "true" : "false");
    buf_json_str(b, p->asked_kind);
    buf_addz(b, ",\"customer\":");
    buf_json_str(b, p->customer_id);
    buf_addc(b, ',');
    put_texts(b, "ids", p->customer_ids.v, p->customer_ids.n);
    put_texts(b, "sources", p->sources.v, p->sources.n);
    put_texts(b, "paths", p->paths.v, p->paths.n);
    buf_addz(b, "\"identifiers\":[");
    for (size_t i = 0; i < p->n_identifiers; i++) {
        buf_addz(b, i ? ",[" : "[");
        buf_json_str(b, p->identifiers[i].kind);
        buf_addc(b, ',');
        buf_json_str(b, p->identifiers[i].value);
        buf_addz(b, p->identifiers[i].shared ? ",true]" : ",false]");
    }
    buf_addz(b, "],\"records\":[");
    for (size_t i = 0; i < p->n_records; i++) {
        const struct str v[] = {p->records[i].source, p->records[i].stream, p->records[i].value};
        buf_addz(b, i ? ",[" : "[");
        for (size_t k = 0; k < 3; k++) {
            buf_addz(b, k ? "," : "");
            buf_json_str(b, v[k]);
        }
        buf_addc(b, ']');
    }
    buf_addz(b, "],\"evidence\":[");
    for (size_t i = 0; i < p->n_evidence; i++)
        buf_printf(b, "%s\"%lld\"", i ? "," : "", (long long)p->evidence[i]);
    buf_addz(b, "]}");
}

static struct str text_of(struct arena *a, yyjson_val *v)
{
    return yyjson_is_str(v) ? arena_str(a, (struct str){yyjson_get_str(v), yyjson_get_len(v)}) : STR("");
}

static struct mesh_strs take_texts(struct arena *a, yyjson_val *list)
{
    struct mesh_strs out = {.v = arena_array(a, yyjson_arr_size(list) + 1, sizeof *out.v)};
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) out.v[out.n++] = text_of(a, v);
    return out;
}

bool person_take(struct str json, struct person **out, struct err *e)
{
    yyjson_doc *doc = json_parse(json, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL, *v, *list;
    size_t i, n;
    *out = NULL;
    if (!root)
        return false;
    struct person *p = person_new();
    struct arena *a = &p->arena;
    p->known = yyjson_get_bool(yyjson_obj_get(root, "known"));
    p->asked_kind = text_of(a, yyjson_obj_get(root, "kind"));
    p->customer_id = text_of(a, yyjson_obj_get(root, "customer"));
    p->customer_ids = take_texts(a, yyjson_obj_get(root, "ids"));
    p->sources = take_texts(a, yyjson_obj_get(root, "sources"));
    p->paths = take_texts(a, yyjson_obj_get(root, "paths"));
    p->paths_cap = p->paths.n;
    list = yyjson_obj_get(root, "identifiers");
    p->identifiers = arena_array(a, yyjson_arr_size(list) + 1, sizeof *p->identifiers);
    yyjson_arr_foreach(list, i, n, v) p->identifiers[p->n_identifiers++] =
        (struct person_identifier){text_of(a, yyjson_arr_get(v, 0)), text_of(a, yyjson_arr_get(v, 1)), yyjson_get_bool(yyjson_arr_get(v, 2))};
    yyjson_arr_foreach(yyjson_obj_get(root, "records"), i, n, v)
        person_record_add(p, text_of(a, yyjson_arr_get(v, 0)), text_of(a, yyjson_arr_get(v, 1)), text_of(a, yyjson_arr_get(v, 2)));
    list = yyjson_obj_get(root, "evidence");
    p->evidence = arena_array(a, yyjson_arr_size(list) + 1, sizeof *p->evidence);
    yyjson_arr_foreach(list, i, n, v)
    {
        if (str_to_i64(text_of(a, v), &p->evidence[p->n_evidence]))
            p->n_evidence++;
    }
    yyjson_doc_free(doc);
    *out = p;
    return true;
}
