/* Columns that look personal and have no classification: what a plan says of them, and a run of a port that is new. What streams hold is looked
 * at when they are loaded, and remembered by column as counts. */
#include "build/build_int.h"

#include "base/log.h"
#include "govern/scan.h"
#include "store/scan.h"

struct wanted { const struct mesh_contract *c; bool stream; };

static bool wants_class(void *ctx, struct str column)
{
    const struct wanted *w = ctx;
    struct mesh_pos at;
    return scan_unclassified(w->c, column, w->stream, &at);
}

/* One message for a column, with the line to write. */
static void say(struct str ref, struct str column, struct str path, struct str proposed, struct str why, int percent, struct str file, uint32_t line, bool fails, struct errs *es)
{
    struct err *x = fails ? errs_add(es, E_UNCLASSIFIED, file, line, line ? 1 : 0, "the column %.*s%s%.*s of %.*s looks personal (%d %%) and has no classification: %.*s", STR_FMT(column),
                                     path.n ? "." : "", STR_FMT(path), STR_FMT(ref), percent, STR_FMT(why))
                          : errs_warn(es, E_UNCLASSIFIED, file, line, line ? 1 : 0, "the column %.*s%s%.*s of %.*s looks personal (%d %%) and has no classification: %.*s", STR_FMT(column),
                                      path.n ? "." : "", STR_FMT(path), STR_FMT(ref), percent, STR_FMT(why));
    if (x)
        err_hint(x, "add to the column %.*s: classification: %.*s (or internal, where it is not about people)", STR_FMT(column), STR_FMT(proposed));
}

/* Where the contract of a stream is or would be. */
static struct str file_of(struct arena *a, const struct mesh_stream *st, struct mesh_pos at)
{
    if (at.file.n)
        return at.file;
    return arena_printf(a, "domains/%.*s/sources/%.*s.odcs.yaml", STR_FMT(st->source->domain->name), STR_FMT(st->source->name));
}

static void of_names(const struct mesh_port *p, bool fails, struct errs *es)
{
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++) {
        const struct mesh_column *c = &p->contract->columns[i];
        if (c->class_ == CLASS_UNSET && c->carried == CLASS_UNSET && mesh_name_personal(c->name))
            say(p->ref, c->name, STR(""), STR("personal"), STR("its name speaks of a person"), SCAN_FAILS_AT, c->pos.file, c->pos.line, fails, es);
    }
}

static void of_finding(const struct mesh *m, struct arena *a, const struct store_scan *x, struct errs *es)
{
    const struct mesh_port *p = mesh_find_port(m, x->ref);
    const struct mesh_stream *st = p ? NULL : mesh_find_stream(m, x->ref);
    struct mesh_pos at;
    if ((!p && !st) || x->percent < SCAN_FAILS_AT || !scan_unclassified(p ? p->contract : st->contract, x->column, st != NULL, &at))
        return;
    if (p && mesh_name_personal(x->column)) /* told by its name already */
        return;
    say(x->ref, x->column, x->path, x->proposed, x->why, (int)x->percent, p ? at.file : file_of(a, st, at), at.line, m->policy.unclassified_fails, es);
}

bool build_unclassified(struct build *b, const struct mesh *m, struct arena *a, struct errs *es, struct err *e)
{
    struct store_scan *v;
    size_t n;
    if (!store_scan_find(b->s->store, a, STR(""), &v, &n, e))
        return false;
    for (size_t i = 0; i < m->n_ports; i++)
        of_names(m->ports[i], m->policy.unclassified_fails, es);
    for (size_t i = 0; i < n; i++)
        of_finding(m, a, &v[i], es);
    return true;
}

static struct store_scan *kept_of(struct arena *a, const struct scan_finding *v, size_t n)
{
    struct store_scan *out = arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct store_scan){.column = v[i].column, .path = v[i].path, .kind = str_of(scan_kind_text(v[i].kind)), .proposed = str_of(mesh_class_text(v[i].class_)),
                                     .why = scan_why(a, &v[i]), .percent = v[i].percent, .values = (int64_t)v[i].values, .hits = (int64_t)v[i].hits};
    return out;
}

bool build_scan_stream(struct build *b, struct engine_conn *c, const struct mesh_stream *st, bool all, struct arena *a, struct err *e)
{
    struct wanted w = {st->contract, true};
    struct scan_finding *v = NULL;
    size_t n = 0;
    struct str object = build_qualified(a, STR("mesh"), STR("raw"), st->ref);
    return scan_table(c, object, all ? NULL : wants_class, &w, a, &v, &n, e) && store_scan_put(b->s->store, st->ref, kept_of(a, v, n), n, e);
}

bool build_scan_port(struct build *b, struct engine_conn *c, const struct mesh_port *p, struct arena *a, struct err *e)
{
    struct scan_finding *v = NULL;
    size_t n = 0;
    return scan_table(c, build_qualified(a, STR("mesh"), STR("live"), p->ref_major), NULL, NULL, a, &v, &n, e) &&
           store_scan_put(b->s->store, p->ref, kept_of(a, v, n), n, e);
}

/* What could not be looked at is looked at by the next `trellis scan`; loading went well. */
void build_scan_loaded(struct build *b, const struct mesh *m, const struct str *refs, size_t n)
{
    struct engine_conn *c = NULL;
    struct err e = {0};
    if (n == 0 || !engine_connect(b->s->engine, &c, &e))
        return;
    for (size_t i = 0; i < n; i++) {
        const struct mesh_stream *st = mesh_find_stream(m, refs[i]);
        struct arena a;
        struct err one = {0};
        arena_init(&a);
        if (st && !build_scan_stream(b, c, st, false, &a, &one))
            log_err(LOG_WARN, "build", "not_scanned", &one);
        arena_fini(&a);
    }
    engine_disconnect(c);
}

bool build_new_is_classified(struct build_job *j, struct str object)
{
    struct wanted w = {j->p->contract, false};
    struct scan_finding *v = NULL;
    size_t n = 0, k = 0;
    if (j->previous || !j->m->policy.unclassified_fails)
        return true;
    if (!scan_table(j->conn, object, wants_class, &w, j->a, &v, &n, &j->err))
        return build_ended(j, false);
    while (k < n && v[k].percent < SCAN_FAILS_AT)
        k++;
    if (k == n)
        return true;
    struct mesh_pos at;
    (void)scan_unclassified(j->p->contract, v[k].column, false, &at);
    err_at(&j->err, E_UNCLASSIFIED, at.file, at.line, at.line ? 1 : 0, "the column %.*s looks personal (%d %%) and has no classification: %.*s", STR_FMT(v[k].column), v[k].percent,
           STR_FMT(scan_why(j->a, &v[k])));
    err_hint(&j->err, "add to the column: classification: %s (or internal, where it is not about people)", mesh_class_text(v[k].class_));
    j->outcome = OUTCOME_REFUSED;
    return false;
}
