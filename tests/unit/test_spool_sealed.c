/* The spool under a key: nothing of a request is readable in its files, and what was changed or belongs to another key is told. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cipher.h"
#include "base/fs.h"
#include "spool/format.h"
#include "spool/spool.h"

enum { SMALL = 64 << 10, RECORDS = 400 };
static const unsigned char key_a[CIPHER_KEY_BYTES] = "one key of the tests", key_b[CIPHER_KEY_BYTES] = "another one";
static struct arena a;
static char data[64], dir[96];

static void hold(const unsigned char *key)
{
    struct cipher *c;
    struct err e;
    assert_true(cipher_of_key(key, &c, &e) && cipher_hold(data, c, &e));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&a);
    snprintf(data, sizeof data, "/tmp/trellis-spool-sealed-XXXXXX");
    if (!mkdtemp(data))
        return 1;
    snprintf(dir, sizeof dir, "%s/spool", data);
    hold(key_a);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    cipher_release(data);
    if (!fs_remove_tree(data, &e))
        printf("%s\n", e.text);
    arena_fini(&a);
    return 0;
}

static struct spool_writer *writer(void)
{
    struct spool_writer *w;
    struct err e;
    if (!spool_writer_open(&(struct spool_options){.dir = dir, .segment_bytes = SMALL}, &w, &e))
        fail_msg("%s", e.text);
    return w;
}

static struct spool_record record(long n)
{
    struct str body = arena_printf(&a, "{\"CANARY\":%ld,\"more\":\"%0*ld\"}", n, (int)(n % 900), n);
    return (struct spool_record){.received_us = n, .kind = SPOOL_TRACK, .source = STR("web.site"), .meta = STR("{\"ip\":\"CANARY\"}"), .body = body};
}

static void append(struct spool_writer *w, long n)
{
    struct err e;
    struct spool_record r = record(n);
    if (!spool_append_wait(w, &r, &e))
        fail_msg("%s", e.text);
}

static void expect(long from, long to)
{
    struct spool_reader *r;
    struct spool_entry x;
    struct err e;
    bool got;
    assert_true(spool_reader_open(dir, (struct spool_position){0, 0}, &r, &e));
    for (long n = from; n < to; n++) {
        if (!spool_next(r, &x, &got, &e))
            fail_msg("%ld: %s", n, e.text);
        assert_true(got);
        assert_true(str_eq(x.record.body, record(n).body) && str_eq(x.record.source, STR("web.site")) && x.record.received_us == n);
        if (n % 97 == 0) { /* a place inside of the log is found again */
            struct spool_reader *other;
            struct spool_entry y;
            assert_true(spool_reader_open(dir, x.at, &other, &e) && spool_next(other, &y, &got, &e) && got);
            assert_true(str_eq(y.record.body, x.record.body));
            spool_reader_close(other);
        }
    }
    assert_true(spool_next(r, &x, &got, &e));
    assert_false(got);
    spool_reader_close(r);
}

static size_t files_with(const char *text)
{
    struct str *names;
    size_t n, found = 0;
    struct err e;
    assert_true(fs_list(&a, dir, &names, &n, &e));
    for (size_t i = 0; i < n; i++) {
        struct str bytes;
        assert_true(fs_read(&a, fs_join(&a, str_of(dir), names[i]).p, 1u << 30, &bytes, &e));
        found += str_find(bytes, str_of(text), 0) != SIZE_MAX;
    }
    return found;
}

static void nothing_is_readable(void **state)
{
    (void)state;
    struct spool_writer *w = writer();
    for (long n = 0; n < RECORDS; n++)
        append(w, n);
    expect(0, RECORDS); /* while it is being written */
    assert_int_equal(files_with("CANARY"), 0);
    assert_int_equal(files_with("web.site"), 0);
    spool_writer_close(w);
    w = writer(); /* goes on behind */
    for (long n = RECORDS; n < RECORDS + 20; n++)
        append(w, n);
    spool_writer_close(w);
    expect(0, RECORDS + 20);
    assert_int_equal(files_with("CANARY"), 0);
}

static void the_largest_record(void **state)
{
    (void)state;
    struct err e;
    struct spool_writer *w = writer();
    size_t most = SMALL - SPOOL_BLOCK - SPOOL_GROUP_HEAD - SPOOL_SEAL_BYTES - SPOOL_RECORD_HEAD;
    char *body = calloc(1, most + 1);
    memset(body, 'x', most + 1);
    struct spool_record r = {.kind = SPOOL_TRACK, .body = {body, most + 1}};
    assert_false(spool_append_wait(w, &r, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    r.body.n = most;
    assert_true(spool_append_wait(w, &r, &e));
    spool_writer_close(w);
    free(body);
}

static void refused(const char *text)
{
    struct spool_reader *r;
    struct spool_writer *w;
    struct spool_entry x;
    struct err e;
    bool got;
    assert_true(spool_reader_open(dir, (struct spool_position){0, 0}, &r, &e));
    for (int i = 0; i < 2; i++) { /* and it does not pass over them */
        assert_false(spool_next(r, &x, &got, &e));
        assert_int_equal(e.code, E_ENCRYPTION);
        assert_non_null(strstr(e.text, text));
    }
    spool_reader_close(r);
    assert_false(spool_writer_open(&(struct spool_options){.dir = dir, .segment_bytes = SMALL}, &w, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
}

static void another_key_or_none(void **state)
{
    (void)state;
    struct spool_writer *w = writer();
    append(w, 0);
    spool_writer_close(w);
    cipher_release(data);
    refused("no key");
    hold(key_b);
    refused("another key");
    cipher_release(data);
    hold(key_a);
    expect(0, 1);
}

/* A plain spool is read under a key, and what comes is sealed. */
static void plain_before(void **state)
{
    (void)state;
    cipher_release(data);
    struct spool_writer *w = writer();
    append(w, 0);
    spool_writer_close(w);
    assert_int_equal(files_with("CANARY"), 1);
    hold(key_a);
    w = writer();
    append(w, 1);
    spool_writer_close(w);
    expect(0, 2);
    assert_int_equal(files_with("CANARY"), 1);
}

/* A group that somebody changed, with its checksums made right again, or put into another's place. */
static void changed(void **state)
{
    (void)state;
    struct spool_writer *w = writer();
    for (long n = 0; n < 3; n++)
        append(w, n);
    spool_writer_close(w);
    char path[128];
    static char bytes[4 * SPOOL_BLOCK];
    struct spool_head h;
    struct spool_group g;
    uint32_t version;
    snprintf(path, sizeof path, "%s/0000000000000001.seg", dir);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
    assert_true(spool_head_get(bytes, &h, &version) && version == 2 && h.mark);
    char *p = bytes + 2 * SPOOL_BLOCK;
    assert_true(spool_group_get(p, h.epoch, 2 * SPOOL_BLOCK, &g) && spool_group_whole(&g, p + SPOOL_GROUP_HEAD, h.epoch));
    char *first = bytes + SPOOL_BLOCK;
    assert_true(spool_group_get(first, h.epoch, SPOOL_BLOCK, &g));
    memcpy(p + SPOOL_GROUP_HEAD, first + SPOOL_GROUP_HEAD, g.payload_bytes); /* the first one's text in the second's place */
    g.at = 2 * SPOOL_BLOCK;
    g.group++;
    g.first_record++;
    spool_group_put(p, &g, h.epoch);
    assert_int_equal(pwrite(fd, p, SPOOL_BLOCK, 2 * SPOOL_BLOCK), SPOOL_BLOCK);
    close(fd);
    struct spool_reader *r;
    struct spool_entry x;
    struct err e;
    bool got;
    assert_true(spool_reader_open(dir, (struct spool_position){0, 0}, &r, &e));
    assert_true(spool_next(r, &x, &got, &e) && got && x.record.received_us == 0);
    assert_false(spool_next(r, &x, &got, &e));
    assert_int_equal(e.code, E_SPOOL);
    assert_true(spool_next(r, &x, &got, &e) && got && x.record.received_us == 2); /* and on behind it */
    spool_reader_close(r);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_readable), CASE(the_largest_record), CASE(another_key_or_none), CASE(plain_before), CASE(changed),
    };
    return cmocka_run_group_tests_name("spool under a key", tests, NULL, NULL);
}
