/* What the kinds of checks share: one run over one table, the results so far, and the comparison of a rule. */
#ifndef CONTRACT_CONTRACT_INT_H
#define CONTRACT_CONTRACT_INT_H

#include "base/buf.h"
#include "contract/contract.h"
#include "engine/engine.h"

struct contract_run {
    struct engine_conn *conn;
    const struct mesh_port *port;
    const struct mesh_contract *c;
    const struct doc *d;
    struct str table; /* quoted and qualified; of changed rows: those alone */
    struct str whole, by; /* of changed rows: all of the table, and a column by which the changed ones are whole; else empty */
    struct arena *a;
    struct err *e;
    int64_t run_id, now_us;
    struct engine_column *cols; /* of the table */
    size_t n_cols;
    int64_t rows;
    int64_t *nulls;        /* by contract column; -1: the table has no such column */
    struct store_check *v; /* in the arena */
    struct contract_failing *failing; /* by check */
    size_t n, cap;
    bool broken; /* checking cannot go on; e is filled */
};

enum contract_operator {
    OP_NONE,
    OP_BE,
    OP_NOT_BE,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_BETWEEN,
    OP_NOT_BETWEEN
};

/* A quality rule as it is written; texts are borrowed from the document. */
struct contract_rule {
    const struct doc_node *node;
    struct str name, type, metric, severity, dimension;
    enum contract_operator op;
    const struct doc_node *operand; /* of mustBe and mustNotBe: any scalar */
    double low, high;
    bool percent;
};

void contract_rule_read(const struct doc *d, const struct doc_node *node, struct contract_rule *out);
/* "0", "> 5", "between 1 and 5" */
struct str contract_rule_expected(struct arena *a, const struct doc *d, const struct contract_rule *r);
bool contract_rule_holds(const struct contract_rule *r, double value);
/* The rules of a list, text ones included. */
const struct doc_node *contract_rules(const struct doc *d, const struct doc_node *owner);

/* A new result, borrowed until the next one; passed until said otherwise. */
struct store_check *contract_add(struct contract_run *run, struct str rule, struct str column, const char *metric,
                                 const char *dimension, struct str severity);
/* Judges by its severity; the message of a failure, in words. */
void contract_judge(struct store_check *k, bool holds, struct str message);
void contract_not_evaluated(struct store_check *k, struct str reason);
bool contract_refuses(struct str severity); /* error, or none given */

/* ---- failing.c: the rows behind a result that is no pass; without effect on one that is ---- */
#define CONTRACT_OBJECT "checked_object" /* what stands for the checked table in SQL of rules */
void contract_failing_where(struct contract_run *run, struct store_check *k, struct str condition);
void contract_failing_repeats(struct contract_run *run, struct store_check *k, const struct str *columns, size_t n, bool ignore_nulls);
void contract_failing_select(struct contract_run *run, struct store_check *k, struct str sql);
/* A rule's own SQL, with placeholders filled in, where it is a plain count of rows. */
void contract_failing_rule(struct contract_run *run, struct store_check *k, struct str sql);
bool contract_rule_counts_bad(const struct contract_rule *r); /* the less the better: what it counts are the rows at fault */

/* Each false: it could not run here, *why says it in words; or run->broken. */
bool contract_count(struct contract_run *run, struct str sql, int64_t *out, struct str *why);
/* After a failed statement: what it says, as a reason; run->broken where checking cannot go on. */
struct str contract_not_run(struct contract_run *run, const struct err *said);
bool contract_number(struct contract_run *run, struct str sql, double *out, bool *none, bool *text, struct str *why);

struct str contract_ident(struct contract_run *run, struct str name);
struct str contract_text(struct contract_run *run, struct str text);                                /* as a SQL literal */
const struct engine_column *contract_table_column(const struct contract_run *run, struct str name); /* NULL: absent */
const struct mesh_column *contract_column(const struct mesh_contract *c, struct str name);
/* Rows beyond the first of each combination. */
bool contract_duplicates(struct contract_run *run, const struct str *columns, size_t n, bool ignore_nulls, int64_t *out,
                         struct str *why);
/* Whether any value occurs twice; may say yes wrongly (no memory, a crowded bucket), never no. Values below 2^63. */
bool contract_repeats(const uint64_t *v, size_t n);
enum { CONTRACT_HASHES_AT_ONCE = 16 << 20 }; /* of 8 bytes, twice; more rows are looked through in shares */

/* Whether the pattern is one that the engine's regular expressions can hold. */
bool contract_pattern_fits(struct contract_run *run, struct str pattern);
bool contract_pattern_looks_foreign(struct str pattern); /* the same without an engine: look-around, back references, \u */

/* The kinds of checks. */
void contract_check_schema(struct contract_run *run);
void contract_check_options(struct contract_run *run);
void contract_check_rules(struct contract_run *run);
void contract_check_sql(struct contract_run *run, const struct contract_rule *r, struct store_check *k, struct str column);
void contract_check_relations(struct contract_run *run);
void contract_check_sla(struct contract_run *run);

/* Service level items that speak of this port. */
enum contract_sla_kind { SLA_OTHER, SLA_FRESHNESS, SLA_FREQUENCY, SLA_RETENTION, SLA_AVAILABLE_FROM, SLA_ENDS };
struct contract_sla {
    const struct doc_node *node;
    struct str property, element, column; /* column: of this table, empty when none is named */
    enum contract_sla_kind kind;
    int64_t limit_s; /* < 0: no duration */
};
const struct doc_node *contract_slas(const struct mesh_contract *c);
bool contract_sla_read(const struct mesh_contract *c, const struct doc_node *node,
                       struct contract_sla *out); /* false: about another table */

#endif
