/* Opening: an in-memory instance with the data file attached as `mesh`, limits set, and for the serving engine external
 * access off and the configuration locked before anybody can connect. */
#include "engine/duckdb_int.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"


static uint64_t ram_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t ram = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 1ull << 30;
    FILE *f = fopen("/sys/fs/cgroup/memory.max", "re"); /* a container's limit; "max" when there is none */
    unsigned long long limit = 0;
    if (f) {
        if (fscanf(f, "%llu", &limit) == 1 && limit > 0 && limit < ram)
            ram = limit;
        fclose(f);
    }
    return ram;
}

/* Settings that hold for the instance's life. Extensions never come from the network; the time zone is UTC so that the
 * text of a moment does not depend on the machine; errors come as JSON, which carries positions and kinds. */
static bool config_make(const struct engine_options *o, duckdb_config *out, struct err *e)
{
    char threads[24], memory[32], temp_max[32];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    snprintf(threads, sizeof threads, "%ld", o->threads > 0 ? (long)o->threads : cores > 0 ? cores : 1);
    snprintf(memory, sizeof memory, "%lluKiB",
             (unsigned long long)((o->memory_limit_bytes ? o->memory_limit_bytes : ram_bytes() / 10 * 6) / 1024));
    snprintf(temp_max, sizeof temp_max, "%lluKiB",
             (unsigned long long)((o->temp_limit_bytes ? o->temp_limit_bytes : 16ull << 30) / 1024));
    const struct { const char *name, *value; } settings[] = {
        {"errors_as_json", "true"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"allow_persistent_secrets", "false"},
        {"threads", threads},
        {"memory_limit", memory},
        {"checkpoint_threshold", "32MiB"},
        {"temp_directory", o->temp_dir ? o->temp_dir : ""},
        {"max_temp_directory_size", o->temp_dir ? temp_max : NULL},
    };
    duckdb_config cfg = NULL;
    if (duckdb_create_config(&cfg) != DuckDBSuccess)
        return err_set(e, E_MEMORY, "no memory for the engine's configuration");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].value && duckdb_set_config(cfg, settings[i].name, settings[i].value) != DuckDBSuccess) {
            duckdb_destroy_config(&cfg);
            return err_set(e, E_ENGINE, "the engine does not take its setting %s", settings[i].name);
        }
    }
    *out = cfg;
    return true;
}

/* A locked engine opens no files but the data file and, for duckdb_copy.c, the copy of it that is being made. */
static void allow_copy(struct buf *sql, const char *data_path)
{
    static const char *const ends[] = {"", ".wal", ".wal.checkpoint", ".wal.recovery"};
    buf_addz(sql, "SET GLOBAL allowed_paths = [");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s%s%s", data_path, ENGINE_COPY_SUFFIX, ends[i]);
        buf_addz(sql, i ? ", " : "");
        buf_sql_text(sql, str_of(path));
    }
    buf_addz(sql, "];");
}

static bool attach_and_lock(struct engine *g, const struct engine_options *o, struct err *e)
{
    struct engine_conn *c = NULL;
    struct buf sql = BUF_INIT(16384);
    bool ok = false;
    if (!engine_connect(g, &c, e))
        goto out;
    if ((o->key && !duck_encryption_load(c, e)) || (o->data_path && !duck_attach(c, o->data_path, "mesh", o->key, e)))
        goto out;
    buf_addz(&sql, "SET GLOBAL TimeZone = 'UTC';");
    /* The names in allowed_configs only change how a connection reports and orders its own work. */
    buf_addz(&sql, "SET GLOBAL allowed_configs = ['enable_progress_bar', 'enable_progress_bar_print',"
                   " 'preserve_insertion_order', 'streaming_buffer_size'];");
    if (o->locked && o->data_path)
        allow_copy(&sql, o->data_path);
    if (o->locked)
        buf_addz(&sql, "SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true;");
    if (!buf_ok(&sql, e))
        goto out;
    ok = engine_exec(c, buf_str(&sql), e);
out:
    buf_fini(&sql);
    engine_disconnect(c);
    return ok;
}

bool engine_open(const struct engine_options *o, struct engine **out, struct err *e)
{
    struct engine *g = mem_alloc(sizeof *g);
    pthread_mutex_init(&g->use_lock, NULL);
    pthread_cond_init(&g->use_cond, NULL);
    duckdb_config cfg = NULL;
    char *message = NULL;
    bool ok = false;
    g->path = o->data_path ? mem_strdup(str_of(o->data_path)) : NULL;
    if (o->key) {
        g->key = sodium_init() < 0 ? NULL : sodium_malloc(ENGINE_KEY_BYTES);
        if (!g->key) {
            err_set(e, E_MEMORY, "no locked memory for a key");
            goto out;
        }
        memcpy(g->key, o->key, ENGINE_KEY_BYTES);
    }
    if (!config_make(o, &cfg, e))
        goto out;
    if (duckdb_open_ext(":memory:", &g->db, cfg, &message) != DuckDBSuccess) {
        struct engine_conn none = {0};
        duck_error(&none, message, STR(""), e);
        mem_free(none.last_message);
        goto out;
    }
    g->watchdog = watchdog_new(e);
    if (!g->watchdog)
        goto out;
    ok = attach_and_lock(g, o, e);
out:
    duckdb_free(message);
    duckdb_destroy_config(&cfg);
    if (!ok) {
        engine_close(g);
        g = NULL;
    }
    *out = g;
    return ok;
}

void engine_close(struct engine *g)
{
    if (!g)
        return;
    watchdog_free(g->watchdog);
    duckdb_close(&g->db);
    sodium_free(g->key);
    mem_free(g->path);
    pthread_mutex_destroy(&g->use_lock);
    pthread_cond_destroy(&g->use_cond);
    mem_free(g);
}

const char *engine_version(void)
{
    return duckdb_library_version();
}

bool engine_connect(struct engine *g, struct engine_conn **out, struct err *e)
{
    *out = NULL;
    struct engine_conn *c = mem_alloc(sizeof *c);
    c->engine = g;
    if (duckdb_connect(g->db, &c->conn) != DuckDBSuccess) {
        mem_free(c);
        return err_set(e, E_ENGINE, "the engine takes no further connection");
    }
    watchdog_add(g->watchdog, c);
    /* Progress is counted but never printed. Rows wait in more than the engine's own megabyte for whoever takes them, or its threads stand still meanwhile. */
    if (!engine_exec(c, STR("SET enable_progress_bar_print = false; SET enable_progress_bar = true; SET streaming_buffer_size = '32MB'"), e)) {
        engine_disconnect(c);
        return false;
    }
    *out = c;
    return true;
}

void engine_disconnect(struct engine_conn *c)
{
    if (!c)
        return;
    engine_result_close(c->open);
    if (c->in_transaction) { /* the engine rolls it back */
        c->in_transaction = false;
        duck_use_end(c);
    }
    watchdog_remove(c->engine->watchdog, c);
    duckdb_destroy_prepare(&c->parser);
    duckdb_disconnect(&c->conn);
    mem_free(c->last_message);
    mem_free(c);
}

const char *engine_last_message(const struct engine_conn *c)
{
    return c->last_message ? c->last_message : "";
}

void engine_interrupt(struct engine_conn *c)
{
    if (atomic_load(&c->calls) == 0)
        return;
    atomic_store(&c->interrupted, true);
    duckdb_interrupt(c->conn);
    watchdog_wake(c->engine->watchdog); /* it repeats the interrupt until the call ends */
}

double engine_progress(struct engine_conn *c, uint64_t *rows_done, uint64_t *rows_total)
{
    duckdb_query_progress_type p = duckdb_query_progress(c->conn);
    if (rows_done)
        *rows_done = p.rows_processed;
    if (rows_total)
        *rows_total = p.total_rows_to_process;
    return p.percentage < 0 ? -1.0 : p.percentage / 100.0;
}

void engine_deadline(struct engine_conn *c, int64_t timeout_ms)
{
    c->timeout_ms = timeout_ms > 0 ? timeout_ms : 0;
}
