/* The spool as its users see it: what is appended is read, in order, by any reader, from any place; limits, locks, using
 * files again, waiting; and the bytes on disk. */
#include "spool_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/clock.h"
#include "spool/format.h"
#include "spool/segments.h"

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    expect_run(f, 0, 0); /* no spool at all is an empty one */
    struct spool_writer *w = writer_of(f, 0);
    expect_run(f, 0, 0);
    for (long n = 0; n < 300; n++)
        append(f, w, n);
    expect_run(f, 0, 300);
    struct spool_stats st;
    spool_writer_stats(w, &st);
    assert_int_equal(st.records, 300);
    assert_int_equal(st.groups, 300);
    assert_int_equal(st.segments, 1);
    assert_false(st.full);
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_int_equal(spool_position_cmp(s.next, spool_durable(w)), 0);
    free(s.v);
    spool_writer_close(w);
    expect_run(f, 0, 300);
    w = writer_of(f, 0); /* goes on behind */
    append(f, w, 300);
    spool_writer_close(w);
    expect_run(f, 0, 301);
    spool_writer_close(NULL);
    spool_reader_close(NULL);
}

static void test_many_segments(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    for (long n = 0; n < 200; n++)
        append(f, w, n);
    struct spool_stats st;
    spool_writer_stats(w, &st);
    assert_true(st.segments > 10);
    expect_run(f, 0, 200);
    spool_writer_close(w);
    expect_run(f, 0, 200);
    w = writer_of(f, 2 * SMALL); /* another size from here on */
    for (long n = 200; n < 300; n++)
        append(f, w, n);
    spool_writer_close(w);
    expect_run(f, 0, 300);
}

/* Records of every size up to the largest, and one too many. */
static void test_sizes(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    char *room = malloc(1 << 20);
    long n = 0;
    size_t most = SMALL - SPOOL_BLOCK - SPOOL_GROUP_HEAD - SPOOL_RECORD_HEAD - 40;
    for (size_t bytes = 60; bytes < most; bytes += 997, n++) {
        struct spool_record r = record_of(n, bytes, room);
        assert_true(spool_append_wait(w, &r, &f->e));
    }
    struct spool_record r = record_of(n, SMALL, room);
    assert_false(spool_append_wait(w, &r, &f->e));
    assert_int_equal(f->e.code, E_TOO_LARGE);
    r = record_of(n++, most, room);
    assert_true(spool_append_wait(w, &r, &f->e));
    r.body = r.meta = r.source = STR(""); /* nothing but a kind */
    r.kind = (enum spool_kind)99;
    assert_false(spool_append_wait(w, &r, &f->e));
    spool_writer_close(w);
    expect_run(f, 0, n);
    w = writer_of(f, 0); /* a request of 20 MB in segments of the usual size */
    char *large = calloc(1, 20 << 20);
    memset(large, 'x', 20 << 20);
    r = (struct spool_record){.kind = SPOOL_BATCH, .source = STR("a.b"), .meta = STR("{}"), .body = {large, 20 << 20}};
    assert_true(spool_append_wait(w, &r, &f->e));
    spool_writer_close(w);
    struct spool_reader *rd;
    struct spool_entry entry;
    bool got;
    assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &rd, &f->e));
    for (long i = 0; i <= n; i++) {
        assert_true(spool_next(rd, &entry, &got, &f->e));
        assert_true(got);
    }
    assert_int_equal(entry.record.body.n, 20 << 20);
    assert_memory_equal(entry.record.body.p, large, 20 << 20);
    spool_reader_close(rd);
    free(large);
    free(room);
}

/* Many records in one group: a writer that is slow to write lets them gather. */
struct gather {
    atomic_int done, failed;
};

static void gathered(void *ctx, const struct err *e)
{
    struct gather *g = ctx;
    if (e)
        atomic_fetch_add(&g->failed, 1);
    atomic_fetch_add(&g->done, 1);
}

static void append_many(struct fixture *f, struct spool_writer *w, long from, long to)
{
    struct gather g = {0};
    char room[2048];
    for (long n = from; n < to; n++) {
        struct spool_record r = record_of(n, size_of_number(n), room);
        while (!spool_append(w, &r, gathered, &g, &f->e)) {
            assert_int_equal(f->e.code, E_BUSY);
            usleep(100);
        }
    }
    while (atomic_load(&g.done) < to - from)
        usleep(100);
    assert_int_equal(atomic_load(&g.failed), 0);
}

/* A reader that begins at any record, or behind it, gets exactly what follows. */
static void test_every_place(void **state)
{
    struct fixture *f = *state;
    struct spool_options o = {.dir = f->dir, .segment_bytes = SMALL, .group_delay_us = 3000};
    struct spool_writer *w;
    assert_true(spool_writer_open(&o, &w, &f->e));
    for (long n = 0; n < 400; n += 20)
        append_many(f, w, n, n + 20);
    struct spool_stats st;
    spool_writer_stats(w, &st);
    assert_true(st.groups < 200);
    spool_writer_close(w);
    struct spool_reader *r;
    struct spool_entry entry;
    struct spool_position at[401];
    bool got;
    assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &r, &f->e));
    for (int i = 0; i < 400; i++) {
        assert_true(spool_next(r, &entry, &got, &f->e) && got);
        at[i] = entry.at;
        at[i + 1] = entry.next;
    }
    spool_reader_close(r);
    for (int i = 0; i <= 400; i++) {
        struct seen s = read_all(f, at[i]);
        assert_int_equal(s.damages, 0);
        assert_int_equal(s.n, 400 - i);
        for (size_t k = 0; k < s.n; k++)
            assert_int_equal(s.v[k], i + (long)k);
        free(s.v);
    }
    /* between two records: the next one */
    struct seen s = read_all(f, (struct spool_position){at[5].segment, at[5].offset + 8});
    assert_int_equal(s.v[0], 6);
    free(s.v);
    /* a place that never was */
    s = read_all(f, (struct spool_position){1000, 4096});
    assert_int_equal(s.n, 0);
    free(s.v);
}

static void test_one_writer(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL), *other;
    struct spool_options o = {.dir = f->dir, .segment_bytes = SMALL};
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld ", (long)getpid());
    assert_false(spool_writer_open(&o, &other, &f->e));
    assert_int_equal(f->e.code, E_BUSY);
    assert_non_null(strstr(f->e.text, pid));
    assert_null(other);
    append(f, w, 0);
    spool_writer_close(w);
    w = writer_of(f, SMALL);
    spool_writer_close(w);
    expect_run(f, 0, 1);
    struct stat st;
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    char path[128];
    snprintf(path, sizeof path, "%s/0000000000000001.seg", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- The limit, and room again ---- */

static void test_limit(void **state)
{
    struct fixture *f = *state;
    struct spool_options o = {.dir = f->dir, .segment_bytes = SMALL, .limit_bytes = 3 * SMALL};
    struct spool_writer *w;
    struct spool_stats st;
    struct err e = {0};
    char room[2048];
    long n = 0;
    assert_true(spool_writer_open(&o, &w, &f->e));
    for (;; n++) {
        struct spool_record r = record_of(n, size_of_number(n), room);
        if (!spool_append_wait(w, &r, &e))
            break;
        assert_true(n < 100);
    }
    assert_int_equal(e.code, E_NO_SPACE);
    assert_true(n > 30);
    spool_writer_stats(w, &st);
    assert_true(st.full);
    struct spool_record r = record_of(n, 100, room);
    assert_false(spool_append(w, &r, NULL, NULL, &e)); /* at once */
    assert_int_equal(e.code, E_NO_SPACE);
    assert_true(e.hint[0] != 0);
    expect_run(f, 0, n); /* what was refused is not there */
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_true(spool_loaded_set(f->dir, s.next, &f->e)); /* loaded: room again */
    free(s.v);
    for (int i = 0; i < 500; i++) {
        if (spool_append_wait(w, &r, &e))
            break;
        usleep(10000);
    }
    spool_writer_stats(w, &st);
    assert_false(st.full);
    s = read_all(f, s.next);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.v[0], n);
    free(s.v);
    spool_writer_close(w);
    struct spool_files files;
    int dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    assert_true(spool_files_list(dir_fd, &files, &f->e));
    assert_true(files.bytes <= 3 * SMALL);
    assert_int_equal(files.n_half, 0);
    spool_files_fini(&files);
    close(dir_fd);
}

static void test_backlog(void **state)
{
    struct fixture *f = *state;
    struct spool_options o = {.dir = f->dir, .segment_bytes = 1 << 20, .backlog_bytes = 20000, .group_delay_us = 300000};
    struct spool_writer *w;
    struct gather g = {0};
    char room[2048];
    int taken = 0;
    assert_true(spool_writer_open(&o, &w, &f->e));
    for (;; taken++) {
        struct spool_record r = record_of(taken, 1000, room);
        if (!spool_append(w, &r, gathered, &g, &f->e))
            break;
        assert_true(taken < 100);
    }
    assert_int_equal(f->e.code, E_BUSY);
    assert_in_range(taken, 15, 20);
    spool_writer_close(w); /* writes what was taken */
    assert_int_equal(atomic_load(&g.done), taken);
    assert_int_equal(atomic_load(&g.failed), 0);
    expect_run(f, 0, taken);
}

/* ---- Using files again ---- */

static void test_used_again(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    struct spool_position place = {0, 0};
    struct spool_files files;
    struct spool_reader *slow;
    struct spool_entry entry;
    bool got;
    int dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    append(f, w, 0);
    assert_true(spool_reader_open(f->dir, place, &slow, &f->e));
    assert_true(spool_next(slow, &entry, &got, &f->e) && got);
    for (long n = 1; n < 2000; n += 50) {
        for (long i = n; i < n + 50; i++)
            append(f, w, i);
        struct seen s = read_all(f, place);
        assert_int_equal(s.damages, 0);
        assert_int_equal(s.n, n == 1 ? 51 : 50);
        assert_int_equal(s.v[s.n - 1], n + 49);
        place = s.next;
        assert_true(spool_loaded_set(f->dir, place, &f->e));
        free(s.v);
        assert_true(spool_files_list(dir_fd, &files, &f->e));
        assert_true(files.n_segments + files.n_free < 20); /* and not 170 */
        spool_files_fini(&files);
    }
    /* A reader that was overtaken goes on with what there is; what it missed was loaded by the one that counts. */
    size_t after = 0;
    long last = -1;
    for (; spool_next(slow, &entry, &got, &f->e) && got; after++) {
        long n = number_of(&entry.record);
        assert_true(n > last);
        last = n;
    }
    assert_false(got);
    assert_true(after > 0 && after < 500);
    spool_reader_close(slow);
    spool_writer_close(w);
    close(dir_fd);
    w = writer_of(f, SMALL);
    append(f, w, 5000);
    struct seen s = read_all(f, place);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.v[0], 5000);
    free(s.v);
    spool_writer_close(w);
}

static void test_loaded(void **state)
{
    struct fixture *f = *state;
    struct spool_position p = {9, 9};
    assert_true(spool_loaded_get(f->dir, &p, &f->e)); /* no folder */
    assert_int_equal(p.segment, 0);
    assert_true(fs_mkdirs(f->dir, 0700, &f->e));
    assert_true(spool_loaded_get(f->dir, &p, &f->e));
    assert_int_equal(p.segment + p.offset, 0);
    assert_true(spool_loaded_set(f->dir, (struct spool_position){17, 12345}, &f->e));
    assert_true(spool_loaded_get(f->dir, &p, &f->e));
    assert_int_equal(p.segment, 17);
    assert_int_equal(p.offset, 12345);
    char path[128];
    snprintf(path, sizeof path, "%s/loaded", f->dir);
    static const char *const bad[] = {"", "17", "17 12345", "17 12345 0000000000000000\n", "x y z\n", "17 12345 \n", "  \n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(fs_write_atomic(path, str_of(bad[i]), 0600, &f->e));
        assert_false(spool_loaded_get(f->dir, &p, &f->e));
        assert_int_equal(f->e.code, E_SPOOL);
    }
    /* The writer works on, frees nothing, and numbers above what it finds. */
    struct spool_writer *w = writer_of(f, SMALL);
    append(f, w, 0);
    spool_writer_close(w);
    expect_run(f, 0, 1);
}

/* Files that were lost, and a place in the ledger that was not: what is written later lies behind that place. */
static void test_numbers_never_come_back(void **state)
{
    struct fixture *f = *state;
    assert_true(fs_mkdirs(f->dir, 0700, &f->e));
    assert_true(spool_loaded_set(f->dir, (struct spool_position){57, 8192}, &f->e));
    struct spool_writer *w = writer_of(f, SMALL);
    append(f, w, 0);
    assert_int_equal(spool_durable(w).segment, 58);
    spool_writer_close(w);
    struct seen s = read_all(f, (struct spool_position){57, 8192});
    assert_int_equal(s.n, 1);
    assert_int_equal(s.damages, 0);
    free(s.v);
    char path[128];
    snprintf(path, sizeof path, "%s/0000000000000058.seg", f->dir);
    assert_int_equal(unlink(path), 0);
    w = writer_of(f, SMALL);
    append(f, w, 1);
    assert_int_equal(spool_durable(w).segment, 59);
    spool_writer_close(w);
}

static void test_missing_segment(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    for (long n = 0; n < 100; n++)
        append(f, w, n);
    spool_writer_close(w);
    char path[128];
    snprintf(path, sizeof path, "%s/0000000000000003.seg", f->dir);
    assert_int_equal(unlink(path), 0);
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_int_equal(s.damages, 1);
    assert_non_null(strstr(f->e.text, "0000000000000003.seg is missing"));
    assert_true(s.n < 100 && s.n > 50);
    assert_int_equal(s.v[s.n - 1], 99);
    free(s.v);
    assert_true(spool_loaded_set(f->dir, (struct spool_position){4, 4096}, &f->e)); /* it was loaded: nothing is lost */
    s = read_all(f, (struct spool_position){3, 8192});
    assert_int_equal(s.damages, 0);
    free(s.v);
}

/* ---- Waiting, and other threads and processes ---- */

static void *append_later(void *arg)
{
    void **both = arg;
    usleep(50000);
    append(both[0], both[1], 0);
    return NULL;
}

static void test_waiting(void **state)
{
    struct fixture *f = *state;
    struct spool_reader *r;
    struct spool_entry entry;
    bool got;
    assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &r, &f->e));
    assert_false(spool_wait(r, 20, -1)); /* no spool: the time passes */
    struct spool_writer *w = writer_of(f, SMALL);
    while (spool_wait(r, 200, -1)) /* it is there now */
        assert_true(spool_next(r, &entry, &got, &f->e) && !got);
    pthread_t t;
    void *both[] = {f, w};
    assert_int_equal(pthread_create(&t, NULL, append_later, both), 0);
    assert_true(spool_wait(r, 60000, -1));
    assert_true(spool_next(r, &entry, &got, &f->e));
    assert_true(got);
    pthread_join(t, NULL);
    spool_wait(r, 0, -1);
    assert_false(spool_wait(r, 20, -1));
    int wake = eventfd(1, EFD_CLOEXEC);
    assert_true(spool_wait(r, 60000, wake));
    append(f, w, 1); /* between looking and waiting */
    assert_true(spool_wait(r, 60000, -1));
    close(wake);
    spool_reader_close(r);
    spool_writer_close(w);
}

struct crowd {
    struct fixture *f;
    struct spool_writer *w;
    atomic_long next;
    long to;
};

static void *crowd_append(void *arg)
{
    struct crowd *c = arg;
    for (long n; (n = atomic_fetch_add(&c->next, 1)) < c->to;)
        append(c->f, c->w, n);
    return NULL;
}

/* Eight threads write, a reader in this process and one in another follow; each sees every record once, none before it is
 * durable. */
static void follow(struct fixture *f, struct spool_writer *w, long to)
{
    struct spool_reader *r;
    struct spool_entry entry;
    bool got;
    char *once = calloc(1, (size_t)to);
    long n = 0;
    struct err e = {0};
    assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &r, &e));
    while (n < to) {
        assert_true(spool_next(r, &entry, &got, &e));
        if (!got) {
            spool_wait(r, 1000, -1);
            continue;
        }
        if (w)
            assert_true(spool_position_cmp(entry.next, spool_durable(w)) <= 0);
        struct spool_record *q = &entry.record;
        long number = -1;
        assert_int_equal(sscanf(q->body.p, "{\"n\":%ld,", &number), 1);
        assert_in_range(number, 0, to - 1);
        assert_int_equal(once[number]++, 0);
        n++;
    }
    free(once);
    spool_reader_close(r);
}

static void *follow_main(void *arg)
{
    struct crowd *c = arg;
    follow(c->f, c->w, c->to);
    return NULL;
}

static void test_crowd(void **state)
{
    struct fixture *f = *state;
    enum { THREADS = 8, RECORDS = 8000 };
    pid_t pid = fork(); /* before there are threads */
    if (pid == 0) {
        follow(f, NULL, RECORDS);
        _exit(0);
    }
    struct crowd c = {.f = f, .w = writer_of(f, 1 << 20), .to = RECORDS};
    pthread_t t[THREADS], reader;
    assert_int_equal(pthread_create(&reader, NULL, follow_main, &c), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, crowd_append, &c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    pthread_join(reader, NULL);
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct spool_stats st;
    spool_writer_stats(c.w, &st);
    assert_int_equal(st.records, RECORDS);
    assert_true(st.groups <= RECORDS);
    spool_writer_close(c.w);
}

/* ---- The bytes ---- */

static void hex_of(struct buf *b, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%02x", (unsigned)(unsigned char)p[i]);
}

/* These bytes are what released versions have written: they may be added to, never changed. */
static void test_golden_bytes(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(1 << 20);
    char block[SPOOL_BLOCK];
    struct spool_head h = {.segment = 7,
                           .epoch = 0x1122334455667788,
                           .segment_bytes = 65536,
                           .prev_segment = 6,
                           .prev_end = 8192,
                           .prev_epoch = 0x99aabbccddeeff00,
                           .first_group = 12,
                           .first_record = 345,
                           .created_us = 1700000000000000};
    spool_head_put(block, &h);
    hex_of(&b, block, 112);
    assert_string_equal(buf_z(&b),
                        "54726c53706f6f6c01000000001000000700000000000000887766554433221100000100000000000600000000000000"
                        "002000000000000000ffeeddccbbaa990c00000000000000590100000000000000401e18240a06000000000000000000"
                        "d46b69f61a7423a70000000000000000");
    for (size_t i = 104; i < sizeof block; i++)
        assert_int_equal(block[i], 0);
    buf_reset(&b);
    struct spool_record r = {.received_us = 1700000000123456,
                             .kind = SPOOL_IDENTIFY,
                             .source = STR("web.site"),
                             .meta = STR("{\"key\":3}"),
                             .body = STR("{\"userId\":\"u1\"}")};
    char group[SPOOL_GROUP_HEAD + 56];
    assert_int_equal(spool_record_bytes(&r), 56);
    spool_record_put(group + SPOOL_GROUP_HEAD, &r);
    struct spool_group g = {.at = 4096, .group = 12, .first_record = 345, .records = 1, .payload_bytes = 56};
    spool_group_put(group, &g, h.epoch);
    hex_of(&b, group, sizeof group);
    assert_string_equal(buf_z(&b),
                        "c8da6c344e17d87454726c470100000000100000000000000c0000000000000059010000000000003800000000000000"
                        "6672a457e62b59b200000000000000003800000004000800090000000f00000040222018240a06007765622e73697465"
                        "7b226b6579223a337d7b22757365724964223a227531227d");
    struct spool_group back;
    assert_true(spool_group_get(group, h.epoch, 4096, &back));
    assert_true(spool_group_whole(&back, group + SPOOL_GROUP_HEAD, h.epoch));
    assert_false(spool_group_get(group, h.epoch + 1, 4096, &back)); /* of another life of the file */
    assert_false(spool_group_get(group, h.epoch, 8192, &back));     /* at another place */
    buf_reset(&b);
    char note[SPOOL_DURABLE_BYTES];
    spool_durable_put(note, &(struct spool_durable_note){{7, 8192}, 13, 346});
    hex_of(&b, note, sizeof note);
    assert_string_equal(buf_z(&b),
                        "54726c447572626c070000000000000000200000000000000d000000000000005a01000000000000143938558f96abff"
                        "00000000000000000000000000000000");
    buf_fini(&b);
}

/* A newer format is refused by the writer and by readers. */
static void test_newer_format(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    append(f, w, 0);
    spool_writer_close(w);
    char path[128], block[SPOOL_BLOCK];
    snprintf(path, sizeof path, "%s/0000000000000001.seg", f->dir);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, block, sizeof block, 0), sizeof block);
    block[8] = 3;
    uint64_t check = spool_hash((struct str){block, 96});
    memcpy(block + 96, &check, sizeof check); /* little-endian machines run these tests */
    assert_int_equal(pwrite(fd, block, sizeof block, 0), sizeof block);
    close(fd);
    struct spool_options o = {.dir = f->dir, .segment_bytes = SMALL};
    assert_false(spool_writer_open(&o, &w, &f->e));
    assert_int_equal(f->e.code, E_STATE_NEWER);
    struct spool_reader *r;
    struct spool_entry entry;
    bool got;
    assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &r, &f->e));
    assert_false(spool_next(r, &entry, &got, &f->e));
    assert_int_equal(f->e.code, E_STATE_NEWER);
    spool_reader_close(r);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_round_trip),      WITH_FOLDER(test_many_segments),
        WITH_FOLDER(test_sizes),           WITH_FOLDER(test_every_place),
        WITH_FOLDER(test_one_writer),      WITH_FOLDER(test_limit),
        WITH_FOLDER(test_backlog),         WITH_FOLDER(test_used_again),
        WITH_FOLDER(test_loaded),          WITH_FOLDER(test_numbers_never_come_back),
        WITH_FOLDER(test_missing_segment), WITH_FOLDER(test_waiting),
        WITH_FOLDER(test_crowd),           cmocka_unit_test(test_golden_bytes),
        WITH_FOLDER(test_newer_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
