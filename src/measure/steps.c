/* Words for steps and for what people are told apart by. The rows are read in steps_rows.c. */
#include "measure/steps.h"

#include "base/clock.h"
#include "govern/policy.h"
#include "measure/steps_int.h"

static const struct {
    const char *name, *prefix, *port; /* prefix: as one writes it; order and ticket stand alone */
} kinds[STEP_KINDS] = {
    [STEP_EVENT] = {"event", "event:", STEPS_DONE},        [STEP_PAGE] = {"page", "page:", STEPS_DONE},
    [STEP_SCREEN] = {"screen", "screen:", STEPS_DONE},     [STEP_EMAIL] = {"email", "email:", STEPS_DONE},
    [STEP_ORDER] = {"order", NULL, STEPS_DONE},            [STEP_TICKET] = {"ticket", NULL, STEPS_DONE},
    [STEP_TOUCH] = {"touch", "touch:", STEPS_TOUCHES},     [STEP_CONVERSION] = {"conversion", "conversion:", STEPS_ENDS},
};

/* Of the first step's row: the visit that it belongs to is the newest touch before it, if it is not too old. */
static const struct {
    const char *name, *title, *port, *sql;
} dimensions[STEP_DIMENSIONS] = {
    [BY_DEVICE] = {"device", "Device", STEPS_TOUCHES, "coalesce(step.device, " STEPS_TOUCHED("device_category") ")"},
    [BY_CHANNEL] = {"channel", "Channel", STEPS_TOUCHES, STEPS_TOUCHED("channel_group")},
    [BY_COUNTRY] = {"country", "Country", STEPS_PEOPLE, "who.country"},
    [BY_PLATFORM] = {"platform", "Ad or mail platform", STEPS_TOUCHES, STEPS_TOUCHED("platform")},
    [BY_CAMPAIGN] = {"campaign", "Campaign", STEPS_TOUCHES, STEPS_TOUCHED("campaign_name")},
    [BY_LANDING_PAGE] = {"landing_page", "Landing page", STEPS_TOUCHES, STEPS_TOUCHED("landing_path")},
    [BY_VISITOR] = {"visitor", "New or returning", STEPS_PEOPLE, "CASE WHEN who.first_seen_at >= step.at - INTERVAL 30 MINUTE THEN 'new' WHEN who.first_seen_at IS NOT NULL THEN 'returning' END"},
    [BY_BUYER] = {"buyer", "Has bought before", STEPS_PEOPLE, "CASE WHEN who.first_order_at < step.at THEN 'bought before' ELSE 'not yet' END"},
};

const char *step_kind_name(enum step_kind k)
{
    return kinds[k].name;
}

const char *step_kind_port(enum step_kind k)
{
    return kinds[k].port;
}

const char *step_dimension_name(enum step_dimension d)
{
    return dimensions[d].name;
}

const char *step_dimension_title(enum step_dimension d)
{
    return dimensions[d].title;
}

const char *step_dimension_sql(enum step_dimension d)
{
    return dimensions[d].sql;
}

const char *step_dimension_port(enum step_dimension d)
{
    return dimensions[d].port;
}

/* ---- may they ---- */

static bool shown(const struct metric_asker *who, struct str purpose, const struct mesh_port *p, struct err *e)
{
    enum mesh_mask mask = policy_mask(who->mesh, who->who, purpose, p, STR("customer_id")).mask;
    if (mask == MASK_NONE || mask == MASK_HASH || mask == MASK_TOKENISE)
        return true;
    err_set(e, E_DENIED, "customer_id of %.*s is hidden from your role, so that what one person did cannot be told from what another did", STR_FMT(p->ref));
    err_hint(e, "a mask that keeps people apart (hash or tokenise) is enough for this");
    return false;
}

bool steps_may(const struct metric_asker *who, struct str ref, struct err *e)
{
    struct arena a;
    const struct mesh_port *p = mesh_find_port(who->mesh, ref);
    struct str purpose = who->purpose.n ? who->purpose : STR("analytics");
    if (!p) {
        err_set(e, E_NOT_FOUND, "there is no port %.*s", STR_FMT(ref));
        err_hint(e, "steps are read from " STEPS_DONE ", touch: from " STEPS_TOUCHES ", conversion: from " STEPS_ENDS);
        return false;
    }
    arena_init(&a);
    enum mesh_tier tier = policy_access(who->mesh, who->who, purpose, p, &a).tier;
    arena_fini(&a);
    if (tier == TIER_AGGREGATED && p->person_column.n) {
        err_set(e, E_DENIED, "this is made of single rows of %.*s, one person's after another, and your role sees them in groups of people only", STR_FMT(p->ref));
        err_hint(e, "ask for a role of tier masked on %.*s, or ask a metric: trellis metric --list", STR_FMT(p->ref));
        return false;
    }
    return tier == TIER_NONE || shown(who, purpose, p, e);
}

/* ---- steps ---- */

static const struct mesh_conversion *conversion(const struct mesh *m, struct str name)
{
    for (size_t i = 0; i < m->attribution.n_conversions; i++)
        if (str_eq(m->attribution.conversions[i].name, name))
            return &m->attribution.conversions[i];
    return NULL;
}

/* "paid_search" as people read it. */
struct str step_words(struct arena *a, struct str name)
{
    char *z = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (z[i] == '_')
            z[i] = ' ';
    if (name.n && z[0] >= 'a' && z[0] <= 'z')
        z[0] = (char)(z[0] - 'a' + 'A');
    return (struct str){z, name.n};
}

static struct str title_of(const struct mesh *m, struct arena *a, const struct step *s)
{
    const struct mesh_conversion *k = s->kind == STEP_CONVERSION ? conversion(m, s->name) : NULL;
    switch (s->kind) {
    case STEP_PAGE: return arena_printf(a, "Page %.*s", STR_FMT(s->name));
    case STEP_SCREEN: return arena_printf(a, "Screen %.*s", STR_FMT(s->name));
    case STEP_EMAIL: return arena_printf(a, "E-mail: %.*s", STR_FMT(s->name));
    case STEP_ORDER: return STR("Order");
    case STEP_TICKET: return STR("Ticket");
    case STEP_TOUCH: return str_eq(s->name, STR("*")) ? STR("Any visit") : step_words(a, s->name);
    case STEP_CONVERSION: return k && k->title.n ? k->title : s->name;
    default: return s->name;
    }
}

void step_make(const struct mesh *m, struct arena *a, enum step_kind kind, struct str name, struct step *out)
{
    const char *prefix = kinds[kind].prefix;
    *out = (struct step){.kind = kind, .name = arena_str(a, name)};
    bool bare = kind == STEP_EVENT && !conversion(m, name);
    for (int k = 0; bare && k < STEP_KINDS; k++) /* a name that reads like another kind is written in full */
        bare = !(kinds[k].prefix && str_starts(name, str_of(kinds[k].prefix))) && !str_eq(name, str_of(kinds[k].name));
    out->text = !prefix ? str_of(kinds[kind].name) : bare ? out->name : arena_printf(a, "%s%.*s", prefix, STR_FMT(name));
    out->title = title_of(m, a, out);
}

bool step_read(const struct metric_asker *who, struct str text, struct arena *a, struct step *out, struct err *e)
{
    enum step_kind kind = STEP_EVENT;
    struct str name = str_trim(text);
    for (int k = 0; k < STEP_KINDS; k++) {
        struct str prefix = str_of(kinds[k].prefix);
        if (!prefix.p && str_eq(name, str_of(kinds[k].name))) {
            kind = (enum step_kind)k;
        } else if (prefix.p && str_starts(name, prefix)) {
            kind = (enum step_kind)k;
            name = str_trim((struct str){name.p + prefix.n, name.n - prefix.n});
            break;
        }
    }
    if (kind == STEP_EVENT && str_eq(name, str_trim(text)) && conversion(who->mesh, name)) /* `purchase` is what is declared as one; event:purchase is not */
        kind = STEP_CONVERSION;
    if (!name.n) {
        err_set(e, E_USAGE, "a step has no name");
        err_hint(e, "a step is the name of an event, page:/path*, screen:TITLE, email:open, order, ticket, touch:CHANNEL or conversion:NAME");
        return false;
    }
    if (!steps_may(who, str_of(kinds[kind].port), e))
        return false;
    step_make(who->mesh, a, kind, name, out);
    return true;
}

/* ---- what people are told apart by ---- */

bool step_dimension_there(const struct metric_asker *who, enum step_dimension d)
{
    struct err quiet = {0};
    return steps_may(who, str_of(dimensions[d].port), &quiet);
}

bool step_dimension_read(const struct metric_asker *who, struct str name, enum step_dimension *out, struct err *e)
{
    struct str there[STEP_DIMENSIONS];
    size_t n = 0;
    for (int d = 0; d < STEP_DIMENSIONS; d++) {
        if (!step_dimension_there(who, (enum step_dimension)d))
            continue;
        there[n++] = str_of(dimensions[d].name);
        if (str_eq(name, there[n - 1])) {
            *out = (enum step_dimension)d;
            return true;
        }
    }
    int near = str_nearest(name, there, n);
    err_set(e, E_USAGE, "people are not told apart by %.*s here", STR_FMT(name));
    if (near >= 0) {
        err_hint(e, "did you mean %.*s?", STR_FMT(there[near]));
    } else {
        struct buf b = BUF_INIT((size_t)256);
        for (size_t i = 0; i < n; i++)
            buf_printf(&b, "%s%.*s", i ? ", " : "", STR_FMT(there[i]));
        err_hint(e, "by one of %s", buf_z(&b));
        buf_fini(&b);
    }
    return false;
}

static void port_add(struct str out[4], size_t *n, const char *ref)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(out[i], str_of(ref)))
            return;
    out[(*n)++] = str_of(ref);
}

size_t steps_ports(const struct step *steps, size_t n, const bool wanted[STEP_DIMENSIONS], struct str out[4])
{
    size_t ports = 0;
    for (size_t i = 0; i < n; i++)
        port_add(out, &ports, kinds[steps[i].kind].port);
    for (int d = 0; wanted && d < STEP_DIMENSIONS; d++)
        if (wanted[d])
            port_add(out, &ports, dimensions[d].port);
    return ports;
}

/* ---- days ---- */

bool steps_day_begin(const struct mesh *m, int32_t day, int64_t *us)
{
    struct clock_text before = clock_date(day - 1);
    return clock_day_end_us(str_of(before.z), m->time_zone, us);
}

bool steps_span(const struct metric_asker *who, const int32_t *from, const int32_t *to, int64_t newest_us, struct steps_span *out, struct err *e)
{
    enum { DEFAULT_DAYS = 28, DAYS_MAX = 36525 };
    int32_t last = 0;
    if (!to && !clock_day_of(newest_us, who->mesh->time_zone, &last))
        last = (int32_t)(newest_us / 86400000000);
    out->to = to ? *to : last;
    out->from = from ? *from : out->to - (DEFAULT_DAYS - 1);
    out->given = from && to;
    if (out->from > out->to) {
        err_set(e, E_USAGE, "the range ends before it begins: %s is after %s", clock_date(out->from).z, clock_date(out->to).z);
        err_hint(e, "from is the first day, to the last");
        return false;
    }
    if (out->to - out->from > DAYS_MAX || !steps_day_begin(who->mesh, out->from, &out->from_us) || !steps_day_begin(who->mesh, out->to + 1, &out->until_us))
        return err_set(e, E_USAGE, "from %s to %s is no range of days that can be asked", clock_date(out->from).z, clock_date(out->to).z);
    return true;
}
