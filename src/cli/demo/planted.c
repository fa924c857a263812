/* The table of planted days, and the annotations that the retailer's people wrote about some of them. */
#include "cli/demo/planted.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { TEXT_MAX_BYTES = 1 << 16, FILE_MODE = 0644 };

const struct demo_planted DEMO_PLANTED[] = {
    {MOVED_SPEND, "The budget of a campaign was typed with a digit too many", "spend", "campaign", "DE | Shopping | All products", 17, 17, 4.0, NULL},
    {MOVED_ORDER_EVENTS, "Phones told of no orders", "order_events", "device", "mobile", 40, 39, 0.0, NULL},
    {MOVED_ORDERS, "New checkout", "orders", NULL, NULL, 26, 10, 0.72, "deployment"},
    {MOVED_ORDERS, "Garden week", "orders", NULL, NULL, 68, 62, 1.6, "promotion"},
};
const size_t DEMO_PLANTED_N = LEN(DEMO_PLANTED);

double demo_planted_factor(const struct demo_world *w, enum demo_moved moved, const char *value, int32_t day)
{
    int back = w->last_day - day;
    double factor = 1.0;
    for (size_t i = 0; i < DEMO_PLANTED_N; i++) {
        const struct demo_planted *p = &DEMO_PLANTED[i];
        if (p->moved == moved && back <= p->from_back && back >= p->to_back && (p->value == NULL || (value && strcmp(p->value, value) == 0))) {
            factor *= p->factor;
        }
    }
    return factor;
}

static void annotation(struct buf *b, int32_t from, int32_t until, const char *title, const char *kind)
{
    buf_printf(b, "  - {day: %s", clock_date(from).z);
    if (until > from) {
        buf_printf(b, ", until: %s", clock_date(until).z);
    }
    buf_printf(b, ", title: \"%s\", kind: %s, domain: web}\n", title, kind);
}

bool demo_planted_write(const char *dir, const struct demo_world *w, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    struct arena a;
    arena_init(&a);
    buf_addz(&b, "# What happened, for whoever looks at a curve.\nannotations:\n");
    for (size_t i = 0; i < DEMO_PLANTED_N; i++) {
        const struct demo_planted *p = &DEMO_PLANTED[i];
        if (p->kind) { /* a deployment is a day, what it did goes on until it is mended */
            bool mended = strcmp(p->kind, "deployment") == 0;
            annotation(&b, w->last_day - p->from_back, mended ? 0 : w->last_day - p->to_back, p->title, p->kind);
            if (mended) {
                annotation(&b, w->last_day - p->to_back + 1, 0, "Checkout mended", p->kind);
            }
        }
    }
    for (int32_t day = w->first_day, began = 0; day <= w->last_day + 1; day++) {
        const char *now = day <= w->last_day ? demo_promotion(day) : NULL, *before = day > w->first_day ? demo_promotion(day - 1) : NULL;
        if (now && !before) {
            began = day;
        } else if (!now && before) {
            annotation(&b, began, day - 1, before, "promotion");
        }
    }
    bool ok = buf_ok(&b, e) && fs_write_atomic(arena_printf(&a, "%s/governance/annotations.yaml", dir).p, buf_str(&b), FILE_MODE, e);
    arena_fini(&a);
    buf_fini(&b);
    return ok;
}
