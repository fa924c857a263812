/* The two questions that journeys are made of. Customers come as 63 bits of the engine's hash: what they are called is not needed, and eight
 * bytes of each row are less than thirty. Of a touch's id come twelve digits, as many letters as the engine hands on without a copy. Two of ten million customers share one with a chance of five in a million. */
#include "measure/journeys_int.h"

#include "base/clock.h"
#include "mesh/seen.h"

static void moment(struct buf *b, int64_t us)
{
    struct clock_text t = clock_iso(us);
    buf_printf(b, "TIMESTAMP '%.10s %.15s'", t.z, t.z + 11);
}

/* The span in which rows have a part, as conditions that begin with AND. */
static void span(struct buf *b, const struct journeys *j, const char *column)
{
    if (j->has_from) {
        buf_printf(b, " AND %s >= ", column);
        moment(b, j->from_us - j->longest_us);
    }
    if (j->has_to) {
        buf_printf(b, " AND %s < ", column);
        moment(b, j->to_us);
    }
}

static void person_hash(struct buf *b, const char *expr)
{
    buf_printf(b, "CAST(hash(%s) >> 1 AS BIGINT)", expr);
}

static void condition(struct buf *b, struct str where)
{
    if (!where.n)
        return;
    buf_addz(b, " AND (");
    buf_add(b, where);
    buf_addz(b, "\n)"); /* a comment at its end ends here */
}

static void one_person(struct buf *b, const struct journey_ask *ask)
{
    if (!ask->person.n)
        return;
    buf_addz(b, " AND customer_id = ");
    buf_sql_text(b, ask->person);
}

/* ---- the shared ports ---- */

static const char *const keys[JOURNEY_LEVELS][2] = {
    [JOURNEY_CHANNEL] = {"channel", "NULL"},
    [JOURNEY_SOURCE] = {"source", "NULL"},
    [JOURNEY_CAMPAIGN] = {"coalesce(campaign_key, campaign_id, campaign_name)", "campaign_name"},
    [JOURNEY_AD_GROUP] = {"coalesce(ad_group_id, ad_group_name)", "ad_group_name"},
    [JOURNEY_AD] = {"coalesce(ad_id, ad_name)", "ad_name"},
};
/* What a condition over touches may name: the columns of credit, and those of the touch itself. */
#define TOUCH_NAMES                                                                                                                    \
    "customer_id, touchpoint_id, occurred_at, kind, channel_group, coalesce(channel_group, 'direct') AS channel, coalesce(nullif(lower(trim(utm_source)), ''), platform) AS source, platform, campaign_key, campaign_id, " \
    "campaign_name, campaign_name AS campaign, ad_group_id, ad_group_name, ad_group_name AS ad_group, ad_id, ad_name, ad_name AS ad, utm_source, utm_medium, "  \
    "utm_campaign, utm_term, utm_content, click_id_type, landing_host, landing_path, referrer_host, device_category, device_category AS device"

/* As credit.sql: touches are left out from when on the customer's word for the purpose of attribution is no, or a yes that had to be given has ended. */
static bool consents(const struct metric_asker *who)
{
    const struct mesh_attribution *at = &who->mesh->attribution;
    return !at->consent_keep && at->consent_purpose.n && mesh_find_port(who->mesh, STR(JOURNEY_CONSENT));
}

static void consenting(struct buf *b, const struct metric_asker *who)
{
    struct str purpose = who->mesh->attribution.consent_purpose;
    bool open = false;
    for (size_t i = 0; i < who->mesh->consent.n_purposes; i++)
        open = open || (who->mesh->consent.purposes[i].fail_open && str_eq(who->mesh->consent.purposes[i].name, purpose));
    buf_addz(b, " LEFT JOIN (SELECT customer_id AS refused_by, min(CASE WHEN granted THEN expires_at ELSE TIMESTAMP '0001-01-01' END) AS refused_from FROM " JOURNEY_CONSENT " WHERE purpose = ");
    buf_sql_text(b, purpose);
    buf_printf(b, " AND (NOT granted%s) GROUP BY customer_id) ON customer_id = refused_by", open ? "" : " OR expires_at IS NOT NULL");
}

/* The records that a company is known by; and whose customers its contacts are, as account_credit.sql has them. */
#define COMPANY "(SELECT account_id, unnest(string_split(account_keys, ',')) AS account_key FROM " JOURNEY_ACCOUNTS " WHERE account_keys <> '') AS company"
#define MEMBER                                                                                                                                                       \
    "(SELECT DISTINCT company.account_id AS of_account, person.customer_id AS of_customer FROM (SELECT evidence, account_key FROM " JOURNEY_CONTACTS                  \
    " WHERE NOT is_merged AND NOT is_deleted) AS one JOIN " COMPANY " ON one.account_key = company.account_key JOIN (SELECT evidence, min(customer_id) AS customer_id "  \
    "FROM " JOURNEY_IDENTITY " GROUP BY evidence) AS person ON one.evidence = person.evidence)"

static void shared_touches(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    bool account = ask->conversion->by_account;
    buf_addz(b, "SELECT ");
    person_hash(b, account ? "of_account" : "customer_id");
    buf_addz(b, ", occurred_at, substr(touchpoint_id, 3, 12), kind");
    buf_addz(b, ask->platform ? ", platform, click_id_type IS NOT NULL" : ", NULL, false");
    for (int l = 0; l <= (int)ask->level; l++)
        buf_printf(b, ", %s, %s", keys[l][0], keys[l][1]);
    buf_addz(b, " FROM (SELECT " TOUCH_NAMES " FROM " JOURNEY_TOUCHES ")");
    if (account)
        buf_addz(b, " JOIN " MEMBER " ON customer_id = of_customer");
    if (consents(who))
        consenting(b, who);
    buf_addz(b, consents(who) ? " WHERE (refused_from IS NULL OR occurred_at < refused_from)" : " WHERE occurred_at IS NOT NULL");
    span(b, j, "occurred_at");
    one_person(b, ask);
    condition(b, ask->where);
}

/* Conversions of companies stand in their own port alone, with a row for each touch, or one without: their values add up to the conversion's. */
static void account_ends(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    struct str milestone = who->mesh->attribution.milestone;
    buf_addz(b, "SELECT ");
    person_hash(b, "account_id");
    buf_addz(b, ", max(converted_at), ");
    person_hash(b, "conversion_id");
    buf_addz(b, ", false, CAST(CAST(sum(value_last) AS DECIMAL(18,6)) * 1000000 AS BIGINT) FROM " JOURNEY_ACCOUNT_ENDS " WHERE conversion = ");
    buf_sql_text(b, ask->conversion->name);
    span(b, j, "converted_at");
    buf_addz(b, " GROUP BY account_id, conversion_id");
    if (!milestone.n || str_eq(milestone, ask->conversion->name))
        return;
    buf_addz(b, " UNION ALL SELECT ");
    person_hash(b, "company.account_id");
    buf_addz(b, ", told.occurred_at, ");
    person_hash(b, "told.conversion_id");
    buf_addz(b, ", true, 0 FROM " JOURNEY_ENDS " AS told JOIN " COMPANY " ON told.account_key = company.account_key WHERE told.conversion = ");
    buf_sql_text(b, milestone);
    span(b, j, "told.occurred_at");
}

static void shared_ends(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    struct str milestone = who->mesh->attribution.milestone;
    bool other = milestone.n && !str_eq(milestone, ask->conversion->name);
    if (ask->conversion->by_account) {
        account_ends(who, ask, j, b);
        return;
    }
    buf_addz(b, "SELECT ");
    person_hash(b, "customer_id");
    buf_addz(b, ", occurred_at, ");
    person_hash(b, "conversion_id");
    buf_addz(b, ", conversion <> ");
    buf_sql_text(b, ask->conversion->name);
    buf_addz(b, ", CAST(CAST(value_reporting AS DECIMAL(18,6)) * 1000000 AS BIGINT) FROM " JOURNEY_ENDS " WHERE conversion ");
    buf_addz(b, other ? "IN (" : "= ");
    buf_sql_text(b, ask->conversion->name);
    if (other) {
        buf_addz(b, ", ");
        buf_sql_text(b, milestone);
        buf_addz(b, ")");
    }
    one_person(b, ask);
    span(b, j, "occurred_at");
}

/* ---- ports of one's own ---- */

static void port_name(struct buf *b, struct str ref)
{
    struct str name, domain = str_cut(ref, '.', &name);
    buf_sql_ident(b, domain);
    buf_addc(b, '.');
    buf_sql_ident(b, name.p ? name : STR(""));
}

/* Of a table with its own columns and those of ours, which begin with two underscores as no column of a product does. */
static void own_rows(struct buf *b, const struct journey_port *p)
{
    buf_addz(b, " FROM (SELECT *, CAST(");
    buf_sql_ident(b, p->customer);
    buf_addz(b, " AS VARCHAR) AS __customer, CAST(");
    buf_sql_ident(b, p->time);
    buf_addz(b, " AS TIMESTAMP) AS __at FROM ");
    port_name(b, p->port);
    buf_addz(b, ") WHERE __customer IS NOT NULL AND __at IS NOT NULL");
}

/* A key and no title of its own. */
static void own_key(struct buf *b, struct str column)
{
    if (column.n) {
        buf_addz(b, ", CAST(");
        buf_sql_ident(b, column);
        buf_addz(b, " AS VARCHAR), NULL");
    } else {
        buf_addz(b, ", NULL, NULL");
    }
}

static void own_touches(const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    buf_addz(b, "SELECT ");
    person_hash(b, "__customer");
    buf_addz(b, ", __at, 0, ");
    if (ask->touches.kind.n)
        buf_sql_ident(b, ask->touches.kind);
    else
        buf_addz(b, "NULL");
    buf_addz(b, ", NULL, false");
    for (int l = 0; l <= (int)ask->level; l++)
        own_key(b, ask->touches.level[l]);
    own_rows(b, &ask->touches);
    span(b, j, "__at");
    condition(b, ask->touches.where);
    condition(b, ask->where);
}

static void own_ends(const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    buf_addz(b, "SELECT ");
    person_hash(b, "__customer");
    buf_addz(b, ", __at, 0, false, ");
    if (ask->conversions.value.n) {
        buf_addz(b, "CAST(CAST(");
        buf_sql_ident(b, ask->conversions.value);
        buf_addz(b, " AS DECIMAL(18,6)) * 1000000 AS BIGINT)");
    } else {
        buf_addz(b, "0");
    }
    own_rows(b, &ask->conversions);
    span(b, j, "__at");
    condition(b, ask->conversions.where);
}

void journey_touches_sql(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    if (ask->conversion)
        shared_touches(who, ask, j, b);
    else
        own_touches(ask, j, b);
}

void journey_ends_sql(const struct metric_asker *who, const struct journey_ask *ask, const struct journeys *j, struct buf *b)
{
    if (ask->conversion)
        shared_ends(who, ask, j, b);
    else
        own_ends(ask, j, b);
}
