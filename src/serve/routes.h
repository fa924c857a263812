/* Every route of the server in one table: the dispatcher, /openapi.json and the reference read the same rows. Handlers stand
 * in routes_*.c, one file per group. */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include <yyjson.h>

#include "catalog/catalog.h"
#include "serve/app.h"
#include "serve/http.h"

enum { ROUTE_ARGS = 2 };
enum route_flags {
    ROUTE_OPEN = 1,   /* needs no session */
    ROUTE_MEMORY = 2, /* answered from memory, on the loop */
};

/* One request on its way to an answer. Lives in `a`, which goes with it. */
struct call {
    struct app *app;
    const struct http_request *req;
    struct http_reply *reply;
    struct arena *a;
    struct str args[ROUTE_ARGS]; /* parts of the path, decoded */
    const struct mesh *mesh;     /* NULL for ROUTE_MEMORY */
    struct known *known;         /* what is made of it */
    struct known_states *states; /* call_states, once asked for */
};

struct route_param {
    const char *name, *type, *about;
};

struct route {
    enum http_verb verb;
    const char *pattern;                           /* "/api/v1/products/{domain}/{product}" */
    bool (*handle)(struct call *c, struct err *e); /* false: `e` becomes the answer, unless one has begun */
    unsigned flags;
    const char *id, *summary;
    struct route_param query[10]; /* ends with a NULL name */
    const char *body, *answer;   /* shapes (openapi.c), or NULL: no body; the page's files */
    const char *answer_type;
};
extern const struct route routes_table[];
extern const size_t routes_count;

/* The whole way of a request: route, session, handler, error. On a worker, or in process. */
void routes_answer(struct app *app, const struct http_request *q, struct http_reply *r);
/* The same for what needs no waiting; false: not such a request. On the loop. */
bool routes_answer_fast(struct app *app, const struct http_request *q, struct http_reply *r);

/* A question of this program to itself, as trusted as its user. `body` empty: none. */
void routes_call(struct app *app, enum http_verb verb, const char *target, struct str body, struct http_memory *m);

/* ---- for handlers ---- */
void call_json(struct call *c, struct buf *b); /* answers with what was written, or E_TOO_LARGE */
MUST_CHECK bool call_int(struct call *c, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out,
                         struct err *e);
/* The body as JSON, owned; an absent one is read as `otherwise` (NULL: an error). */
yyjson_doc *call_body(struct call *c, const char *otherwise, struct err *e);
MUST_CHECK bool call_no_body(struct call *c, struct err *e);
bool call_missing(struct err *e, const char *kind, struct str name, const struct str *known,
                  size_t n); /* E_NOT_FOUND with did-you-mean; false */
struct buf call_buf(void);
/* The states of all ports, as mesh.ports, until the call ends; NULL: `e` says why. */
const struct build_port_status *call_states(struct call *c, struct err *e);
/* The port that args name, or NULL with E_NOT_FOUND. */
const struct mesh_port *call_port(struct call *c, struct err *e);

/* routes_page.c */
bool route_healthz(struct call *c, struct err *e);
bool route_openapi(struct call *c, struct err *e);
bool route_page(struct call *c, struct err *e);
/* routes_catalog.c */
bool route_mesh(struct call *c, struct err *e);
bool route_products(struct call *c, struct err *e);
bool route_product(struct call *c, struct err *e);
bool route_port(struct call *c, struct err *e);
/* routes_dashboard.c */
bool route_dashboards(struct call *c, struct err *e);
bool route_dashboard(struct call *c, struct err *e);
/* routes_edit.c */
bool route_edits(struct call *c, struct err *e);
/* routes_draft.c */
bool route_drafts(struct call *c, struct err *e);
/* routes_upload.c */
bool route_upload_begin(struct call *c, struct err *e);
bool route_upload_piece(struct call *c, struct err *e);
bool route_upload_look(struct call *c, struct err *e);
bool route_upload_add(struct call *c, struct err *e);
/* routes_pack.c */
bool route_packs(struct call *c, struct err *e);
/* routes_export.c */
bool route_export(struct call *c, struct err *e);
/* routes_find.c */
bool route_search(struct call *c, struct err *e);
bool route_catalog(struct call *c, struct err *e);
/* routes_lineage.c */
bool route_lineage(struct call *c, struct err *e);
bool route_column(struct call *c, struct err *e);
/* routes_source.c */
bool route_sources(struct call *c, struct err *e);
bool route_source(struct call *c, struct err *e);
/* routes_alert.c */
bool route_alerts(struct call *c, struct err *e);
bool route_alerts_check(struct call *c, struct err *e);
bool route_alerts_test(struct call *c, struct err *e);
bool route_digest(struct call *c, struct err *e);
bool route_digest_send(struct call *c, struct err *e);
/* routes_history.c */
bool route_port_checks(struct call *c, struct err *e);
bool route_runs(struct call *c, struct err *e);
bool route_port_history(struct call *c, struct err *e);
bool route_port_failing(struct call *c, struct err *e);
bool route_port_why(struct call *c, struct err *e);
/* routes_query.c */
bool route_query(struct call *c, struct err *e);
bool route_rows(struct call *c, struct err *e);
/* routes_run.c */
bool route_plan(struct call *c, struct err *e);
bool route_run(struct call *c, struct err *e);
bool route_cancel(struct call *c, struct err *e);

/* routes_home.c */
bool route_home(struct call *c, struct err *e);
/* routes_domain.c */
bool route_domains(struct call *c, struct err *e);
bool route_domain(struct call *c, struct err *e);
bool route_readiness(struct call *c, struct err *e);
/* routes_glossary.c */
bool route_glossary(struct call *c, struct err *e);
bool route_clashes(struct call *c, struct err *e);
/* routes_goals.c */
bool route_goals(struct call *c, struct err *e);
bool route_goal_value(struct call *c, struct err *e);
bool route_pacing(struct call *c, struct err *e);
bool route_naming(struct call *c, struct err *e);
/* routes_request.c */
bool route_requests(struct call *c, struct err *e);
bool route_request_add(struct call *c, struct err *e);
bool route_request_answer(struct call *c, struct err *e);

/* openapi.c */
void openapi_write(struct buf *b);

/* shape.c: writers of the API's shapes that several groups use */
void shape_owner(struct buf *b, const char *key, const struct mesh_person *p, const struct mesh_person *otherwise);
void shape_support(struct buf *b, const char *key, const struct mesh_channel *v, size_t n, const struct mesh_channel *otherwise);
void shape_port_summary(struct buf *b, const struct mesh_port *p,
                        const struct build_port_status *s); /* members only, no braces */
void shape_check(struct buf *b, const struct store_check *k);
/* "domain.port_v1" as people say it: without the major where it is the default. */
struct str shape_ref(const struct mesh *m, struct str ref);
void shape_run_port(struct buf *b, const struct mesh *m, const struct store_run_port *p);
void shape_run(struct buf *b, const struct mesh *m, const struct store_run *r, const struct store_run_port *ports, size_t n);
void shape_errs(struct buf *b, const char *key, const struct errs *es, bool warnings);
const struct mesh_person *shape_product_owner(const struct mesh_product *p);
struct str shape_stream_state(const struct ingest_stream_state *st); /* routes_source.c */
void shape_source_health(struct buf *b, const struct source_health *h); /* members only, no braces; with names and owner */
struct str shape_materialization(enum mesh_materialization m);

/* shape_item.c */
enum port_state shape_product_state(const struct mesh_product *p, const struct build_port_status *st,
                                    size_t *worst_port); /* the worst of its ports; worst_port may be NULL */
void shape_catalog_item(struct buf *b, const struct mesh_product *p, const struct build_port_status *st, int64_t uses);

/* ---- what the pages of the catalog share ---- */
struct domain_facts {
    const struct build_port_status *status; /* as mesh.ports */
    struct source_lag *lags;          /* as mesh.sources */
    struct readiness *ready;          /* as mesh.domains */
    struct clash *clashes;
    size_t n_clashes;
    struct store_request *open; /* requests that wait */
    size_t n_open;
    int64_t *uses; /* as mesh.ports: questions of the last 30 days */
};
MUST_CHECK bool domain_facts_get(struct call *c, struct domain_facts *f, struct err *e);
void shape_domain_counts(struct buf *b, const struct mesh *m, const struct domain_facts *f,
                         const struct mesh_domain *d); /* members only, no braces */
void shape_pitfalls(struct buf *b, const struct readiness *r); /* elements only */
void shape_term(struct buf *b, const struct mesh_term *t, const struct clash *clashes, size_t n_clashes, struct arena *a);
MUST_CHECK bool shape_goal(struct call *c, struct buf *b, const char *key, const struct mesh_goal *g, struct err *e);
MUST_CHECK bool shape_goals(struct call *c, struct buf *b, const struct mesh_domain *only, struct err *e); /* NULL: all, the north star first */
void shape_request(struct buf *b, const struct store_request *r);

#endif
