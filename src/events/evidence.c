/* Which identifiers stand together in an event, as one number: the same set in the same stretch of time is the same evidence, so
 * that a visitor's thousand page views are one row for identity and not a thousand. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "events/events_int.h"

static const struct {
    const char *kind;
    enum event_column column;
} kinds[] = {
    {"user_id", EVENT_USER_ID},
    {"email", EVENT_EMAIL},
    {"phone", EVENT_PHONE},
    {"device_id", EVENT_DEVICE_ID},
    {"advertising_id", EVENT_ADVERTISING_ID},
    {"anonymous_id", EVENT_ANONYMOUS_ID},
    {"previous_id", EVENT_PREVIOUS_ID},
};

static const struct mesh_identifier_kind *declared(const struct mesh *m, struct str name)
{
    for (size_t i = 0; i < m->identity.n_kinds; i++) {
        if (str_eq_nocase(m->identity.kinds[i].name, name))
            return &m->identity.kinds[i];
    }
    return NULL;
}

static void put_value(struct buf *set, struct str how, struct str value)
{
    bool lower = str_eq(how, STR("email")) || str_eq(how, STR("lower")), digits = str_eq(how, STR("digits"));
    bool phone = str_eq(how, STR("phone"));
    value = str_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool digit = c >= '0' && c <= '9';
        if (((digits || phone) && !digit) && !(phone && i == 0 && c == '+'))
            continue;
        buf_addc(set, lower && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
}

static void put(struct buf *set, const struct mesh *m, struct str kind, struct str value, int64_t *per_s)
{
    const struct mesh_identifier_kind *k = declared(m, kind);
    buf_add(set, kind);
    buf_addc(set, '=');
    put_value(set, k ? k->normalise : STR(""), value);
    buf_addc(set, '\n');
    if (k && k->per_s > 0 && (*per_s == 0 || k->per_s < *per_s))
        *per_s = k->per_s;
}

/* Further ids of the context, and those of a merge: of declared kinds alone, the others link nobody. */
static void further(struct buf *set, const struct mesh *m, yyjson_val *list, const char *member, int64_t *per_s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct str kind = event_scalar(yyjson_obj_get(v, "type")), value = event_scalar(yyjson_obj_get(v, member));
        if (kind.n && value.n && declared(m, kind))
            put(set, m, kind, value, per_s);
    }
}

void event_evidence(const struct mesh *m, struct event *ev, struct arena *a)
{
    struct buf set = BUF_INIT((size_t)256 << 10);
    int64_t per_s = 0;
    (void)a;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (ev->cells[kinds[i].column].set)
            put(&set, m, str_of(kinds[i].kind), ev->cells[kinds[i].column].s, &per_s);
    }
    further(&set, m, yyjson_obj_get(ev->context, "externalIds"), "id", &per_s);
    further(&set, m, yyjson_obj_get(ev->whole, "mergeProperties"), "value", &per_s);
    if (set.n) {
        if (per_s) {
            int64_t second = ev->cells[EVENT_OCCURRED_AT].i / 1000000;
            buf_printf(&set, "@%lld:%lld", (long long)per_s, (long long)(second / per_s));
        }
        XXH128_hash_t h = XXH3_128bits(set.p, set.n);
        ev->cells[EVENT_EVIDENCE] = (struct event_cell){.set = true, .i = (int64_t)((h.low64 ^ h.high64) & INT64_MAX)};
    }
    buf_fini(&set);
}
