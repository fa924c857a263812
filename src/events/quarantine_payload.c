/* Changes to the payload of a rejected event: members renamed, turned into another type, set, removed, by path. Numbers that are
 * not touched stay digit by digit. */
#include "events/quarantine_int.h"

enum { JSON_MAX_BYTES = 16 << 20 };

enum cast { CAST_NUMBER, CAST_TEXT, CAST_BOOLEAN };
static const char *const casts[] = {"number", "text", "boolean"};

struct payload_fix {
    struct payload_path *set, *rename_from, *rename_to, *cast, *remove;
    enum cast *cast_to;
    yyjson_doc **values;
    size_t n_set, n_rename, n_cast, n_remove;
};

/* ---- paths ---- */

static bool path_wrong(struct str text, struct err *e)
{
    err_set(e, E_USAGE, "\"%.*s\" is no path", STR_FMT(text));
    return err_hint(e, "members with points, items in brackets: properties.total, properties.products[0].sku, context['a.b']"),
           false;
}

/* [0] or ['a.b'] */
static bool bracket_parse(struct str text, size_t *at, struct payload_step *out)
{
    size_t from = *at + 1, end;
    bool quoted = from < text.n && (text.p[from] == '\'' || text.p[from] == '"');
    char closing[3] = {quoted ? text.p[from] : ']', ']', 0};
    from += quoted;
    end = str_find(text, (struct str){closing, quoted ? 2 : 1}, from);
    if (end == SIZE_MAX)
        return false;
    struct str inside = {text.p + from, end - from};
    *at = end + (quoted ? 2 : 1);
    *out = (struct payload_step){quoted ? inside : (struct str){NULL, 0}, 0};
    return quoted ? inside.n > 0 : str_to_i64(inside, &out->index) && out->index >= 0;
}

bool payload_path_parse(struct str text, struct payload_path *out, struct err *e)
{
    size_t i = str_starts(text, STR("$.")) ? 2 : 0;
    bool separated = true; /* a name may begin here */
    out->n = 0;
    while (i < text.n) {
        if (out->n == PAYLOAD_STEPS_MAX)
            return path_wrong(text, e);
        if (text.p[i] == '[') {
            if (!bracket_parse(text, &i, &out->steps[out->n++]))
                return path_wrong(text, e);
            separated = false;
            continue;
        }
        if (text.p[i] == '.') {
            if (separated || ++i == text.n)
                return path_wrong(text, e);
            separated = true;
            continue;
        }
        size_t from = i;
        while (i < text.n && text.p[i] != '.' && text.p[i] != '[')
            i++;
        if (!separated)
            return path_wrong(text, e);
        out->steps[out->n++] = (struct payload_step){{text.p + from, i - from}, 0};
        separated = false;
    }
    return (out->n > 0 && !separated && out->steps[0].key.p) || path_wrong(text, e);
}

/* ---- finding, putting, taking ---- */

static yyjson_mut_val *step(yyjson_mut_val *v, const struct payload_step *s)
{
    return s->key.p ? yyjson_mut_obj_getn(v, s->key.p, s->key.n) : yyjson_mut_arr_get(v, (size_t)s->index);
}

static yyjson_mut_val *find(yyjson_mut_val *v, const struct payload_path *p, size_t steps)
{
    for (size_t i = 0; i < steps && v; i++)
        v = step(v, &p->steps[i]);
    return v;
}

/* Objects on the way that are not there are made; what stands there and is none is left alone. */
static bool put(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct payload_path *p, yyjson_mut_val *value)
{
    yyjson_mut_val *v = root;
    for (size_t i = 0; i + 1 < p->n; i++) {
        yyjson_mut_val *next = step(v, &p->steps[i]);
        if ((!next || yyjson_mut_is_null(next)) && p->steps[i].key.p && p->steps[i + 1].key.p && yyjson_mut_is_obj(v)) {
            next = yyjson_mut_obj(doc);
            yyjson_mut_obj_put(v, yyjson_mut_strncpy(doc, p->steps[i].key.p, p->steps[i].key.n), next);
        }
        if (!next)
            return false;
        v = next;
    }
    const struct payload_step *last = &p->steps[p->n - 1];
    if (last->key.p)
        return yyjson_mut_is_obj(v) && yyjson_mut_obj_put(v, yyjson_mut_strncpy(doc, last->key.p, last->key.n), value);
    size_t size = yyjson_mut_arr_size(v), at = (size_t)last->index;
    if (!yyjson_mut_is_arr(v) || at > size)
        return false;
    return at == size ? yyjson_mut_arr_append(v, value) : yyjson_mut_arr_replace(v, at, value) != NULL;
}

static yyjson_mut_val *take(yyjson_mut_val *root, const struct payload_path *p)
{
    yyjson_mut_val *v = find(root, p, p->n - 1);
    const struct payload_step *last = &p->steps[p->n - 1];
    if (last->key.p)
        return yyjson_mut_is_obj(v) ? yyjson_mut_obj_remove_keyn(v, last->key.p, last->key.n) : NULL;
    return yyjson_mut_is_arr(v) && (size_t)last->index < yyjson_mut_arr_size(v) ? yyjson_mut_arr_remove(v, (size_t)last->index)
                                                                                : NULL;
}

/* ---- casts ---- */

/* A number of JSON's form: what would be sent as one. */
static bool is_json_number(struct str s)
{
    yyjson_doc *doc = s.n && s.n < 64 && (s.p[0] == '-' || (s.p[0] >= '0' && s.p[0] <= '9'))
                          ? yyjson_read(s.p, s.n, YYJSON_READ_NUMBER_AS_RAW)
                          : NULL;
    bool good = yyjson_is_raw(yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return good;
}

static yyjson_mut_val *cast_value(yyjson_mut_doc *doc, yyjson_mut_val *v, enum cast to)
{
    bool text = yyjson_mut_is_str(v), raw = yyjson_mut_is_raw(v), truth = yyjson_mut_is_bool(v);
    struct str s = {text ? yyjson_mut_get_str(v) : raw ? yyjson_mut_get_raw(v) : "", yyjson_mut_get_len(v)};
    struct str trimmed = str_trim((struct str){s.p, text || raw ? s.n : 0});
    if (to == CAST_NUMBER && text && is_json_number(trimmed))
        return yyjson_mut_rawncpy(doc, trimmed.p, trimmed.n);
    if (to == CAST_TEXT && raw)
        return yyjson_mut_strncpy(doc, s.p, s.n);
    if (to == CAST_TEXT && truth)
        return yyjson_mut_str(doc, yyjson_mut_get_bool(v) ? "true" : "false");
    if (to == CAST_BOOLEAN && (text || raw)) {
        bool yes = str_eq_nocase(trimmed, STR("true")) || str_eq(trimmed, STR("1")) || str_eq_nocase(trimmed, STR("yes"));
        bool no = str_eq_nocase(trimmed, STR("false")) || str_eq(trimmed, STR("0")) || str_eq_nocase(trimmed, STR("no"));
        return yes || no ? yyjson_mut_bool(doc, yes) : NULL;
    }
    return NULL;
}

/* ---- a fix ---- */

static bool paths_parse(const struct str *texts, size_t n, struct arena *a, struct payload_path **out, struct err *e)
{
    *out = arena_array(a, n + 1, sizeof **out);
    for (size_t i = 0; i < n; i++)
        if (!payload_path_parse(texts[i], &(*out)[i], e))
            return false;
    return true;
}

/* Whether `a` leads to `b` or to what it stands in. */
static bool leads_into(const struct payload_path *a, const struct payload_path *b)
{
    if (a->n > b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!str_eq(a->steps[i].key, b->steps[i].key) || a->steps[i].index != b->steps[i].index)
            return false;
    return true;
}

static bool renames_check(const struct events_fix *fix, const struct payload_fix *f, struct err *e)
{
    for (size_t i = 0; i < fix->n_rename; i++)
        if (leads_into(&f->rename_from[i], &f->rename_to[i]))
            return err_set(e, E_USAGE, "\"%.*s\" cannot be renamed into itself", STR_FMT(fix->rename_from[i]));
    return true;
}

/* By its message id an event is told apart from those that were loaded. */
static bool keeps_id(const struct payload_path *v, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].steps[0].key, STR("messageId")))
            return err_set(e, E_USAGE, "messageId cannot be changed: by it the event is known");
    return true;
}

static bool casts_parse(const struct events_fix *fix, struct arena *a, struct payload_fix *f, struct err *e)
{
    f->cast_to = arena_array(a, fix->n_cast + 1, sizeof *f->cast_to);
    for (size_t i = 0; i < fix->n_cast; i++) {
        size_t k = 0;
        while (k < sizeof casts / sizeof *casts && !str_eq(fix->cast_to[i], str_of(casts[k])))
            k++;
        if (k == sizeof casts / sizeof *casts)
            return err_set(e, E_USAGE, "\"%.*s\" is no type to cast to; there are number, text and boolean",
                           STR_FMT(fix->cast_to[i]));
        f->cast_to[i] = (enum cast)k;
    }
    return true;
}

bool payload_fix_make(const struct events_fix *fix, struct arena *a, struct payload_fix **out, struct err *e)
{
    struct payload_fix *f = *out = arena_alloc(a, sizeof *f);
    *f = (struct payload_fix){.n_rename = fix->n_rename, .n_cast = fix->n_cast, .n_remove = fix->n_remove};
    if (!paths_parse(fix->set_path, fix->n_set, a, &f->set, e) ||
        !paths_parse(fix->rename_from, fix->n_rename, a, &f->rename_from, e) ||
        !paths_parse(fix->rename_to, fix->n_rename, a, &f->rename_to, e) ||
        !paths_parse(fix->cast_path, fix->n_cast, a, &f->cast, e) || !paths_parse(fix->remove, fix->n_remove, a, &f->remove, e) ||
        !casts_parse(fix, a, f, e) || !renames_check(fix, f, e) || !keeps_id(f->set, fix->n_set, e) ||
        !keeps_id(f->rename_from, fix->n_rename, e) || !keeps_id(f->rename_to, fix->n_rename, e) ||
        !keeps_id(f->cast, fix->n_cast, e) || !keeps_id(f->remove, fix->n_remove, e))
        return false;
    f->values = arena_array(a, fix->n_set + 1, sizeof(yyjson_doc *));
    for (; f->n_set < fix->n_set; f->n_set++) {
        struct str json = fix->set_json[f->n_set];
        f->values[f->n_set] = yyjson_read(json.p ? json.p : "", json.n, YYJSON_READ_NUMBER_AS_RAW);
        if (!f->values[f->n_set]) {
            err_set(e, E_USAGE, "what is set at \"%.*s\" is no JSON", STR_FMT(fix->set_path[f->n_set]));
            return err_hint(e, "texts stand in double quotes: '\"EUR\"'"), false;
        }
    }
    return true;
}

void payload_fix_free(struct payload_fix *f)
{
    for (size_t i = 0; f && i < f->n_set; i++)
        yyjson_doc_free(f->values[i]);
}

static bool changes(const struct payload_fix *f, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    bool changed = false;
    for (size_t i = 0; i < f->n_rename; i++) {
        yyjson_mut_val *v = find(root, &f->rename_from[i], f->rename_from[i].n);
        yyjson_mut_val *copy = v ? yyjson_mut_val_mut_copy(doc, v) : NULL;
        if (copy && put(doc, root, &f->rename_to[i], copy)) {
            if (!leads_into(&f->rename_to[i], &f->rename_from[i])) /* else it went with what was replaced */
                take(root, &f->rename_from[i]);
            changed = true;
        }
    }
    for (size_t i = 0; i < f->n_cast; i++) {
        yyjson_mut_val *v = find(root, &f->cast[i], f->cast[i].n), *made = v ? cast_value(doc, v, f->cast_to[i]) : NULL;
        changed |= made && put(doc, root, &f->cast[i], made);
    }
    for (size_t i = 0; i < f->n_set; i++)
        changed |= put(doc, root, &f->set[i], yyjson_val_mut_copy(doc, yyjson_doc_get_root(f->values[i])));
    for (size_t i = 0; i < f->n_remove; i++)
        changed |= take(root, &f->remove[i]) != NULL;
    return changed;
}

bool payload_fix_apply(const struct payload_fix *f, struct str payload, struct arena *a, struct str *out)
{
    yyjson_alc alc = event_alc(a);
    yyjson_doc *doc = payload.n && payload.n <= JSON_MAX_BYTES
                          ? yyjson_read_opts((char *)(uintptr_t)payload.p, payload.n, YYJSON_READ_NUMBER_AS_RAW, &alc, NULL)
                          : NULL;
    if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
        return false;
    yyjson_mut_doc *m = yyjson_doc_mut_copy(doc, &alc);
    size_t n = 0;
    if (!m || !changes(f, m, yyjson_mut_doc_get_root(m)))
        return false;
    char *json = yyjson_mut_write_opts(m, YYJSON_WRITE_NOFLAG, &alc, &n, NULL);
    *out = (struct str){json, n};
    return json && !str_eq(*out, payload);
}
