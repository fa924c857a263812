/* What people find and judge: search over everything that has a name, the graph, the health of sources and of the mesh, what changed,
 * how ready a domain is, goals, naming, pacing, claims that clash, requests. Reads the declaration, the stores and, for numbers of
 * products, the gate (govern_query); writes requests and the list of changes. See docs/catalog.md. */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "build/build.h"
#include "govern/govern.h"
#include "mesh/mesh.h"
#include "store/state.h"
#include "store/store.h"

/* ---- search*.c: an index of one declaration, immutable, shared by all readers ---- */
enum find_kind { FIND_PRODUCT, FIND_PORT, FIND_COLUMN, FIND_TERM, FIND_GOAL, FIND_DASHBOARD, FIND_DOMAIN, FIND_SOURCE, FIND_EVENT, FIND_METRIC, FIND_KINDS };
const char *find_kind_text(enum find_kind k);
bool find_kind_from(struct str text, enum find_kind *out);
struct find_hit {
    enum find_kind kind;
    const void *entry;   /* struct mesh_product, mesh_port, mesh_column, ... by kind */
    const struct mesh_port *port; /* of a column */
    struct str ref, title, text, domain, owner;
    struct str field, via; /* which field matched best; the word it matched by (a synonym, a corrected typo), or empty */
    double score;
};
struct find;
/* Borrows `m` until closed. `uses[i]` counts the questions that read mesh.ports[i] lately; NULL: none. */
MUST_CHECK bool find_open(const struct mesh *m, const int64_t *uses, struct find **out, struct err *e);
void find_close(struct find *f);
struct find_size { size_t entries, words, places, bytes; };
struct find_size find_size(const struct find *f);
struct find_ask { struct str q; unsigned kinds /* mask of 1 << enum find_kind, 0: all */; struct str domain /* empty: all */; size_t limit; };
struct find_result {
    struct find_hit *hits; size_t n;
    size_t total;                          /* all that match */
    struct str *dropped; size_t n_dropped; /* words that nothing matches together with the others */
};
/* Best first. Words match by prefix, synonym and small typo. A text without words finds nothing. */
MUST_CHECK bool find_query(const struct find *f, const struct find_ask *ask, struct arena *a, struct find_result *out, struct err *e);

/* ---- source_health.c: the state of a source as an owner asks for it ---- */
enum source_state { SOURCE_OK, SOURCE_LATE, SOURCE_FAILED, SOURCE_UNUSUAL /* volume or quarantine off its habit */, SOURCE_NEVER };
const char *source_state_text(enum source_state s); /* ok late failed unusual never */
struct source_load { int64_t file_id, rows, quarantined, bytes, at_us; struct str stream, path; int32_t day_from, day_to; bool has_days; };
/* kind: source_failed source_late volume_unusual quarantine drift, as alerts are called. text: what is wrong; step: what its owner does. */
struct source_problem { struct str kind, text, step; const struct mesh_stream *stream; };
struct source_health {
    const struct mesh_source *source;
    enum source_state state;
    struct str reason;                 /* one sentence with the owner's next step */
    struct source_problem *problems; size_t n_problems; /* the gravest first, one of a kind */
    int64_t last_load_us, lag_s, allowed_lag_s; /* lag: now minus the newest data; -1 unknown; allowed 0: none declared */
    int64_t rows, rows_quarantined;
    int64_t last_rows, habit_rows;     /* newest load of the stream that is furthest below its habit, and that: the median of the eight loads
                                        * before; -1: nothing loaded, too few loads to tell */
    size_t drift_events;
    struct str data_from, data_to;
    const struct mesh_port **affected; size_t n_affected; /* downstream, nearest first */
};
/* All sources at once, indexed as mesh.sources. */
MUST_CHECK bool catalog_sources(struct state *s, const struct mesh *m, struct arena *a, struct source_health **out, struct err *e);
/* Files that were brought in, newest first. */
MUST_CHECK bool catalog_source_loads(struct state *s, const struct mesh_source *src, size_t limit, struct arena *a,
                                     struct source_load **out, size_t *n, struct err *e);

/* ---- why.c: the chain of causes from a port to what is to be mended ---- */
/* build_status, and ports that are up to date with a source that is late against its SLA are stale, with that source
 * ("source:domain.name") as the cause. What people are shown is this. */
MUST_CHECK bool catalog_status(struct build *b, struct state *s, const struct mesh *m, struct arena *a, struct build_port_status **out,
                               struct err *e);
/* since: 0: not known. */
struct why_step { struct str ref, kind /* port stream source */, state, message; struct mesh_person owner; int64_t since_us; };
/* The first step is the port; the last is what is to be mended. One step: the port itself is, or it is fresh. */
MUST_CHECK bool catalog_why(struct state *s, const struct mesh *m, const struct build_port_status *status, const struct mesh_port *p,
                            struct arena *a, struct why_step **out, size_t *n, struct err *e);

/* ---- history.c: a port over time ---- */
struct lag_point { int64_t at_us, lag_s; };
struct port_history {
    struct store_run_port *runs; size_t n_runs;      /* newest first */
    struct store_check_run *checks; size_t n_checks; /* oldest first, as the next */
    struct lag_point *lags; size_t n_lags;           /* before and after each build, and now */
    int64_t allowed_lag_s;                           /* < 0: nothing is promised */
};
MUST_CHECK bool catalog_history(struct state *s, const struct mesh *m, const struct mesh_port *p, int64_t since_us, struct arena *a,
                                struct port_history *out, struct err *e);

/* ---- graph*.c: sources to dashboards, as nodes and edges, whole or around one ---- */
enum graph_level { GRAPH_DOMAIN, GRAPH_PRODUCT, GRAPH_PORT };
const char *graph_level_text(enum graph_level l); /* domain product port */
struct graph_node {
    struct str id;                           /* "port:shop.orders", "product:shop.sales": kind and ref */
    struct str kind;                         /* domain source stream product port metric dashboard consumer */
    struct str ref, label, domain, product, state;
    const struct mesh_port *port;            /* of a port */
    int layer, order; size_t inside;         /* inside: ports of a product, products of a domain, streams of a source */
};
struct graph_edge { size_t from, to; size_t columns; }; /* columns: how many columns it carries; 0 unknown */
struct graph { struct graph_node *nodes; size_t n_nodes; struct graph_edge *edges; size_t n_edges; size_t hidden; struct str focus; /* id of the node that was asked for; empty: none or several */ };
struct graph_ask { enum graph_level level; struct str focus /* id or ref, or empty: all */, domain /* or empty */; int up, down; /* steps; -1: all */ size_t limit; };
/* E_NOT_FOUND for a focus that is nothing of the mesh. */
MUST_CHECK bool catalog_graph(const struct mesh *m, const struct build_port_status *status, const struct graph_ask *ask, struct arena *a,
                              struct graph *out, struct err *e);

/* ---- columns.c: the way of one column through the SQL of all ports; what the SQL says is read once per declaration ---- */
struct columns; /* safe from any thread */
struct columns *columns_new(const struct mesh *m); /* borrows `m` until freed */
void columns_free(struct columns *c);
struct column_node { struct str ref, column; const struct mesh_port *port; /* NULL: of a raw stream */ int layer; /* 0: the one asked for; before it negative */ bool uncertain; };
struct column_edge { size_t from, to; };
struct column_graph { struct column_node *nodes; size_t n_nodes; struct column_edge *edges; size_t n_edges; bool cut; /* more than is shown */ };
/* up, down: steps; -1: all. E_NOT_FOUND with "did you mean" for a column that the port does not have. */
MUST_CHECK bool catalog_column(struct columns *c, struct build *b, const struct mesh_port *p, struct str column, int up, int down, struct arena *a,
                               struct column_graph *out, struct err *e);
/* How many columns of `from` (a ref) the port `to` reads; 0 unknown. */
MUST_CHECK bool catalog_columns_between(struct columns *c, struct build *b, struct str from, const struct mesh_port *to, size_t *n, struct err *e);

/* ---- clashes.c: two that claim the same ---- */
struct clash_claim { struct str ref, text; struct mesh_person owner; struct mesh_pos pos; };
struct clash { struct str kind /* duplicate_term duplicate_synonym duplicate_product duplicate_port duplicate_metric claimed_term */, subject, why; struct clash_claim *claims; size_t n_claims; };
MUST_CHECK bool catalog_clashes(const struct mesh *m, struct arena *a, struct clash **out, size_t *n, struct err *e);
/* The same as warnings, at the place of the second claim, for `trellis check`. */
MUST_CHECK bool catalog_clash_warnings(const struct mesh *m, struct errs *es, struct err *e);

/* ---- readiness.c: what is missing on the way, step by step ---- */
struct ready_step { struct str id, phase, title, missing, command, href; bool done, optional; };
struct ready_pitfall { struct str id, title, text; struct mesh_person owner; };
struct readiness { const struct mesh_domain *domain; struct ready_step *steps; size_t n_steps, n_done, n_asked; /* asked: steps that are not optional */ struct ready_pitfall *pitfalls; size_t n_pitfalls; };
MUST_CHECK bool catalog_readiness(struct state *s, const struct mesh *m, const struct build_port_status *status, struct arena *a,
                                  struct readiness **out /* as mesh.domains */, struct err *e);

/* ---- numbers.c: goals, targets and naming, read through the gate; who: NULL is the program itself ---- */
struct goal_state { const struct mesh_goal *goal; bool known; double value, progress /* 0…1 and beyond, from baseline to target */; struct str problem, sql, day_from, day_to;
                    struct goal_point { int32_t day; double value; bool known; } *series; size_t n_series; };
MUST_CHECK bool catalog_goal(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_goal *goal, struct arena *a, struct goal_state *out, struct err *e);
/* The value over a fixed span, for freezing a baseline. */
MUST_CHECK bool catalog_goal_value(struct govern *g, const struct govern_principal *who, const struct mesh *m, const struct mesh_goal *goal, int32_t from, int32_t to, struct arena *a, double *out, bool *known, struct err *e);
/* What a panel of a dashboard asks: x, series, then the measures. */
MUST_CHECK bool catalog_panel_sql(const struct mesh *m, const struct mesh_panel *p, struct arena *a, struct str *out, struct err *e);
struct pace { const struct mesh_target *target; double actual, expected /* by now, evenly */, projected; bool known; int32_t last_day; int days_done, days_all; };
struct pacing { const struct mesh_port *port; struct str problem /* why nothing is known, or empty */; struct pace *v; size_t n; };
/* Targets against what came, those that run today first. */
MUST_CHECK bool catalog_pacing(struct govern *g, const struct govern_principal *who, const struct mesh *m, int32_t today, struct arena *a, struct pacing *out, struct err *e);
struct mistag { const struct mesh_naming_rule *rule; struct str platform, subject_id, name, problem; double spend; bool spend_known; };
struct naming { struct mistag *v; size_t n, total; struct str problem; };
/* Campaigns, ad groups and ads that break a naming rule, by spend of the newest 90 days. */
MUST_CHECK bool catalog_naming(struct govern *g, const struct govern_principal *who, const struct mesh *m, size_t limit, struct arena *a, struct naming *out, struct err *e);

/* ---- lag.c: what the ledger says of each source in one question, for pages that count ---- */
struct source_lag {
    const struct mesh_source *source;
    int64_t last_load_us, newest_us; /* newest_us: the end of the newest day in the mesh's time zone, or the last load where days are not known; 0: never */
    const struct mesh_stream *decides; /* whose newest day that is; NULL: days are not known */
    int64_t late_us;                 /* since when it is older than its SLA allows; 0: in time, or no SLA */
    int64_t rows, rows_quarantined;
    int32_t day_from, day_to; bool has_days;
};
/* As mesh.sources. */
MUST_CHECK bool catalog_lags(struct state *s, const struct mesh *m, struct arena *a, struct source_lag **out, struct err *e);

/* ---- annotations.c: what happened on which day, for whoever looks at a curve ---- */
/* source: file (governance/annotations.yaml), platform (campaigns as landed), trellis (declarations that changed). until: day where it has no end of its own. */
struct annotation { int32_t day, until; struct str title, kind, ref, href, source; };
/* Those that touch the days, by day. domain: of this one and of the whole mesh; empty: all. What cannot be read is left out. */
MUST_CHECK bool catalog_annotations(struct state *s, struct govern *g, const struct govern_principal *who, const struct mesh *m, int32_t from, int32_t to, struct str domain, struct arena *a, struct annotation **out, size_t *n, struct err *e);

/* ---- changes.c: what happened lately, newest first ---- */
enum change_severity { CHANGE_INFO, CHANGE_WARN, CHANGE_BAD };
struct change { int64_t at_us; struct str kind /* load run_failed check_failed drift contract sql declared source_late request */, title, ref, domain, href; enum change_severity severity; struct mesh_person owner; };
MUST_CHECK bool catalog_changes(struct state *s, const struct mesh *m, size_t limit, struct arena *a, struct change **out, size_t *n, struct err *e);
/* Compares the declaration with the one last seen and writes down what differs; called when a declaration is taken in. */
MUST_CHECK bool catalog_note_declared(struct state *s, const struct mesh *m, struct err *e);

#endif
