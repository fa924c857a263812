/* What the files of the loader share: the state of one load, and the stages it passes through.
 *
 *   files_walk   folders -> struct mesh_file (text, hash, checked document)          files.c, cache.c, schema*.c
 *   build_*      documents -> structs, with the checks that need one folder only     build_*.c
 *   graph_*      SQL -> inputs, order, circles, checks across folders                graph.c, refs.c
 *   meaning_*    terms, goals, naming, targets, dashboards: what points at ports    meaning_*.c, lookup.c
 */
#ifndef MESH_MESH_INT_H
#define MESH_MESH_INT_H

#include <stdio.h>

#include "base/buf.h"
#include "base/fs.h"
#include "mesh/mesh.h"
#include "mesh/schema.h"
#include "mesh/table.h"

/* The mesh that the outside sees, and its indexes. */
struct mesh_whole {
    struct mesh m;
    struct table ports;   /* by ref and by ref_major -> struct mesh_port */
    struct table streams; /* by ref -> struct mesh_stream */
};

struct mesh_file {
    struct str path;       /* relative to the mesh folder */
    struct str base;       /* file name */
    struct str text;
    struct sha sha;
    const struct doc *doc; /* NULL: not a document, or it has errors */
    bool used;             /* a product took this contract or SQL */
};

struct product_files {
    struct str folder, path;     /* name; "domains/D/products/P" */
    struct mesh_file product, readme;
    struct mesh_file *contracts, *sql;
    size_t n_contracts, n_sql;
};

struct source_files {
    struct str stem;             /* file name without .yaml */
    struct mesh_file source, contract;
    struct str plan_path;        /* the folder beside it, where there is one with contracts */
    struct mesh_file *plan;      /* contracts of event types */
    size_t n_plan;
};

struct domain_files {
    struct str folder, path;
    struct mesh_file domain, glossary, goals, policies;
    struct mesh_file *dashboards, *models, *metrics;
    size_t n_dashboards, n_models, n_metrics;
    struct source_files *sources;
    size_t n_sources;
    struct product_files *products;
    size_t n_products;
};

struct mesh_cache;
struct foreign;

struct load {
    struct mesh_whole *w;
    struct mesh *m;
    struct arena *a;             /* the mesh's own */
    struct errs *es;
    struct engine_conn *parser;
    struct mesh_cache *cache;    /* NULL: none */
    struct mesh_file mesh_file, glossary, goals, naming, identity, consent, channels, roles, policies, attribution, annotations; /* of governance/ */
    struct mesh_file *approvals; /* of governance/approvals/ */
    size_t n_approvals;
    struct mesh_file *targets;   /* tables, not documents */
    size_t n_targets;
    struct domain_files *domains;
    size_t n_domains;
    struct buf digest;           /* path and hash of every file read */
    struct table product_ids;    /* -> struct id_claim */
    struct table contract_ids;   /* -> struct id_claim */
    struct foreign *foreign;     /* refs.c */
    struct table broken;         /* refs, "domain.source__" and contract ids whose declaration has errors: not reported again as dangling */
    struct table wrong_files;    /* with errors, when the meaning stage begins */
    bool contract_unreadable;    /* a contract is not even YAML, so that its id is not known */
};

/* Who carries an id, for "is already the id of". */
struct id_claim {
    struct mesh_pos pos;
    struct str what;             /* "product acquisition.x", "contract of port acquisition.x" */
    struct mesh_contract *contract;
};

/* files.c */
void files_walk(struct load *l);

/* build_mesh.c, build_source.c, build_contract.c, build_product.c */
void build_mesh(struct load *l);
bool build_check_own_name(struct load *l, const struct doc *d, const struct doc_node *name, struct str folder, struct str claimed,
                          const char *what);
void build_check_money_and_time(struct load *l, const struct doc *d, const struct doc_node *currency, const struct doc_node *zone);
void build_domain(struct load *l, const struct domain_files *f, struct mesh_domain *d);
void build_north_stars(struct load *l); /* when metrics are known: one may be the north star of a domain */
void build_source(struct load *l, struct source_files *f, struct mesh_domain *d);
void build_product(struct load *l, const struct domain_files *siblings, struct product_files *f, struct mesh_domain *d);
enum columns_of { COLUMNS_PORT, COLUMNS_RAW, COLUMNS_EVENT }; /* EVENT: members of an event type, nested ones named "a.b"; any name, and no class is one by name */
struct mesh_contract *build_contract(struct load *l, const struct doc *doc, const struct doc_node *object, enum columns_of of);
void build_check_quality(struct load *l, const struct mesh_contract *c); /* build_quality.c */
/* build_materialization.c */
void build_materialization(struct load *l, struct mesh_port *p, const struct doc *d, const struct doc_node *port);
void build_check_identity_once(struct load *l);
/* build_events.c, build_plan.c, build_enrich.c: a source of events, its tracking plan, its own columns. */
void build_events(struct load *l, struct source_files *f, struct mesh_source *s);
void build_planned(struct load *l, struct source_files *f, struct mesh_source *s);
struct enriched { unsigned streams; enum mesh_class class_; }; /* as mesh_events.enrich: the streams that get the column */
struct enriched *build_enrich(struct load *l, const struct doc *d, const struct doc_node *list, struct mesh_source *s);
/* customProperties of ours: known, given once and of the right form; those of others are left alone. False when a form is wrong. */
struct own_property { const char *name; enum doc_kind kind; const char *form; };
bool build_own_properties(struct load *l, const struct doc *d, const struct doc_node *owner, const struct own_property *known);
enum mesh_class build_class_of(struct load *l, const struct doc *d, const struct doc_node *n);
bool build_raw_name_fits(struct str s);
bool build_claim_id(struct load *l, struct table *ids, const struct doc *doc, const struct doc_node *id, struct str what,
                    struct mesh_contract *contract);
enum { MAJOR_NONE = -1 };
int build_major(struct str version); /* of MAJOR.MINOR.PATCH; MAJOR_NONE when it is not that */

/* graph.c, refs.c */
void refs_resolve(struct load *l);
void refs_check_input_ports(struct load *l, struct mesh_product *p);
void graph_order(struct load *l);
void carry_classes(struct load *l); /* carry.c: mesh_column.carried, inputs first */

/* build_people.c, build_alerts.c */
void build_people(struct load *l, const struct doc *d, struct mesh_domain *dom);      /* profile, roles */
void build_raci(struct load *l, const struct doc *d, struct mesh_domain *dom);        /* after its products */
void build_alerts(struct load *l, const struct doc *d);

/* build_identity.c, build_consent.c, build_channels.c: governance/ of people and events; defaults where a file is absent. */
void build_identity(struct load *l, const struct doc *d, struct mesh_identity *out);
void build_consent(struct load *l);
void build_channels(struct load *l);

/* build_attribution.c, build_conversions.c: governance/attribution.yaml. Read before products, since port SQL may ask for the rows of conversions;
 * held to its ports when they are known. */
void build_attribution(struct load *l);
void build_attribution_refs(struct load *l);
struct str build_conversion_rows(struct load *l, struct str sql, struct str file); /* the SQL with mesh_conversion_rows(…) written out */
/* build_models.c, build_metrics.c, build_metric_refs.c: after all ports and terms are known. */
void build_models(struct load *l);
void build_metrics(struct load *l);
/* What a metric is made of: its node in the file, for messages. */
struct metric_file { struct mesh_metric *m; const struct doc *d; const struct doc_node *root; bool wrong; };
void metric_parts_check(struct load *l, struct metric_file *v, size_t n); /* build_metric_refs.c: circles, expressions, units, versions */
/* build_metric_filter.c: dimensions and the ways that lead to them. */
bool metric_dimension_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, struct str name, const char *what);
void metric_filter_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_model *from, struct mesh_metric *into);
void metric_reads(struct load *l, struct mesh_metric *m, const struct mesh_model *model); /* into its `models` */
const struct mesh_metric *lookup_metric(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref, const struct mesh_domain *own);
enum { METRIC_LEAVES_MAX = 64 };
size_t metric_leaves(const struct mesh_metric *m, const struct mesh_model **out, size_t max); /* the models that its measures are of */
void build_annotations(struct load *l);

/* build_person.c: whose rows they are. */
void build_person_column(struct load *l, struct mesh_port *p);
/* build_roles.c, build_policies.c, build_tighten.c: after all ports are known, in this order. Built-in roles and defaults where files are absent. */
void build_roles(struct load *l);
void build_policies(struct load *l);
void build_tighten(struct load *l, struct mesh_loosenings *out);
void build_sign_on(struct load *l, const struct doc *d); /* build_sign_on.c: sign_on, encryption */
struct str secret_of(struct load *l, const struct doc *d, const struct doc_node *map, const char *key, const char *variable, bool command); /* build_alerts.c */
/* build_policy_refs.c: what grants and rules point at. `of` is the rule in words. */
struct mesh_strs refs_products(struct load *l, const struct doc *d, const struct doc_node *list, const struct mesh_domain *only);
struct mesh_strs refs_roles(struct load *l, const struct doc *d, const struct doc_node *list);
struct mesh_strs refs_purposes(struct load *l, const struct doc *d, const struct doc_node *list);
bool refs_purpose(struct load *l, const struct doc *d, const struct doc_node *n);
struct str refs_condition(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_strs products, const struct doc_node *named, const char *of, struct mesh_strs *columns);

/* meaning_*.c: after all ports are known. */
void meaning_terms(struct load *l);
void meaning_goals(struct load *l);
void meaning_naming(struct load *l);
void meaning_targets(struct load *l);
void meaning_dashboards(struct load *l);
struct mesh_person meaning_owner(struct load *l, const struct doc *d, const struct doc_node *n, const struct mesh_domain *dom, const char *what);

/* lookup.c: references to ports, columns and products. NULL: reported, or its own errors are. */
void lookup_open(struct load *l);
bool lookup_sound(const struct load *l, const struct mesh_port *p); /* its contract can be relied on */
struct mesh_port *lookup_port(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref);
const struct mesh_column *lookup_column(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p, struct str name);
struct mesh_domain *lookup_domain(struct load *l, const struct doc *d, const struct doc_node *at, struct str name);
struct mesh_product *lookup_product(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref);
bool column_is_time(const struct mesh_column *c);
bool column_is_number(const struct mesh_column *c);
/* expression.c: SQL over the columns of one port, bound by the engine without a row of it. */
enum expression_kind { EXPRESSION_AGGREGATE, EXPRESSION_CONDITION, EXPRESSION_NUMBER, EXPRESSION_VALUE }; /* NUMBER, VALUE: of one row */
bool expression_alone(struct load *l, struct str text, struct mesh_strs *columns, struct err *e); /* sql_condition, remembered; needs the parser */
bool expression_text(struct load *l, const struct doc *d, const struct doc_node *at, struct str text, const struct mesh_port *p, enum expression_kind kind);
bool expression_question(struct load *l, const struct doc *d, const struct doc_node *at, struct mesh_port ***reads, size_t *n); /* one SELECT over ports */
/* question_bind.c: the columns that its rows have; false: not known, or there is an error of it */
bool question_columns(struct load *l, const struct doc *d, const struct doc_node *at, struct mesh_port *const *reads, size_t n, struct mesh_strs *columns);
bool expression_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p, enum expression_kind kind);

/* pattern.c: whether a pattern is one of RE2 and, if so, whether `text` has it; else what is wrong with it, in words. */
bool pattern_asked(struct load *l, struct str pattern, struct str text, bool *found, const char **what, const char **mend);
bool pattern_check(struct load *l, const struct doc *d, const struct doc_node *n, const char *of); /* reports; n may be NULL */

/* cache.c: validated documents and inferred names of SQL, by content hash. */
struct sql_ref;
struct mesh_cache *cache_open(const char *path);
const struct doc *cache_doc(struct mesh_cache *c, struct arena *a, enum schema_kind kind, struct str file, const struct sha *sha);
void cache_put_doc(struct mesh_cache *c, enum schema_kind kind, const struct sha *sha, const struct doc *d);
bool cache_refs(struct mesh_cache *c, struct arena *a, const struct sha *sha, struct sql_ref **refs, size_t *n);
void cache_put_refs(struct mesh_cache *c, const struct sha *sha, const struct sql_ref *refs, size_t n);
struct sql_column_lineage;
bool cache_lineage(struct mesh_cache *c, struct arena *a, const struct sha *key, struct sql_column_lineage **v, size_t *n);
void cache_put_lineage(struct mesh_cache *c, const struct sha *key, const struct sql_column_lineage *v, size_t n);
void cache_close(struct mesh_cache *c); /* writes it when something is new; failing to is no error */

/* Small helpers over documents and diagnostics (report.c). */
struct err *at_value(struct load *l, enum err_code code, const struct doc *d, const struct doc_node *n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
struct err *at_key(struct load *l, enum err_code code, const struct doc *d, const struct doc_node *n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
struct err *at_file(struct load *l, enum err_code code, struct str file, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
struct err *warn_at(struct load *l, enum err_code code, const struct mesh_pos *pos, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* e may be NULL */
/* Adds `did you mean "x"?` when a candidate is near; otherwise lists them when they are few. */
void hint_nearest(struct err *e, struct str word, const struct str *candidates, size_t n);
bool check_name(struct load *l, const struct doc *d, const struct doc_node *n, const char *what); /* E_NAME */
struct mesh_pos pos_of(const struct doc *d, const struct doc_node *n);
struct str *text_list(struct load *l, const struct doc *d, const struct doc_node *seq, size_t *n);
struct mesh_person person_of(const struct doc *d, const struct doc_node *n);
struct mesh_channel channel_of(const struct doc *d, const struct doc_node *n);
/* The value of an entry of customProperties, or NULL. */
const struct doc_node *custom_get(const struct doc *d, const struct doc_node *owner, const char *property);

#endif
