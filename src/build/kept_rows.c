/* Rows that rules of retention take away never become live: a port is built without them, whatever its inputs still hold. */
#include "build/build_int.h"

#include "base/clock.h"
#include "govern/retention_holds.h"

bool build_kept(struct build_job *j, struct str *view)
{
    struct retention_holds holds = {0};
    struct buf b = BUF_INIT(BUILD_SQL_MAX);
    bool fits = false;
    for (size_t i = 0; i < j->m->policy.n_retention && !fits; i++)
        fits = !j->m->policy.retention[i].anonymise && retention_fits_port(&j->m->policy.retention[i], j->p);
    if (!fits)
        return true;
    bool ok = retention_holds_read(j->b->s->store, j->conn, j->a, &holds, &j->err);
    if (ok && retention_kept(j->m, j->p, &holds, clock_now_us(), &b, NULL) && (ok = buf_ok(&b, &j->err)))
        *view = arena_printf(j->a, "(SELECT * FROM %.*s WHERE %.*s)", STR_FMT(*view), STR_FMT(buf_str(&b)));
    buf_fini(&b);
    return ok;
}
