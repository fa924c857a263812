/* Rows that broke a check, as the builder keeps them: `domain.port_v1__failing`. For those who may build. Masked as the port itself is;
 * the view is made at each question, since any build of the port replaces the table below. */
#include "govern/govern_int.h"

#include "base/buf.h"

#define FAILING_SUFFIX "__failing"

const struct mesh_port *gov_failing_port(const struct mesh *m, struct str name)
{
    struct str suffix = STR(FAILING_SUFFIX);
    if (!str_ends(name, suffix))
        return NULL;
    struct str ref = {name.p, name.n - suffix.n};
    const struct mesh_port *p = mesh_find_port(m, ref);
    return p && str_eq(p->ref_major, ref) ? p : NULL;
}

struct str govern_failing_name(const struct mesh_port *p, struct arena *a)
{
    struct buf b = BUF_INIT(4096);
    struct str local, domain = str_cut(p->ref_major, '.', &local);
    buf_sql_ident(&b, domain);
    buf_addc(&b, '.');
    buf_sql_ident(&b, arena_printf(a, "%.*s" FAILING_SUFFIX, STR_FMT(local)));
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}
