/* SQL text and what can be known of it without running it: names read, columns' origins, whether it stays inside
 * the allowed language. The engine's own parser makes the tree; the original text is what runs. */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "base/arena.h"
#include "base/error.h"
#include "engine/engine.h"

struct sql_ast;
/* E_SQL with line:col for text that does not parse or is not exactly one SELECT. Lives in the arena. Caps: 64 KB for questions, 256 KB for ports. */
MUST_CHECK bool sql_parse(struct engine_conn *parser, struct arena *a, struct str sql, struct sql_ast **out, struct err *e);
void sql_ast_free(struct sql_ast *ast); /* the tree's own memory (yyjson) */

struct sql_ref { struct str catalog, schema, table; uint32_t line, col; }; /* position in the text; lower-cased as SQL folds */
/* Tables read, CTE names resolved away by scope, sorted, without repetition. */
MUST_CHECK bool sql_refs(const struct sql_ast *ast, struct arena *a, struct sql_ref **refs, size_t *n, struct err *e);

enum sql_profile { SQL_QUESTION, SQL_PORT }; /* a person's question; a port's declared SQL (same list, larger caps) */
/* Fail closed: statement kinds, nodes, keys of the tree, functions, types, depth (64), nodes (20,000), bytes. E_SQL_REFUSED with position and what. */
MUST_CHECK bool sql_gate(const struct sql_ast *ast, enum sql_profile profile, struct err *e);

/* kept: the result may hold the value, or a part of it; not where only its count, its length or a comparison goes on. */
struct sql_origin { struct str ref, column; bool kept; };
struct sql_column_lineage { struct str column; struct sql_origin *from; size_t n_from; bool uncertain, uncertain_kept; };
/* Columns of a ref, for stars; false: unknown. */
typedef bool (*sql_columns_fn)(void *ctx, struct str ref, struct str **columns, size_t *n);
MUST_CHECK bool sql_lineage(const struct sql_ast *ast, struct arena *a, sql_columns_fn columns, void *ctx,
                            struct sql_column_lineage **out, size_t *n, struct err *e);

/* A condition over the columns of one table, as policies have them: an expression and nothing around it (no bracket that closes one of the
 * reader's), no subquery, star, parameter, lambda or name with a table in front. *columns: folded, sorted, without repetition. */
MUST_CHECK bool sql_condition(struct engine_conn *parser, struct arena *a, struct str text, struct str **columns, size_t *n, struct err *e);

/* The text with literals replaced by `?`, for the log. */
struct str sql_shape(struct arena *a, struct str sql);

#endif
