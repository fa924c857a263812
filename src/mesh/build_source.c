/* Second stage: a source, its streams, and the contract that types them. */
#include "mesh/mesh_int.h"

#include "mesh/units.h"

enum { VOLUME_PERCENT_DEFAULT = 50 };

struct word { const char *text; int value; };
static const struct word drifts[] = {{"evolve", DRIFT_EVOLVE}, {"quarantine", DRIFT_QUARANTINE}, {"fail", DRIFT_FAIL}, {NULL, 0}};
static const struct word loads[] = {{"replace_days", LOAD_REPLACE_DAYS}, {"snapshot", LOAD_SNAPSHOT}, {"append", LOAD_APPEND}, {NULL, 0}};

static int word_value(const struct word *table, struct str s, int otherwise)
{
    for (; table->text; table++)
        if (str_eq(s, str_of(table->text)))
            return table->value;
    return otherwise;
}

static bool is_glob(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("*?[{", s.p[i]))
            return true;
    return false;
}

/* Whether the path names a file by its ending, and not a folder. */
static bool names_file(struct str path)
{
    static const char *const endings[] = {".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".parquet", ".xlsx", ".gz", ".zst"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct str e = str_of(endings[i]);
        if (path.n > e.n && str_eq_nocase((struct str){path.p + path.n - e.n, e.n}, e))
            return true;
    }
    return false;
}

/* Where a stream's files are: a glob of its own; or, inside of the source's folder, the names that a landed table has.
 * The source's own path may be a glob too: then its folder counts for the names, and the glob itself as `within`. */
static void stream_files(struct load *l, struct mesh_stream *st, struct str own, struct str table)
{
    struct str base = st->source->path;
    if (own.n) {
        st->path = own;
        return;
    }
    while (base.n > 1 && base.p[base.n - 1] == '/')
        base.n--;
    struct str last = fs_basename(base), folder = base;
    if (is_glob(last) || names_file(last)) {
        st->within = base;
        folder = fs_dirname(base);
    }
    st->table = table.n ? table : st->name;
    st->path = arena_printf(l->a, "%.*s/{,*_}%.*s{,_data}.{csv,tsv,json,ndjson,jsonl,parquet,xlsx}{,.gz,.zst}", STR_FMT(folder), STR_FMT(st->table));
}

static void column_formats(struct load *l, struct mesh_stream *st, const struct doc *d, const struct doc_node *o)
{
    st->formats = arena_array(l->a, (o ? o->n_children : 0) + 1, sizeof *st->formats);
    for (const struct doc_node *n = o ? doc_first(d, o) : NULL; n; n = doc_next(d, n))
        st->formats[st->n_formats++] = (struct mesh_column_format){doc_key(d, n), doc_text(d, n)};
}

static void stream_options(struct load *l, struct mesh_stream *st, const struct doc *d, const struct doc_node *o)
{
    st->header = st->skip_rows = -1;
    if (!o)
        return;
    const struct { const char *key; struct str *to; } texts[] = {
        {"format", &st->format}, {"compression", &st->compression}, {"encoding", &st->encoding}, {"delimiter", &st->delimiter},
        {"quote", &st->quote}, {"escape", &st->escape}, {"decimal_separator", &st->decimal_separator},
        {"date_format", &st->date_format}, {"timestamp_format", &st->timestamp_format}, {"sheet", &st->sheet},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i].to = doc_str(d, o, texts[i].key);
        if (str_eq(*texts[i].to, STR("auto")))
            *texts[i].to = (struct str){NULL, 0};
    }
    if (doc_get(d, o, "header"))
        st->header = doc_bool(d, o, "header", true);
    st->skip_rows = (int)doc_int(d, o, "skip_rows", -1);
    st->short_rows_fill = str_eq(doc_str(d, o, "short_rows"), STR("fill"));
    st->header_rows = (int)doc_int(d, o, "header_rows", 0);
    st->totals_kept = str_eq(doc_str(d, o, "totals"), STR("keep"));
    st->nested_columns = str_eq(doc_str(d, o, "nested"), STR("columns"));
    column_formats(l, st, d, doc_get(d, o, "formats"));
    st->null_texts = text_list(l, d, doc_get(d, o, "null_texts"), &st->n_null_texts);
    const struct doc_node *delimiter = doc_get(d, o, "delimiter");
    if (delimiter && st->decimal_separator.n && str_eq(st->delimiter, st->decimal_separator))
        hint(at_value(l, E_SCHEMA, d, delimiter, "the delimiter and the decimal_separator are both \"%.*s\"", STR_FMT(st->delimiter)),
             "files with decimal commas usually have delimiter: \";\"");
}

static void stream_partitions(struct load *l, struct mesh_stream *st, const struct doc *d, const struct doc_node *n)
{
    const struct doc_node *load = doc_get(d, n, "load"), *day = doc_get(d, n, "day_column"), *account = doc_get(d, n, "account_column");
    st->day_column = doc_text(d, day);
    st->account_column = doc_text(d, account);
    st->load = word_value(loads, doc_text(d, load), day ? LOAD_REPLACE_DAYS : LOAD_SNAPSHOT);
    st->overlap_adds = str_eq(doc_str(d, n, "overlap"), STR("add"));
    if (st->load == LOAD_REPLACE_DAYS && !day)
        hint(at_value(l, E_MISSING_KEY, d, load, "load: replace_days needs day_column"),
             "name the column that holds the day, or use load: snapshot");
    if (st->load != LOAD_REPLACE_DAYS && day)
        hint(at_key(l, E_SCHEMA, d, day, "day_column is only used by load: replace_days, this stream has load: %.*s", STR_FMT(doc_text(d, load))),
             "remove day_column, or write load: replace_days");
    if (account && !day)
        hint(at_key(l, E_MISSING_KEY, d, account, "account_column needs day_column beside it"), "name the column that holds the day");
}

static void build_stream(struct load *l, struct mesh_source *s, struct mesh_stream *st, const struct doc *d, const struct doc_node *n)
{
    const struct doc_node *name = doc_get(d, n, "name"), *own = doc_get(d, n, "path"), *table = doc_get(d, n, "table");
    st->source = s;
    st->name = doc_text(d, name);
    st->ref = arena_printf(l->a, "%.*s.%.*s__%.*s", STR_FMT(s->domain->name), STR_FMT(s->name), STR_FMT(st->name));
    st->pos = pos_of(d, n);
    st->optional = doc_bool(d, n, "optional", false);
    if (own && table)
        hint(at_key(l, E_SCHEMA, d, table, "a stream has either table or path, this one has both"), "remove one of them");
    stream_files(l, st, doc_text(d, own), doc_text(d, table));
    stream_options(l, st, d, doc_get(d, n, "options"));
    stream_partitions(l, st, d, n);
    if (!check_name(l, d, name, "stream"))
        return;
    const struct mesh_stream *first = table_put(&l->w->streams, l->a, st->ref, st);
    if (first)
        hint(at_value(l, E_DUPLICATE, d, name, "the source has two streams named \"%.*s\"; the first is in line %u", STR_FMT(st->name), first->pos.line),
             "rename one of them");
}

static const struct mesh_column *column_find(const struct mesh_contract *c, struct str name)
{
    for (size_t i = 0; i < c->n_columns; i++)
        if (str_eq(c->columns[i].name, name))
            return &c->columns[i];
    return NULL;
}

/* Partition columns that the contract types must be of a fitting type. Columns it does not name are taken from the files. */
static void check_partition_types(struct load *l, const struct mesh_stream *st)
{
    const struct mesh_column *day = st->contract && st->day_column.n ? column_find(st->contract, st->day_column) : NULL;
    if (!day || str_eq(day->physical_type, STR("DATE")) || str_starts(day->physical_type, STR("TIMESTAMP")))
        return;
    struct err *e = errs_add(l->es, E_CONTRACT, day->pos.file, day->pos.line, day->pos.col,
                             "\"%.*s\" is the day_column of stream \"%.*s\", but its type is %.*s", STR_FMT(day->name), STR_FMT(st->name),
                             STR_FMT(day->physical_type));
    hint(e, "give it logicalType: date");
}

static void source_contract(struct load *l, struct source_files *f, struct mesh_source *s)
{
    const struct doc *d = f->contract.doc;
    if (!d)
        return;
    const struct doc_node *root = doc_root(d), *schema = doc_get(d, root, "schema");
    build_claim_id(l, &l->contract_ids, d, doc_get(d, root, "id"),
                   arena_printf(l->a, "the contract of source %.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name)), NULL);
    struct str *names = arena_array(l->a, s->n_streams + 1, sizeof *names);
    for (size_t i = 0; i < s->n_streams; i++)
        names[i] = s->streams[i].name;
    for (const struct doc_node *o = schema ? doc_first(d, schema) : NULL; o; o = doc_next(d, o)) {
        const struct doc_node *name = doc_get(d, o, "name");
        struct mesh_stream *st = NULL;
        for (size_t i = 0; i < s->n_streams && !st; i++)
            if (str_eq(names[i], doc_text(d, name)))
                st = &s->streams[i];
        if (!st) {
            hint_nearest(at_value(l, E_DANGLING, d, name, "the source \"%.*s\" has no stream named \"%.*s\"", STR_FMT(s->name), STR_FMT(doc_text(d, name))),
                         doc_text(d, name), names, s->n_streams);
            continue;
        }
        if (st->contract) {
            hint(at_value(l, E_DUPLICATE, d, name, "the stream \"%.*s\" is described twice; first in line %u", STR_FMT(st->name), st->contract->pos.line),
                 "merge the two");
            continue;
        }
        st->contract = build_contract(l, d, o, COLUMNS_RAW);
        check_partition_types(l, st);
    }
}

static void mark_broken(struct load *l, struct str domain, struct str source)
{
    table_put(&l->broken, l->a, arena_printf(l->a, "%.*s.%.*s__", STR_FMT(domain), STR_FMT(source)), l);
}

/* The schema has checked the form of "26h". */
static struct mesh_source_sla sla_of(const struct doc *d, const struct doc_node *n)
{
    struct mesh_source_sla sla = {.volume_percent = VOLUME_PERCENT_DEFAULT};
    struct str age = n ? doc_str(d, n, "freshness") : (struct str){NULL, 0};
    if (n)
        sla.volume_percent = (int)doc_int(d, n, "volume", VOLUME_PERCENT_DEFAULT);
    (void)unit_seconds(age, &sla.freshness_s);
    return sla;
}

void build_source(struct load *l, struct source_files *f, struct mesh_domain *dom)
{
    const struct doc *d = f->source.doc;
    if (!d) {
        mark_broken(l, dom->name, f->stem);
        if (!f->source.path.p && f->n_plan)
            hint(at_file(l, E_DANGLING, f->plan_path, "this is the tracking plan of a source that is not there"), "write %.*s.yaml beside the folder, or remove it", STR_FMT(f->stem));
        else if (!f->source.path.p)
            hint(at_file(l, E_DANGLING, f->contract.path, "this is the contract of a source that is not there"), "write %.*s.yaml beside it, or remove this file", STR_FMT(f->stem));
        return;
    }
    const struct doc_node *root = doc_root(d), *streams = doc_get(d, root, "streams"), *owner = doc_get(d, root, "owner");
    struct mesh_source *s = arena_alloc(l->a, sizeof *s);
    s->domain = dom;
    s->name = f->stem;
    if (!build_check_own_name(l, d, doc_get(d, root, "name"), f->stem, (struct str){NULL, 0}, "source")) {
        mark_broken(l, dom->name, f->stem);
        mark_broken(l, dom->name, doc_str(d, root, "name"));
    }
    s->kind = doc_str(d, root, "kind");
    s->pack = doc_str(d, root, "pack");
    s->title = doc_str(d, root, "title").n ? doc_str(d, root, "title") : s->name;
    s->description = doc_str(d, root, "description");
    s->path = doc_str(d, root, "path");
    s->currency = doc_str(d, root, "currency");
    s->time_zone = doc_str(d, root, "time_zone");
    s->owner = owner ? person_of(d, owner) : dom->owner;
    s->watch = doc_bool(d, root, "watch", false);
    s->sla = sla_of(d, doc_get(d, root, "sla"));
    s->drift = word_value(drifts, doc_str(d, root, "drift"), DRIFT_EVOLVE);
    s->pos = pos_of(d, root);
    build_check_money_and_time(l, d, doc_get(d, root, "currency"), doc_get(d, root, "time_zone"));

    dom->sources[dom->n_sources++] = s;
    if (str_eq(s->kind, STR("events"))) {
        build_events(l, f, s);
        return;
    }
    const struct doc_node *events = doc_get(d, root, "events");
    if (events)
        hint(at_key(l, E_UNKNOWN_KEY, d, events, "a source of files has no events"), "remove it, or write kind: events");
    if (f->n_plan)
        hint(at_file(l, E_DANGLING, f->plan_path, "this tracking plan belongs to a source of files"), "write kind: events in %.*s.yaml, or remove the folder", STR_FMT(f->stem));
    s->streams = arena_array(l->a, streams->n_children + 1, sizeof *s->streams);
    for (const struct doc_node *n = doc_first(d, streams); n; n = doc_next(d, n))
        build_stream(l, s, &s->streams[s->n_streams++], d, n);
    source_contract(l, f, s);
}
