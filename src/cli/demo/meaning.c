/* The demo's words, goals and targets. Baselines are what the world really did in four quiet weeks after its first season, so that
 * the page's progress can be checked by hand. */
#include "cli/demo/meaning.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "cli/demo/orders.h"
#include "cli/demo/planted.h"
#include "cli/demo/records.h"

enum { WINDOW_DAYS = 28, BASELINE_FROM_DAY = 70, FROZEN_AFTER_DAYS = 100, HABIT_DAYS = 60, TEXT_MAX_BYTES = 1 << 20, SOURCE_MAX_BYTES = 1 << 20, FILE_MODE = 0644, FOLDER_MODE = 0755 };
static const struct str FOLDER = {"packs/demo/", 11}, LATER = {"packs/demo/later/", 17}; /* later: instead of what a pack wrote */

struct word { const char *name; struct str value; };
enum { WORDS = 14 };

/* ---- Figures ---- */

struct sums { double spend, conversions, value, first_orders; };

/* Accounts in euros, over `n` days from the place `from`. */
static struct sums sums_of(const struct demo_world *w, size_t from, size_t n)
{
    struct sums s = {0};
    for (size_t i = 0; i < w->n_nodes; i++) {
        const struct demo_node *node = w->nodes[i];
        if (node->level != LEVEL_ACCOUNT || strcmp(node->platform->currency, "EUR") != 0) {
            continue;
        }
        for (size_t k = from; k < from + n && k < w->n_days; k++) {
            s.spend += (double)node->days[k].spend_micros / 1e6;
            s.conversions += (double)node->days[k].conversions_milli / 1e3;
            s.value += (double)node->days[k].value_micros / 1e6;
        }
    }
    for (size_t k = from; k < from + n && k < w->n_days; k++) {
        int32_t day = w->first_day + (int32_t)k;
        for (int i = 0; i < demo_orders_on(w, day); i++) {
            s.first_orders += demo_order(w, day, i).first;
        }
    }
    return s;
}

static struct str day_text(struct arena *a, int32_t day)
{
    return arena_str(a, str_of(clock_date(day).z));
}

static void words_make(struct arena *a, const struct demo_world *w, struct word words[WORDS])
{
    struct sums then = sums_of(w, BASELINE_FROM_DAY, WINDOW_DAYS);
    double back = then.spend > 0 ? then.value / then.spend : 0, cost = then.conversions > 0 ? then.spend / then.conversions : 0;
    struct demo_mail mail = demo_mail_sums(w, w->first_day + BASELINE_FROM_DAY, w->first_day + BASELINE_FROM_DAY + WINDOW_DAYS - 1);
    double opens = mail.delivered > 0 ? (double)mail.opened / (double)mail.delivered : 0;
    const struct word all[WORDS] = {
        {"return_then", arena_printf(a, "%.4f", back)}, {"return_target", arena_printf(a, "%.1f", ceil(back * 11.0) / 10.0)},
        {"cost_then", arena_printf(a, "%.4f", cost)}, {"cost_target", arena_printf(a, "%.1f", floor(cost * 9.0) / 10.0)},
        {"new_then", arena_printf(a, "%.0f", then.first_orders)}, {"new_target", arena_printf(a, "%.0f", ceil(then.first_orders * 1.2 / 10.0) * 10.0)},
        {"opens_then", arena_printf(a, "%.4f", opens)}, {"opens_target", arena_printf(a, "%.2f", ceil(opens * 125.0) / 100.0)},
        {"then_from", day_text(a, w->first_day + BASELINE_FROM_DAY)},
        {"then_to", day_text(a, w->first_day + BASELINE_FROM_DAY + WINDOW_DAYS - 1)},
        {"frozen", day_text(a, w->first_day + FROZEN_AFTER_DAYS)}, {"by", day_text(a, w->last_day + 183)},
        {"reviewed", day_text(a, w->last_day - 40)}, {NULL, {NULL, 0}},
    };
    memcpy(words, all, sizeof all);
}

/* ---- Files ---- */

static bool fill(struct str text, const struct word *words, struct buf *out, struct err *e)
{
    for (;;) {
        size_t open = str_find(text, STR("{{"), 0), close = open == SIZE_MAX ? SIZE_MAX : str_find(text, STR("}}"), open);
        if (close == SIZE_MAX) {
            buf_add(out, text);
            return buf_ok(out, e);
        }
        struct str name = {text.p + open + 2, close - open - 2};
        const struct word *word = words;
        while (word->name && !str_eq(name, str_of(word->name))) {
            word++;
        }
        if (!word->name) {
            return err_set(e, E_INTERNAL, "the demo has an unknown word {{%.*s}}", STR_FMT(name));
        }
        buf_add(out, (struct str){text.p, open});
        buf_add(out, word->value);
        text = (struct str){text.p + close + 2, text.n - close - 2};
    }
}

static bool file_write(struct arena *a, const char *dir, struct str path, const struct buf *text, struct err *e)
{
    struct str full = fs_join(a, str_of(dir), path);
    return buf_ok(text, e) && fs_mkdirs(arena_strz(a, fs_dirname(full)), FOLDER_MODE, e) &&
           fs_write_atomic(arena_strz(a, full), buf_str(text), FILE_MODE, e);
}

/* ---- Targets ---- */

/* The month of a day, moved by some months: "2026-11", and its number of days. */
static struct str month_at(struct arena *a, int32_t day, int by, int *days)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct clock_text t = clock_date(day);
    int month = (t.z[5] - '0') * 10 + (t.z[6] - '0') - 1 + by + 120, year = (t.z[0] - '0') * 1000 + (t.z[1] - '0') * 100 + (t.z[2] - '0') * 10 + (t.z[3] - '0') - 10 + month / 12;
    *days = DAYS[month % 12] + (month % 12 == 1 && year % 4 == 0);
    return arena_printf(a, "%04d-%02d", year, month % 12 + 1);
}

/* What a plan made from the last two months would ask for: a little more of the same, another share for each platform. */
static bool targets_write(struct arena *a, const char *dir, const struct demo_world *w, bool value, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "period,platform,campaign_id,currency,target\n");
    size_t from = w->n_days > HABIT_DAYS ? w->n_days - HABIT_DAYS : 0;
    for (size_t i = 0; i < w->n_nodes; i++) {
        const struct demo_node *n = w->nodes[i];
        double sum = 0;
        if (n->level != LEVEL_ACCOUNT) {
            continue;
        }
        for (size_t k = from; k < w->n_days; k++) {
            sum += (double)(value ? n->days[k].value_micros : n->days[k].spend_micros) / 1e6;
        }
        for (int by = -2; by <= 1; by++) {
            int days;
            struct str month = month_at(a, w->last_day, by, &days);
            double wish = 0.94 + 0.16 * demo_chance(w->seed, str_hash(n->id), value, 21);
            double target = sum / (double)(w->n_days - from) * days * wish;
            buf_printf(&b, "%.*s,%s,,%s,%.0f\n", STR_FMT(month), n->platform->name, n->platform->currency, ceil(target / 100.0) * 100.0);
        }
    }
    bool ok = file_write(a, dir, value ? STR("targets/conversions_value.csv") : STR("targets/spend.csv"), &b, e);
    buf_fini(&b);
    return ok;
}

bool demo_meaning_write(const char *dir, const struct demo_world *w, struct err *e)
{
    struct arena a;
    struct word words[WORDS];
    bool ok = true;
    arena_init(&a);
    words_make(&a, w, words);
    for (const struct embed_file *f = embed_next(FOLDER, NULL); ok && f; f = embed_next(FOLDER, f)) {
        if (str_starts(f->path, LATER)) {
            continue;
        }
        struct buf b = BUF_INIT(TEXT_MAX_BYTES);
        ok = fill(f->data, words, &b, e) && file_write(&a, dir, (struct str){f->path.p + FOLDER.n, f->path.n - FOLDER.n}, &b, e);
        buf_fini(&b);
    }
    ok = ok && targets_write(&a, dir, w, false, e) && targets_write(&a, dir, w, true, e) && demo_planted_write(dir, w, e);
    arena_fini(&a);
    return ok;
}

static bool later_write(struct arena *a, const char *dir, struct err *e)
{
    bool ok = true;
    for (const struct embed_file *f = embed_next(LATER, NULL); ok && f; f = embed_next(LATER, f)) {
        struct buf b = BUF_INIT(TEXT_MAX_BYTES);
        buf_add(&b, f->data);
        ok = file_write(a, dir, (struct str){f->path.p + LATER.n, f->path.n - LATER.n}, &b, e);
        buf_fini(&b);
    }
    return ok;
}

bool demo_sla_write(const char *dir, struct err *e)
{
    static const struct { const char *source, *sla; } SLAS[] = {
        {"acquisition/sources/google_ads", "sla: {freshness: 2d, volume: 60}\nwatch: true\n"},
        {"acquisition/sources/meta_ads", "sla: {freshness: 2d, volume: 60}\nwatch: true\n"},
        {"acquisition/sources/microsoft_ads", "sla: {freshness: 3d}\n"},
        {"acquisition/sources/linkedin_ads", "sla: {freshness: 3d}\n"},
        {"acquisition/sources/pinterest_ads", "sla: {freshness: 3d, volume: 40}\n"},
        {"web/sources/shop_orders", "sla: {freshness: 26h}\nwatch: true\n"},
        {"web/sources/shopify", "sla: {freshness: 26h}\nwatch: true\n"},
        {"lifecycle/sources/hubspot", "sla: {freshness: 26h, volume: 60}\nwatch: true\n"},
        {"lifecycle/sources/klaviyo", "sla: {freshness: 2d}\n"},
    };
    struct arena a;
    bool ok = true;
    arena_init(&a);
    for (size_t i = 0; ok && i < sizeof SLAS / sizeof *SLAS; i++) {
        struct str path = arena_printf(&a, "domains/%s.yaml", SLAS[i].source), text;
        struct buf b = BUF_INIT(SOURCE_MAX_BYTES);
        ok = fs_read(&a, arena_strz(&a, fs_join(&a, str_of(dir), path)), SOURCE_MAX_BYTES, &text, e);
        buf_add(&b, text);
        buf_addz(&b, SLAS[i].sla);
        ok = ok && file_write(&a, dir, path, &b, e);
        buf_fini(&b);
    }
    ok = ok && later_write(&a, dir, e);
    arena_fini(&a);
    return ok;
}
