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
};

struct domain_files {
    struct str folder, path;
    struct mesh_file domain, glossary, goals;
    struct mesh_file *dashboards;
    size_t n_dashboards;
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
    struct mesh_file mesh_file, glossary, goals, naming; /* of governance/ */
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
void build_source(struct load *l, struct source_files *f, struct mesh_domain *d);
void build_product(struct load *l, const struct domain_files *siblings, struct product_files *f, struct mesh_domain *d);
struct mesh_contract *build_contract(struct load *l, const struct doc *doc, const struct doc_node *object, bool raw);
void build_check_quality(struct load *l, const struct mesh_contract *c); /* build_quality.c */
bool build_claim_id(struct load *l, struct table *ids, const struct doc *doc, const struct doc_node *id, struct str what,
                    struct mesh_contract *contract);
enum { MAJOR_NONE = -1 };
int build_major(struct str version); /* of MAJOR.MINOR.PATCH; MAJOR_NONE when it is not that */

/* graph.c, refs.c */
void refs_resolve(struct load *l);
void refs_check_input_ports(struct load *l, struct mesh_product *p);
void graph_order(struct load *l);

/* build_people.c, build_alerts.c */
void build_people(struct load *l, const struct doc *d, struct mesh_domain *dom);      /* profile, roles */
void build_raci(struct load *l, const struct doc *d, struct mesh_domain *dom);        /* after its products */
void build_alerts(struct load *l, const struct doc *d);

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
struct mesh_product *lookup_product(struct load *l, const struct doc *d, const struct doc_node *at, struct str ref);
bool column_is_time(const struct mesh_column *c);
bool column_is_number(const struct mesh_column *c);
/* expression.c: SQL over the columns of one port, bound by the engine without a row of it. */
enum expression_kind { EXPRESSION_AGGREGATE, EXPRESSION_CONDITION };
void expression_check(struct load *l, const struct doc *d, const struct doc_node *at, const struct mesh_port *p, enum expression_kind kind);

/* cache.c: validated documents and inferred names of SQL, by content hash. */
struct sql_ref;
struct mesh_cache *cache_open(const char *path);
const struct doc *cache_doc(struct mesh_cache *c, struct arena *a, enum schema_kind kind, struct str file, const struct sha *sha);
void cache_put_doc(struct mesh_cache *c, enum schema_kind kind, const struct sha *sha, const struct doc *d);
bool cache_refs(struct mesh_cache *c, struct arena *a, const struct sha *sha, struct sql_ref **refs, size_t *n);
void cache_put_refs(struct mesh_cache *c, const struct sha *sha, const struct sql_ref *refs, size_t n);
void cache_close(struct mesh_cache *c); /* writes it when something is new; failing to is no error */

/* Small helpers over documents and diagnostics (report.c). */
struct err *at_value(struct load *l, enum err_code code, const struct doc *d, const struct doc_node *n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
struct err *at_key(struct load *l, enum err_code code, const struct doc *d, const struct doc_node *n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
struct err *at_file(struct load *l, enum err_code code, struct str file, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
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
