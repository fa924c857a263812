/* Every route of the server in one table: the dispatcher, /openapi.json and the reference read the same rows. Handlers stand
 * in routes_*.c, one file per group. */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include <yyjson.h>

#include "catalog/catalog.h"
#include "serve/app.h"
#include "http/http.h"

enum { ROUTE_ARGS = 2 };
enum route_flags {
    ROUTE_OPEN = 1,   /* needs no session */
    ROUTE_MEMORY = 2, /* answered from memory, on the loop */
    ROUTE_DOMAIN = 4, /* the right is needed in the domain that the first part of the address names; else in any */
    ROUTE_WHOLE = 8,  /* the right is needed in the whole mesh */

    /* What a principal needs, asked before the handler; one of these in each row. */
    NEED_SESSION = 16, /* to be somebody: the own session, the own password */
    ROUTE_READS = 128, /* a POST that changes nothing: may be sent in a look as another role */
    ROUTE_TELLS = 1 << 12, /* a POST that says itself what it changes, where it does (a try changes nothing), or that is a piece of something larger */
    NEED_ALL = 64,     /* to see and be allowed everything: an administrator */
    NEED_GRANT = 32,   /* a role that gives anything; the handler shows what that principal sees */
#define X(id, text) NEED_##id = (RIGHT_##id + 1) << 8,
    MESH_RIGHTS(X)
#undef X
    NEED_RIGHT = 15 << 8, /* the bits of the rights */
};

struct route;
/* One request on its way to an answer. Lives in `a`, which goes with it. */
struct call {
    struct app *app;
    const struct route *route; /* its row of the table */
    const struct http_request *req;
    struct http_reply *reply;
    struct arena *a;
    struct str args[ROUTE_ARGS]; /* parts of the path, decoded */
    const struct mesh *mesh;     /* as `who` sees it; NULL for ROUTE_MEMORY */
    const struct mesh *whole;    /* as it is declared: for what is done, never for what is told */
    struct known *known;         /* what is made of it */
    struct known_states *states; /* call_states, once asked for */
    struct govern_principal who; /* who asks; of an open route: nobody, without roles */
    struct str person;           /* customer_id of the one whom it is about, for the audit log */
    bool told;                   /* something stands in the audit log about it */
    struct str csrf;             /* what a change in this session has to carry; empty: nothing */
    const struct auth_session *session; /* of `who`; without an id where it is no user's */
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
    struct route_param query[14]; /* ends with a NULL name */
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
/* The same with `X-Trellis-Role` (a look as that role) and `X-Trellis-Purpose`; empty: without. */
void routes_call_as(struct app *app, enum http_verb verb, const char *target, struct str body, struct str role, struct str purpose, struct http_memory *m);

/* ---- routes_right.c ---- */
/* `X-Trellis-Role`: from here on `who` is the look as that role. E_DENIED: without the right to administer, or for a change. */
bool route_preview(struct call *c, const struct route *rt, struct err *e);
bool route_allowed(struct call *c, const struct route *rt, struct err *e); /* E_DENIED: what the row needs, the principal does not have */
/* A right, in a domain of `whole` (NULL: in any); E_DENIED. For handlers whose body names the domain. */
MUST_CHECK bool call_may(struct call *c, enum mesh_right right, const struct mesh_domain *d, struct err *e);
/* Of this source ("domain.source"), or of all where none is named: may they look? E_USAGE: they have to name one of theirs. */
MUST_CHECK bool call_source(struct call *c, struct str source, struct err *e);
bool call_no_customer(struct err *e); /* E_NOT_FOUND, in the words for who is not there and for who is hidden */
bool call_sees_customer(struct call *c, struct str customer_id, struct err *e); /* routes_customer.c: E_NOT_FOUND in the words for nobody */
/* routes_customer.c: the id in use for one that may be retired (*cause: why it is; empty: it is not), which is from here on whom the call is about. */
MUST_CHECK bool call_customer_in_use(struct call *c, struct str asked, struct str *now, struct str *cause, struct err *e);
/* routes_identity.c: where identity is kept (NULL: nowhere); and a personal value in part, for who could see it whole */
const struct mesh_domain *call_identity_domain(const struct call *c);
struct str call_part_of(struct call *c, struct str value);
bool call_sees(const struct call *c, struct str ref); /* a name as in mesh_holds: is it there for them? One that is gone is only for who sees everything */

/* ---- for handlers ---- */
void call_json(struct call *c, struct buf *b); /* answers with what was written, or E_TOO_LARGE */
MUST_CHECK bool call_int(struct call *c, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out,
                         struct err *e);
MUST_CHECK bool body_fits(const struct route *rt, yyjson_val *root, struct err *e); /* body.c: E_USAGE where it is none of its row's shape */
const char *openapi_shape(const char *name); /* members of a shape in the notation of openapi.c; NULL: there is none */
/* The body as JSON, owned, in the shape of its route; an absent one is read as `otherwise` (NULL: an error). */
yyjson_doc *call_body(struct call *c, const char *otherwise, struct err *e);
MUST_CHECK bool call_no_body(struct call *c, struct err *e);
bool call_missing(struct err *e, const char *kind, struct str name, const struct str *known,
                  size_t n); /* E_NOT_FOUND with did-you-mean; false */
struct buf call_buf(void);
/* What the rows of an answer are for: `?purpose=`, else `X-Trellis-Purpose`, else the one purpose of a token that has no other, else analytics. */
struct str call_purpose(struct call *c);
/* In whose name something is decided or asked: the principal's own; somebody at the mesh's files may name another. */
struct str call_by(const struct call *c, struct str named);
/* A text that this program wrote some time ago for everybody, without the names that `who` does not see. Not for what people write: one could learn
 * from it which names are hidden. */
struct str call_text(struct call *c, struct str text);
bool call_whole(const struct call *c); /* `who` sees the declaration as it is */
/* The states of all ports, as mesh.ports, until the call ends; NULL: `e` says why. */
const struct build_port_status *call_states(struct call *c, struct err *e);
/* The port that args name, or NULL with E_NOT_FOUND. */
const struct mesh_port *call_port(struct call *c, struct err *e);
const struct mesh_port *call_whole_port(const struct call *c, const struct mesh_port *p); /* the same one as it is declared, with its SQL */

/* ---- what handlers write into the audit log (routes_audit.c); each is on disk when it returns, so that it comes before what it speaks of ---- */
struct audit_entry;
MUST_CHECK bool call_audit(struct call *c, const struct audit_entry *x, struct err *e); /* who did it is filled in; no verdict: ok */
MUST_CHECK bool call_changed(struct call *c, struct str what, struct str why, struct err *e); /* "key 3 revoked", "files domains/web/…": no personal value */
MUST_CHECK bool call_reveal(struct call *c, struct str what, struct str fields, struct str reason, struct str customer_id, struct err *e); /* fields: with commas */
/* After a request: what was refused is noted, and a change that its handler did not tell itself. False: it could not be told. */
MUST_CHECK bool call_after(struct call *c, const struct route *rt, bool allowed, bool good, struct err *e);
struct str call_revealed(struct call *c, struct str what); /* the fields of a reveal's `what` */
/* routes_audit.c */
bool route_audit(struct call *c, struct err *e);
bool route_audit_verify(struct call *c, struct err *e);
bool route_audit_export(struct call *c, struct err *e);
/* routes_page.c */
bool route_healthz(struct call *c, struct err *e);
bool route_openapi(struct call *c, struct err *e);
bool route_page(struct call *c, struct err *e);
/* routes_auth.c */
bool route_sign_in_ways(struct call *c, struct err *e);
bool route_sign_in(struct call *c, struct err *e);
bool route_sign_out(struct call *c, struct err *e);
bool route_sign_on_start(struct call *c, struct err *e);
bool route_sign_on_callback(struct call *c, struct err *e);
bool route_welcome(struct call *c, struct err *e);
bool route_me(struct call *c, struct err *e);
bool route_password(struct call *c, struct err *e);
bool route_sessions(struct call *c, struct err *e);
bool route_session_end(struct call *c, struct err *e);
/* routes_people.c */
bool route_users(struct call *c, struct err *e);
bool route_user_add(struct call *c, struct err *e);
bool route_user_change(struct call *c, struct err *e);
bool route_user_link(struct call *c, struct err *e);
bool route_tokens(struct call *c, struct err *e);
bool route_token_add(struct call *c, struct err *e);
bool route_token_revoke(struct call *c, struct err *e);
bool route_token_rotate(struct call *c, struct err *e);
/* routes_quarantine.c */
bool route_quarantine(struct call *c, struct err *e);
bool route_quarantine_one(struct call *c, struct err *e);
bool route_quarantine_fix(struct call *c, struct err *e);
bool route_quarantine_replay(struct call *c, struct err *e);
/* routes_catalog.c */
bool route_mesh(struct call *c, struct err *e);
bool route_products(struct call *c, struct err *e);
bool route_product(struct call *c, struct err *e);
bool route_port(struct call *c, struct err *e);
/* routes_dashboard.c */
bool route_dashboards(struct call *c, struct err *e);
bool route_dashboard(struct call *c, struct err *e);
/* routes_policy.c, routes_rules.c */
bool route_access(struct call *c, struct err *e);
bool route_access_preview(struct call *c, struct err *e);
bool route_policies(struct call *c, struct err *e);
bool route_change_preview(struct call *c, struct err *e); /* routes_change.c */
/* routes_council.c */
bool route_council(struct call *c, struct err *e);
bool route_council_decide(struct call *c, struct err *e);
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
/* routes_live.c */
bool route_live(struct call *c, struct err *e);
bool route_live_find(struct call *c, struct err *e);
/* routes_customer.c */
bool route_customers(struct call *c, struct err *e);
bool route_customer(struct call *c, struct err *e);
bool route_customer_timeline(struct call *c, struct err *e);
bool route_customer_consent(struct call *c, struct err *e);
bool route_customer_reveal(struct call *c, struct err *e);
bool route_customer_reveals(struct call *c, struct err *e);
/* routes_untoken.c */
bool route_untoken(struct call *c, struct err *e);
/* routes_funnel.c */
bool route_funnel_steps(struct call *c, struct err *e);
bool route_funnel(struct call *c, struct err *e);
bool route_cohorts(struct call *c, struct err *e);
bool route_paths(struct call *c, struct err *e);
/* routes_attribution.c */
bool route_attribution(struct call *c, struct err *e);
bool route_attribution_conversions(struct call *c, struct err *e);
bool route_attribution_paths(struct call *c, struct err *e);
bool route_attribution_lag(struct call *c, struct err *e);
bool route_attribution_claimed(struct call *c, struct err *e);
bool route_journeys(struct call *c, struct err *e);
/* routes_anomaly.c */
bool route_anomalies(struct call *c, struct err *e);
bool route_anomaly_explain(struct call *c, struct err *e);
bool route_effects(struct call *c, struct err *e);
bool route_annotations(struct call *c, struct err *e);
bool route_baseline(struct call *c, struct err *e);
/* routes_consent.c, routes_consent_held.c */
bool route_consent(struct call *c, struct err *e);
bool route_consent_say(struct call *c, struct err *e);
bool route_consent_import(struct call *c, struct err *e);
bool route_consent_show(struct call *c, struct err *e);
bool route_consent_history(struct call *c, struct err *e);
bool route_consent_receipts(struct call *c, struct err *e);
bool route_consent_receipt(struct call *c, struct err *e);
bool route_receipt_verify(struct call *c, struct err *e);
/* routes_retention.c */
bool route_retention(struct call *c, struct err *e);
bool route_retention_run(struct call *c, struct err *e);
bool route_holds(struct call *c, struct err *e);
bool route_hold_add(struct call *c, struct err *e);
bool route_hold_end(struct call *c, struct err *e);
/* routes_scan.c */
bool route_scan(struct call *c, struct err *e);
bool route_scan_run(struct call *c, struct err *e);
bool route_scan_accept(struct call *c, struct err *e);
/* routes_privacy.c */
bool route_privacy_requests(struct call *c, struct err *e);
bool route_privacy_request(struct call *c, struct err *e);
bool route_privacy_request_add(struct call *c, struct err *e);
bool route_privacy_request_preview(struct call *c, struct err *e);
bool route_privacy_request_run(struct call *c, struct err *e);
bool route_privacy_request_extend(struct call *c, struct err *e);
bool route_privacy_request_close(struct call *c, struct err *e);
bool route_privacy_request_receipt(struct call *c, struct err *e);
bool route_privacy_erase(struct call *c, struct err *e);
bool route_privacy_resume(struct call *c, struct err *e);
bool route_privacy_access(struct call *c, struct err *e);
bool route_privacy_export(struct call *c, struct err *e);
/* routes_plan.c */
bool route_source_plan(struct call *c, struct err *e);
/* routes_key.c */
bool route_keys(struct call *c, struct err *e);
bool route_key_add(struct call *c, struct err *e);
bool route_key_revoke(struct call *c, struct err *e);
bool route_suppressed(struct call *c, struct err *e);
bool route_suppressed_add(struct call *c, struct err *e);
bool route_suppressed_remove(struct call *c, struct err *e);
bool route_collector(struct call *c, struct err *e);
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
/* routes_metrics.c, routes_metrics_list.c, routes_metrics_explain.c */
bool route_metrics(struct call *c, struct err *e);
bool route_metric(struct call *c, struct err *e);
bool route_metrics_query(struct call *c, struct err *e);
bool route_metrics_values(struct call *c, struct err *e);
bool route_metrics_explain(struct call *c, struct err *e);
bool route_metrics_understand(struct call *c, struct err *e);
/* routes_view.c */
bool route_views(struct call *c, struct err *e);
bool route_view_add(struct call *c, struct err *e);
bool route_view_change(struct call *c, struct err *e);
bool route_goal_value(struct call *c, struct err *e);
bool route_pacing(struct call *c, struct err *e);
bool route_naming(struct call *c, struct err *e);
/* routes_request.c */
bool route_requests(struct call *c, struct err *e);
bool route_request_add(struct call *c, struct err *e);
bool route_request_answer(struct call *c, struct err *e);

/* routes_identity.c */
bool route_identity(struct call *c, struct err *e);
bool route_identity_ledger(struct call *c, struct err *e);
bool route_identity_explain(struct call *c, struct err *e);
bool route_customer_why(struct call *c, struct err *e);
bool route_identity_preview(struct call *c, struct err *e);
bool route_identity_merge(struct call *c, struct err *e);
bool route_identity_split(struct call *c, struct err *e);
bool route_identity_withdraw(struct call *c, struct err *e);

/* routes_review.c */
bool route_identity_review(struct call *c, struct err *e);
bool route_identity_review_decide(struct call *c, struct err *e);

/* openapi.c */
void openapi_write(struct buf *b);

/* shape.c: writers of the API's shapes that several groups use */
void shape_owner(struct buf *b, const char *key, const struct mesh_person *p, const struct mesh_person *otherwise);
void shape_support(struct buf *b, const char *key, const struct mesh_channel *v, size_t n, const struct mesh_channel *otherwise);
void shape_port_summary(struct buf *b, const struct mesh_port *p,
                        const struct build_port_status *s); /* members only, no braces */
void shape_check(struct call *c, struct buf *b, const struct store_check *k);
/* "domain.port_v1" as people say it: without the major where it is the default. */
struct str shape_ref(const struct mesh *m, struct str ref);
void shape_run_port(struct call *c, struct buf *b, const struct store_run_port *p);
void shape_run(struct call *c, struct buf *b, const struct store_run *r, const struct store_run_port *ports, size_t n);
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
bool call_sees_request(const struct call *c, const struct store_request *r);
void shape_request(struct buf *b, const struct store_request *r);

#endif
