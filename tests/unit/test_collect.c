/* The collector in process: what its spool holds, record by record; its parts on odd input; many clients at once while settings
 * change and it ends. The hostile cases over the real program stand in tests/hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <yyjson.h>
#include <zlib.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "collect/collect_int.h"
#include "collect/suppress.h"

#define KEY  "key-one-0123456789abcdefghijklmn"
#define HOOK "key-two-0123456789abcdefghijklmn"

struct world {
    char dir[64], spool[96], settings[128];
    struct arena arena;
    struct collect *c;
};

static void write_settings(struct world *w, const char *more)
{
    struct sha one, two;
    struct err e = {0};
    sha_bytes(STR(KEY), &one);
    sha_bytes(STR(HOOK), &two);
    struct arena a;
    arena_init(&a);
    struct str text =
        arena_printf(&a,
                     "{\"version\":1,\"mesh\":\"t\",\"sources\":[{\"ref\":\"web.site\",\"rate\":1000000,\"keys\":[{\"id\":1,"
                     "\"sha256\":\"%s\"}]},"
                     "{\"ref\":\"web.hook\",\"webhook\":true,\"rate\":1000000,\"keys\":[{\"id\":2,\"sha256\":\"%s\"}]}]%s}",
                     one.hex, two.hex, more);
    if (!fs_write_atomic(w->settings, text, 0600, &e))
        fail_msg("%s", e.text);
    arena_fini(&a);
}

static void open_world(struct world *w)
{
    struct err e = {0};
    memset(w, 0, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/trellis-collect-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->spool, sizeof w->spool, "%s/spool", w->dir);
    snprintf(w->settings, sizeof w->settings, "%s/collector.json", w->spool);
    arena_init(&w->arena);
    assert_true(fs_mkdirs(w->spool, 0700, &e));
    write_settings(w, "");
    struct collect_options o = {.data_dir = w->dir, .host = "127.0.0.1"};
    if (!collect_open(&o, &w->c, &e))
        fail_msg("%s", e.text);
}

static void close_world(struct world *w)
{
    struct err e = {0};
    collect_close(w->c);
    arena_fini(&w->arena);
    assert_true(fs_remove_tree(w->dir, &e));
}

static int dial(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, struct str s)
{
    for (size_t at = 0; at < s.n;) {
        ssize_t k = send(fd, s.p + at, s.n - at, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        at += (size_t)k;
    }
}

/* The status of one answer, 0: none. */
static int hear(int fd, char *room, size_t cap)
{
    size_t n = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    room[0] = 0;
    while (n < cap - 1 && poll(&p, 1, 10000) > 0) {
        ssize_t k = recv(fd, room + n, cap - 1 - n, 0);
        if (k <= 0)
            break;
        n += (size_t)k;
        room[n] = 0;
        const char *end = strstr(room, "\r\n\r\n"), *length = strstr(room, "Content-Length: ");
        if (end && (size_t)(end + 4 - room) + (length ? strtoul(length + 16, NULL, 10) : 0) <= n)
            break;
    }
    return strncmp(room, "HTTP/1.1 ", 9) == 0 ? atoi(room + 9) : 0;
}

static struct str post(struct arena *a, const char *path, const char *key, struct str body)
{
    return arena_printf(a, "POST %s?writeKey=%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%.*s", path, key, body.n,
                        STR_FMT(body));
}

static int ask(struct world *w, struct str request)
{
    char room[8192];
    int fd = dial(collect_port(w->c));
    say(fd, request);
    int status = hear(fd, room, sizeof room);
    close(fd);
    return status;
}

/* ---- records ---- */
static void each_route_has_its_record(void **state)
{
    (void)state;
    static const struct {
        const char *path, *key, *body;
        int status;
        enum spool_kind kind;
        const char *stored; /* NULL: the body as it came */
    } cases[] = {
        {"/v1/track", KEY, "{\"userId\":\"u\",\"event\":\"e\",\"n\":1.50}", 200, SPOOL_TRACK, NULL},
        {"/v1/t", KEY, "{ }", 200, SPOOL_TRACK, NULL},
        {"/v1/page", KEY, "{\"userId\":\"u\"}", 200, SPOOL_PAGE, NULL},
        {"/v1/screen", KEY, "{\"userId\":\"u\"}", 200, SPOOL_SCREEN, NULL},
        {"/v1/identify", KEY, "{\"userId\":\"\\u00fc\"}", 200, SPOOL_IDENTIFY, NULL},
        {"/v1/group", KEY, "{\"groupId\":\"g\"}", 200, SPOOL_GROUP, NULL},
        {"/v1/alias", KEY, "{\"previousId\":\"p\"}", 200, SPOOL_ALIAS, NULL},
        {"/v1/batch", KEY, "{\"batch\":[{\"type\":\"track\"},{}]}", 200, SPOOL_BATCH, NULL},
        {"/beacon/v1/batch", KEY, "{\"batch\":[{}]}", 200, SPOOL_BATCH, NULL},
        {"/v1/merge", KEY, "{\"mergeProperties\":[]}", 200, SPOOL_MERGE, NULL},
        {"/v1/consent", KEY, "{\"purposes\":{}}", 200, SPOOL_CONSENT, NULL},
        {"/v1/webhook", HOOK, "[1,2]", 200, SPOOL_WEBHOOK, NULL},
        {"/mp/collect", KEY, "{\"events\":[]}", 204, SPOOL_GA4, NULL},
        {"/v2/events", KEY, "{\"events\":[]}", 202, SPOOL_MPARTICLE, NULL},
        {"/v2/bulkevents", KEY, "[{\"n\":1.50}]", 202, SPOOL_MPARTICLE, "{\"n\":1.50}"},
        {"/v2/bulkevents", KEY, "{\"n\":1.50}", 202, SPOOL_MPARTICLE, NULL},
        {"/v1/track", KEY, "[]", 400, 0, NULL},
        {"/v1/track", "unknown", "{}", 401, 0, NULL},
        {"/v1/webhook", KEY, "{}", 404, 0, NULL},
        {"/v1/batch", KEY, "{\"batch\":[]}", 400, 0, NULL},
        {"/v2/bulkevents", KEY, "[]", 400, 0, NULL},
    };
    struct world w;
    struct err e = {0};
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ask(&w, post(&w.arena, cases[i].path, cases[i].key, str_of(cases[i].body))), cases[i].status);
    struct spool_reader *r;
    struct spool_entry x;
    bool got;
    if (!spool_reader_open(w.spool, (struct spool_position){0, 0}, &r, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!cases[i].kind)
            continue;
        assert_true(spool_next(r, &x, &got, &e) && got);
        struct str want = str_of(cases[i].stored ? cases[i].stored : cases[i].body);
        assert_int_equal(x.record.kind, cases[i].kind);
        assert_true(str_eq(x.record.body, want));
        assert_true(str_eq(x.record.source, cases[i].key[4] == 'o' ? STR("web.site") : STR("web.hook")));
        assert_true(str_find(x.record.meta, STR("\"ip\":\"127.0.0.1\""), 0) != SIZE_MAX);
        assert_true(x.record.received_us > 0);
    }
    assert_true(spool_next(r, &x, &got, &e));
    assert_false(got); /* nothing of what was refused */
    spool_reader_close(r);

    struct buf b = BUF_INIT((size_t)64 << 10);
    collect_stats_json(w.c, &b);
    yyjson_doc *doc = yyjson_read(b.p, b.n, 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *site = yyjson_obj_get(yyjson_obj_get(root, "sources"), "web.site");
    assert_int_equal(yyjson_get_int(yyjson_obj_get(site, "requests")), 15);
    assert_int_equal(yyjson_get_int(yyjson_obj_get(site, "events")), 16);
    assert_int_equal(yyjson_get_int(yyjson_ptr_get(site, "/refused/TR205")), 3);
    assert_int_equal(yyjson_get_int(yyjson_ptr_get(root, "/without_key/refused/TR013")), 1);
    yyjson_doc_free(doc);
    buf_fini(&b);
    close_world(&w);
}

/* ---- many at once ---- */
struct client {
    struct world *w;
    int seed, kept, refused, lost;
    pthread_t thread;
};

static void *run_client(void *arg)
{
    struct client *c = arg;
    unsigned r = (unsigned)c->seed * 7919;
    char room[8192];
    struct arena a;
    arena_init(&a);
    int fd = dial(collect_port(c->w->c));
    for (int i = 0; i < 200; i++) {
        r = r * 1103515245 + 12345;
        struct str body =
            arena_printf(&a, "{\"userId\":\"u%d\",\"event\":\"e\",\"pad\":\"%0*d\"}", i, (int)(r >> 16) % 3000 + 1, 0);
        const char *key = r >> 20 & 7 ? KEY : "unknown";
        say(fd, post(&a, "/v1/track", key, body));
        if ((r >> 24 & 15) == 0) { /* leaves, and comes again */
            close(fd);
            fd = dial(collect_port(c->w->c));
            c->lost++;
            continue;
        }
        int status = hear(fd, room, sizeof room);
        c->kept += status == 200;
        c->refused += status == 401;
    }
    close(fd);
    arena_fini(&a);
    return NULL;
}

static void *run_refresh(void *collect)
{
    config_refresh(collect);
    return NULL;
}

/* Who sees that the settings changed has them, while another thread still reads a long list. */
static void a_new_key_is_known_to_all_at_once(void **state)
{
    (void)state;
    struct world w;
    struct buf more = BUF_INIT((size_t)64 << 20);
    open_world(&w);
    buf_addz(&more, ",\"note\":\"");
    for (int i = 0; i < 200000; i++)
        buf_addz(&more, "................................");
    buf_addz(&more, "\"");
    for (int round = 0; round < 5; round++) {
        struct fs_stat st = {0};
        pthread_t other;
        int64_t before_ns = 0, seen_ns;
        struct collect_config *before = config_hold(w.c);
        pthread_mutex_lock(&w.c->lock);
        before_ns = w.c->config_mtime_ns;
        pthread_mutex_unlock(&w.c->lock);
        buf_addc(&more, ' '); /* another size */
        write_settings(&w, buf_z(&more));
        assert_true(fs_stat(w.settings, &st));
        assert_int_equal(pthread_create(&other, NULL, run_refresh, w.c), 0);
        do {
            pthread_mutex_lock(&w.c->lock);
            seen_ns = w.c->config_mtime_ns;
            pthread_mutex_unlock(&w.c->lock);
        } while (seen_ns == before_ns);
        struct collect_config *now = config_hold(w.c);
        bool fresh = now != before;
        config_drop(now);
        config_drop(before);
        pthread_join(other, NULL);
        assert_true(fresh);
    }
    close_world(&w);
    buf_fini(&more);
}

static void many_clients_while_settings_change(void **state)
{
    (void)state;
    struct world w;
    struct client clients[8];
    struct err e = {0};
    int kept = 0, refused = 0, lost = 0, records = 0;
    open_world(&w);
    for (int i = 0; i < 8; i++) {
        clients[i] = (struct client){.w = &w, .seed = i + 1};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    for (int i = 0; i < 10; i++) {
        char more[64];
        snprintf(more, sizeof more, ",\"note\":\"%0*d\"", i + 1, i); /* another size: read anew */
        write_settings(&w, more);
        config_refresh(w.c);
        struct buf b = BUF_INIT((size_t)64 << 10);
        collect_stats_json(w.c, &b);
        assert_false(b.failed);
        buf_fini(&b);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(clients[i].thread, NULL);
        kept += clients[i].kept;
        refused += clients[i].refused;
        lost += clients[i].lost;
    }
    assert_int_equal(kept + refused + lost, 1600);
    assert_true(kept > 800 && refused > 50);
    collect_close(w.c); /* all that was taken is on disk */
    w.c = NULL;
    struct spool_reader *r;
    struct spool_entry x;
    bool got = true;
    if (!spool_reader_open(w.spool, (struct spool_position){0, 0}, &r, &e))
        fail_msg("%s", e.text);
    while (got) {
        if (!spool_next(r, &x, &got, &e))
            fail_msg("%s", e.text);
        records += got;
    }
    spool_reader_close(r);
    assert_in_range(records, kept, kept + lost);
    close_world(&w);
}

/* ---- a disk that fails ---- */
#ifdef TRELLIS_FAULTS
static void a_failing_disk_is_said_and_survived(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_WRITE, FAULT_SYNC};
    struct world w;
    struct err e = {0};
    int kept = 0, failed = 0, records = 0;
    open_world(&w);
    for (int round = 0; round < 6; round++) {
        int status = 0;
        fault_arm(kinds[round % 2], 1, true);
        for (int i = 0; i < 500 && status != 200; i++) { /* as a client that tries again */
            char room[4096];
            int fd = dial(collect_port(w.c));
            say(fd, post(&w.arena, "/v1/track", KEY, STR("{\"userId\":\"u\",\"event\":\"e\"}")));
            status = hear(fd, room, sizeof room);
            close(fd);
            assert_true(status == 200 || status == 503);
            if (status == 503) {
                assert_non_null(strstr(room, "Retry-After: "));
                assert_non_null(strstr(room, "{\"success\":false,\"error\":{\"code\":\"TR0"));
                if (i == 2)
                    fault_disarm();
                usleep(20000);
            }
            kept += status == 200;
            failed += status == 503;
        }
        assert_int_equal(status, 200); /* the disk is well again, and so is the collector */
        fault_disarm();
    }
    assert_true(failed >= 6);
    collect_close(w.c);
    w.c = NULL;
    struct spool_reader *r;
    struct spool_entry x;
    bool got = true;
    assert_true(spool_reader_open(w.spool, (struct spool_position){0, 0}, &r, &e));
    while (got) {
        if (!spool_next(r, &x, &got, &e))
            got = true; /* a damaged place is named, and the reader goes on */
        else
            records += got;
    }
    assert_int_equal(records, kept); /* what was refused is not there, what was answered is */
    spool_reader_close(r);
    close_world(&w);
}
#endif

/* ---- parts ---- */
static struct str packed_gzip(struct arena *a, struct str s, int bits)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, 0), Z_OK);
    size_t room = deflateBound(&z, (uLong)s.n);
    char *out = arena_alloc(a, room);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return (struct str){out, room - z.avail_out};
}

static struct str packed_zstd(struct arena *a, struct str s)
{
    size_t room = ZSTD_compressBound(s.n);
    char *out = arena_alloc(a, room);
    return (struct str){out, ZSTD_compress(out, room, s.p, s.n, 3)};
}

static void codings(void **state)
{
    (void)state;
    struct arena a;
    struct buf out = BUF_INIT((size_t)16 << 20);
    struct err e = {0};
    int status;
    arena_init(&a);
    char *zeros = arena_alloc(&a, 8 << 20);
    struct str text = STR("{\"batch\":[1,2,3]}"), large = {zeros, 8 << 20};
    const struct {
        const char *coding;
        struct str packed;
        int status; /* 0: fine */
    } cases[] = {
        {"gzip", packed_gzip(&a, text, 15 + 16), 0},    {"deflate", packed_gzip(&a, text, 15), 0},
        {"deflate", packed_gzip(&a, text, -15), 0},     {"zstd", packed_zstd(&a, text), 0},
        {"gzip", packed_gzip(&a, text, 15), 400},       {"zstd", packed_gzip(&a, text, 15), 400},
        {"gzip", packed_gzip(&a, large, 15 + 16), 413}, {"deflate", packed_gzip(&a, large, 15), 413},
        {"zstd", packed_zstd(&a, large), 413},          {"lzma", text, 415},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        status = 0;
        bool good = unpack(str_of(cases[i].coding), cases[i].packed, 4 << 20, &out, &status, &e);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(good, cases[i].status == 0);
        if (good)
            assert_true(str_eq(buf_str(&out), text));
        for (size_t n = 0; good && n < cases[i].packed.n; n++) /* cut anywhere: never taken for whole */
            assert_false(unpack(str_of(cases[i].coding), (struct str){cases[i].packed.p, n}, 4 << 20, &out, &status, &e));
    }
    buf_fini(&out);
    arena_fini(&a);
}

static size_t depth_of(yyjson_val *v)
{
    size_t deepest = 0, i, n;
    yyjson_val *key, *child;
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, child)
        {
            size_t d = depth_of(child);
            deepest = d > deepest ? d : deepest;
        }
    } else if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, child)
        {
            size_t d = depth_of(child);
            deepest = d > deepest ? d : deepest;
        }
    }
    return yyjson_is_ctn(v) ? deepest + 1 : deepest;
}

/* Random trees around the limit: the quick way and the plain one agree. */
static void depth_is_measured_rightly(void **state)
{
    (void)state;
    struct scratch s = {0};
    struct buf b = BUF_INIT((size_t)1 << 20);
    int deep = 0, flat = 0;
    unsigned r = 1;
    for (int round = 0; round < 400; round++) {
        char closing[512];
        size_t n = 0, steps = 150 + (size_t)(round % 110);
        buf_reset(&b);
        for (size_t i = 0; i < steps; i++) {
            r = r * 1103515245 + 12345;
            bool object = r >> 16 & 1;
            buf_addz(&b, object ? "{" : "[");
            for (unsigned k = 0; k < (r >> 20 & 3); k++)
                buf_printf(&b, object ? "\"k%u\":[[],{}]," : "[1,{\"a\":%u}],", k);
            if (object)
                buf_addz(&b, "\"d\":");
            closing[n++] = object ? '}' : ']';
        }
        buf_addz(&b, "0");
        while (n)
            buf_addc(&b, closing[--n]);
        struct err e = {0};
        yyjson_doc *doc = body_read(&s, buf_str(&b), false, &e), *plain = yyjson_read(b.p, b.n, 0);
        bool too_deep = depth_of(yyjson_doc_get_root(plain)) > BODY_MAX_DEPTH;
        assert_int_equal(doc == NULL, too_deep);
        deep += too_deep;
        flat += !too_deep;
        yyjson_doc_free(plain);
    }
    assert_true(deep > 50 && flat > 50);
    mem_free(s.pool);
    buf_fini(&b);
}

static void settings_are_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"{\"version\":1,\"sources\":[]}", true},
        {"{\"version\":1,\"sources\":[{\"ref\":\"a.b\"}],\"suppressed\":{\"key\":\"\",\"hashes\":[]}}", true},
        {"", false},
        {"[]", false},
        {"{\"version\":1}", false},
        {"{\"version\":2,\"sources\":[]}", false},
        {"{\"version\":1,\"sources\":[{}]}", false},
        {"{\"version\":1,\"sources\":[{\"ref\":\"a.b\",\"keys\":[{\"sha256\":\"00\"}]}]}", false},
        {"{\"version\":1,\"sources\":[],\"suppressed\":{\"hashes\":[\"00112233445566778899aabbccddeeff\"]}}", false},
        {"{\"version\":1,\"sources\":[],\"suppressed\":{\"key\":\"zz\",\"hashes\":[\"00112233445566778899aabbccddeeff\"]}}",
         false},
    };
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        pthread_mutex_lock(&w.c->lock);
        struct collect_config *g = config_parse(w.c, str_of(cases[i].text), &e);
        pthread_mutex_unlock(&w.c->lock);
        assert_int_equal(g != NULL, cases[i].good);
        assert_int_equal(e.code != E_OK, !cases[i].good);
        config_drop(g);
    }
    close_world(&w);
}

/* Who was erased stays erased however his address or number is written. */
static void spellings_of_one_identifier_are_one(void **state)
{
    static const unsigned char key[SUPPRESS_KEY_BYTES] = {7};
    static const struct {
        const char *kind, *a, *b;
        bool same;
    } cases[] = {
        {"phone", "+49 170 1234567", "+491701234567", true},
        {"phone", "0049-170/1234567", "491701234567", true},
        {"phone", "(030) 123 45", "03012345", true},
        {"phone", "+49 170 1234567", "+49 170 1234568", false},
        {"phone", "12-34", "1234", false}, /* too short for a number */
        {"phone", "u-12345678", "12345678", false},
        {"user_id", "49 170 1234567", "491701234567", false},
        {"email", " Ana@Example.ORG ", "ana@example.org", true},
        {"email", "\xC3\x9CNAL@example.org", "\xC3\xBCnal@Example.org", true},
        {"email", "\xC4\xB9\xC5\x81\xC5\xBD@x.org", "\xC4\xBA\xC5\x82\xC5\xBE@x.org", true},
        {"user_id", "\xD0\x96\xD0\x90\xD0\x8F\xCE\xA9", "\xD0\xB6\xD0\xB0\xD1\x9F\xCF\x89", true},
        {"user_id", "\xC3\x97", "\xC3\xB7", false}, /* signs, not letters */
        {"user_id", "\xC3", "\xE3", false},
        {"user_id", "a", "b", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suppress_hash a, b;
        suppress_hash(key, str_of(cases[i].kind), str_of(cases[i].a), &a);
        suppress_hash(key, str_of(cases[i].kind), str_of(cases[i].b), &b);
        if (str_eq(str_of(a.z), str_of(b.z)) != cases[i].same)
            fail_msg("%s: %s and %s", cases[i].kind, cases[i].a, cases[i].b);
    }
}

static bool is_ana(const void *ctx, struct str kind, struct str value)
{
    (void)ctx;
    return str_eq(kind, STR("email")) && str_eq_nocase(value, STR("ana@example.org"));
}

/* An address is found inside of a link, a sentence, a parameter. */
static void addresses_are_found_inside_of_texts(void **state)
{
    static const struct {
        const char *text;
        bool found;
    } cases[] = {
        {"ana@example.org", true},
        {"https://shop.example.org/unsubscribe?mail=ana%40example.org&list=3", true},
        {"https://shop.example.org/u/Ana@Example.org/", true},
        {"mailto:ana@example.org?subject=hello", true},
        {"Written to ana@example.org.", true},
        {"<ana@example.org>, \"Berta\" <berta@example.org>", true},
        {"berta@example.org;ana@example.org", true},
        {"{\"email\":\"ana@example.org\"}", true},
        {"?q=%7B%22email%22%3A%22ana%40example.org%22%7D", true},
        {"joana@example.org", false},
        {"ana@example.org.uk", false},
        {"ana@example.com", false},
        {"@@@@", false},
        {"%40%4", false},
        {"a%40", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yyjson_mut_doc *made = yyjson_mut_doc_new(NULL);
        yyjson_mut_doc_set_root(made, yyjson_mut_str(made, cases[i].text));
        yyjson_doc *doc = yyjson_mut_doc_imut_copy(made, NULL);
        if (suppress_mail_in(yyjson_doc_get_root(doc), is_ana, NULL) != cases[i].found)
            fail_msg("%s", cases[i].text);
        yyjson_doc_free(doc);
        yyjson_mut_doc_free(made);
    }
}

static void proxies_of_our_own_are_believed(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        bool near;
    } cases[] = {{"127.0.0.1", true}, {"10.1.2.3", true}, {"172.16.0.1", true}, {"172.32.0.1", false}, {"192.168.7.7", true},
                 {"8.8.8.8", false},  {"::1", true},      {"fd00::1", true},    {"fe80::1", true},     {"2001:db8::1", false},
                 {"", false},         {"10.1.2", false},  {"localhost", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ip_is_near(str_of(cases[i].ip)), cases[i].near);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_has_its_record),
        cmocka_unit_test(many_clients_while_settings_change),
        cmocka_unit_test(a_new_key_is_known_to_all_at_once),
#ifdef TRELLIS_FAULTS
        cmocka_unit_test(a_failing_disk_is_said_and_survived),
#endif
        cmocka_unit_test(codings),
        cmocka_unit_test(depth_is_measured_rightly),
        cmocka_unit_test(settings_are_read_or_refused),
        cmocka_unit_test(proxies_of_our_own_are_believed),
        cmocka_unit_test(spellings_of_one_identifier_are_one), cmocka_unit_test(addresses_are_found_inside_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
