/* What a word about consent does: rows of the person in each port before and after, who read them of late, and what holds now. */
#include "privacy/consent_int.h"

#include "base/log.h"
#include "identity/identity.h"

enum { READS_DAYS = 30, READS_MAX = 5000, BY_MAX = 50, SQL_MAX = 1 << 20 };

void desk_member(struct buf *b, const char *key, struct str value)
{
    buf_addc(b, ',');
    buf_json_key(b, key);
    if (value.n)
        buf_json_str(b, value);
    else
        buf_addz(b, "null");
}

/* One value of a question that the program asks the gate; *null: no row. */
static bool gate_value(const struct desk *d, struct str sql, struct str purpose, const struct engine_param *p, size_t n, struct str *out, bool *null, struct err *e)
{
    const struct govern_request q = {.principal = &GOVERN_ITSELF, .purpose = purpose, .sql = sql, .params = p, .n_params = n, .row_limit = 1};
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct buf b = BUF_INIT(4096);
    size_t rows = 0;
    *null = true;
    *out = STR("");
    bool ok = govern_query(d->govern, &q, &r, e) && govern_result_next(r, &ch, &rows, e);
    if (ok && ch && rows && !engine_cell_null(ch, 0, 0)) {
        engine_cell_text(ch, 0, 0, &b);
        *out = arena_str(d->a, buf_str(&b));
        *null = false;
    }
    govern_result_close(r);
    buf_fini(&b);
    return ok;
}

static bool is_live(struct engine_conn *c, const struct mesh_port *p, bool *live, struct err *e)
{
    struct engine_param param = {.type = ENGINE_TEXT, .s = p->ref_major};
    int64_t n = 0;
    bool ok = engine_value_i64(c, STR("SELECT count(*) FROM mesh.sys.port_version WHERE live AND port = $1"), &param, 1, &n, e);
    *live = n > 0;
    return ok;
}

/* What ties rows to a customer where the port itself does not say whose they are: "12,17" and "'hubspot:5'"; empty: nothing does. */
struct ties { struct str customer_id, evidence, contacts; };

static bool ties_of(const struct desk *d, struct engine_conn *c, struct str customer_id, struct ties *out, struct err *e)
{
    const struct mesh_port *identity;
    const struct engine_param param = {.type = ENGINE_TEXT, .s = customer_id};
    struct buf evidence = BUF_INIT(4096), contacts = BUF_INIT(4096);
    struct err unbuilt = {0};
    struct str table;
    bool null = true;
    *out = (struct ties){.customer_id = customer_id};
    if (!customer_id.n || !identity_port_table(d->m, c, d->a, &identity, &table, &unbuilt) || !table.n)
        return true;
    buf_printf(&evidence, "SELECT string_agg(DISTINCT evidence, ',') FROM %.*s WHERE customer_id = $1", STR_FMT(table));
    buf_printf(&contacts, "SELECT string_agg(DISTINCT '''' || replace(value, '''', '''''') || '''', ',') FROM %.*s WHERE customer_id = $1 AND kind = 'contact'", STR_FMT(table));
    bool ok = buf_ok(&evidence, e) && buf_ok(&contacts, e) && engine_value(c, buf_str(&evidence), &param, 1, d->a, &out->evidence, &null, e) &&
              engine_value(c, buf_str(&contacts), &param, 1, d->a, &out->contacts, &null, e);
    buf_fini(&evidence);
    buf_fini(&contacts);
    return ok;
}

/* By what the rows of a port are a customer's; empty: none of them can be. */
static struct str tie_to(const struct mesh_port *p, const struct ties *t)
{
    return p->by_evidence ? t->evidence : p->by_contact ? t->contacts : t->customer_id;
}

static bool rows_of(const struct desk *d, const struct mesh_port *p, const struct ties *t, struct str purpose, int64_t *rows, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    struct engine_param param = {.type = ENGINE_TEXT, .s = t->customer_id};
    bool tied = p->by_evidence || p->by_contact;
    struct str text;
    bool null;
    buf_printf(&sql, "SELECT count(*) FROM %.*s WHERE ", STR_FMT(p->ref_major));
    if (tied) {
        buf_printf(&sql, "%s IN (%.*s)", p->by_evidence ? "evidence" : "contact_key", STR_FMT(tie_to(p, t)));
    } else {
        buf_sql_ident(&sql, p->person_column);
        buf_addz(&sql, " = $1");
    }
    bool ok = buf_ok(&sql, e) && gate_value(d, buf_str(&sql), purpose, &param, !tied, &text, &null, e);
    if (ok && !str_to_i64(text, rows))
        *rows = 0;
    buf_fini(&sql);
    return ok;
}

bool desk_effect_read(const struct desk *d, struct engine_conn *c, struct str customer_id, struct str purpose, struct desk_effect *out, struct err *e)
{
    struct ties ties;
    *out = (struct desk_effect){.ports = arena_array(d->a, d->m->n_ports + 1, sizeof *out->ports), .purpose = purpose};
    if (!ties_of(d, c, customer_id, &ties, e))
        return false;
    for (size_t i = 0; i < d->m->n_ports; i++) {
        const struct mesh_port *p = d->m->ports[i];
        bool live = false;
        int64_t rows = 0;
        struct err unasked = {0};
        if ((p->person_column.n == 0 && !p->by_evidence && !p->by_contact) || !d->govern)
            continue;
        if (!is_live(c, p, &live, e))
            return false;
        if (!live)
            continue;
        /* A port that cannot be asked just now (its version is being exchanged) is no reason to refuse a word about consent. */
        if (tie_to(p, &ties).n && !rows_of(d, p, &ties, purpose, &rows, &unasked)) {
            log_err(LOG_WARN, "consent", "effect_unknown", &unasked);
            continue;
        }
        out->ports[out->n++] = (struct desk_port){p, rows};
    }
    return true;
}

static int64_t rows_in(const struct desk_effect *x, const struct mesh_port *p)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->ports[i].port == p)
            return x->ports[i].rows;
    return 0;
}

/* Whether what a port shows is made from what people said. */
static bool reads_consent(const struct mesh_port *p, int depth)
{
    enum { DEPTH_MAX = 40 };
    for (size_t i = 0; depth < DEPTH_MAX && i < p->n_inputs; i++) {
        const struct mesh_port *in = p->inputs[i].port;
        if (in && (str_eq(in->ref, STR("shared.consent")) || reads_consent(in, depth + 1)))
            return true;
    }
    return false;
}

static void product_put(struct buf *b, size_t *n, const struct mesh_port *p, bool counted_rows, int64_t before, int64_t after, const char *how)
{
    buf_addz(b, (*n)++ ? ",{\"ref\":" : "{\"ref\":");
    buf_json_str(b, p->ref);
    if (counted_rows)
        buf_printf(b, ",\"rows_before\":%lld,\"rows_after\":%lld", (long long)before, (long long)after);
    else
        buf_addz(b, ",\"rows_before\":null,\"rows_after\":null");
    buf_printf(b, ",\"how\":\"%s\"}", how);
}

void desk_effect_put(const struct desk *d, struct buf *b, const struct desk_effect *before, const struct desk_effect *after)
{
    size_t n = 0;
    buf_addz(b, ",\"products\":[");
    for (size_t i = 0; i < before->n; i++) {
        const struct mesh_port *p = before->ports[i].port;
        int64_t was = before->ports[i].rows, is = rows_in(after, p);
        if (was == 0 && is == 0)
            continue;
        product_put(b, &n, p, true, was, is, mesh_product_counts(p->product, before->purpose) ? "counted" : is < was ? "left out now" : is > was ? "shown again" : "unchanged");
    }
    for (size_t i = 0; i < d->m->n_ports; i++)
        if (d->m->ports[i]->person_column.n == 0 && !d->m->ports[i]->by_evidence && !d->m->ports[i]->by_contact && reads_consent(d->m->ports[i], 0))
            product_put(b, &n, d->m->ports[i], false, 0, 0, "recomputed");
    buf_addz(b, "],\"audiences\":[]");
}

bool desk_status(const struct desk *d, struct engine_conn *c, struct str customer_id, struct str purpose, struct str *out, struct err *e)
{
    struct engine_param p[] = {{.type = ENGINE_TEXT, .s = customer_id}, {.type = ENGINE_TEXT, .s = purpose}};
    struct err unasked = {0};
    bool null = true;
    *out = STR("");
    if (customer_id.n == 0)
        return true;
    if (!engine_value(c, STR("SELECT s.status FROM mesh.govern.consent_desk AS d JOIN mesh.govern.consent_said AS s ON s.statement_id = d.statement_id WHERE d.customer_id = $1 AND d.purpose = $2"),
                      p, 2, d->a, out, &null, e))
        return false;
    if (!null)
        return true;
    *out = STR("unknown");
    if (!d->govern || !mesh_find_port(d->m, STR("shared.consent")))
        return true;
    struct str word;
    if (!gate_value(d, STR("SELECT status FROM shared.consent WHERE customer_id = $1 AND purpose = $2"), STR(""), p, 2, &word, &null, &unasked))
        log_err(LOG_DEBUG, "consent", "not_built", &unasked);
    else if (!null)
        *out = word;
    return true;
}
