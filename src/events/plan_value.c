/* A value of an event against what the plan says of it. Everything that is wrong is noted, with its place and never with the
 * value. */
#include "events/plan_int.h"

#include <stdlib.h>

#include "base/buf.h"

enum { VIOLATIONS_MAX = 100, NAME_SHOWN_MAX = 64, PLACE_MAX_BYTES = 1 << 12 };

bool plan_name_is_plain(struct str s)
{
    bool letter = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && !strchr("_$ -", c))
            return false;
        letter |= is_letter;
    }
    return letter && s.n <= NAME_SHOWN_MAX;
}

static void place_write(struct buf *b, const struct plan_place *at)
{
    if (at->up)
        place_write(b, at->up);
    if (at->index >= 0) {
        buf_printf(b, "[%lld]", (long long)at->index);
        return;
    }
    if (at->up)
        buf_addc(b, '.');
    if (at->declared || plan_name_is_plain(at->key))
        buf_add(b, at->key);
    else
        buf_addc(b, '?');
}

void plan_violation(struct plan_run *r, const char *reason, const struct plan_place *at, const char *fmt, ...)
{
    if (r->n == VIOLATIONS_MAX)
        return;
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 8;
        struct plan_violation *grown = arena_array(r->a, cap, sizeof *grown);
        if (r->n)
            memcpy(grown, r->v, r->n * sizeof *grown);
        r->v = grown;
        r->cap = cap;
    }
    struct buf b = BUF_INIT(PLACE_MAX_BYTES);
    va_list ap;
    place_write(&b, at);
    va_start(ap, fmt);
    r->v[r->n++] = (struct plan_violation){reason, arena_str(r->a, buf_str(&b)), arena_vprintf(r->a, fmt, ap)};
    va_end(ap);
    buf_fini(&b);
}

static const char *const kind_words[] = {
    [PLAN_ANY] = "anything",
    [PLAN_STRING] = "a text",
    [PLAN_NUMBER] = "a number",
    [PLAN_INTEGER] = "a whole number",
    [PLAN_BOOLEAN] = "true or false",
    [PLAN_DATE] = "a date like 2026-01-31",
    [PLAN_TIMESTAMP] = "a moment like 2026-01-31T10:30:00Z",
    [PLAN_TIME] = "a time like 10:30:00",
    [PLAN_OBJECT] = "an object",
    [PLAN_ARRAY] = "a list",
};

static const char *sent_words(yyjson_val *v)
{
    return yyjson_is_str(v)    ? "a text"
           : yyjson_is_bool(v) ? "true or false"
           : yyjson_is_obj(v)  ? "an object"
           : yyjson_is_arr(v)  ? "a list"
                               : "a number";
}

static bool is_number(yyjson_val *v)
{
    return yyjson_is_num(v) || yyjson_is_raw(v);
}

static struct str text_of(yyjson_val *v)
{
    return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
}

/* One value with what was read of it. */
struct reading {
    struct plan_run *r;
    const struct plan_spec *spec;
    const struct plan_place *at;
    yyjson_val *v;
    struct plan_number number;
    int64_t us;
    bool has_number, has_us;
};

static bool moment_fits(struct reading *x)
{
    enum plan_kind kind = x->spec->kind;
    int parts = kind == PLAN_DATE ? PLAN_MOMENT_DATE : kind == PLAN_TIME ? PLAN_MOMENT_TIME : PLAN_MOMENT_DATE | PLAN_MOMENT_TIME;
    x->has_us = yyjson_is_str(x->v) && plan_moment_parse(text_of(x->v), parts, &x->us);
    return x->has_us;
}

static bool kind_fits(struct reading *x)
{
    switch (x->spec->kind) {
    case PLAN_ANY:
        return true;
    case PLAN_STRING:
        return yyjson_is_str(x->v);
    case PLAN_BOOLEAN:
        return yyjson_is_bool(x->v);
    case PLAN_OBJECT:
        return yyjson_is_obj(x->v);
    case PLAN_ARRAY:
        return yyjson_is_arr(x->v);
    case PLAN_NUMBER:
    case PLAN_INTEGER:
        x->has_number = is_number(x->v) && plan_number_of(x->v, &x->number);
        return x->has_number && (x->spec->kind == PLAN_NUMBER || plan_number_whole(&x->number));
    case PLAN_DATE:
    case PLAN_TIMESTAMP:
    case PLAN_TIME:
        return moment_fits(x);
    }
    return false;
}

static void wrong_type(struct reading *x)
{
    enum plan_kind kind = x->spec->kind;
    const char *sent = sent_words(x->v);
    if (kind == PLAN_INTEGER && x->has_number)
        sent = "a number with a fraction";
    else if (kind >= PLAN_DATE && kind <= PLAN_TIME && yyjson_is_str(x->v))
        sent = "another text";
    plan_violation(x->r, "wrong_type", x->at, "must be %s, and %s was sent", kind_words[kind], sent);
}

static void bounds_check(struct reading *x)
{
    const struct plan_bound *const bounds[] = {&x->spec->low, &x->spec->high};
    for (int i = 0; i < 2; i++) {
        const struct plan_bound *b = bounds[i];
        if (!b->set || (!x->has_number && !x->has_us))
            continue;
        int64_t cmp = x->has_number ? plan_number_cmp(&x->number, &b->number) : (x->us > b->us) - (x->us < b->us);
        cmp = i == 0 ? cmp : -cmp;
        if (cmp < 0 || (cmp == 0 && b->exclusive))
            plan_violation(x->r, "out_of_range", x->at, "must be %s %.*s",
                           i == 0         ? (b->exclusive ? "above" : "at least")
                           : b->exclusive ? "below"
                                          : "at most",
                           STR_FMT(b->text));
    }
    if (x->spec->has_multiple && x->has_number && !plan_number_multiple(&x->number, &x->spec->multiple_of))
        plan_violation(x->r, "out_of_range", x->at, "must be a multiple of what the plan says");
}

static void size_check(struct reading *x, const struct plan_size *size, int64_t n, const char *what)
{
    if (size->least >= 0 && n < size->least)
        plan_violation(x->r, "out_of_range", x->at, "must have at least %lld %s", (long long)size->least, what);
    if (size->most >= 0 && n > size->most)
        plan_violation(x->r, "out_of_range", x->at, "must have at most %lld %s", (long long)size->most, what);
}

static int64_t character_count(struct str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static void patterns_check(struct reading *x, struct str s)
{
    for (size_t i = 0; i < x->spec->n_patterns; i++) {
        const struct plan_pattern *p = &x->spec->patterns[i];
        if (!p->is)
            plan_violation(x->r, "pattern", x->at, "cannot be told: the plan's pattern is not a regular expression");
        else if (pattern_find(p->is, s))
            continue;
        else if (p->format.n)
            plan_violation(x->r, "pattern", x->at, "must look like %.*s", STR_FMT(p->format));
        else
            plan_violation(x->r, "pattern", x->at, "must fit the plan's pattern");
    }
}

static bool allowed_fits(const struct reading *x, const struct plan_allowed *a)
{
    struct plan_number number;
    if (yyjson_is_str(x->v))
        return str_eq(text_of(x->v), a->text);
    if (yyjson_is_bool(x->v))
        return str_eq(a->text, yyjson_get_bool(x->v) ? STR("true") : STR("false"));
    return a->is_number && is_number(x->v) && plan_number_of(x->v, &number) && plan_number_cmp(&number, &a->number) == 0;
}

static void allowed_check(struct reading *x)
{
    if (!x->spec->n_allowed || yyjson_is_ctn(x->v))
        return;
    for (size_t i = 0; i < x->spec->n_allowed; i++)
        if (allowed_fits(x, &x->spec->allowed[i]))
            return;
    plan_violation(x->r, "not_allowed", x->at, "must be one of the %zu values that the plan allows", x->spec->n_allowed);
}

/* Equal values have equal sums, whatever the order of their members. */
static uint64_t value_sum(yyjson_val *v)
{
    struct plan_number number;
    uint64_t sum = yyjson_is_bool(v) ? (yyjson_get_bool(v) ? 11 : 13) : 17;
    size_t i, max;
    yyjson_val *key, *item;
    if (yyjson_is_str(v))
        return str_hash(text_of(v)) ^ 3;
    if (is_number(v) && plan_number_of(v, &number)) {
        uint64_t parts[4] = {(uint64_t)number.digits, (uint64_t)(number.digits >> 64), (uint64_t)(int64_t)number.exponent,
                             number.negative};
        return str_hash((struct str){(const char *)parts, sizeof parts});
    }
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, max, item)
        {
            uint64_t parts[2] = {sum, value_sum(item)};
            sum = str_hash((struct str){(const char *)parts, sizeof parts});
        }
    } else if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, max, key, item)
        {
            uint64_t parts[2] = {str_hash(text_of(key)), value_sum(item)};
            sum += str_hash((struct str){(const char *)parts, sizeof parts});
        }
    }
    return sum;
}

static int sum_cmp(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void unique_check(struct reading *x, size_t n)
{
    uint64_t *sums = arena_array(x->r->a, n + 1, sizeof *sums);
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach(x->v, i, max, item) sums[i] = value_sum(item);
    qsort(sums, n, sizeof *sums, sum_cmp);
    for (i = 1; i < n; i++)
        if (sums[i] == sums[i - 1]) {
            plan_violation(x->r, "not_allowed", x->at, "must not have an item twice");
            return;
        }
}

static void list_check(struct reading *x)
{
    size_t i, max, n = yyjson_arr_size(x->v);
    yyjson_val *item;
    size_check(x, &x->spec->items_size, (int64_t)n, "items");
    if (x->spec->unique_items)
        unique_check(x, n);
    if (!x->spec->items)
        return;
    yyjson_arr_foreach(x->v, i, max, item)
    {
        struct plan_place at = {x->at, {NULL, 0}, (int64_t)i, true};
        plan_value_check(x->r, x->spec->items, item, &at);
    }
}

void plan_members_check(struct plan_run *r, yyjson_val *object, const struct str *known, size_t n, const struct plan_place *at)
{
    size_t i, max;
    yyjson_val *key, *v;
    yyjson_obj_foreach(object, i, max, key, v)
    {
        struct plan_place place = {at, text_of(key), PLAN_MEMBER, false};
        bool there = false;
        for (size_t k = 0; k < n && !there; k++)
            there = str_eq(known[k], place.key);
        if (!there)
            plan_violation(r, "unknown_member", &place, "is not in the plan, which is closed");
    }
}

static void object_check(struct reading *x)
{
    const struct plan_spec *s = x->spec;
    size_check(x, &s->members_size, (int64_t)yyjson_obj_size(x->v), "members");
    for (size_t i = 0; i < s->n_needed; i++) {
        struct plan_place at = {x->at, s->needed[i], PLAN_MEMBER, true};
        yyjson_val *v = yyjson_obj_getn(x->v, s->needed[i].p, s->needed[i].n);
        if (!v || yyjson_is_null(v))
            plan_violation(x->r, "missing", &at, "is required");
    }
    struct str *known = arena_array(x->r->a, s->n_members + 1, sizeof *known);
    for (size_t i = 0; i < s->n_members; i++) {
        struct plan_place at = {x->at, s->members[i].key, PLAN_MEMBER, true};
        known[i] = s->members[i].key;
        plan_value_check(x->r, &s->members[i], yyjson_obj_getn(x->v, s->members[i].key.p, s->members[i].key.n), &at);
    }
    if (s->closed)
        plan_members_check(x->r, x->v, known, s->n_members, x->at);
}

void plan_value_check(struct plan_run *r, const struct plan_spec *spec, yyjson_val *v, const struct plan_place *at)
{
    struct reading x = {.r = r, .spec = spec, .at = at, .v = v};
    bool none = !v || yyjson_is_null(v);
    for (size_t i = 0; i < spec->n_missing && !none; i++)
        none = yyjson_is_str(v) && str_eq(text_of(v), spec->missing[i]);
    if (none) {
        if (spec->required)
            plan_violation(r, "missing", at, "is required");
        return;
    }
    if (!kind_fits(&x)) {
        wrong_type(&x);
        return;
    }
    bounds_check(&x);
    allowed_check(&x);
    if (yyjson_is_str(v)) {
        if (spec->length.least >= 0 || spec->length.most >= 0)
            size_check(&x, &spec->length, character_count(text_of(v)), "characters");
        patterns_check(&x, text_of(v));
    } else if (yyjson_is_arr(v)) {
        list_check(&x);
    } else if (yyjson_is_obj(v)) {
        object_check(&x);
    }
}
