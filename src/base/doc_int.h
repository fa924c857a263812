/* The builder that both readers (YAML, JSON) feed, node by node in document order. */
#ifndef BASE_DOC_INT_H
#define BASE_DOC_INT_H

#include "base/buf.h"
#include "base/doc.h"

enum {
    DOC_DEPTH_MAX = 64,
    DOC_NODES_MAX = 1000000,
    DOC_BYTES_MAX = 16 << 20,
    DOC_ANCHORS_MAX = 1000,
};

struct doc_mark {
    uint32_t line, col; /* from 1 */
};

struct doc_open {
    uint32_t node, last_child;
    bool has_key;
    uint32_t key, key_len;
    struct doc_mark key_mark;
};

struct doc_builder {
    struct str file;
    struct errs *es;
    size_t errors_before;
    struct doc_node *nodes;
    uint32_t n, cap;
    struct buf pool;
    struct doc_open stack[DOC_DEPTH_MAX];
    uint32_t depth;
    uint32_t *keys; /* hash set of child nodes by (map, key): finds duplicates */
    uint32_t n_keys, keys_cap;
    bool stopped; /* a limit was met or the text cannot be read on: nothing more is added */
};

void doc_builder_init(struct doc_builder *b, struct str file, struct errs *es);
void doc_builder_fini(struct doc_builder *b);
/* Each does nothing once `stopped`. */
void doc_builder_key(struct doc_builder *b, struct str key, struct doc_mark at);
uint32_t doc_builder_scalar(struct doc_builder *b, struct doc_node value, struct str text, struct doc_mark at);
uint32_t doc_builder_open(struct doc_builder *b, enum doc_kind kind, struct doc_mark at);
void doc_builder_close(struct doc_builder *b, uint32_t end_line);                /* 0: where its last child ends */
void doc_builder_copy(struct doc_builder *b, uint32_t node, struct doc_mark at); /* an alias */
bool doc_builder_is_open(const struct doc_builder *b, uint32_t node);
/* NULL when any error was reported since init. */
struct doc *doc_builder_finish(struct doc_builder *b, struct arena *a);

/* Kind and value of a plain scalar by the core schema of YAML 1.2. */
void doc_resolve_plain(struct str text, struct doc_node *out);
/* Whether the text can be read at all: size, UTF-8, no NUL. Errors go to es. Strips a byte order mark. */
bool doc_text_ok(struct str file, struct str *text, struct errs *es);

#endif
