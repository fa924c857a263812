/* Writing declarations: the files of `trellis init`, a pack rendered into a mesh, a file source with an inferred contract.
 * Everything is made in memory first and checked against what is there; then all of it is written, or none. */
#ifndef MESH_MESH_WRITE_H
#define MESH_MESH_WRITE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum mesh_written_how { WRITTEN_NEW, WRITTEN_REPLACED, WRITTEN_UPDATED /* a union region in somebody's SQL */, WRITTEN_SAME };
struct mesh_written {
    struct str path; enum mesh_written_how how; /* path relative to the mesh folder */
    struct str before, after;                   /* what was there (p NULL: nothing), what is there now */
};

struct mesh_init_options {
    struct str name;                         /* empty: the folder's name, made to fit the naming rule */
    struct str title;                        /* as people see it; empty: the folder's name */
    struct str owner_name, owner_contact;    /* empty: from git's configuration, USER, or a placeholder */
    struct str time_zone, reporting_currency;/* empty: UTC, USD */
    bool force;                              /* replace files that are there */
};
/* Makes `dir` (which may exist, but not hold a mesh.yaml unless `force`) a mesh that passes `trellis check`. */
MUST_CHECK bool mesh_init(struct arena *a, const char *dir, const struct mesh_init_options *o,
                          struct mesh_written **files, size_t *n, struct err *e);

enum mesh_pack_kind { PACK_SOURCE, PACK_PRODUCT };
struct mesh_pack {
    struct str name, title, summary, platform, domain; enum mesh_pack_kind kind;
    bool own;              /* in the folder `packs` of the mesh */
    bool hides;            /* own, in the place of one of the program */
    bool events;           /* its source is one of events: it takes no path */
    bool broken;           /* own, and its pack.yaml cannot be read */
};
/* Packs of the mesh (dir empty: none), then those in the program, each sorted by name; what `trellis add` alone lists. */
MUST_CHECK bool mesh_packs_in(struct arena *a, struct str dir, struct mesh_pack **packs, size_t *n, struct err *e);
/* Those in the program alone. */
MUST_CHECK bool mesh_packs(struct arena *a, struct mesh_pack **packs, size_t *n, struct err *e);

struct mesh_add_options {
    struct str domain;     /* required: an existing domain (E_NOT_FOUND with did-you-mean) */
    struct str name;       /* name of the source; empty: the pack's name. A second account of one pack needs one */
    struct str path;       /* source packs and files: folder or glob, relative to the mesh folder or absolute */
    struct str currency;   /* ISO 4217, for platforms whose tables carry none */
    struct str time_zone;  /* informative */
    struct str options;    /* files: what stands between the brackets of the stream's `options`; empty: left out */
    struct str owner_name, owner_contact; /* files: owner of the product; empty: the domain's */
    bool force;            /* replace files that are there and differ; otherwise E_DUPLICATE names them */
    bool dry;              /* write nothing: only say what would be written */
};
/* Renders a pack and brings the union regions of the mesh's SQL up to date. */
MUST_CHECK bool mesh_add(struct arena *a, const char *dir, struct str pack, const struct mesh_add_options *o,
                         struct mesh_written **files, size_t *n, struct err *e);

struct mesh_template { struct str name, title, summary; struct str *sources; size_t n_sources; }; /* sources: packs that such a group usually owns */
/* Templates of domains in the program, sorted by name. */
MUST_CHECK bool mesh_templates(struct arena *a, struct mesh_template **out, size_t *n, struct err *e);
struct mesh_domain_options {
    struct str name, template_name;          /* both required */
    struct str title;                        /* empty: the template's, or made from the name */
    struct str owner_name, owner_contact;    /* empty: as for init */
    bool force;                              /* replace the three files when the domain is there; otherwise E_DUPLICATE */
    bool dry;                                /* write nothing: only say what would be written */
};
/* domain.yaml, glossary.yaml and goals.yaml of a new domain. */
MUST_CHECK bool mesh_add_domain(struct arena *a, const char *dir, const struct mesh_domain_options *o,
                                struct mesh_written **files, size_t *n, struct err *e);

/* A column of a contract to be written. From a file only the first four are known; an imported contract brings more. Empty or 0: not said. */
struct mesh_inferred_column {
    struct str name, logical_type, physical_type; bool required;
    struct str title, description, class_text; /* no class: proposed from the name */
    bool unique; int key_position;             /* from 1; 0: not of the key */
    struct str *values; size_t n_values;       /* the only ones allowed */
    struct str pattern, minimum, maximum; int64_t max_length;
    struct str references;                     /* "table.column" of the same set */
};
struct mesh_contract_head { struct str id, name, version, status, domain, object, title, description, comment; };
/* An ODCS 3.1 contract with one schema object, or its further objects (`head` without id: only the object). `quality`: with rules beside the columns. */
void mesh_contract_write(struct buf *b, const struct mesh_contract_head *head, const struct mesh_inferred_column *columns, size_t n, bool quality);

/* A source of kind files with one stream `data`, its contract, and a product with one port that publishes the columns
 * under the source's name: <domain>.<name>. */
MUST_CHECK bool mesh_add_files(struct arena *a, const char *dir, const struct mesh_add_options *o,
                               const struct mesh_inferred_column *columns, size_t n_columns,
                               struct mesh_written **files, size_t *n, struct err *e);
/* The same for several tables at once, all or none; o->name and o->path are not looked at. */
struct mesh_add_table {
    struct str name, path, title, description;
    bool optional;                             /* no file yet is fine */
    const struct mesh_inferred_column *columns; size_t n_columns;
};
MUST_CHECK bool mesh_add_tables(struct arena *a, const char *dir, const struct mesh_add_options *o, const struct mesh_add_table *tables, size_t n_tables,
                                struct mesh_written **files, size_t *n, struct err *e);

/* Files that were made elsewhere, all or none; paths are relative to the mesh folder. */
struct mesh_file_text { struct str path, text; };
MUST_CHECK bool mesh_write_texts(struct arena *a, const char *dir, const struct mesh_file_text *texts, size_t n_texts, bool force,
                                 struct mesh_written **files, size_t *n, struct err *e);

/* "personal" for names such as email, phone, first_name; "internal" otherwise. */
struct str mesh_propose_class(struct str column);
/* A column or file name made to fit the rule for raw columns: lower case, trimmed, other characters to `_`. */
struct str mesh_normal_column(struct arena *a, struct str name);

#endif
