/* A YAML or JSON document as a flat tree with a position for every key and value. Flat, index-based
 * and pointer-free, so that a validated document can be cached on disk and read back as it is. Read with libyaml's
 * events (marks are 0-based there); libfyaml is out for its licence, docs/decisions/0003-yaml-parser.md. */
#ifndef BASE_DOC_H
#define BASE_DOC_H

#include "base/arena.h"
#include "base/error.h"

enum doc_kind { DOC_NULL, DOC_BOOL, DOC_INT, DOC_FLOAT, DOC_STRING, DOC_SEQ, DOC_MAP };

/* YAML 1.2 core schema decides the kind of a plain scalar; dates stay strings. For a map, children
 * are its values in order; each carries its key. Index 0 is the root. Columns count characters; a block text
 * begins at its | or >, its first line is the next one. */
struct doc_node {
    uint8_t kind;      /* enum doc_kind */
    uint8_t quoted;    /* scalar was quoted */
    uint32_t line, col, end_line;
    uint32_t key, key_len;         /* offset into pool; 0,0 outside of maps */
    uint32_t key_line, key_col;
    uint32_t text, text_len;       /* scalar text as written, offset into pool */
    uint32_t first_child, next, n_children; /* 0 = none */
    union { int64_t i; double f; bool b; } v;
};

struct doc {
    struct str file;               /* name for messages, borrowed from the arena */
    struct doc_node *nodes;
    uint32_t n_nodes;
    char *pool;
    uint32_t pool_len;
};

/* Limits on depth (64), nodes (1 M), aliases (expanded nodes count) and bytes (16 MB) guard against hostile input.
 * Duplicate keys are errors (E_DUPLICATE with the first's line). All errors of the pass go to `es`; NULL on any error. */
struct doc *doc_parse_yaml(struct arena *a, struct str file, struct str text, struct errs *es);
struct doc *doc_parse_json(struct arena *a, struct str file, struct str text, struct errs *es);

const struct doc_node *doc_root(const struct doc *d);
const struct doc_node *doc_get(const struct doc *d, const struct doc_node *map, const char *key); /* NULL when absent */
const struct doc_node *doc_path(const struct doc *d, const struct doc_node *from, const char *dotted); /* "description.purpose" */
const struct doc_node *doc_first(const struct doc *d, const struct doc_node *parent); /* iterate: first, next */
const struct doc_node *doc_next(const struct doc *d, const struct doc_node *node);
struct str doc_key(const struct doc *d, const struct doc_node *n);
struct str doc_text(const struct doc *d, const struct doc_node *n);       /* NULL node: empty */
struct str doc_str(const struct doc *d, const struct doc_node *map, const char *key); /* text of a scalar child or empty */
bool doc_bool(const struct doc *d, const struct doc_node *map, const char *key, bool otherwise);
int64_t doc_int(const struct doc *d, const struct doc_node *map, const char *key, int64_t otherwise);

struct buf;
void doc_json(const struct doc *d, const struct doc_node *n, struct buf *out);
/* Cache form: one block, same machine only. */
void doc_save(const struct doc *d, struct buf *out);
struct doc *doc_load(struct arena *a, struct str file, struct str bytes, size_t *consumed); /* NULL: not readable */

#endif
