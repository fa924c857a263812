/* What the makers of drafts share: reading answers, saying what is wrong with them, writing YAML. */
#ifndef MESH_WRITE_DRAFT_INT_H
#define MESH_WRITE_DRAFT_INT_H

#include "mesh/mesh_draft.h"

struct drafting {
    struct arena *a;
    const struct mesh *m;
    const struct doc *d;
    const struct mesh_draft_engine *engine; /* may be NULL */
    struct mesh_draft *out;
    struct errs *es;
    size_t cap;
};

enum answer_form { ANSWER_TEXT, ANSWER_NAME, ANSWER_TEXTS, ANSWER_MAP, ANSWER_LIST, ANSWER_ANY /* one value */ };
struct answer { const char *name; enum answer_form form; const char *why; }; /* why: of one that must be given; else NULL */

/* What is wrong with one answer. `field` is its path, such as "sla.freshness". Borrowed until the next. */
struct err *answer_wrong(struct drafting *p, enum err_code code, struct str field, const struct doc_node *at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Holds a map of answers to the table: unknown names, wrong forms, what is missing; all at once. `prefix`: "" or "sla.". */
void answers_check(struct drafting *p, const struct doc_node *map, const char *prefix, const struct answer *table);
struct str answer_text(struct drafting *p, const struct doc_node *map, const char *name); /* trimmed; empty when absent */
struct str *answer_texts(struct drafting *p, const struct doc_node *map, const char *name, size_t *n);
/* The domain by the answer "domain", or NULL with what is wrong. */
const struct mesh_domain *answer_domain(struct drafting *p, const struct doc_node *root);
struct draft_owner { struct str name, contact; };
/* Both or none; none: `otherwise`. */
struct draft_owner answer_owner(struct drafting *p, const struct doc_node *root, const struct mesh_person *otherwise);

void draft_patch(struct drafting *p, struct str path, struct str before, struct str after);
/* The buffer as a new file, emptied for the next. */
void draft_file(struct drafting *p, struct str path, struct buf *b);
void draft_next(struct drafting *p, const char *title, struct str command, struct str href);

/* A text as YAML and JSON both read it. */
void draft_yaml_text(struct buf *b, struct str s);
void draft_yaml_texts(struct buf *b, const struct str *v, size_t n); /* [a, b] */
void draft_yaml_name(struct buf *b, struct str s);                   /* bare, unless YAML would read a truth value */
/* Any answer as YAML on one line; keys stand bare. */
void draft_yaml_node(struct buf *b, const struct doc *d, const struct doc_node *n);

/* write_draft_sql.c: a SELECT from columns, conditions and measures that were chosen by clicks, and what comes out of it. */
struct draft_rows {
    struct str from, sql;
    struct mesh_inferred_column *columns; size_t n;
    struct str *key; size_t n_key;           /* proposed; none when rows need not differ */
    struct str time_column;                  /* proposed: the first day or moment among the columns */
    bool coarse;                             /* days were made weeks or months: the newest one says little of how old the rows are */
};
void draft_rows_of(struct drafting *p, const struct doc_node *root, const struct mesh_domain *domain, struct draft_rows *out);
bool draft_is_number(struct str type);
bool draft_is_time(struct str type);

void draft_product(struct drafting *p, const struct doc_node *root);
void draft_annotation(struct drafting *p, const struct doc_node *root);

#endif
