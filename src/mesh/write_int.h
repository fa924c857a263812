/* What the writers of declarations share: a plan of files made in memory, then carried out whole. */
#ifndef MESH_WRITE_INT_H
#define MESH_WRITE_INT_H

#include <stdio.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/fs.h"
#include "mesh/mesh_pack.h"
#include "mesh/mesh_write.h"

struct planned {
    struct str path, text;
    bool region;          /* only a region of it is ours: replaced without asking */
    struct str before;    /* what was there; p == NULL: nothing */
};

struct plan {
    struct arena *a;
    bool dry;             /* look and tell, write nothing */
    struct str dir;       /* of the mesh */
    struct planned *v;
    size_t n, cap;
};

/* write.c: the mesh at `dir`; E_NOT_FOUND when it is none. */
MUST_CHECK bool plan_open(struct plan *p, struct arena *a, const char *dir, struct err *e);
void plan_add(struct plan *p, struct str path, struct str text, bool region);
struct planned *plan_find(struct plan *p, struct str path);
/* Refuses (E_DUPLICATE) when a file of ours is there with another text, unless `force`. Then writes all, or takes back what it wrote. */
MUST_CHECK bool plan_commit(struct plan *p, bool force, struct mesh_written **files, size_t *n, struct err *e);

/* unions.c: the lines that `trellis add` keeps, in SQL that is planned and in SQL that is there. */
MUST_CHECK bool unions_update(struct plan *p, struct err *e);

/* pack_files.c: a pack by name, of the mesh first (mesh_dir empty: none), whose pack.yaml can be read. */
MUST_CHECK bool pack_find(struct arena *a, struct str mesh_dir, struct str name, struct mesh_pack_files *out, struct err *e);
/* A quiet parse: the first error of the file, if any, as one error. */
MUST_CHECK bool document_parse(struct arena *a, struct str file, struct str text, const struct doc **out, struct err *e);

/* What the words of a domain are: owner and support; E_NOT_FOUND when the mesh has no such domain. */
struct domain_words { struct str owner_name, owner_contact, support_channel, support_url; };
MUST_CHECK bool domain_read(struct plan *p, struct str domain, struct domain_words *out, struct err *e);
/* Fills what is empty: from git's configuration, USER, or a placeholder. */
void owner_default(struct arena *a, struct str *name, struct str *contact);
/* write_domains.c: the files of a domain from its template; the domains that `trellis init` writes, ended by an empty name. */
extern const struct str write_init_domains[];
MUST_CHECK bool plan_domain(struct plan *p, const struct mesh_domain_options *o, struct err *e);
/* write_packs.c: whether a path is in one of the folders that go below domains/<domain>/ as they are (products, models, metrics, dashboards). */
bool pack_folder_is(struct str path);
/* write_packs.c: where a file of a pack goes, with its words filled in; empty: nowhere, as it is for people or tests. */
MUST_CHECK bool pack_place(struct arena *a, struct str path, const struct template_word *words, struct str *out, struct err *e);
/* Options that every way of adding shares: domain, name, currency, zone. */
MUST_CHECK bool add_options_check(const struct mesh_add_options *o, struct str name, struct err *e);

/* The name of a raw column as a port may publish it, unlike those in `taken`. */
struct table;
struct str published_name(struct arena *a, struct table *taken, struct str raw);

#endif
