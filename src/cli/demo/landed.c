/* One row writer for all platforms: each cell of a column asks the node, its day or its split. */
#include "cli/demo/landed.h"

#include <stdio.h>

#include "base/clock.h"

struct row {
    const struct demo_node *node;
    const struct landed_range *range;
    int32_t day;
    const struct landed_split *split;
    struct demo_facts f;
    const char *status;         /* of its campaign; NULL for an account */
    bool raised;                /* its budget, for a promotion */
};

static const struct demo_node *at(const struct demo_node *n, enum demo_level level)
{
    while (n && n->level != level) {
        n = n->parent;
    }
    return n;
}

static void text(struct buf *out, const struct demo_node *n, bool name)
{
    if (n) {
        buf_csv_field(out, name ? n->name : n->id);
    }
}

/* Micros or thousandths as a decimal without trailing noise: two digits for money, as the platforms do. */
static void cents(struct buf *out, int64_t micros)
{
    buf_printf(out, "%lld.%02lld", (long long)(micros / 1000000), (long long)(micros / 10000 % 100));
}

static void cents_grouped(struct buf *out, int64_t micros)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)(micros / 1000000));
    buf_addc(out, '"');
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) {
            buf_addc(out, ',');
        }
        buf_addc(out, digits[i]);
    }
    buf_printf(out, ".%02lld\"", (long long)(micros / 10000 % 100));
}

static int64_t earned(int64_t total) /* Pinterest counts what people saved and showed on: about an eighth */
{
    return total / 8;
}

static void fact(const struct landed_column *c, const struct row *r, struct buf *out)
{
    const struct demo_facts *f = &r->f;
    switch (c->cell) {
    case CELL_IMPRESSIONS: buf_printf(out, "%lld", (long long)f->impressions); break;
    case CELL_IMPRESSIONS_PAID: buf_printf(out, "%lld", (long long)(f->impressions - earned(f->impressions))); break;
    case CELL_IMPRESSIONS_EARNED: buf_printf(out, "%lld", (long long)earned(f->impressions)); break;
    case CELL_CLICKS: buf_printf(out, "%lld", (long long)f->clicks); break;
    case CELL_CLICKS_PAID: buf_printf(out, "%lld", (long long)(f->clicks - earned(f->clicks))); break;
    case CELL_CLICKS_EARNED: buf_printf(out, "%lld", (long long)earned(f->clicks)); break;
    case CELL_SPEND: cents(out, f->spend_micros); break;
    case CELL_SPEND_MICROS: buf_printf(out, "%lld", (long long)f->spend_micros); break;
    case CELL_CONVERSIONS:
        buf_printf(out, "%lld.%lld", (long long)(f->conversions_milli / 1000), (long long)(f->conversions_milli / 100 % 10));
        break;
    case CELL_VALUE: cents(out, f->value_micros); break;
    case CELL_VALUE_GROUPED: cents_grouped(out, f->value_micros); break;
    case CELL_VALUE_MICROS: buf_printf(out, "%lld", (long long)f->value_micros); break;
    default: break;
    }
}

static void planned(const struct landed_column *c, const struct demo_plan *p, const struct row *r, struct buf *out)
{
    if (!p) {
        return;
    }
    long long budget = (long long)(p->daily_spend * (r->raised ? 2.5 : 1.3));
    switch (c->cell) {
    case CELL_STATUS: buf_addz(out, r->status); break;
    case CELL_OBJECTIVE: buf_addz(out, p->objective); break;
    case CELL_CHANNEL: buf_addz(out, p->channel); break;
    case CELL_BUDGET: buf_printf(out, "%lld", budget); break;
    case CELL_BUDGET_CENTS: buf_printf(out, "%lld", budget * 100); break;
    case CELL_BUDGET_MICROS: buf_printf(out, "%lld", budget * 1000000); break;
    case CELL_START: buf_addz(out, clock_date(r->range->from_day).z); break;
    default: break;
    }
}

static void cell(const struct landed_column *c, const struct row *r, struct buf *out)
{
    const struct demo_node *n = r->node;
    switch (c->cell) {
    case CELL_BLANK: break;
    case CELL_TEXT: buf_addz(out, c->text); break;
    case CELL_DATE: buf_addz(out, clock_date(r->day).z); break;
    case CELL_DAY_TIME: buf_printf(out, "%s 00:00:00", clock_date(r->day).z); break;
    case CELL_HOUR: buf_printf(out, "%s %s:00:00", clock_date(r->day).z, r->split->name); break;
    case CELL_SYNCED: buf_add(out, r->range->synced); break;
    case CELL_SPLIT: buf_addz(out, r->split->name); break;
    case CELL_ACCOUNT: text(out, at(n, LEVEL_ACCOUNT), false); break;
    case CELL_ACCOUNT_NAME: text(out, at(n, LEVEL_ACCOUNT), true); break;
    case CELL_CURRENCY: buf_addz(out, n->platform->currency); break;
    case CELL_CAMPAIGN: text(out, at(n, LEVEL_CAMPAIGN), false); break;
    case CELL_CAMPAIGN_NAME: text(out, at(n, LEVEL_CAMPAIGN), true); break;
    case CELL_AD_GROUP: text(out, at(n, LEVEL_AD_GROUP), false); break;
    case CELL_AD_GROUP_NAME: text(out, at(n, LEVEL_AD_GROUP), true); break;
    case CELL_AD_GROUP_RESOURCE:
        buf_printf(out, "customers/%s/adGroups/%.*s", n->platform->account_id, STR_FMT(at(n, LEVEL_AD_GROUP)->id));
        break;
    case CELL_AD: text(out, at(n, LEVEL_AD), false); break;
    case CELL_AD_NAME: text(out, at(n, LEVEL_AD), true); break;
    case CELL_STATUS: case CELL_OBJECTIVE: case CELL_CHANNEL: case CELL_BUDGET: case CELL_BUDGET_CENTS: case CELL_BUDGET_MICROS: case CELL_START:
        planned(c, n->plan, r, out);
        break;
    default: fact(c, r, out); break;
    }
}

static void row_write(const struct landed_table *t, const struct row *r, struct buf *out)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        if (i) {
            buf_addc(out, ',');
        }
        cell(&t->columns[i], r, out);
    }
    buf_addc(out, '\n');
}

/* Whole numbers shared out by percent; what rounding leaves goes to the last part, so that parts add up. */
static struct demo_facts part_of(const struct landed_table *t, size_t i, struct demo_facts whole, struct demo_facts *left)
{
    if (i + 1 == t->n_splits) {
        return *left;
    }
    int p = t->splits[i].percent;
    struct demo_facts f = {whole.impressions * p / 100, whole.clicks * p / 100, whole.spend_micros / 10000 * p / 100 * 10000,
                           whole.conversions_milli / 100 * p / 100 * 100, whole.value_micros / 10000 * p / 100 * 10000, whole.drawn_milli * p / 100};
    left->impressions -= f.impressions;
    left->clicks -= f.clicks;
    left->spend_micros -= f.spend_micros;
    left->conversions_milli -= f.conversions_milli;
    left->value_micros -= f.value_micros;
    left->drawn_milli -= f.drawn_milli;
    return f;
}

static void day_write(const struct landed_table *t, struct row *r, struct demo_facts whole, struct buf *out)
{
    if (whole.impressions == 0 || (t->only_with_conversions && whole.conversions_milli == 0)) {
        return;
    }
    if (t->n_splits == 0) {
        r->f = whole;
        row_write(t, r, out);
        return;
    }
    struct demo_facts left = whole;
    for (size_t i = 0; i < t->n_splits; i++) {
        r->split = &t->splits[i];
        r->f = part_of(t, i, whole, &left);
        row_write(t, r, out);
    }
}

/* A campaign's state on a day, as its platform would have written it down. */
static const char *status_on(const struct demo_plan *p, const struct demo_platform *pf, int32_t back)
{
    bool stopped = p->last_day_back > 0;
    return stopped && back >= p->last_day_back ? pf->plans[0].status : p->status; /* the first campaign of each platform runs */
}

static bool raised_on(const struct demo_plan *p, int32_t day)
{
    return p->promotion && demo_promotion(day);
}

/* One row for each day on which somebody paused the campaign or changed its budget, beginning with the first. */
static void versions_write(const struct landed_table *t, const struct demo_world *w, struct row *r, struct buf *out)
{
    const struct landed_range *all = r->range;
    const struct demo_node *n = r->node;
    int32_t began = n->plan->first_day_back < 0 ? all->from_day : w->last_day - n->plan->first_day_back;
    for (int32_t d = began; d <= all->to_day; d++) {
        int32_t back = w->last_day - d;
        r->status = status_on(n->plan, n->platform, back);
        r->raised = raised_on(n->plan, d);
        if (d > began && strcmp(r->status, status_on(n->plan, n->platform, back + 1)) == 0 && r->raised == raised_on(n->plan, d - 1)) {
            continue;
        }
        char text[64];
        snprintf(text, sizeof text, "%s 07:1%d:00.000", clock_date(d).z, (int)(demo_number(w->seed, (uint64_t)d, 0, 15) % 10));
        struct landed_range then = {all->from_day, all->to_day, str_of(text)};
        r->range = &then;
        row_write(t, r, out);
    }
    r->range = all;
}

void landed_write(const struct landed_table *t, const struct demo_world *w, const struct landed_range *range, struct buf *out)
{
    if (t->byte_order_mark) {
        buf_addz(out, "\xef\xbb\xbf");
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        buf_printf(out, "%s%s", i ? "," : "", t->columns[i].name);
    }
    buf_addc(out, '\n');
    for (size_t i = 0; i < w->n_nodes; i++) {
        const struct demo_node *n = w->nodes[i];
        if (n->level != t->level || strcmp(n->platform->name, t->platform) != 0) {
            continue;
        }
        struct row r = {.node = n, .range = range, .day = range->from_day, .status = n->plan ? n->plan->status : NULL};
        if (t->history) {
            if (n->level == LEVEL_CAMPAIGN) {
                versions_write(t, w, &r, out);
            } else {
                row_write(t, &r, out);
            }
            continue;
        }
        for (int32_t d = range->from_day; d <= range->to_day; d++) {
            r.day = d;
            day_write(t, &r, n->days[d - w->first_day], out);
        }
    }
}
