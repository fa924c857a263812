/* What is held about a person, for the person: who they are to us, what for, what they said to that, rows of every product and stream, what was set aside, where it
 * came from, who gets it, how long it stays. Rows of streams are those that an erasure would take: what hangs on a record of theirs by its key alone (lines of an
 * order, a refund) is among them, whatever the columns of products tell. */
#include "privacy/access.h"

#include "base/clock.h"
#include "ingest/people.h"
#include "privacy/erase_int.h"

enum { ROWS_MAX = 10000 };

struct access {
    const struct privacy *v;
    struct person *p;
    struct engine_conn *c;
    struct arena *a;
    struct buf *out;
    int64_t rows;
};

static void member(struct buf *b, const char *key, struct str v)
{
    buf_json_key(b, key);
    buf_json_str(b, v);
}

static void put_person(struct access *x)
{
    struct clock_text at = clock_iso(clock_now_us());
    buf_printf(x->out, "{\"made_at\":\"%s\",", at.z);
    buf_addz(x->out, "\"mesh\":{");
    member(x->out, "name", x->v->m->name);
    buf_addc(x->out, ',');
    member(x->out, "title", x->v->m->title);
    buf_printf(x->out, "},\"known\":%s,\"customer_id\":", x->p->known ? "true" : "false");
    if (x->p->customer_id.n)
        buf_json_str(x->out, x->p->customer_id);
    else
        buf_addz(x->out, "null");
    buf_addz(x->out, ",\"identifiers\":[");
    for (size_t i = 0; i < x->p->n_identifiers; i++) {
        buf_addz(x->out, i ? ",{" : "{");
        member(x->out, "kind", x->p->identifiers[i].kind);
        buf_addc(x->out, ',');
        member(x->out, "value", x->p->identifiers[i].value);
        buf_printf(x->out, ",\"shared\":%s}", x->p->identifiers[i].shared ? "true" : "false");
    }
    buf_addz(x->out, "],");
}

/* [{"column":value,...},...]; *n: how many. */
static bool put_rows(struct access *x, struct str sql, int64_t *n_rows, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    const struct engine_column *cols;
    bool ok = engine_query(x->c, sql, NULL, 0, &r, e);
    size_t n = ok ? engine_result_columns(r, &cols) : 0, made = 0;
    buf_addc(x->out, '[');
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++, made++) {
            buf_addz(x->out, made ? ",{" : "{");
            for (size_t k = 0; k < n; k++) {
                buf_addz(x->out, k ? "," : "");
                buf_json_str(x->out, cols[k].name);
                buf_addc(x->out, ':');
                engine_cell_json(ch, k, row, x->out);
            }
            buf_addc(x->out, '}');
        }
    buf_addc(x->out, ']');
    engine_result_close(r);
    x->rows += (int64_t)made;
    *n_rows = (int64_t)made;
    return ok;
}

/* Condition under which rows of a view in mesh.live are the person's; empty: it is not built. Who merely acts in a row does not make it theirs. */
static void condition(struct access *x, struct str ref_major, struct str *where, struct str *object)
{
    struct engine_column *cols;
    size_t n, kept = 0;
    struct buf b = BUF_INIT((size_t)4096);
    buf_addz(&b, "mesh.live.");
    buf_sql_ident(&b, ref_major);
    *object = arena_str(x->a, buf_str(&b));
    buf_fini(&b);
    *where = STR("");
    if (!engine_describe(x->c, arena_printf(x->a, "SELECT * FROM %.*s", STR_FMT(*object)), x->a, &cols, &n, NULL))
        return;
    struct str *names = arena_array(x->a, n + 1, sizeof *names), *types = arena_array(x->a, n + 1, sizeof *types);
    for (size_t i = 0; i < n; i++)
        if (!people_role(cols[i].name)) {
            names[kept] = cols[i].name;
            types[kept++] = cols[i].type_name;
        }
    *where = person_rows(x->p, x->a, names, types, kept);
}

/* Rows up to a number, and how many there are. */
static bool put_rows_of(struct access *x, const char *key, struct str what, struct str from, int64_t *rows, struct err *e)
{
    buf_json_key(x->out, key);
    return put_rows(x, arena_printf(x->a, "SELECT %.*s FROM %.*s LIMIT %d", STR_FMT(what), STR_FMT(from), ROWS_MAX), rows, e) &&
           (*rows < ROWS_MAX || erase_count(x->c, x->a, rows, e, "SELECT count(*) FROM %.*s", STR_FMT(from)));
}

static bool put_consent(struct access *x, struct err *e)
{
    const struct mesh_port *p = mesh_find_port(x->v->m, STR("shared.consent"));
    struct str where = STR(""), object;
    int64_t rows = 0;
    buf_addz(x->out, "\"purposes\":[");
    for (size_t i = 0; i < x->v->m->consent.n_purposes; i++) {
        const struct mesh_purpose *u = &x->v->m->consent.purposes[i];
        buf_addz(x->out, i ? ",{" : "{");
        member(x->out, "purpose", u->name);
        buf_addc(x->out, ',');
        member(x->out, "title", u->title.n ? u->title : u->name);
        buf_printf(x->out, ",\"without_a_word\":\"%s\"}", u->fail_open ? "granted" : "denied");
    }
    buf_addz(x->out, "],\"consent\":");
    if (p)
        condition(x, p->ref_major, &where, &object);
    bool ok = true;
    if (where.n)
        ok = put_rows(x, arena_printf(x->a, "SELECT * FROM %.*s WHERE %.*s", STR_FMT(object), STR_FMT(where)), &rows, e);
    else
        buf_addz(x->out, "[]");
    buf_addz(x->out, ",\"said_at_the_desk\":");
    ok = ok && put_rows(x, arena_printf(x->a, "SELECT purpose, status, source, proof, occurred_at, recorded_at FROM mesh.govern.consent_said WHERE %.*s ORDER BY recorded_at",
                                        STR_FMT(person_said(x->p, x->a))), &rows, e);
    buf_addc(x->out, ',');
    return ok;
}

static bool put_products(struct access *x, struct err *e)
{
    bool any = false;
    buf_addz(x->out, "\"products\":[");
    for (size_t i = 0; i < x->v->m->n_ports; i++) {
        const struct mesh_port *p = x->v->m->ports[i];
        const size_t begin = x->out->n;
        struct str where, object;
        int64_t rows;
        condition(x, p->ref_major, &where, &object);
        if (!where.n)
            continue;
        buf_addz(x->out, any ? ",{" : "{");
        member(x->out, "ref", p->is_default ? p->ref : p->ref_major);
        buf_addc(x->out, ',');
        member(x->out, "title", p->product->title.n ? p->product->title : p->product->name);
        buf_addc(x->out, ',');
        member(x->out, "purpose", p->product->purpose);
        buf_addz(x->out, ",\"recipients\":[");
        for (size_t k = 0; k < p->product->n_consumers; k++) {
            buf_addz(x->out, k ? "," : "");
            buf_json_str(x->out, p->product->consumers[k]);
        }
        buf_addz(x->out, "],");
        if (!put_rows_of(x, "rows", STR("*"), arena_printf(x->a, "%.*s WHERE %.*s", STR_FMT(object), STR_FMT(where)), &rows, e))
            return false;
        buf_printf(x->out, ",\"row_count\":%lld}", (long long)rows);
        if (rows == 0 && !x->out->failed)
            x->out->n = begin; /* nothing of theirs */
        any |= rows > 0;
    }
    buf_addz(x->out, "],");
    return true;
}

/* The columns as they came, without those of the load. */
static struct str columns_of(struct access *x, const struct erase_table *t)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    for (size_t i = 0; i < t->n; i++) {
        if (str_eq(t->columns[i], STR("_file_id")) || str_eq(t->columns[i], STR("_line")))
            continue;
        buf_addz(&b, b.n ? ", " : "");
        buf_sql_ident(&b, t->columns[i]);
    }
    struct str s = b.n ? arena_str(x->a, buf_str(&b)) : STR("*");
    buf_fini(&b);
    return s;
}

static bool put_sources(struct access *x, struct err *e)
{
    struct erase_find f = {.c = x->c, .m = x->v->m, .p = x->p, .a = x->a, .rows_alone = true};
    bool any = false, ok = engine_exec(x->c, STR("BEGIN"), e);
    if (!ok)
        return false;
    ok = erase_find_rows(&f, e);
    buf_addz(x->out, "\"sources\":[");
    for (size_t i = 0; ok && i < f.n; i++) {
        const struct erase_table *t = &f.tables[i];
        int64_t rows;
        if (t->rows == 0)
            continue;
        buf_addz(x->out, any ? ",{" : "{");
        any = true;
        member(x->out, "source", t->source);
        buf_addc(x->out, ',');
        member(x->out, "title", t->stream ? t->stream->source->title : t->source);
        buf_addc(x->out, ',');
        member(x->out, "stream", t->short_name);
        buf_printf(x->out, ",\"history\":%s,\"rows\":%lld,", str_eq(t->schema, STR("hist")) ? "true" : "false", (long long)t->rows);
        ok = put_rows_of(x, "records", columns_of(x, t), arena_printf(x->a, "%.*s WHERE rowid IN (SELECT rid FROM erase_hit_%zu)", STR_FMT(t->sql), t->no), &rows, e);
        buf_addc(x->out, '}');
    }
    if (!engine_exec(x->c, STR("ROLLBACK"), NULL))
        return false;
    buf_addz(x->out, "],");
    return ok;
}

/* What did not fit where it was to go, as it came: theirs where an identifier of theirs is a field of it. What merely speaks of them is somebody else's. */
static bool put_set_aside(struct access *x, struct err *e)
{
    struct str pattern = person_field_pattern(x->p, x->a);
    int64_t rows;
    buf_addz(x->out, "\"set_aside\":");
    bool ok = true;
    if (pattern.n)
        ok = put_rows(x, arena_printf(x->a,
                                      "SELECT stream AS \"from\", reason, raw_text AS text, learned_at AS came_at FROM mesh.quarantine.rejected WHERE %.*s"
                                      " UNION ALL SELECT source, reason, payload, received_at FROM mesh.quarantine.event WHERE %.*s ORDER BY 4 LIMIT %d",
                                      STR_FMT(person_matches(x->a, pattern, STR("raw_text"))), STR_FMT(person_matches(x->a, pattern, STR("payload"))), ROWS_MAX), &rows, e);
    else
        buf_addz(x->out, "[]");
    buf_addc(x->out, ',');
    return ok;
}

static void put_retention(struct access *x)
{
    buf_addz(x->out, "\"kept\":[");
    for (size_t i = 0; i < x->v->m->policy.n_retention; i++) {
        const struct mesh_retention *r = &x->v->m->policy.retention[i];
        buf_addz(x->out, i ? ",{" : "{");
        member(x->out, "rule", r->name);
        buf_addz(x->out, ",\"products\":[");
        for (size_t k = 0; k < r->scope.products.n; k++) {
            buf_addz(x->out, k ? "," : "");
            buf_json_str(x->out, r->scope.products.v[k]);
        }
        buf_printf(x->out, "],\"days\":%lld,\"then\":\"%s\"}", (long long)(r->keep_s / 86400), r->anonymise ? "anonymised" : "deleted");
    }
    buf_addz(x->out, "],\"rights\":[\"rectification\",\"erasure\",\"restriction\",\"portability\",\"objection\",\"complaint to a supervisory authority\"]}");
}

bool access_write(const struct privacy *v, struct str identifier, struct buf *out, int64_t *rows, struct err *e)
{
    struct arena a;
    struct access x = {.v = v, .a = &a, .out = out};
    bool ok = false;
    arena_init(&a);
    if (person_find(v->s, v->m, identifier, &x.p, e) && engine_connect(v->s->engine, &x.c, e)) {
        put_person(&x);
        ok = put_consent(&x, e) && put_products(&x, e) && put_sources(&x, e) && put_set_aside(&x, e);
        put_retention(&x);
        ok = ok && buf_ok(out, e);
    }
    *rows = x.rows;
    engine_disconnect(x.c);
    person_free(x.p);
    arena_fini(&a);
    return ok;
}
