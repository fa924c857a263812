/* trellis attribution --paths: credit over a file of aggregated paths, without a mesh. */
#include "cli/attribution.h"

#include <unistd.h>
#include <zlib.h>

#include "base/fs.h"
#include "cli/table.h"
#include "measure/kernels.h"

enum { MODEL_MARKOV = RULE_MODELS, MODEL_SHAPLEY, MODELS, SAMPLES_MAX = 10000, PIECE_BYTES = 1 << 20, THREADS_MAX = 16 };
static const size_t FILE_MAX_BYTES = (size_t)4 << 30;
static const double MILLION = 1e6, HUNDRED = 100;

struct chosen {
    struct path_file file;
    int models[MODELS];
    size_t n;
    struct data_options options;
    struct channel_credit *credit[MODELS];
    struct markov_facts facts;
};

static const char *model_name(int m)
{
    return m == MODEL_MARKOV ? "markov" : m == MODEL_SHAPLEY ? "shapley" : rule_model_name((enum rule_model)m);
}

/* ---- what is asked ---- */

static bool has_model(const struct chosen *x, int m)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->models[i] == m)
            return true;
    return false;
}

/* Paths know no milestones, so that the W shape is the U shape: `all` leaves it out. */
static bool models_read(const char *list, struct chosen *x, struct err *e)
{
    struct str names[MODELS];
    for (int m = 0; m < MODELS; m++)
        names[m] = str_of(model_name(m));
    for (struct str rest = str_of(list ? list : "all"); rest.p;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        int found = -1;
        for (int m = 0; m < MODELS; m++)
            found = str_eq(name, names[m]) ? m : found;
        if (found < 0 && !str_eq(name, STR("all"))) {
            int near = str_nearest(name, names, MODELS);
            err_set(e, E_USAGE, "there is no model %.*s", STR_FMT(name));
            if (near >= 0)
                err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
            else
                err_hint(e, "models are all, last, last_non_direct, first, linear, position_u, position_w, time_decay, markov and shapley");
            return false;
        }
        for (int m = 0; m < MODELS; m++)
            if ((m == found || (found < 0 && m != RULE_POSITION_W)) && !has_model(x, m))
                x->models[x->n++] = m;
    }
    return true;
}

static bool options_read(const struct cli_args *args, struct chosen *x, struct err *e)
{
    int64_t order, seed, samples;
    const char *worth = cli_opt(args, "--worth");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!cli_int(args, "--order", 1, 1, 4, &order, e) || !cli_int(args, "--seed", 1, 0, INT64_MAX, &seed, e) ||
        !cli_int(args, "--samples", 0, 0, SAMPLES_MAX, &samples, e) || !models_read(cli_opt(args, "--model"), x, e))
        return false;
    if (worth && strcmp(worth, "conversions") != 0 && strcmp(worth, "rate") != 0)
        return err_set(e, E_USAGE, "--worth is conversions or rate; not '%s'", worth);
    x->options = (struct data_options){.order = (int)order, .shapley_rate = worth && strcmp(worth, "rate") == 0, .seed = (uint64_t)seed, .samples = (int)samples,
                                       .level = 0.95, .bootstrap_seed = (uint64_t)seed, .threads = cores > THREADS_MAX ? THREADS_MAX : cores > 1 ? (int)cores : 1};
    return true;
}

/* ---- the file ---- */

static bool unpack(struct str packed, struct buf *out, struct str file, struct err *e)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.p};
    size_t left = packed.n;
    bool good = false;
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return err_set(e, E_MEMORY, "there is not enough memory to unpack %.*s", STR_FMT(file));
    for (int k = Z_OK;;) {
        if (z.avail_in == 0) {
            z.avail_in = left < PIECE_BYTES ? (uInt)left : PIECE_BYTES;
            left -= z.avail_in;
        }
        if (!buf_reserve(out, PIECE_BYTES)) {
            (void)!buf_ok(out, e);
            err_prefix(e, "unpacking %.*s", STR_FMT(file));
            break;
        }
        z.next_out = (Bytef *)out->p + out->n;
        z.avail_out = PIECE_BYTES;
        k = inflate(&z, Z_NO_FLUSH);
        out->n += PIECE_BYTES - z.avail_out;
        if (k == Z_STREAM_END && z.avail_in == 0 && left == 0) {
            good = true;
            break;
        }
        if (k == Z_STREAM_END ? inflateReset(&z) != Z_OK : k != Z_OK || (z.avail_in == 0 && left == 0 && z.avail_out)) {
            err_at(e, E_SOURCE_FILE, file, 0, 0, "this file begins like one of gzip and is not whole");
            err_hint(e, "fetch it again, or unpack it first");
            break;
        }
    }
    inflateEnd(&z);
    return good;
}

static bool file_read(struct cli *c, const char *path, struct buf *plain, struct path_file *out, struct errs *es, struct err *e)
{
    struct str text;
    if (!fs_read(&c->arena, path, FILE_MAX_BYTES, &text, e))
        return false;
    if (str_starts(text, STR("\x1f\x8b"))) {
        if (!unpack(text, plain, str_of(path), e))
            return false;
        text = buf_str(plain);
    }
    if (!paths_read(&c->arena, str_of(path), text, out, es)) {
        return err_set(e, E_SOURCE_FILE, "%s is wrong in %zu places", path, es->n_errors);
    }
    return true;
}

static bool solve(struct cli *c, const struct cli_args *args, struct chosen *x, struct err *e)
{
    size_t channels = x->file.set.channels;
    const char *names = cli_opt(args, "--direct");
    bool *direct = arena_array(&c->arena, channels + 1, sizeof *direct);
    struct rule_options rules = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 1, .direct = direct};
    struct channel_credit *all = arena_array(&c->arena, RULE_MODELS * channels + 1, sizeof *all);
    for (struct str rest = str_of(names ? names : "direct"); rest.p;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        bool found = false;
        for (size_t i = 0; i < channels; i++)
            if (str_eq_nocase(name, x->file.names[i]))
                direct[i] = found = true;
        if (names && !found)
            return err_set(e, E_NOT_FOUND, "--direct names %.*s, which no path goes through", STR_FMT(name));
    }
    bool ruled = false, good = true;
    for (size_t i = 0; i < x->n && good; i++) {
        int m = x->models[i];
        x->credit[i] = m < RULE_MODELS ? all + (size_t)m * channels : arena_array(&c->arena, channels + 1, sizeof *all);
        if (m == MODEL_MARKOV)
            good = markov_run(&x->file.set, &x->options, x->credit[i], &x->facts, e);
        else if (m == MODEL_SHAPLEY)
            good = shapley_run(&x->file.set, &x->options, x->credit[i], e);
        else if (!ruled)
            ruled = good = rules_run(&x->file.set, &rules, all, e);
    }
    return good;
}

/* ---- what is shown: figures of a model sum to the total in every digit that is written ---- */

static int64_t *written(struct cli *c, const struct chosen *x, size_t model, bool value, double unit)
{
    size_t n = x->file.set.channels;
    double *exact = arena_array(&c->arena, n + 1, sizeof *exact);
    int64_t *out = arena_array(&c->arena, n + 1, sizeof *out), total = 0;
    for (size_t i = 0; i < n; i++)
        exact[i] = value ? x->credit[model][i].value : x->credit[model][i].conversions;
    if (value) {
        int64_t step = (int64_t)(MILLION / unit), half = x->file.value < 0 ? -step / 2 : step / 2;
        total = (x->file.value + half) / step;
    } else
        total = x->file.conversions * (int64_t)unit;
    round_exactly(total, exact, unit, n, out);
    return out;
}

static struct str decimal(struct cli *c, int64_t n, int places)
{
    int64_t unit = places == 2 ? 100 : 1000000;
    uint64_t size = n < 0 ? -(uint64_t)n : (uint64_t)n;
    return arena_printf(&c->arena, "%s%llu.%0*llu", n < 0 ? "-" : "", (unsigned long long)(size / (uint64_t)unit), places, (unsigned long long)(size % (uint64_t)unit));
}

static bool is_data(int m)
{
    return m >= RULE_MODELS;
}

/* One model: conversions and value side by side, with what belongs to it. */
static void table_one(struct cli *c, const struct chosen *x)
{
    const struct path_file *f = &x->file;
    bool value = f->set.value, data = is_data(x->models[0]), between = data && x->options.samples > 0;
    size_t at = 0, n_cols = 2 + (size_t)value + (size_t)data + (size_t)between * (1 + (size_t)value);
    int64_t *k = written(c, x, 0, false, HUNDRED), *v = value ? written(c, x, 0, true, HUNDRED) : NULL;
    struct table t;
    table_init(&t, c, n_cols);
    table_head(&t, at++, STR("channel"), false);
    table_head(&t, at++, STR("conversions"), true);
    if (between)
        table_head(&t, at++, STR("95 % between"), true);
    if (value)
        table_head(&t, at++, STR("value"), true);
    if (value && between)
        table_head(&t, at++, STR("95 % between"), true);
    if (data)
        table_head(&t, at++, x->models[0] == MODEL_MARKOV ? STR("removal effect") : STR("share"), true);
    for (size_t i = 0; i < f->set.channels; i++) {
        const struct channel_credit *r = &x->credit[0][i];
        table_cell(&t, f->names[i], false);
        table_cell(&t, decimal(c, k[i], 2), false);
        if (between)
            table_cell(&t, arena_printf(&c->arena, "%.2f – %.2f", r->low, r->high), false);
        if (value)
            table_cell(&t, decimal(c, v[i], 2), false);
        if (value && between)
            table_cell(&t, arena_printf(&c->arena, "%.2f – %.2f", r->value_low, r->value_high), false);
        if (data)
            table_cell(&t, arena_printf(&c->arena, "%.6f", r->effect), false);
    }
    table_print(&t);
    table_fini(&t);
}

static void table_many(struct cli *c, const struct chosen *x, bool value)
{
    struct table t;
    int64_t *columns[MODELS];
    table_init(&t, c, x->n + 1);
    table_head(&t, 0, value ? STR("value") : STR("conversions"), false);
    for (size_t m = 0; m < x->n; m++) {
        table_head(&t, m + 1, str_of(model_name(x->models[m])), true);
        columns[m] = written(c, x, m, value, HUNDRED);
    }
    for (size_t i = 0; i < x->file.set.channels; i++) {
        table_cell(&t, x->file.names[i], false);
        for (size_t m = 0; m < x->n; m++)
            table_cell(&t, decimal(c, columns[m][i], 2), false);
    }
    table_print(&t);
    table_fini(&t);
}

static void show_table(struct cli *c, const struct chosen *x)
{
    if (x->n == 1)
        table_one(c, x);
    else {
        table_many(c, x, false);
        if (x->file.set.value) {
            printf("\n");
            table_many(c, x, true);
        }
    }
    if (has_model(x, MODEL_MARKOV))
        cli_advice(c, "Markov of order %d: %zu states, %zu moves, P(conversion) %.12g.", x->options.order, x->facts.states, x->facts.transitions, x->facts.p_conversion);
    if (x->n > 1 && x->options.samples > 0)
        cli_advice(c, "Intervals are in --format csv and json, and in the table of one model.");
}

static void show_csv(struct cli *c, const struct chosen *x)
{
    struct buf b = BUF_INIT(FILE_MAX_BYTES);
    int64_t *k[MODELS], *v[MODELS];
    bool value = x->file.set.value;
    buf_addz(&b, "channel");
    for (size_t m = 0; m < x->n; m++) {
        const char *name = model_name(x->models[m]);
        bool between = is_data(x->models[m]) && x->options.samples > 0;
        k[m] = written(c, x, m, false, MILLION);
        v[m] = value ? written(c, x, m, true, MILLION) : NULL;
        buf_printf(&b, between ? ",%s_conversions,%s_low,%s_high" : ",%s_conversions", name, name, name);
        if (value)
            buf_printf(&b, between ? ",%s_value,%s_value_low,%s_value_high" : ",%s_value", name, name, name);
        if (is_data(x->models[m]))
            buf_printf(&b, ",%s_effect", name);
    }
    buf_addz(&b, "\r\n");
    for (size_t i = 0; i < x->file.set.channels; i++) {
        buf_csv_cell(&b, x->file.names[i]);
        for (size_t m = 0; m < x->n; m++) {
            const struct channel_credit *r = &x->credit[m][i];
            bool between = is_data(x->models[m]) && x->options.samples > 0;
            buf_printf(&b, ",%.*s", STR_FMT(decimal(c, k[m][i], 6)));
            if (between)
                buf_printf(&b, ",%.6f,%.6f", r->low, r->high);
            if (value)
                buf_printf(&b, ",%.*s", STR_FMT(decimal(c, v[m][i], 6)));
            if (value && between)
                buf_printf(&b, ",%.6f,%.6f", r->value_low, r->value_high);
            if (is_data(x->models[m]))
                buf_printf(&b, ",%.12g", r->effect);
        }
        buf_addz(&b, "\r\n");
    }
    cli_print(&b);
    buf_fini(&b);
}

static void json_credit(struct cli *c, const struct chosen *x, size_t m, size_t i, int64_t k, const int64_t *v, struct buf *b)
{
    const struct channel_credit *r = &x->credit[m][i];
    buf_json_key(b, model_name(x->models[m]));
    buf_printf(b, "{\"conversions\":%.*s", STR_FMT(decimal(c, k, 6)));
    if (v)
        buf_printf(b, ",\"value\":%.*s", STR_FMT(decimal(c, v[i], 6)));
    if (is_data(x->models[m]))
        buf_printf(b, ",\"effect\":%.17g,\"error\":%.6g", r->effect, r->error);
    if (is_data(x->models[m]) && x->options.samples > 0) {
        buf_printf(b, ",\"low\":%.6f,\"high\":%.6f", r->low, r->high);
        if (v)
            buf_printf(b, ",\"value_low\":%.6f,\"value_high\":%.6f", r->value_low, r->value_high);
    }
    buf_addc(b, '}');
}

static void show_json(struct cli *c, const struct chosen *x)
{
    const struct path_file *f = &x->file;
    struct buf b = BUF_INIT(FILE_MAX_BYTES);
    int64_t *k[MODELS], *v[MODELS];
    for (size_t m = 0; m < x->n; m++) {
        k[m] = written(c, x, m, false, MILLION);
        v[m] = f->set.value ? written(c, x, m, true, MILLION) : NULL;
    }
    buf_printf(&b, "{\"paths\":%zu,\"models\":[", f->set.n);
    for (size_t m = 0; m < x->n; m++)
        buf_printf(&b, "%s\"%s\"", m ? "," : "", model_name(x->models[m]));
    buf_addz(&b, "],\"rows\":[");
    for (size_t i = 0; i < f->set.channels; i++) {
        buf_addz(&b, i ? ",{\"channel\":" : "{\"channel\":");
        buf_json_str(&b, f->names[i]);
        buf_addz(&b, ",\"credits\":{");
        for (size_t m = 0; m < x->n; m++) {
            if (m)
                buf_addc(&b, ',');
            json_credit(c, x, m, i, k[m][i], v[m], &b);
        }
        buf_addz(&b, "}}");
    }
    buf_printf(&b, "],\"total\":{\"conversions\":%lld,\"value\":%.*s,\"nulls\":%lld}", (long long)f->conversions, STR_FMT(decimal(c, f->value, 6)), (long long)f->nulls);
    if (has_model(x, MODEL_MARKOV))
        buf_printf(&b, ",\"markov\":{\"order\":%d,\"p_conversion\":%.17g,\"states\":%zu,\"transitions\":%zu,\"iterations\":%d,\"residual\":%.3g}", x->options.order,
                   x->facts.p_conversion, x->facts.states, x->facts.transitions, x->facts.iterations, x->facts.residual);
    if (x->options.samples > 0)
        buf_printf(&b, ",\"bootstrap\":{\"samples\":%d,\"seed\":%llu,\"level\":%g}", x->options.samples, (unsigned long long)x->options.bootstrap_seed, x->options.level);
    buf_addz(&b, "}\n");
    cli_print(&b);
    buf_fini(&b);
}

int attribution_paths(struct cli *c, const struct cli_args *args)
{
    static const struct { const char *name; void (*show)(struct cli *c, const struct chosen *x); } formats[] = {{"table", show_table}, {"csv", show_csv}, {"json", show_json}};
    const char *format = cli_opt(args, "--format");
    struct chosen x = {0};
    struct buf plain = BUF_INIT(FILE_MAX_BYTES);
    struct errs es = {0};
    struct err e = {0};
    size_t shown = 0, n_formats = sizeof formats / sizeof *formats;
    while (shown < n_formats && strcmp(format ? format : c->json ? "json" : "table", formats[shown].name) != 0)
        shown++;
    bool good = (shown < n_formats || err_set(&e, E_USAGE, "--format is one of table, csv, json; not '%s'", format)) && options_read(args, &x, &e) &&
                file_read(c, cli_opt(args, "--paths"), &plain, &x.file, &es, &e) && solve(c, args, &x, &e);
    int64_t fits;
    if (good && __builtin_mul_overflow(x.file.conversions, (int64_t)MILLION, &fits))
        good = err_set(&e, E_TOO_LARGE, "%lld conversions are too many to be shown to the millionth", (long long)x.file.conversions);
    int code = good ? 0 : cli_fail_all(c, &es, &e);
    if (es.dropped)
        cli_advice(c, "%zu more are not shown.", es.dropped);
    if (good) {
        cli_diagnostics(c, &es, stderr);
        formats[shown].show(c, &x);
    }
    buf_fini(&plain);
    errs_fini(&es);
    return code;
}
