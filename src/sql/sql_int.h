/* What the files of the SQL module share: the tree and ways to look at it. */
#ifndef SQL_SQL_INT_H
#define SQL_SQL_INT_H

#include "base/json.h"
#include "sql/sql.h"

struct sql_ast {
    struct str sql;      /* copy in the arena */
    yyjson_doc *doc;
    yyjson_val *root;    /* the query node of the one statement */
};

/* Whether the text holds these words, parted by one blank here, outside of literals, quoted names and comments. */
bool sql_says(struct str sql, struct str words);

enum {
    SQL_QUESTION_BYTES = 64 * 1024,
    SQL_PORT_BYTES = 256 * 1024,
    SQL_JSON_BYTES = 96 * 1024 * 1024,
    SQL_JSON_DEPTH = 3000, /* every walk recurses along the tree: this bounds its stack */
};

/* line:col of a node by its query_location; 0:0 when the parser gave none. */
void sql_position(const struct sql_ast *ast, yyjson_val *node, uint32_t *line, uint32_t *col);
void sql_position_at(const struct sql_ast *ast, uint64_t offset, uint32_t *line, uint32_t *col);
#define SQL_NO_LOCATION UINT64_MAX
uint64_t sql_location(yyjson_val *node); /* SQL_NO_LOCATION when absent */

struct str sql_fold(struct arena *a, struct str name); /* lower case, as the engine compares names */
struct str sql_val(yyjson_val *string);                /* borrowed; empty for anything else */
bool sql_is(yyjson_val *object, const char *key, const char *value);

/* The names of common table expressions that a place can see: inner first. */
struct cte_scope { const struct cte_scope *outer; struct str name; void *data; };
const struct cte_scope *cte_find(const struct cte_scope *s, struct str name);

#endif
