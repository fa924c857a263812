/* Routes that describe the mesh: itself, its products, its ports. */
#include "serve/put.h"
#include "serve/routes.h"
#include "sql/sql.h"
#include "store/ledger.h"

enum { CHECKS_SHOWN = 500, RUNS_SHOWN = 20 };

/* Rows set aside from files that still count, over all declared streams. */
static bool quarantined(struct call *c, int64_t *total, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct ledger_file *files;
    size_t n = 0;
    bool good = engine_connect(c->app->state->engine, &conn, e) && ledger_files(conn, c->a, STR(""), &files, &n, e);
    *total = 0;
    for (size_t i = 0; good && i < n; i++)
        if (!files[i].superseded && mesh_find_stream(c->mesh, files[i].stream))
            *total += files[i].rows_quarantined;
    if (conn)
        engine_disconnect(conn);
    return good;
}

static void put_domain(struct buf *b, const struct mesh_domain *d)
{
    put_open(b, NULL, '{');
    put_str(b, "name", d->name);
    put_str(b, "title", d->title.n ? d->title : d->name);
    put_str(b, "description", d->description);
    shape_owner(b, "owner", &d->owner, NULL);
    put_open(b, "support", '{');
    put_str(b, "channel", d->support.channel);
    put_opt(b, "url", d->support.url);
    put_close(b, '}');
    put_texts(b, "kpis", d->kpis, d->n_kpis);
    put_opt(b, "north_star", d->north_star);
    put_close(b, '}');
}

bool route_mesh(struct call *c, struct err *e)
{
    const struct mesh *m = c->mesh;
    const struct build_port_status *st = call_states(c, e);
    int64_t bad_rows;
    if (!st || !quarantined(c, &bad_rows, e))
        return false;
    int64_t counts[4] = {0};
    for (size_t i = 0; i < m->n_ports; i++)
        counts[st[i].state]++;
    struct buf b = call_buf(), broken = BUF_INIT((size_t)2 << 20);
    put_open(&b, NULL, '{');
    put_str(&b, "name", m->name);
    put_str(&b, "title", m->title.n ? m->title : m->name);
    put_str(&b, "version", str_of(TRELLIS_VERSION));
    put_str(&b, "dir", call_whole(c) ? m->dir : STR("")); /* of the server's own files */
    put_str(&b, "time_zone", m->time_zone);
    put_str(&b, "reporting_currency", m->reporting_currency);
    put_str(&b, "week_start", m->week_start);
    put_open(&b, "domains", '[');
    for (size_t i = 0; i < m->n_domains; i++)
        put_domain(&b, &m->domains[i]);
    put_close(&b, ']');
    put_open(&b, "health", '{');
    put_int(&b, "ports", (int64_t)m->n_ports);
    put_int(&b, "fresh", counts[PORT_FRESH]);
    put_int(&b, "stale", counts[PORT_STALE]);
    put_int(&b, "failing", counts[PORT_FAILING]);
    put_int(&b, "never_built", counts[PORT_NEVER_BUILT]);
    put_int(&b, "rows_quarantined", bad_rows);
    put_close(&b, '}');
    int64_t run = atomic_load(&c->app->run_id);
    if (run)
        put_int(&b, "running", run);
    else
        put_null(&b, "running");
    if (call_whole(c)) /* what is written there is anybody's */
        app_broken(c->app, &broken);
    put_raw(&b, "declaration_errors", broken.n ? buf_str(&broken) : STR("[]"));
    put_close(&b, '}');
    buf_fini(&broken);
    call_json(c, &b);
    return true;
}

static void put_product_members(struct buf *b, const struct mesh_product *p, const struct build_port_status *st)
{
    put_str(b, "domain", p->domain->name);
    put_str(b, "name", p->name);
    put_str(b, "title", p->title.n ? p->title : p->name);
    put_str(b, "purpose", p->purpose);
    put_str(b, "limitations", p->limitations);
    put_str(b, "usage", p->usage);
    put_str(b, "status", p->status);
    put_str(b, "version", p->version);
    shape_owner(b, "owner", shape_product_owner(p), NULL);
    shape_support(b, "support", p->support, p->n_support, &p->domain->support);
    put_texts(b, "consumers", p->consumers, p->n_consumers);
    put_texts(b, "success_metrics", p->success_metrics, p->n_success_metrics);
    put_texts(b, "tags", p->tags, p->n_tags);
    put_str(b, "readme", p->readme);
    put_str(b, "state", str_of(port_state_text(shape_product_state(p, st, NULL))));
}

bool route_products(struct call *c, struct err *e)
{
    const struct build_port_status *st = call_states(c, e);
    if (!st)
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "products", '[');
    for (size_t i = 0; i < c->mesh->n_products; i++) {
        const struct mesh_product *p = c->mesh->products[i];
        put_open(&b, NULL, '{');
        put_product_members(&b, p, st);
        put_open(&b, "ports", '[');
        for (size_t k = 0; k < p->n_ports; k++) {
            put_open(&b, NULL, '{');
            shape_port_summary(&b, p->ports[k], &st[p->ports[k]->index]);
            put_close(&b, '}');
        }
        put_close(&b, ']');
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- one port, whole ---- */
static struct str class_text(const struct mesh_column *col)
{
    static const struct str names[] = {[CLASS_UNSET] = {"", 0},
                                       [CLASS_PUBLIC] = {"public", 6},
                                       [CLASS_INTERNAL] = {"internal", 8},
                                       [CLASS_CONFIDENTIAL] = {"confidential", 12},
                                       [CLASS_PERSONAL] = {"personal", 8},
                                       [CLASS_SENSITIVE] = {"sensitive", 9}};
    return col->class_text.n ? col->class_text : names[mesh_column_class(col)];
}

static bool is_key(const struct mesh_port *p, const struct mesh_column *col)
{
    for (size_t i = 0; i < p->n_key; i++)
        if (str_eq(p->key[i], col->name))
            return true;
    return col->primary_key;
}

static void put_columns(struct buf *b, const struct mesh_port *p)
{
    put_open(b, "columns", '[');
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++) {
        const struct mesh_column *col = &p->contract->columns[i];
        put_open(b, NULL, '{');
        put_str(b, "name", col->name);
        put_str(b, "type", col->physical_type);
        put_str(b, "description", col->description);
        put_opt(b, "business_name", col->business_name);
        put_opt(b, "classification", class_text(col));
        put_bool(b, "hidden", mesh_column_hidden(col));
        put_bool(b, "key", is_key(p, col));
        put_bool(b, "required", col->required);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static bool stream_state(struct call *c, struct engine_conn *conn, const struct mesh_stream *s, struct str *out, struct err *e)
{
    struct ingest_stream_state st = {0};
    bool good = ingest_stream_state(conn, s, c->a, &st, e);
    *out = shape_stream_state(&st);
    return good;
}

static bool put_graph(struct call *c, struct buf *b, const struct mesh_port *p, const struct build_port_status *st,
                      struct engine_conn *conn, struct err *e)
{
    put_open(b, "upstream", '[');
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        struct str state = STR("");
        if (in->port)
            state = str_of(port_state_text(st[in->port->index].state));
        else if (in->stream && !stream_state(c, conn, in->stream, &state, e))
            return false;
        put_open(b, NULL, '{');
        put_str(b, "ref", in->ref);
        put_str(b, "kind", in->port ? STR("port") : STR("stream"));
        put_str(b, "state", state);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "downstream", '[');
    for (size_t i = 0; i < c->mesh->n_ports; i++) {
        const struct mesh_port *other = c->mesh->ports[i];
        for (size_t k = 0; k < other->n_inputs; k++)
            if (other->inputs[k].port == p) {
                put_open(b, NULL, '{');
                put_str(b, "ref", other->is_default ? other->ref : other->ref_major);
                put_close(b, '}');
                break;
            }
    }
    put_close(b, ']');
    return true;
}

static bool put_lineage(struct call *c, struct buf *b, const struct mesh_port *p, struct err *e)
{
    struct sql_column_lineage *lineage;
    size_t n;
    if (!build_lineage(c->app->build, c->whole, call_whole_port(c, p), c->a, &lineage, &n, e))
        return false;
    put_open(b, "lineage", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "column", lineage[i].column);
        put_open(b, "from", '[');
        for (size_t k = 0; k < lineage[i].n_from; k++) {
            if (!call_sees(c, lineage[i].from[k].ref))
                continue;
            put_open(b, NULL, '{');
            put_str(b, "ref", lineage[i].from[k].ref);
            put_str(b, "column", lineage[i].from[k].column);
            put_close(b, '}');
        }
        put_close(b, ']');
        put_bool(b, "uncertain", lineage[i].uncertain);
        put_close(b, '}');
    }
    put_close(b, ']');
    return true;
}

static bool put_history(struct call *c, struct buf *b, const struct mesh_port *p, struct err *e)
{
    struct store *s = c->app->state->store;
    struct store_check *checks;
    struct store_run_port *runs;
    size_t n_checks, n_runs;
    if (!store_checks_latest(s, c->a, p->ref_major, &checks, &n_checks, e) ||
        !store_port_history(s, c->a, p->ref_major, RUNS_SHOWN, &runs, &n_runs, e))
        return false;
    put_open(b, "latest_checks", '[');
    for (size_t i = 0; i < n_checks && i < CHECKS_SHOWN; i++)
        shape_check(c, b, &checks[i]);
    put_close(b, ']');
    put_open(b, "runs", '[');
    for (size_t i = 0; i < n_runs; i++)
        shape_run_port(c, b, &runs[i]);
    put_close(b, ']');
    return true;
}

static bool put_port(struct call *c, struct buf *b, const struct mesh_port *p, const struct build_port_status *st,
                     struct engine_conn *conn, struct err *e)
{
    const struct mesh_product *product = p->product;
    put_open(b, NULL, '{');
    shape_port_summary(b, p, &st[p->index]);
    shape_owner(b, "owner", shape_product_owner(product), NULL);
    shape_support(b, "support", product->support, product->n_support, &product->domain->support);
    put_columns(b, p);
    put_str(b, "sql", p->sql);
    put_str(b, "sql_path", p->sql_file);
    put_opt(b, "contract_path", p->contract ? p->contract->pos.file : STR(""));
    put_opt(b, "contract_version", p->contract ? p->contract->version : STR(""));
    put_opt(b, "time_column", p->time_column);
    bool good = put_graph(c, b, p, st, conn, e) && put_lineage(c, b, p, e) && put_history(c, b, p, e);
    put_close(b, '}');
    return good;
}

static bool answer_with(struct call *c, struct buf *b, bool good)
{
    if (good)
        call_json(c, b);
    else
        buf_fini(b);
    return good;
}

bool route_product(struct call *c, struct err *e)
{
    const struct mesh_product *p = mesh_find_product(c->mesh, c->args[0], c->args[1]);
    const struct build_port_status *st;
    struct engine_conn *conn = NULL;
    if (!p) {
        struct str *known = arena_array(c->a, c->mesh->n_products + 1, sizeof *known);
        for (size_t i = 0; i < c->mesh->n_products; i++)
            known[i] =
                arena_printf(c->a, "%.*s/%.*s", STR_FMT(c->mesh->products[i]->domain->name), STR_FMT(c->mesh->products[i]->name));
        return call_missing(e, "product", arena_printf(c->a, "%.*s/%.*s", STR_FMT(c->args[0]), STR_FMT(c->args[1])), known,
                            c->mesh->n_products);
    }
    if ((st = call_states(c, e)) == NULL || !engine_connect(c->app->state->engine, &conn, e))
        return false;
    struct buf b = call_buf();
    bool good = true;
    put_open(&b, NULL, '{');
    put_product_members(&b, p, st);
    put_open(&b, "ports", '[');
    for (size_t i = 0; good && i < p->n_ports; i++)
        good = put_port(c, &b, p->ports[i], st, conn, e);
    put_close(&b, ']');
    put_close(&b, '}');
    engine_disconnect(conn);
    return answer_with(c, &b, good);
}

bool route_port(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    const struct build_port_status *st;
    struct engine_conn *conn = NULL;
    if (!p || (st = call_states(c, e)) == NULL || !engine_connect(c->app->state->engine, &conn, e))
        return false;
    struct buf b = call_buf();
    bool good = put_port(c, &b, p, st, conn, e);
    engine_disconnect(conn);
    return answer_with(c, &b, good);
}
