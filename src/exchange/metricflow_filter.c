/* Filters of dbt are SQL with templates in it: {{ Dimension('order__status') }} = 'paid'. Each template becomes the name of a dimension here, or,
 * inside of a measure, the SQL that the dimension is. Entities and metrics in a filter have no counterpart. */
#include "exchange/metricflow_int.h"

enum { PATH_MAX_STEPS = 8, FILTER_MAX_BYTES = 1 << 20 };

bool mf_identifier(struct str s)
{
    if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

struct str mf_and(struct arena *a, struct str left, struct str right)
{
    return !left.n ? right : !right.n ? left : arena_printf(a, "(%.*s) AND (%.*s)", STR_FMT(left), STR_FMT(right));
}

/* Next text between quotes; p NULL: there is none. */
static struct str quoted(struct str *rest)
{
    size_t from = 0, end;
    while (from < rest->n && rest->p[from] != '\'' && rest->p[from] != '"')
        from++;
    for (end = from + 1; end < rest->n && rest->p[end] != rest->p[from]; end++)
        ;
    if (end >= rest->n)
        return (struct str){NULL, 0};
    struct str s = {rest->p + from + 1, end - from - 1};
    *rest = (struct str){rest->p + end + 1, rest->n - end - 1};
    return s;
}

static const struct mf_entity *entity_of(const struct mf_model *m, struct str name)
{
    for (size_t i = 0; i < m->n_entities; i++)
        if (str_eq(m->entities[i].name, name))
            return &m->entities[i];
    return NULL;
}

/* Whether a name before __ is of the model itself: its own key, by whichever way dbt writes it. */
static bool is_own(const struct mf_model *m, struct str entity)
{
    const struct mf_entity *own = entity_of(m, entity);
    return str_eq(m->primary, entity) || (own && !str_eq(own->type, STR("foreign")));
}

/* order__status, customer__country, user__account__size -> a dimension as it is called here. */
static bool dimension_name(struct mf *x, const struct mf_model *m, bool sql, struct str path, struct str *out, struct str *why)
{
    struct str step[PATH_MAX_STEPS];
    size_t n = 0, at = 0;
    for (size_t next; n < PATH_MAX_STEPS - 1 && (next = str_find(path, STR("__"), at)) != SIZE_MAX; at = next + 2)
        step[n++] = (struct str){path.p + at, next - at};
    step[n++] = (struct str){path.p + at, path.n - at};
    struct str name = step[n - 1];
    if (str_eq(path, STR("metric_time")) && m && m->time.n)
        name = m->time;
    else if (str_eq(path, STR("metric_time"))) {
        *why = STR("its filter is over the time of a metric of several models");
        return false;
    }
    const struct mf_dimension *own = m ? mf_dimension_find(m, name) : NULL;
    bool local = own && (n == 1 || (n == 2 && is_own(m, step[0])));
    if (sql && !local) {
        *why = arena_printf(x->a, "its filter reaches %.*s in another model, which only a filter of a whole metric can", STR_FMT(path));
        return false;
    }
    if (sql)
        *out = mf_identifier(own->expr) ? own->expr : arena_printf(x->a, "(%.*s)", STR_FMT(own->expr));
    else
        *out = local || n == 1 || !m ? name : arena_printf(x->a, "%.*s__%.*s", STR_FMT(step[n - 2]), STR_FMT(name));
    return true;
}

static bool grain_known(struct str grain)
{
    static const char *const grains[] = {"second", "minute", "hour", "day", "week", "month", "quarter", "year"};
    for (size_t i = 0; i < sizeof grains / sizeof grains[0]; i++)
        if (str_eq_nocase(grain, str_of(grains[i])))
            return true;
    return false;
}

/* What stands between {{ and }}. */
static bool template_word_of(struct mf *x, const struct mf_model *m, bool sql, struct str inside, struct str *out, struct str *why)
{
    struct str call = str_trim(inside), rest, word = str_trim(str_cut(call, '(', &rest)), name;
    bool time = str_eq(word, STR("TimeDimension"));
    if (!rest.p || !(time || str_eq(word, STR("Dimension")))) {
        *why = str_eq(word, STR("Metric")) || str_eq(word, STR("Entity")) ? arena_printf(x->a, "its filter asks for %.*s, and filters here are over dimensions", STR_FMT(call))
                                                                        : arena_printf(x->a, "its filter holds {{ %.*s }}, which is none of dbt's words for filters", STR_FMT(call));
        return false;
    }
    name = quoted(&rest);
    if (!name.p || str_find(rest, STR("entity_path"), 0) != SIZE_MAX) {
        *why = arena_printf(x->a, "its filter says {{ %.*s }} in a way that is not read here", STR_FMT(call));
        return false;
    }
    if (!dimension_name(x, m, sql, name, out, why))
        return false;
    struct str grain = quoted(&rest);
    if (grain.p && !grain_known(grain)) {
        *why = arena_printf(x->a, "its filter has the grain %.*s, which is not one of second to year", STR_FMT(grain));
        return false;
    }
    if (grain.p)
        *out = arena_printf(x->a, "date_trunc('%.*s', %.*s)", STR_FMT(grain), STR_FMT(*out));
    return true;
}

bool mf_filter(struct mf *x, const struct mf_model *model, bool sql, struct str text, struct str *out, struct str *why)
{
    struct buf b = BUF_INIT(FILTER_MAX_BYTES);
    bool good = true;
    size_t at = 0;
    while (good) {
        size_t open = str_find(text, STR("{{"), at), close = open == SIZE_MAX ? SIZE_MAX : str_find(text, STR("}}"), open);
        struct str word;
        if (close == SIZE_MAX)
            break;
        buf_add(&b, (struct str){text.p + at, open - at});
        good = template_word_of(x, model, sql, (struct str){text.p + open + 2, close - open - 2}, &word, why);
        if (good)
            buf_add(&b, word);
        at = close + 2;
    }
    struct str rest = {text.p + at, text.n - at};
    if (good && (str_find(rest, STR("{{"), 0) != SIZE_MAX || str_find(text, STR("{%"), 0) != SIZE_MAX)) {
        *why = STR("its filter holds a template that is not read here");
        good = false;
    }
    buf_add(&b, rest);
    if (good && !buf_ok(&b, NULL)) {
        *why = STR("its filter is too long");
        good = false;
    }
    if (good)
        *out = str_trim(arena_str(x->a, buf_str(&b)));
    buf_fini(&b);
    return good;
}
