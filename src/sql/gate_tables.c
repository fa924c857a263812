/* Every kind of node of the syntax tree that may occur, with every key it may have. A key that a later engine adds is
 * refused until it has been looked at. */
#include "sql/gate_tables.h"

#define END {0}
#define EXPR_KEYS {"class", LOOK_PLAIN, 0}, {"type", LOOK_PLAIN, 0}, {"alias", LOOK_PLAIN, 0}, {"query_location", LOOK_PLAIN, 0}
#define KEYS(...) (const struct gate_key[]){__VA_ARGS__, END}

/* ---- nameless parts ---- */

static const struct gate_kind statement_part = {"statement", 0, KEYS({"node", LOOK_NODE, 0}, {"named_param_map", LOOK_PARTS, &(const struct gate_kind){
    "parameter", 0, KEYS({"key", LOOK_PLAIN, 0}, {"value", LOOK_PLAIN, 0})}})};
static const struct gate_kind case_part = {"case", 0, KEYS({"when_expr", LOOK_EXPR, 0}, {"then_expr", LOOK_EXPR, 0})};
static const struct gate_kind constant_part = {"constant", 0, KEYS({"type", LOOK_TYPE, 0}, {"is_null", LOOK_PLAIN, 0}, {"value", LOOK_ANY_VALUE, 0})};
static const struct gate_kind replace_part = {"REPLACE", 0, KEYS({"key", LOOK_PLAIN, 0}, {"value", LOOK_EXPR, 0})};
static const struct gate_kind qualified_part = {"column", 0, KEYS({"catalog", LOOK_NONE, 0}, {"schema", LOOK_NONE, 0}, {"table", LOOK_PLAIN, 0}, {"column", LOOK_PLAIN, 0})};
static const struct gate_kind rename_part = {"RENAME", 0, KEYS({"key", LOOK_PART, &qualified_part}, {"value", LOOK_PLAIN, 0})};
static const struct gate_kind sample_part = {"SAMPLE", 0, KEYS({"sample_size", LOOK_PART, &constant_part}, {"is_percentage", LOOK_PLAIN, 0},
    {"method", LOOK_PLAIN, 0}, {"seed", LOOK_PLAIN, 0})};
static const struct gate_kind cte_value_part = {"WITH", 0, KEYS({"aliases", LOOK_NAMES, 0}, {"query", LOOK_PART, &statement_part},
    {"materialized", LOOK_PLAIN, 0}, {"key_targets", LOOK_EXPRS, 0})};
static const struct gate_kind cte_part = {"WITH", 0, KEYS({"key", LOOK_PLAIN, 0}, {"value", LOOK_PART, &cte_value_part})};
static const struct gate_kind cte_map_part = {"WITH", 0, KEYS({"map", LOOK_PARTS, &cte_part})};
static const struct gate_kind pivot_entry_part = {"PIVOT", 0, KEYS({"values", LOOK_PARTS, &constant_part}, {"star_expr", LOOK_EXPR, 0}, {"alias", LOOK_PLAIN, 0})};
static const struct gate_kind pivot_part = {"PIVOT", 0, KEYS({"pivot_expressions", LOOK_EXPRS, 0}, {"unpivot_names", LOOK_NAMES, 0},
    {"entries", LOOK_PARTS, &pivot_entry_part}, {"pivot_enum", LOOK_NONE, 0})};
static const struct gate_kind struct_field_part = {"field", 0, KEYS({"first", LOOK_PLAIN, 0}, {"second", LOOK_TYPE, 0})};

const struct gate_kind gate_order_kind = {"ORDER BY", 0, KEYS({"type", LOOK_PLAIN, 0}, {"null_order", LOOK_PLAIN, 0}, {"expression", LOOK_EXPR, 0})};
const struct gate_kind gate_type_kind = {"type", 0, KEYS({"id", LOOK_PLAIN, 0}, {"type_info", LOOK_TYPE_INFO, 0})};

/* ---- expressions, by class ---- */

const struct gate_kind gate_expressions[] = {
    {"BETWEEN", "COMPARE_BETWEEN", KEYS(EXPR_KEYS, {"input", LOOK_EXPR, 0}, {"lower", LOOK_EXPR, 0}, {"upper", LOOK_EXPR, 0})},
    {"CASE", "CASE_EXPR", KEYS(EXPR_KEYS, {"case_checks", LOOK_PARTS, &case_part}, {"else_expr", LOOK_EXPR, 0})},
    {"CAST", "OPERATOR_CAST", KEYS(EXPR_KEYS, {"child", LOOK_EXPR, 0}, {"cast_type", LOOK_TYPE, 0}, {"try_cast", LOOK_PLAIN, 0})},
    {"COLLATE", "COLLATE", KEYS(EXPR_KEYS, {"child", LOOK_EXPR, 0}, {"collation", LOOK_COLLATION, 0})},
    {"COLUMN_REF", "COLUMN_REF", KEYS(EXPR_KEYS, {"column_names", LOOK_NAMES, 0})},
    {"COMPARISON",
     "COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN COMPARE_GREATERTHAN COMPARE_LESSTHANOREQUALTO COMPARE_GREATERTHANOREQUALTO "
     "COMPARE_DISTINCT_FROM COMPARE_NOT_DISTINCT_FROM",
     KEYS(EXPR_KEYS, {"left", LOOK_EXPR, 0}, {"right", LOOK_EXPR, 0})},
    {"CONJUNCTION", "CONJUNCTION_AND CONJUNCTION_OR", KEYS(EXPR_KEYS, {"children", LOOK_EXPRS, 0})},
    {"CONSTANT", "VALUE_CONSTANT", KEYS(EXPR_KEYS, {"value", LOOK_PART, &constant_part})},
    {"FUNCTION", "FUNCTION",
     KEYS(EXPR_KEYS, {"function_name", LOOK_PLAIN, 0}, {"schema", LOOK_PLAIN, 0}, {"children", LOOK_EXPRS, 0}, {"filter", LOOK_EXPR, 0},
          {"order_bys", LOOK_MODIFIER, 0}, {"distinct", LOOK_PLAIN, 0}, {"is_operator", LOOK_PLAIN, 0}, {"export_state", LOOK_NONE, 0},
          {"catalog", LOOK_NONE, 0})},
    {"LAMBDA", "LAMBDA", KEYS(EXPR_KEYS, {"lhs", LOOK_EXPR, 0}, {"expr", LOOK_EXPR, 0})},
    {"OPERATOR",
     "ARRAY_CONSTRUCTOR ARRAY_EXTRACT ARRAY_SLICE COMPARE_IN COMPARE_NOT_IN GROUPING_FUNCTION OPERATOR_COALESCE OPERATOR_IS_NOT_NULL "
     "OPERATOR_IS_NULL OPERATOR_NOT OPERATOR_TRY OPERATOR_UNPACK STRUCT_EXTRACT",
     KEYS(EXPR_KEYS, {"children", LOOK_EXPRS, 0})},
    {"PARAMETER", "VALUE_PARAMETER", KEYS(EXPR_KEYS, {"identifier", LOOK_PLAIN, 0})},
    {"POSITIONAL_REFERENCE", "POSITIONAL_REFERENCE", KEYS(EXPR_KEYS, {"index", LOOK_PLAIN, 0})},
    {"STAR", "STAR",
     KEYS(EXPR_KEYS, {"relation_name", LOOK_PLAIN, 0}, {"exclude_list", LOOK_NAMES, 0}, {"replace_list", LOOK_PARTS, &replace_part},
          {"columns", LOOK_PLAIN, 0}, {"expr", LOOK_EXPR, 0}, {"qualified_exclude_list", LOOK_PARTS, &qualified_part},
          {"rename_list", LOOK_PARTS, &rename_part})},
    {"SUBQUERY", "SUBQUERY",
     KEYS(EXPR_KEYS, {"subquery_type", LOOK_PLAIN, 0}, {"subquery", LOOK_PART, &statement_part}, {"child", LOOK_EXPR, 0}, {"comparison_type", LOOK_PLAIN, 0})},
    {"WINDOW",
     "WINDOW_AGGREGATE WINDOW_CUME_DIST WINDOW_FIRST_VALUE WINDOW_LAG WINDOW_LAST_VALUE WINDOW_LEAD WINDOW_NTH_VALUE WINDOW_NTILE "
     "WINDOW_PERCENT_RANK WINDOW_RANK WINDOW_RANK_DENSE WINDOW_ROW_NUMBER",
     KEYS(EXPR_KEYS, {"function_name", LOOK_PLAIN, 0}, {"schema", LOOK_PLAIN, 0}, {"catalog", LOOK_NONE, 0}, {"children", LOOK_EXPRS, 0},
          {"partitions", LOOK_EXPRS, 0}, {"orders", LOOK_PARTS, &gate_order_kind}, {"start", LOOK_PLAIN, 0}, {"end", LOOK_PLAIN, 0},
          {"start_expr", LOOK_EXPR, 0}, {"end_expr", LOOK_EXPR, 0}, {"offset_expr", LOOK_EXPR, 0}, {"default_expr", LOOK_EXPR, 0},
          {"ignore_nulls", LOOK_PLAIN, 0}, {"filter_expr", LOOK_EXPR, 0}, {"exclude_clause", LOOK_PLAIN, 0}, {"distinct", LOOK_PLAIN, 0},
          {"arg_orders", LOOK_PARTS, &gate_order_kind})},
    END,
};

/* ---- query nodes ---- */

#define NODE_KEYS {"type", LOOK_PLAIN, 0}, {"modifiers", LOOK_MODIFIERS, 0}, {"cte_map", LOOK_PART, &cte_map_part}

const struct gate_kind gate_nodes[] = {
    {"SELECT_NODE", 0,
     KEYS(NODE_KEYS, {"select_list", LOOK_EXPRS, 0}, {"from_table", LOOK_TABLE, 0}, {"where_clause", LOOK_EXPR, 0},
          {"group_expressions", LOOK_EXPRS, 0}, {"group_sets", LOOK_NAMES, 0}, {"aggregate_handling", LOOK_PLAIN, 0}, {"having", LOOK_EXPR, 0},
          {"sample", LOOK_PART, &sample_part}, {"qualify", LOOK_EXPR, 0})},
    {"SET_OPERATION_NODE", 0,
     KEYS(NODE_KEYS, {"setop_type", LOOK_PLAIN, 0}, {"left", LOOK_NODE, 0}, {"right", LOOK_NODE, 0}, {"setop_all", LOOK_PLAIN, 0})},
    {"RECURSIVE_CTE_NODE", 0,
     KEYS(NODE_KEYS, {"cte_name", LOOK_PLAIN, 0}, {"union_all", LOOK_PLAIN, 0}, {"left", LOOK_NODE, 0}, {"right", LOOK_NODE, 0},
          {"aliases", LOOK_NAMES, 0}, {"key_targets", LOOK_NONE, 0})},
    END,
};

/* ---- FROM ---- */

#define TABLE_KEYS {"type", LOOK_PLAIN, 0}, {"alias", LOOK_PLAIN, 0}, {"sample", LOOK_PART, &sample_part}, {"query_location", LOOK_PLAIN, 0}

const struct gate_kind gate_tables[] = {
    {"BASE_TABLE", 0,
     KEYS(TABLE_KEYS, {"schema_name", LOOK_PLAIN, 0}, {"table_name", LOOK_PLAIN, 0}, {"column_name_alias", LOOK_NAMES, 0},
          {"catalog_name", LOOK_NONE, 0}, {"at_clause", LOOK_NONE, 0})},
    {"EMPTY", 0, KEYS(TABLE_KEYS)},
    {"EXPRESSION_LIST", 0,
     KEYS(TABLE_KEYS, {"expected_names", LOOK_NAMES, 0}, {"expected_types", LOOK_TYPES, 0}, {"values", LOOK_EXPRS, 0})},
    {"JOIN", 0,
     KEYS(TABLE_KEYS, {"left", LOOK_TABLE, 0}, {"right", LOOK_TABLE, 0}, {"condition", LOOK_EXPR, 0}, {"join_type", LOOK_PLAIN, 0},
          {"ref_type", LOOK_PLAIN, 0}, {"using_columns", LOOK_NAMES, 0}, {"delim_flipped", LOOK_NONE, 0},
          {"duplicate_eliminated_columns", LOOK_NONE, 0})},
    {"PIVOT", 0,
     KEYS(TABLE_KEYS, {"source", LOOK_TABLE, 0}, {"aggregates", LOOK_EXPRS, 0}, {"unpivot_names", LOOK_NAMES, 0}, {"pivots", LOOK_PARTS, &pivot_part},
          {"groups", LOOK_NAMES, 0}, {"column_name_alias", LOOK_NAMES, 0}, {"include_nulls", LOOK_PLAIN, 0})},
    {"SUBQUERY", 0, KEYS(TABLE_KEYS, {"subquery", LOOK_PART, &statement_part}, {"column_name_alias", LOOK_NAMES, 0})},
    {"TABLE_FUNCTION", 0,
     KEYS(TABLE_KEYS, {"function", LOOK_TABLE_FUNCTION, 0}, {"column_name_alias", LOOK_NAMES, 0}, {"with_ordinality", LOOK_PLAIN, 0})},
    END,
};

const struct gate_kind gate_modifiers[] = {
    {"DISTINCT_MODIFIER", 0, KEYS({"type", LOOK_PLAIN, 0}, {"distinct_on_targets", LOOK_EXPRS, 0})},
    {"LIMIT_MODIFIER", 0, KEYS({"type", LOOK_PLAIN, 0}, {"limit", LOOK_EXPR, 0}, {"offset", LOOK_EXPR, 0})},
    {"LIMIT_PERCENT_MODIFIER", 0, KEYS({"type", LOOK_PLAIN, 0}, {"limit", LOOK_EXPR, 0}, {"offset", LOOK_EXPR, 0})},
    {"ORDER_MODIFIER", 0, KEYS({"type", LOOK_PLAIN, 0}, {"orders", LOOK_PARTS, &gate_order_kind})},
    END,
};

#define INFO_KEYS {"type", LOOK_PLAIN, 0}, {"alias", LOOK_NONE, 0}, {"extension_info", LOOK_NONE, 0}

const struct gate_kind gate_type_infos[] = {
    {"ARRAY_TYPE_INFO", 0, KEYS(INFO_KEYS, {"child_type", LOOK_TYPE, 0}, {"size", LOOK_PLAIN, 0})},
    {"DECIMAL_TYPE_INFO", 0, KEYS(INFO_KEYS, {"width", LOOK_PLAIN, 0}, {"scale", LOOK_PLAIN, 0})},
    {"LIST_TYPE_INFO", 0, KEYS(INFO_KEYS, {"child_type", LOOK_TYPE, 0})},
    {"STRUCT_TYPE_INFO", 0, KEYS(INFO_KEYS, {"child_types", LOOK_PARTS, &struct_field_part})},
    {"UNBOUND_TYPE_INFO", 0,
     KEYS(INFO_KEYS, {"name", LOOK_PLAIN, 0}, {"catalog", LOOK_NONE, 0}, {"schema", LOOK_NONE, 0}, {"user_type_modifiers", LOOK_NONE, 0})},
    END,
};

const struct gate_kind *gate_kind_find(const struct gate_kind *table, struct str name)
{
    for (; table->name; table++)
        if (str_eq(name, str_of(table->name)))
            return table;
    return NULL;
}
