#include "govern/retention_holds.h"

#include "base/clock.h"
#include "store/holds.h"

static void add(struct arena *a, struct mesh_strs *list, struct str s)
{
    if (s.n == 0)
        return;
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], s))
            return;
    struct str *more = arena_array(a, list->n + 1, sizeof *more);
    if (list->n)
        memcpy(more, list->v, list->n * sizeof *more);
    more[list->n] = arena_str(a, s);
    list->v = more;
    list->n++;
}

/* Ids that a customer had or has besides this one. */
static bool add_ids(struct engine_conn *c, struct arena *a, struct mesh_strs *list, struct str id, struct err *e)
{
    const struct engine_param p = {.type = ENGINE_TEXT, .s = id};
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    add(a, list, id);
    bool ok = engine_query(c,
                           STR("WITH now AS (SELECT coalesce((SELECT max(customer_id) FROM mesh.identity.redirect WHERE old_id = $1), $1) AS id)"
                               " SELECT id FROM now UNION SELECT old_id FROM mesh.identity.redirect WHERE customer_id = (SELECT id FROM now)"),
                           &p, 1, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++)
            if (!engine_cell_null(ch, 0, i))
                add(a, list, engine_cell_str(ch, 0, i));
    engine_result_close(r);
    return ok;
}

bool retention_holds_read(struct store *s, struct engine_conn *c, struct arena *a, struct retention_holds *out, struct err *e)
{
    struct store_hold *v;
    size_t n;
    *out = (struct retention_holds){0};
    if (!store_holds(s, a, clock_now_us(), &v, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (str_eq(v[i].kind, STR("product")))
            add(a, &out->products, v[i].product);
        else if (v[i].customer_id.n && !add_ids(c, a, &out->customers, v[i].customer_id, e))
            return false;
    }
    return true;
}
