/* Names of streams and columns that speak of people. */
#include "ingest/people.h"

bool people_staff(struct str stream)
{
    static const char *const words[] = {"owner", "owners", "user", "users", "agent", "agents", "employee", "employees", "staff", "seller", "shop", "store", "account_manager",
                                        "campaign", "campaigns", "flow", "team_member"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(stream, str_of(words[i])))
            return true;
    return false;
}

static bool has(struct str s, const char *word)
{
    return str_find(s, str_of(word), 0) != SIZE_MAX;
}

bool people_role(struct str column)
{
    static const char *const words[] = {"from_", "reply", "sender", "owner", "author", "assign", "agent", "creator", "created_by", "updated_by", "modified_by", "sold_by"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has(column, words[i]))
            return !str_eq(column, STR("user_agent"));
    return false;
}

const char *people_kind(struct str column)
{
    static const char *const ids[] = {"user_id", "anonymous_id", "device_id", "advertising_id"};
    if (has(column, "mail"))
        return "email";
    if (has(column, "phone") || has(column, "mobile") || str_eq(column, STR("tel")))
        return "phone";
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (str_ends(column, str_of(ids[i])))
            return ids[i];
    return NULL;
}

void people_key(struct arena *a, struct str stream, const struct mesh_contract *k, const struct str *columns, size_t n, struct str *key, struct str *ref)
{
    struct str one = stream, declared = STR("");
    size_t keys = 0;
    bool has_declared = false, has_id = false, has_ref = false;
    if (one.n > 3 && one.p[one.n - 1] == 's' && one.p[one.n - 2] != 's')
        one.n--; /* orders -> order */
    struct str name = arena_printf(a, "%.*s_id", STR_FMT(one));
    for (size_t i = 0; k && i < k->n_columns; i++)
        if (k->columns[i].primary_key && ++keys)
            declared = k->columns[i].name;
    for (size_t i = 0; i < n; i++) {
        has_declared |= keys == 1 && str_eq(columns[i], declared);
        has_id |= str_eq(columns[i], STR("id"));
        has_ref |= str_eq(columns[i], name);
    }
    *key = has_declared ? declared : has_id ? STR("id") : has_ref ? name : STR("");
    *ref = !key->n ? STR("") : str_eq(*key, STR("id")) ? name : *key;
}
