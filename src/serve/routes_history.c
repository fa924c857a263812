/* What has happened: runs and their ports, the checks of a port over time. */
#include "serve/put.h"
#include "serve/routes.h"

enum { SHOWN = 50, SHOWN_MAX = 1000 };

bool route_port_checks(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    struct store_check *checks;
    size_t n;
    int64_t limit;
    if (!p || !call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e) ||
        !store_checks_history(c->app->state->store, c->a, p->ref_major, (size_t)limit, &checks, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "checks", '[');
    for (size_t i = 0; i < n; i++)
        shape_check(&b, &checks[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_runs(struct call *c, struct err *e)
{
    struct store *s = c->app->state->store;
    struct store_run *runs;
    size_t n;
    int64_t limit;
    if (!call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e) || !store_runs(s, c->a, (size_t)limit, &runs, &n, e))
        return false;
    struct buf b = call_buf();
    bool good = true;
    put_open(&b, NULL, '{');
    put_open(&b, "runs", '[');
    for (size_t i = 0; good && i < n; i++) {
        struct store_run_port *ports;
        size_t n_ports;
        good = store_run_ports(s, c->a, runs[i].run_id, &ports, &n_ports, e);
        if (good)
            shape_run(&b, c->mesh, &runs[i], ports, n_ports);
    }
    put_close(&b, ']');
    put_close(&b, '}');
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}
