/* Bodies of requests against the shapes of /openapi.json. A switch of another type (`"dry_run":"yes"`) must not pass for one that was left out; where people's data is
 * at stake, neither must a member that is misspelt. */
#include "serve/routes.h"

enum { MEMBERS_MAX = 64 };

struct body_member {
    struct str name, type;
};

/* The shapes' notation: openapi.c. */
static size_t members_of(struct str shape, struct body_member *out)
{
    size_t n = 0;
    while (shape.n && n < MEMBERS_MAX) {
        struct str rest, type, one = str_cut(shape, ' ', &rest), name = str_cut(one, ':', &type);
        if (name.n && name.p[name.n - 1] == '?')
            name.n--;
        if (name.n && type.p)
            out[n++] = (struct body_member){name, type};
        shape = rest.p ? rest : STR("");
    }
    return n;
}

static const char *unfit(struct str type, yyjson_val *v)
{
    if (type.n && type.p[type.n - 1] == '?')
        type.n--;
    if (str_eq(type, STR("b")))
        return yyjson_is_bool(v) ? NULL : "true or false";
    if (str_eq(type, STR("i")))
        return yyjson_is_int(v) ? NULL : "a whole number";
    if (str_eq(type, STR("s")) || str_eq(type, STR("d")) || str_eq(type, STR("t")) || str_find(type, STR("|"), 0) != SIZE_MAX)
        return yyjson_is_str(v) ? NULL : "a text";
    return NULL;
}

bool body_fits(const struct route *rt, yyjson_val *root, struct err *e)
{
    const unsigned need = rt->flags & NEED_RIGHT;
    const bool strict = need == NEED_PRIVACY || need == NEED_CONSENT;
    struct body_member members[MEMBERS_MAX];
    struct str names[MEMBERS_MAX];
    const char *shape = rt->body ? openapi_shape(rt->body) : NULL;
    size_t i, max, n = shape ? members_of(str_of(shape), members) : 0;
    yyjson_val *key, *v;
    if (n == 0)
        return true;
    if (strict && !yyjson_is_obj(root))
        return err_set(e, E_USAGE, "the body must be a JSON object");
    for (size_t k = 0; k < n; k++)
        names[k] = members[k].name;
    yyjson_obj_foreach(root, i, max, key, v)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        size_t k = 0;
        while (k < n && !str_eq(names[k], name))
            k++;
        if (k == n && strict) {
            int near = str_nearest(name, names, n);
            err_set(e, E_USAGE, "this request takes no member %.*s", name.n < 60 ? (int)name.n : 60, name.p);
            if (near >= 0)
                err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
            return false;
        }
        const char *words = k < n && (strict || (str_eq(members[k].type, STR("b")) || str_eq(members[k].type, STR("b?")))) ? unfit(members[k].type, v) : NULL;
        if (words && !yyjson_is_null(v)) /* null: as if it had been left out */
            return err_set(e, E_USAGE, "`%.*s` is %s", STR_FMT(names[k]), words);
    }
    return true;
}
