/* Personal values of one person's row, past the masks: the right, the rows of the principal's grants, and the entry in the log
 * come first. */
#include "govern/reveal.h"

#include "base/buf.h"
#include "govern/audit.h"
#include "govern/govern_int.h"
#include "govern/policy.h"

enum { SQL_MAX = 256 << 10, VALUE_MAX = 1 << 20, WHAT_MAX = 4096 };

static bool no_such_port(struct err *e, struct str ref)
{
    return err_set(e, E_NOT_FOUND, "there is no port %.*s", STR_FMT(ref));
}

static bool is_personal(const struct mesh *m, const struct mesh_port *p, struct str column)
{
    enum mesh_class k = policy_class(m, p, column);
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++)
        if (str_eq(p->contract->columns[i].name, column))
            return k == CLASS_PERSONAL || k == CLASS_SENSITIVE;
    return false;
}

/* The question, and what the log says of it, while the declaration cannot change. */
static bool prepare(struct govern *g, const struct reveal_ask *q, struct arena *a, struct str *sql, struct str *what,
                    struct err *e)
{
    const struct mesh *m = g->mesh;
    const struct mesh_port *p = m ? mesh_find_port(m, q->port) : NULL;
    struct buf b = BUF_INIT((size_t)SQL_MAX), w = BUF_INIT((size_t)WHAT_MAX);
    if (!p || policy_tier_any(m, q->principal, p) == TIER_NONE || !p->person_column.n)
        return no_such_port(e, q->port);
    if (!policy_may(m, q->principal, RIGHT_REVEAL, p->product->domain)) {
        err_set(e, E_DENIED, "this needs the right `reveal` in the domain %.*s", STR_FMT(p->product->domain->name));
        return err_hint(e, "who administers this mesh gives roles"), false;
    }
    struct policy_access access = policy_access(m, q->principal, q->purpose, p, a);
    if (access.tier == TIER_NONE)
        return err_set(e, E_DENIED, "the purpose \"%.*s\" is none that may be asked for here",
                       q->purpose.n < 60 ? (int)q->purpose.n : 60, q->purpose.p);
    buf_addz(&b, "SELECT ");
    buf_printf(&w, "%.*s:", STR_FMT(p->ref));
    for (size_t i = 0; i < q->n_fields; i++) {
        if (!is_personal(m, p, q->fields[i])) {
            buf_fini(&b);
            buf_fini(&w);
            return err_set(e, E_USAGE, "`fields` names personal columns of %.*s", STR_FMT(p->ref));
        }
        buf_addz(&b, i ? ", " : "");
        buf_sql_ident(&b, q->fields[i]);
        buf_printf(&w, " %.*s", STR_FMT(q->fields[i]));
    }
    buf_addz(&b, " FROM mesh.live.");
    buf_sql_ident(&b, p->ref_major);
    buf_addz(&b, " WHERE ");
    buf_sql_ident(&b, p->person_column);
    buf_addz(&b, " = $1");
    if (access.rows.n)
        buf_printf(&b, " AND (%.*s\n)", STR_FMT(access.rows));
    buf_addz(&b, " LIMIT 1");
    bool ok = buf_ok(&b, e) && buf_ok(&w, e);
    *sql = ok ? arena_str(a, buf_str(&b)) : STR("");
    *what = ok ? arena_str(a, buf_str(&w)) : STR("");
    buf_fini(&b);
    buf_fini(&w);
    return ok;
}

static bool read_row(struct govern *g, const struct reveal_ask *q, struct str sql, struct arena *a, struct reveal_value *out,
                     struct err *e)
{
    struct engine_conn *conn = NULL;
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    const struct engine_param p = {.type = ENGINE_TEXT, .s = q->customer_id};
    bool found = false, ok = engine_connect(g->state->engine, &conn, e) && engine_query(conn, sql, &p, 1, &r, e);
    while (ok && !found && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t i = 0; i < q->n_fields && engine_chunk_rows(ch); i++) {
            struct buf cell = BUF_INIT((size_t)VALUE_MAX);
            engine_cell_json(ch, i, 0, &cell);
            out[i] = (struct reveal_value){q->fields[i], arena_str(a, cell.failed ? STR("null") : buf_str(&cell))};
            buf_fini(&cell);
            found = true;
        }
    engine_result_close(r);
    engine_disconnect(conn);
    return ok && (found || err_set(e, E_NOT_FOUND, "there is no customer of this id"));
}

bool govern_reveal(struct govern *g, const struct reveal_ask *q, struct arena *a, struct reveal_value **out, struct err *e)
{
    struct str sql, what;
    struct audit_entry x = {.kind = AUDIT_REVEAL,
                            .verdict = STR("ok"),
                            .purpose = q->purpose,
                            .detail = q->reason,
                            .person = q->customer_id,
                            .rows = 1};
    pthread_rwlock_rdlock(&g->mesh_lock);
    bool ok = prepare(g, q, a, &sql, &what, e);
    pthread_rwlock_unlock(&g->mesh_lock);
    if (!ok)
        return false;
    x.what = what;
    audit_who(&x, q->principal, a);
    *out = arena_array(a, q->n_fields + 1, sizeof **out);
    return audit_write(g->audit, &x, e) && read_row(g, q, sql, a, *out, e);
}

/* The log's entry names the token and not the value: who may turn it back can do so again. */
bool govern_untoken(struct govern *g, const struct govern_principal *who, struct str token, struct str reason, struct arena *a,
                    struct str *value, struct err *e)
{
    struct audit_entry x = {.kind = AUDIT_REVEAL, .verdict = STR("ok"), .what = STR("token"), .detail = reason, .rows = 1};
    struct buf b = BUF_INIT((size_t)VALUE_MAX);
    pthread_rwlock_rdlock(&g->mesh_lock);
    bool may = g->mesh && policy_may_whole(g->mesh, who, RIGHT_DETOKENISE);
    pthread_rwlock_unlock(&g->mesh_lock);
    if (!may) {
        err_set(e, E_DENIED, "this needs the right `detokenise` for the whole mesh");
        return err_hint(e, "who administers this mesh gives roles"), false;
    }
    audit_who(&x, who, a);
    bool ok = mask_untoken(g->keys, token, &b, e) && buf_ok(&b, e) && audit_write(g->audit, &x, e);
    *value = ok ? arena_str(a, buf_str(&b)) : STR("");
    buf_fini(&b);
    return ok;
}
