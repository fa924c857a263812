/* The tier `test`: rows of a port's shape that nobody's life is in. The same at each read, and joinable: what is called alike is drawn from the same values. */
#include "govern/govern_int.h"

#include "base/buf.h"

enum { INVENTED_ROWS = 200, INVENTED_PEOPLE = 50 };

/* By the column's name; %C is a number that depends on row and name. */
static const struct { const char *ends, *sql; } texts[] = {
    {"email", "concat('person', %C % 50, '@example.test')"},
    {"phone", "concat('+1555', lpad((%C % 10000000)::VARCHAR, 7, '0'))"},
    {"first_name", "concat('First', %C % 50)"},
    {"last_name", "concat('Last', %C % 50)"},
    {"country", "(['DE', 'FR', 'US', 'GB'])[1 + (%C % 4)::INTEGER]"},
    {"currency", "'EUR'"},
    {"platform", "(['google_ads', 'facebook_ads', 'linkedin_ads'])[1 + (%C % 3)::INTEGER]"},
    {"_id", "concat('test_', %C % 50)"},
    {"_key", "concat('test_', %C % 50)"},
    {"url", "concat('https://example.test/', %C % 20)"},
};
static const struct { const char *begins, *sql; } types[] = {
    {"BOOLEAN", "%C % 2 = 0"},
    {"DATE", "DATE '2026-01-01' + (%C % 180)::INTEGER"},
    {"TIMESTAMP", "TIMESTAMP '2026-01-01' + to_seconds((%C % 15552000)::BIGINT)"},
    {"TINYINT", "%C % 100"}, {"SMALLINT", "%C % 1000"}, {"INTEGER", "%C % 1000"}, {"BIGINT", "%C % 1000"}, {"HUGEINT", "%C % 1000"}, {"U", "%C % 100"},
    {"DECIMAL(1,", "0"}, {"DECIMAL(2,", "0"}, {"DECIMAL", "(%C % 100) / 100"}, {"DOUBLE", "(%C % 100000) / 100"}, {"FLOAT", "(%C % 100000) / 100"},
};

static void put_form(struct buf *b, const char *form, struct str column)
{
    for (; *form; form++) {
        if (form[0] == '%' && form[1] == 'C') {
            buf_addz(b, "hash(i, ");
            buf_sql_text(b, column);
            buf_addc(b, ')');
            form++;
        } else {
            buf_addc(b, *form);
        }
    }
}

static const char *form_of(struct str column, struct str type)
{
    if (str_starts(type, STR("VARCHAR"))) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            if (str_ends(column, str_of(texts[i].ends)))
                return texts[i].sql;
        return "concat('test ', %C % 12)";
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_starts(type, str_of(types[i].begins)) && !str_ends(type, STR("]")))
            return types[i].sql;
    return "NULL";
}

void gov_put_invented(struct buf *b, const struct mesh_port *p, const struct gov_object *o)
{
    for (size_t i = 0; i < o->n; i++) {
        buf_addz(b, i ? ", CAST(" : "CAST(");
        if (p->person_column.n && str_eq(o->cols[i], p->person_column))
            buf_printf(b, "concat('test_', hash(i) %% %d)", INVENTED_PEOPLE);
        else
            put_form(b, form_of(o->cols[i], o->types[i]), o->cols[i]);
        buf_addz(b, " AS ");
        buf_add(b, o->types[i]);
        buf_addz(b, ") AS ");
        buf_sql_ident(b, o->cols[i]);
    }
    buf_printf(b, " FROM range(%d) AS invented(i)", INVENTED_ROWS);
}
