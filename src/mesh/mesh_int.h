/* What the files of the loader share: the state of one load, and the stages it passes through.
 *
 *   files_walk   folders -> struct mesh_file (text, hash, checked document)          files.c, cache.c, schema*.c
 *   build_*      documents -> structs, with the checks that need one folder only     build_*.c
 *   graph_*      SQL -> inputs, order, circles, checks across folders                graph.c, refs.c
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
    struct mesh_file domain;
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
    struct mesh_file mesh_file;
    struct domain_files *domains;
    size_t n_domains;
    struct buf digest;           /* path and hash of every file read */
    struct table product_ids;    /* -> struct id_claim */
    struct table contract_ids;   /* -> struct id_claim */
    struct foreign *foreign;     /* refs.c */
    struct table broken;         /* refs, "domain.source__" and contract ids whose declaration has errors: not reported again as dangling */
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
