/* Packs as folders of files: in the program, in the folder `packs` of a mesh, or anywhere. Opened, checked, copied, and made of
 * what stands in a mesh; docs/packs.md is the format. */
#ifndef MESH_MESH_PACK_H
#define MESH_MESH_PACK_H

#include "base/doc.h"
#include "mesh/mesh_write.h"

struct engine_conn;

struct mesh_pack_file { struct str path, text; };       /* inside the pack's folder; sorted by path */
struct mesh_pack_files {
    struct str name, folder;                            /* folder: as messages name it, ending in / */
    const char *root;                                   /* the folder on disk; NULL: in the program */
    bool own;                                           /* not of the program */
    bool hides;                                         /* own, and the program has one of this name */
    struct mesh_pack_file *files; size_t n_files;       /* without the files of test cases, unless they were asked for */
    const struct doc *doc;                              /* pack.yaml; NULL: it is absent or cannot be read */
};

/* `what`: a folder when it holds a slash or is "."; otherwise a name, of the mesh first (mesh_dir empty: none). The pack need not be in
 * order; one without a pack.yaml is E_NOT_FOUND. `tests`: with the files of its test cases. */
MUST_CHECK bool mesh_pack_open(struct arena *a, struct str mesh_dir, struct str what, bool tests, struct mesh_pack_files *out, struct err *e);
const struct mesh_pack_file *mesh_pack_file(const struct mesh_pack_files *p, struct str path); /* NULL: there is none */
bool mesh_pack_events(struct arena *a, const struct mesh_pack_files *p); /* its source is one of events: it takes no path */
/* Names of the packs in the mesh's folder, in order or not. */
MUST_CHECK bool mesh_pack_own_names(struct arena *a, struct str mesh_dir, struct str **names, size_t *n, struct err *e);

/* All that is wrong with a pack, at its place in the pack's own files. `parser`: for the SQL of its ports. False: a throw-away mesh
 * could not be made. */
MUST_CHECK bool mesh_pack_check(struct arena *a, const struct mesh_pack_files *p, struct engine_conn *parser, struct errs *es, struct err *e);

/* As mesh_add, of a pack that is open. */
MUST_CHECK bool mesh_pack_add(struct arena *a, const char *dir, const struct mesh_pack_files *p, const struct mesh_add_options *o, struct mesh_written **files,
                              size_t *n, struct err *e);

/* A pack into packs/<as>/ of the mesh, under that name. */
MUST_CHECK bool mesh_pack_copy(struct arena *a, const char *dir, const struct mesh_pack_files *p, struct str as, bool force, struct mesh_written **files,
                               size_t *n, struct err *e);
/* packs/<name>/: a small pack that works (`from` empty), or of the source "domain.source" and the products of its domain that read it. Ports of
 * others that they read stay as they are and are named in `foreign`. */
MUST_CHECK bool mesh_pack_new(struct arena *a, const char *dir, struct str name, struct str from, bool force, struct mesh_written **files, size_t *n,
                              struct str **foreign, size_t *n_foreign, struct err *e);

/* Unions of sources: their names, and the columns of each as "name TYPE". */
size_t mesh_union_names(struct arena *a, struct str **names);
struct mesh_union_column { struct str name, type; };
MUST_CHECK bool mesh_union_columns(struct arena *a, struct str name, struct mesh_union_column **columns, size_t *n, struct err *e);

/* The words of templates filled in, as `trellis add` does; NULL-ended list. E_USAGE for a word that is not in it. */
struct template_word { const char *name; struct str value; };
MUST_CHECK bool mesh_template_render(struct arena *a, struct str path, struct str text, const struct template_word *words, struct str *out, struct err *e);

#endif
