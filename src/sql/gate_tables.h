/* The allowed language as data: functions, types, and every kind of tree node with each of its keys. */
#ifndef SQL_GATE_TABLES_H
#define SQL_GATE_TABLES_H

#include <stdbool.h>

#include "base/str.h"

/* How the value of one key is looked at. Whatever is not in a table is refused. */
enum look {
    LOOK_PLAIN,     /* text, number, boolean or null: cannot hide anything */
    LOOK_NAMES,     /* (lists of) lists of plain values */
    LOOK_NONE,      /* must be empty: null, false, "", [] */
    LOOK_EXPR,      /* an expression or null */
    LOOK_EXPRS,     /* a list of expressions, or a list of such lists */
    LOOK_NODE,      /* a query node */
    LOOK_TABLE,     /* something in FROM */
    LOOK_MODIFIER, LOOK_MODIFIERS,
    LOOK_TYPE, LOOK_TYPES, LOOK_TYPE_INFO,
    LOOK_ANY_VALUE, /* the value of a constant */
    LOOK_PART, LOOK_PARTS, /* one or a list of the nameless object given in `part` */
    LOOK_TABLE_FUNCTION,
    LOOK_COLLATION,
};

struct gate_kind;
struct gate_key { const char *name; enum look look; const struct gate_kind *part; };
struct gate_kind {
    const char *name;     /* class of an expression, type of anything else, or a description of a nameless part */
    const char *types;    /* expressions: the allowed `type`s, separated by blanks */
    const struct gate_key *keys;
};

extern const struct gate_kind gate_expressions[], gate_nodes[], gate_tables[], gate_modifiers[], gate_type_infos[];
const struct gate_kind *gate_kind_find(const struct gate_kind *table, struct str name);
extern const struct gate_kind gate_type_kind, gate_order_kind;

bool gate_function_allowed(struct str name);
bool gate_table_function_allowed(struct str name);
bool gate_port_function(struct str name, bool in_from); /* of the mesh, in port SQL alone: what identity and consent are made of */
bool gate_type_allowed(struct str id);
bool gate_user_type_allowed(struct str name);
/* The n-th allowed function, for tests and documentation; NULL past the end. */
const char *gate_function_at(size_t i);

#endif
