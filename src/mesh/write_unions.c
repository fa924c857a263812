/* The lines between `-- trellis:sources begin NAME` and `-- trellis:sources end`: one SELECT per source whose pack provides
 * the union of that name (of a source without a pack of this program: whose product has a port <source>_NAME), in the order of
 * domain and source; with none, a typed SELECT that yields no row. */
#include "mesh/write_int.h"

enum { SQL_FILE_MAX_BYTES = 256 << 10, SOURCE_FILE_MAX_BYTES = 1 << 20, UNION_COLUMNS_MAX = 48 };

struct union_column { const char *name, *type; };
struct union_shape { const char *name; struct union_column columns[UNION_COLUMNS_MAX]; };

#define TEXT(name) {name, "VARCHAR"}
#define MEASURES \
    {"impressions", "BIGINT"}, {"clicks", "BIGINT"}, {"spend", "DECIMAL(18,6)"}, {"conversions", "DOUBLE"}, \
    {"conversions_value", "DECIMAL(18,6)"}, TEXT("currency")
#define ACCOUNT {"date_day", "DATE"}, TEXT("platform"), TEXT("account_id"), TEXT("account_name")
#define CAMPAIGN TEXT("campaign_id"), TEXT("campaign_name")
#define AD_GROUP TEXT("ad_group_id"), TEXT("ad_group_name")
#define AMOUNT(name) {name, "DECIMAL(18,6)"}
#define MOMENT(name) {name, "TIMESTAMP"}
#define COUNT(name) {name, "BIGINT"}
#define FLAG(name) {name, "BOOLEAN"}
#define ORIGIN TEXT("domain"), TEXT("source")

static const struct union_shape shapes[] = {
    {"campaign", {TEXT("campaign_key"), TEXT("platform"), TEXT("account_id"), TEXT("account_name"), CAMPAIGN, TEXT("status"), TEXT("objective"),
                  TEXT("channel_type"), TEXT("bid_strategy"), {"budget_amount", "DECIMAL(18,6)"}, TEXT("budget_type"), TEXT("currency"),
                  {"start_date", "DATE"}, {"end_date", "DATE"}, TEXT("targeting"), {"ad_groups", "BIGINT"}, {"ads", "BIGINT"}, TEXT("domain"), TEXT("source")}},
    {"campaign_version", {TEXT("campaign_key"), TEXT("platform"), TEXT("account_id"), CAMPAIGN, MOMENT("changed_at"), TEXT("status"), AMOUNT("budget_amount"), ORIGIN}},
    {"ad", {TEXT("ad_key"), TEXT("campaign_key"), TEXT("platform"), TEXT("account_id"), TEXT("account_name"), CAMPAIGN, AD_GROUP, TEXT("ad_group_status"),
            TEXT("ad_id"), TEXT("ad_name"), TEXT("ad_status"), TEXT("landing_url"), TEXT("targeting"), TEXT("domain"), TEXT("source")}},
    {"account_daily", {ACCOUNT, MEASURES}},
    {"campaign_daily", {ACCOUNT, CAMPAIGN, MEASURES}},
    {"ad_group_daily", {ACCOUNT, CAMPAIGN, AD_GROUP, MEASURES}},
    {"ad_daily", {ACCOUNT, CAMPAIGN, AD_GROUP, TEXT("ad_id"), TEXT("ad_name"), MEASURES}},
    {"contact", {TEXT("contact_key"), TEXT("platform"), TEXT("contact_id"), TEXT("contact_type"), TEXT("email"), TEXT("phone"), TEXT("first_name"),
                 TEXT("last_name"), TEXT("full_name"), TEXT("job_title"), TEXT("company_name"), TEXT("account_key"), TEXT("street"), TEXT("postal_code"),
                 TEXT("city"), TEXT("region"), TEXT("country"), TEXT("lifecycle_stage"), TEXT("lead_source"), TEXT("owner_id"), FLAG("email_opted_out"),
                 MOMENT("created_at"), MOMENT("updated_at"), TEXT("merged_into_key"), FLAG("is_merged"), FLAG("is_deleted"), ORIGIN}},
    {"person_record", {TEXT("contact_key"), TEXT("first_name"), TEXT("last_name"), TEXT("street"), TEXT("postal_code"), TEXT("city"), TEXT("country"), TEXT("phone"),
                       {"birth_date", "DATE"}, TEXT("email"), TEXT("national_id"), MOMENT("created_at"), MOMENT("updated_at"), ORIGIN}},
    {"account", {TEXT("account_key"), TEXT("platform"), TEXT("account_id"), TEXT("account_name"), TEXT("account_type"), TEXT("industry"), TEXT("website"),
                 TEXT("phone"), TEXT("street"), TEXT("postal_code"), TEXT("city"), TEXT("region"), TEXT("country"), AMOUNT("annual_revenue"), TEXT("currency"),
                 COUNT("employees"), TEXT("parent_account_key"), TEXT("account_source"), TEXT("owner_id"), MOMENT("created_at"), MOMENT("updated_at"),
                 TEXT("merged_into_key"), FLAG("is_merged"), FLAG("is_deleted"), ORIGIN}},
    {"opportunity", {TEXT("opportunity_key"), TEXT("platform"), TEXT("opportunity_id"), TEXT("opportunity_name"), TEXT("status"), TEXT("native_stage_id"),
                     TEXT("native_stage"), TEXT("pipeline"), TEXT("opportunity_type"), {"probability", "DOUBLE"}, AMOUNT("amount"), TEXT("currency"),
                     MOMENT("created_at"), {"close_date", "DATE"}, MOMENT("updated_at"), TEXT("account_key"), TEXT("contact_key"), TEXT("lead_source"),
                     TEXT("campaign_id"), TEXT("owner_id"), COUNT("line_items"), TEXT("merged_into_key"), FLAG("is_merged"), FLAG("is_deleted"), ORIGIN}},
    {"email_engagement", {TEXT("engagement_key"), TEXT("platform"), TEXT("event_id"), TEXT("event_type"), TEXT("native_type"), TEXT("channel"),
                          MOMENT("occurred_at"), TEXT("contact_key"), TEXT("recipient"), TEXT("campaign_id"), TEXT("campaign_name"), TEXT("flow_id"),
                          TEXT("flow_name"), TEXT("message_id"), TEXT("subject"), TEXT("clicked_url"), TEXT("reason"), TEXT("ip_address"), TEXT("user_agent"),
                          FLAG("is_filtered"), ORIGIN}},
    {"support_ticket", {TEXT("ticket_key"), TEXT("platform"), TEXT("ticket_id"), TEXT("subject"), TEXT("content"), TEXT("status"), TEXT("native_stage_id"),
                        TEXT("native_stage"), TEXT("pipeline"), TEXT("category"), TEXT("priority"), MOMENT("created_at"), MOMENT("first_reply_at"),
                        MOMENT("closed_at"), TEXT("contact_key"), TEXT("account_key"), TEXT("owner_id"), FLAG("is_deleted"), ORIGIN}},
    {"customer_order", {TEXT("order_key"), TEXT("platform"), TEXT("account_id"), TEXT("order_id"), TEXT("order_number"), TEXT("customer_key"), TEXT("customer_id"),
                        MOMENT("ordered_at"), MOMENT("updated_at"), MOMENT("cancelled_at"), TEXT("status"), TEXT("native_status"), TEXT("fulfillment_status"),
                        FLAG("is_test"), FLAG("is_cancelled"), COUNT("items"), AMOUNT("gross_amount"), AMOUNT("discount_amount"), AMOUNT("shipping_amount"),
                        AMOUNT("tax_amount"), AMOUNT("total_amount"), AMOUNT("refund_amount"), AMOUNT("net_revenue"), TEXT("currency"), TEXT("sales_channel"),
                        TEXT("discount_codes"), TEXT("country"), TEXT("referrer_host"), TEXT("utm_source"), TEXT("utm_medium"), TEXT("utm_campaign"),
                        TEXT("contact_key"), TEXT("email"), TEXT("phone"), ORIGIN}},
    {"order_line", {TEXT("order_line_key"), TEXT("order_key"), TEXT("platform"), TEXT("account_id"), TEXT("order_id"), TEXT("line_id"), TEXT("product_id"),
                    TEXT("variant_id"), TEXT("sku"), TEXT("product_name"), TEXT("vendor"), MOMENT("ordered_at"), FLAG("is_test"), FLAG("is_cancelled"),
                    COUNT("quantity"), AMOUNT("unit_price"), AMOUNT("gross_amount"), AMOUNT("discount_amount"), AMOUNT("tax_amount"),
                    COUNT("refunded_quantity"), AMOUNT("refund_amount"), AMOUNT("net_revenue"), TEXT("currency"), ORIGIN}},
    {"subscription", {TEXT("subscription_key"), TEXT("platform"), TEXT("account_id"), TEXT("subscription_id"), TEXT("customer_key"), TEXT("customer_id"),
                      TEXT("status"), TEXT("native_status"), TEXT("product_names"), COUNT("items"), COUNT("quantity"), TEXT("billing_interval"),
                      AMOUNT("monthly_recurring_amount"), TEXT("currency"), MOMENT("started_at"), MOMENT("trial_start_at"), MOMENT("trial_end_at"),
                      MOMENT("current_period_start_at"), MOMENT("current_period_end_at"), MOMENT("cancel_at"), MOMENT("cancelled_at"), MOMENT("ended_at"),
                      FLAG("cancels_at_period_end"), FLAG("is_test"), ORIGIN}},
    {"web_event", {TEXT("event_key"), TEXT("platform"), TEXT("account_id"), TEXT("event_id"), TEXT("event_name"), MOMENT("occurred_at"), MOMENT("received_at"),
                   TEXT("user_id"), TEXT("anonymous_id"), TEXT("session_key"), TEXT("page_url"), TEXT("page_host"), TEXT("page_path"), TEXT("page_title"),
                   TEXT("referrer_url"), TEXT("referrer_host"), TEXT("referrer_medium"), TEXT("referrer_source"), TEXT("utm_source"), TEXT("utm_medium"),
                   TEXT("utm_campaign"), TEXT("utm_term"), TEXT("utm_content"), TEXT("click_id"), TEXT("device_category"), TEXT("operating_system"),
                   TEXT("browser"), TEXT("country"), TEXT("order_id"), AMOUNT("revenue_amount"), TEXT("currency"), TEXT("properties"), TEXT("event_type"),
                   TEXT("channel_group"), TEXT("utm_id"), TEXT("click_id_type"), TEXT("client_session_id"), TEXT("visitor_id"), FLAG("is_bot"),
                   FLAG("is_internal"), COUNT("evidence"), ORIGIN}},
    {"identifier", {COUNT("evidence"), TEXT("kind"), TEXT("value"), MOMENT("first_seen"), MOMENT("last_seen"), TEXT("message_id"), ORIGIN}},
    {"trait", {TEXT("trait_key"), COUNT("evidence"), TEXT("name"), TEXT("value"), MOMENT("told_at"), TEXT("message_id"), ORIGIN}},
    {"consent", {TEXT("statement_key"), COUNT("evidence"), TEXT("system"), TEXT("consent_category"), TEXT("status"), MOMENT("occurred_at"),
                 TEXT("policy_version"), TEXT("proof"), TEXT("message_id"), ORIGIN}},
    {"group_call", {TEXT("group_key"), TEXT("group_id"), COUNT("evidence"), MOMENT("occurred_at"), TEXT("traits"), TEXT("message_id"), ORIGIN}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

struct joined { struct str domain, source; const struct doc *pack; };
struct joined_list { struct joined *v; size_t n, cap; };

static void join(struct plan *p, struct joined_list *l, struct joined j)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct joined *v = arena_array(p->a, cap, sizeof *v);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    size_t at = l->n++;
    for (; at > 0 && (str_cmp(l->v[at - 1].domain, j.domain) > 0 || (str_eq(l->v[at - 1].domain, j.domain) && str_cmp(l->v[at - 1].source, j.source) > 0)); at--)
        l->v[at] = l->v[at - 1];
    l->v[at] = j;
}

static bool source_join(struct plan *p, struct joined_list *l, struct str domain, struct str path, struct str text, struct err *e)
{
    const struct doc *d;
    struct mesh_pack_files pack;
    if (!document_parse(p->a, path, text, &d, e)) {
        err_hint(e, "nothing was written; mend this file first");
        return false;
    }
    struct str name = doc_str(d, doc_root(d), "pack");
    bool known = name.n && pack_find(p->a, p->dir, name, &pack, NULL);
    join(p, l, (struct joined){domain, doc_str(d, doc_root(d), "name"), known ? pack.doc : NULL});
    return true;
}

static bool is_source(struct str name)
{
    return str_ends(name, STR(".yaml")) && !str_ends(name, STR(".odcs.yaml"));
}

static bool list_folder(struct plan *p, struct str path, struct str **names, size_t *n, struct err *e)
{
    const char *full = arena_strz(p->a, fs_join(p->a, p->dir, path));
    *n = 0;
    return !fs_is_dir(full) || fs_list(p->a, full, names, n, e);
}

static bool read_file(struct plan *p, struct str path, size_t max_bytes, struct str *text, struct err *e)
{
    return fs_read(p->a, arena_strz(p->a, fs_join(p->a, p->dir, path)), max_bytes, text, e);
}

/* Sources that are there, or will be: what is planned wins. */
static bool sources_collect(struct plan *p, const struct str *domains, size_t n_domains, struct joined_list *l, struct err *e)
{
    for (size_t i = 0; i < n_domains; i++) {
        struct str dir = arena_printf(p->a, "domains/%.*s/sources", STR_FMT(domains[i])), *names, text;
        size_t n;
        if (!list_folder(p, dir, &names, &n, e))
            return false;
        for (size_t k = 0; k < n; k++) {
            struct str path = arena_printf(p->a, "%.*s/%.*s", STR_FMT(dir), STR_FMT(names[k]));
            if (!is_source(names[k]) || plan_find(p, path))
                continue;
            if (!read_file(p, path, SOURCE_FILE_MAX_BYTES, &text, e) || !source_join(p, l, domains[i], path, text, e))
                return false;
        }
        for (size_t k = 0; k < p->n; k++)
            if (is_source(p->v[k].path) && str_eq(fs_dirname(p->v[k].path), dir) && !source_join(p, l, domains[i], p->v[k].path, p->v[k].text, e))
                return false;
    }
    return true;
}

static bool provides(struct plan *p, const struct joined *j, const char *name)
{
    const struct doc *pack = j->pack;
    if (!pack)
        return fs_exists(arena_printf(p->a, "%.*s/domains/%.*s/products/%.*s/%.*s_%s.sql", STR_FMT(p->dir), STR_FMT(j->domain), STR_FMT(j->source),
                                      STR_FMT(j->source), name).p);
    const struct doc_node *list = doc_get(pack, doc_root(pack), "provides");
    for (const struct doc_node *n = list ? doc_first(pack, list) : NULL; n; n = doc_next(pack, n))
        if (str_eq(doc_text(pack, n), str_of(name)))
            return true;
    return false;
}

static void write_columns(struct buf *b, const struct union_shape *s, bool typed)
{
    for (size_t i = 0; i < UNION_COLUMNS_MAX && s->columns[i].name; i++) {
        buf_addz(b, i ? ", " : "");
        if (typed)
            buf_printf(b, "CAST(NULL AS %s) AS %s", s->columns[i].type, s->columns[i].name);
        else
            buf_addz(b, s->columns[i].name);
    }
}

static void write_union(struct plan *p, struct buf *b, struct str indent, const struct union_shape *s, const struct joined_list *l)
{
    size_t written = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (!provides(p, &l->v[i], s->name))
            continue;
        if (written++)
            buf_printf(b, "%.*sUNION ALL\n", STR_FMT(indent));
        buf_printf(b, "%.*sSELECT ", STR_FMT(indent));
        write_columns(b, s, false);
        buf_printf(b, "\n%.*sFROM %.*s.%.*s_%s\n", STR_FMT(indent), STR_FMT(l->v[i].domain), STR_FMT(l->v[i].source), s->name);
    }
    if (written)
        return;
    buf_printf(b, "%.*sSELECT ", STR_FMT(indent));
    write_columns(b, s, true);
    buf_printf(b, "\n%.*sWHERE false\n", STR_FMT(indent));
}

static const struct union_shape *shape_find(struct str name, struct str path, uint32_t line, struct err *e)
{
    struct str names[SHAPES];
    for (size_t i = 0; i < SHAPES; i++) {
        names[i] = str_of(shapes[i].name);
        if (str_eq(name, names[i]))
            return &shapes[i];
    }
    int near = str_nearest(name, names, SHAPES);
    err_at(e, E_SQL, path, line, 1, "\"%.*s\" is not a union of sources", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean \"%.*s\"?", STR_FMT(names[near]));
    else {
        struct buf all = BUF_INIT(4096);
        for (size_t i = 0; i < SHAPES; i++)
            buf_printf(&all, "%s%s", i ? ", " : "", shapes[i].name);
        err_hint(e, "unions are: %.*s", STR_FMT(buf_str(&all)));
        buf_fini(&all);
    }
    return NULL;
}

size_t mesh_union_names(struct arena *a, struct str **names)
{
    *names = arena_array(a, SHAPES, sizeof **names);
    for (size_t i = 0; i < SHAPES; i++)
        (*names)[i] = str_of(shapes[i].name);
    return SHAPES;
}

bool mesh_union_columns(struct arena *a, struct str name, struct mesh_union_column **columns, size_t *n, struct err *e)
{
    const struct union_shape *s = shape_find(name, (struct str){"", 0}, 0, e);
    if (!s)
        return false;
    *columns = arena_array(a, UNION_COLUMNS_MAX, sizeof **columns);
    for (*n = 0; *n < UNION_COLUMNS_MAX && s->columns[*n].name; ++*n)
        (*columns)[*n] = (struct mesh_union_column){str_of(s->columns[*n].name), str_of(s->columns[*n].type)};
    return true;
}

static const struct str mark_begin = {"-- trellis:sources begin", 24}, mark_end = {"-- trellis:sources end", 22};

/* The text with every region written anew. */
static bool regions_write(struct plan *p, struct str path, struct str text, const struct joined_list *l, struct str *out, struct err *e)
{
    struct buf b = BUF_INIT(SQL_FILE_MAX_BYTES * 4);
    const struct union_shape *inside = NULL;
    uint32_t line_no = 0, begun = 0;
    bool good = true;
    for (struct str rest = text; rest.p && good;) {
        struct str line = str_cut(rest, '\n', &rest), bare = str_trim(line);
        line_no++;
        if (str_starts(bare, mark_end))
            inside = NULL;
        if (!inside) {
            buf_add(&b, line);
            if (rest.p)
                buf_addc(&b, '\n');
        }
        if (!str_starts(bare, mark_begin))
            continue;
        struct str name = str_trim((struct str){bare.p + mark_begin.n, bare.n - mark_begin.n});
        if (!name.n) /* a port's SQL without a name means the port itself */
            name = (struct str){fs_basename(path).p, fs_basename(path).n - 4};
        inside = shape_find(name, path, line_no, e);
        begun = line_no;
        good = inside != NULL;
        if (good)
            write_union(p, &b, (struct str){line.p, (size_t)(bare.p - line.p)}, inside, l);
    }
    if (good && inside) {
        good = err_at(e, E_SQL, path, begun, 1, "this region has no \"-- trellis:sources end\"");
        err_hint(e, "write that line where the region ends");
    }
    good = good && buf_ok(&b, e);
    if (good)
        *out = arena_str(p->a, buf_str(&b));
    buf_fini(&b);
    return good;
}

static bool product_update(struct plan *p, struct str dir, const struct joined_list *l, struct err *e)
{
    struct str *names, text, fresh;
    size_t n;
    if (!list_folder(p, dir, &names, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str path = arena_printf(p->a, "%.*s/%.*s", STR_FMT(dir), STR_FMT(names[i]));
        if (!str_ends(path, STR(".sql")) || plan_find(p, path))
            continue;
        if (!read_file(p, path, SQL_FILE_MAX_BYTES, &text, e))
            return false;
        if (str_find(text, mark_begin, 0) == SIZE_MAX)
            continue;
        if (!regions_write(p, path, text, l, &fresh, e))
            return false;
        if (!str_eq(fresh, text))
            plan_add(p, path, fresh, true);
    }
    return true;
}

bool unions_update(struct plan *p, struct err *e)
{
    struct joined_list l = {0};
    struct str *domains, *products;
    size_t n_domains, n_products;
    if (!list_folder(p, STR("domains"), &domains, &n_domains, e) || !sources_collect(p, domains, n_domains, &l, e))
        return false;
    size_t planned = p->n;
    for (size_t i = 0; i < planned; i++)
        if (str_ends(p->v[i].path, STR(".sql")) && str_find(p->v[i].text, mark_begin, 0) != SIZE_MAX &&
            !regions_write(p, p->v[i].path, p->v[i].text, &l, &p->v[i].text, e))
            return false;
    for (size_t i = 0; i < n_domains; i++) {
        struct str dir = arena_printf(p->a, "domains/%.*s/products", STR_FMT(domains[i]));
        if (!list_folder(p, dir, &products, &n_products, e))
            return false;
        for (size_t k = 0; k < n_products; k++)
            if (!product_update(p, arena_printf(p->a, "%.*s/%.*s", STR_FMT(dir), STR_FMT(products[k])), &l, e))
                return false;
    }
    return true;
}
