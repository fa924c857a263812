/* The table's shape against the contract: columns and types, required values, uniqueness, the primary key. */
#include "contract/contract_int.h"

#include "mesh/types.h"

static void check_type(struct contract_run *run, const struct mesh_column *c)
{
    const struct engine_column *t = contract_table_column(run, c->name);
    struct store_check *k = contract_add(run, arena_printf(run->a, "%.*s has its declared type", STR_FMT(c->name)), c->name,
                                         "schema", "conformity", STR(""));
    k->expected = doc_get(run->d, c->node, "physicalType") || !c->logical_type.n ? c->physical_type : c->logical_type;
    if (!t) {
        k->measured = STR("absent");
        contract_judge(k, false,
                       arena_printf(run->a, "the column %.*s is in the contract and not in the table", STR_FMT(c->name)));
        return;
    }
    k->measured = t->type_name;
    struct str near, actual = type_canonical(run->a, t->type_name, &near);
    if (!actual.p)
        actual = t->type_name;
    bool fits = doc_get(run->d, c->node, "physicalType") ? str_eq_nocase(actual, c->physical_type)
                                                         : !c->logical_type.n || type_fits(c->logical_type, actual);
    contract_judge(k, fits,
                   arena_printf(run->a,
                                "%.*s is %.*s in the table and %.*s in the contract; CAST it in the SQL, or change the contract",
                                STR_FMT(c->name), STR_FMT(t->type_name), STR_FMT(k->expected)));
}

static void check_extra_columns(struct contract_run *run)
{
    for (size_t i = 0; i < run->n_cols; i++) {
        if (contract_column(run->c, run->cols[i].name))
            continue;
        struct str name = run->cols[i].name;
        struct store_check *k = contract_add(run, arena_printf(run->a, "%.*s is described", STR_FMT(name)), name, "schema",
                                             "conformity", STR("warning"));
        k->measured = run->cols[i].type_name;
        contract_judge(k, false,
                       arena_printf(run->a, "the table has a column %.*s that the contract does not describe", STR_FMT(name)));
    }
}

static void check_required(struct contract_run *run, const struct mesh_column *c, int64_t nulls)
{
    struct store_check *k = contract_add(run, arena_printf(run->a, "%.*s is always there", STR_FMT(c->name)), c->name,
                                         "nullValues", "completeness", STR(""));
    k->expected = STR("0");
    k->measured = arena_printf(run->a, "%lld", (long long)nulls);
    contract_judge(k, nulls == 0,
                   arena_printf(run->a, "%.*s is required and %lld of %lld rows have none", STR_FMT(c->name), (long long)nulls,
                                (long long)run->rows));
    contract_failing_where(run, k, arena_printf(run->a, "%.*s IS NULL", STR_FMT(contract_ident(run, c->name))));
}

static void check_unique(struct contract_run *run, const struct str *cols, size_t n, bool is_key)
{
    struct buf list = BUF_INIT(1 << 16);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s%.*s", i ? ", " : "", STR_FMT(cols[i]));
    struct str names = arena_str(run->a, buf_str(&list)), why;
    buf_fini(&list);
    struct store_check *k =
        contract_add(run, arena_printf(run->a, is_key ? "%.*s identifies a row" : "%.*s is unique", STR_FMT(names)),
                     n == 1 ? cols[0] : STR(""), "duplicateValues", "uniqueness", STR(""));
    int64_t duplicates;
    k->expected = STR("0");
    if (!contract_duplicates(run, cols, n, !is_key, &duplicates, &why)) {
        contract_not_evaluated(k, why);
        return;
    }
    k->measured = arena_printf(run->a, "%lld", (long long)duplicates);
    contract_judge(k, duplicates == 0,
                   arena_printf(run->a, "%lld rows repeat a value of %.*s, which the contract declares %s", (long long)duplicates,
                                STR_FMT(names), is_key ? "the primary key" : "unique"));
    contract_failing_repeats(run, k, cols, n, !is_key);
}

/* Columns of the key in the order of primaryKeyPosition; those without one come last, in order of declaration. */
static void check_key(struct contract_run *run)
{
    struct str *cols = arena_array(run->a, run->c->n_columns + 1, sizeof *cols);
    int *positions = arena_array(run->a, run->c->n_columns + 1, sizeof *positions);
    size_t n = 0;
    for (size_t i = 0; i < run->c->n_columns; i++) {
        const struct mesh_column *c = &run->c->columns[i];
        if (!c->primary_key)
            continue;
        if (run->nulls[i] < 0)
            return; /* the type check has refused it */
        if (!c->required)
            check_required(run, c, run->nulls[i]);
        int position = c->key_position > 0 ? c->key_position : INT32_MAX;
        size_t at = n++;
        for (; at > 0 && positions[at - 1] > position; at--) {
            cols[at] = cols[at - 1];
            positions[at] = positions[at - 1];
        }
        cols[at] = c->name;
        positions[at] = position;
    }
    if (n)
        check_unique(run, cols, n, true);
}

void contract_check_schema(struct contract_run *run)
{
    for (size_t i = 0; i < run->c->n_columns; i++)
        check_type(run, &run->c->columns[i]);
    check_extra_columns(run);
    for (size_t i = 0; i < run->c->n_columns && !run->broken; i++) {
        const struct mesh_column *c = &run->c->columns[i];
        if (run->nulls[i] < 0)
            continue;
        if (c->required)
            check_required(run, c, run->nulls[i]);
        if (c->unique)
            check_unique(run, &c->name, 1, false);
    }
    if (!run->broken)
        check_key(run);
}
