/* What the two files of questions about groups share: aggregate.c looks at the form, aggregate_sets.c writes the tree that also counts people. */
#ifndef SQL_AGGREGATE_INT_H
#define SQL_AGGREGATE_INT_H

#include "sql/aggregate.h"
#include "sql/sql_int.h"

/* Text, days and moments, or anything else; ANY goes with all (NULL, a parameter, a text constant, which is looked at again where it meets what it is compared with). */
enum family { FAMILY_ANY, FAMILY_TEXT, FAMILY_TIME, FAMILY_OTHER };

struct form {
    const struct sql_ast *ast;
    struct arena *arena;
    const struct sql_people_ask *ask;
    struct sql_people *out;
    yyjson_val *people;      /* the table in FROM */
    yyjson_val *keys;
    bool keys_implied;       /* GROUP BY ALL, places or aliases: what holds no aggregate is a key */
    yyjson_mut_doc *doc;     /* what is written; its parameters compared with text are noted first */
    struct { yyjson_val *filter, *arg; bool sums; } seen[SQL_SETS_MAX];
    yyjson_val *text_parameters[64]; size_t n_text_parameters;
    size_t n_seen;
    struct err *e;
};

bool form_refuse(struct form *f, yyjson_val *at, const char *text); /* false */
bool form_same(yyjson_val *a, yyjson_val *b);
bool form_is_aggregate(yyjson_val *x);

/* ---- aggregate_sets.c ---- */
bool form_begin(struct form *f);
void form_end(struct form *f);
bool form_text_parameter(struct form *f, yyjson_val *x); /* to be written as CAST($n AS VARCHAR) */
/* The people behind an aggregate: those with a row that its filter lets in and whose argument is not NULL (and not 0, where it is added up). */
bool form_set_add(struct form *f, yyjson_val *at, yyjson_val *filter, yyjson_val *arg, bool sums);
size_t form_alias_item(struct form *f, yyjson_val *items, yyjson_val *column); /* which item a bare name is the alias of; SIZE_MAX: none */
bool form_order(struct form *f, yyjson_val *node);
bool form_write(struct form *f);

#endif
