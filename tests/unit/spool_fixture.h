/* What the tests of the spool share: a folder of their own, records that tell their number, and reading everything back. */
#ifndef SPOOL_FIXTURE_H
#define SPOOL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "spool/spool.h"

enum { SMALL = 64 << 10 }; /* the smallest segment */

struct fixture {
    char root[64], dir[96];
    struct err e;
};

static inline int fixture_begin_in(void **state, const char *place)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->root, sizeof f->root, "%s/trellis-spool-XXXXXX", place);
    assert_non_null(mkdtemp(f->root));
    snprintf(f->dir, sizeof f->dir, "%s/spool", f->root);
    *state = f;
    return 0;
}

static inline int fixture_begin(void **state)
{
    return fixture_begin_in(state, "/tmp");
}

/* For tests of bytes, thousands of files each: in memory where there is such a folder. */
static inline int fixture_begin_in_memory(void **state)
{
    return fixture_begin_in(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

static inline int fixture_end(void **state)
{
    struct fixture *f = *state;
    bool ok = fs_remove_tree(f->root, &f->e);
    free(f);
    return ok ? 0 : 1;
}

/* Record number n: its size follows from the number, its body repeats the number, so that any mix-up is seen. */
static inline struct spool_record record_of(long n, size_t body_bytes, char *room)
{
    size_t len = (size_t)snprintf(room, 64, "{\"n\":%ld,\"text\":\"", n);
    while (len + 2 < body_bytes)
        room[len] = (char)('a' + (n + (long)len) % 26), len++;
    room[len++] = '"';
    room[len++] = '}';
    return (struct spool_record){.received_us = 1700000000000000 + n,
                                 .kind = (enum spool_kind)(1 + n % 12),
                                 .source = n % 2 ? STR("web.site") : STR("app.ios"),
                                 .meta = n % 3 ? STR("{\"ip\":\"192.0.2.0\"}") : STR("{}"),
                                 .body = {room, len}};
}

static inline size_t size_of_number(long n)
{
    return 60 + (size_t)(n * 7919 % 1500);
}

/* -1: these bytes are no record of ours. */
static inline long number_of(const struct spool_record *r)
{
    static char room[1 << 20];
    long n;
    if (r->body.n >= sizeof room || sscanf(r->body.p, "{\"n\":%ld,", &n) != 1)
        return -1;
    struct spool_record want = record_of(n, r->body.n, room);
    bool same = want.received_us == r->received_us && want.kind == r->kind && str_eq(want.source, r->source) &&
                str_eq(want.meta, r->meta) && str_eq(want.body, r->body);
    return same ? n : -1;
}

static inline struct spool_writer *writer_of(struct fixture *f, uint64_t segment_bytes)
{
    struct spool_writer *w = NULL;
    struct spool_options o = {.dir = f->dir, .segment_bytes = segment_bytes};
    if (!spool_writer_open(&o, &w, &f->e))
        fail_msg("%s", f->e.text);
    return w;
}

static inline void append(struct fixture *f, struct spool_writer *w, long n)
{
    char room[2048];
    struct spool_record r = record_of(n, size_of_number(n), room);
    if (!spool_append_wait(w, &r, &f->e))
        fail_msg("record %ld: %s", n, f->e.text);
}

struct seen {
    long *v;
    size_t n, damages;
    struct spool_position next;
};

/* Everything from a place on; damages are counted, foreign records end the test. */
static inline struct seen read_all(struct fixture *f, struct spool_position from)
{
    struct seen s = {.next = from};
    struct spool_reader *r;
    struct spool_entry entry;
    bool got = true;
    assert_true(spool_reader_open(f->dir, from, &r, &f->e));
    while (got) {
        if (!spool_next(r, &entry, &got, &f->e)) {
            assert_int_equal(f->e.code, E_SPOOL);
            s.damages++;
            got = true;
            assert_true(s.damages < 100000);
            continue;
        }
        if (!got)
            break;
        assert_true(spool_position_cmp(entry.at, s.next) >= 0);
        assert_true(spool_position_cmp(entry.at, entry.next) < 0);
        s.v = realloc(s.v, (s.n + 1) * sizeof *s.v);
        s.v[s.n] = number_of(&entry.record);
        assert_true(s.v[s.n] >= 0);
        s.n++;
        s.next = entry.next;
    }
    spool_reader_close(r);
    return s;
}

static inline void expect_run(struct fixture *f, long from, long to)
{
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_int_equal(s.damages, 0);
    assert_int_equal(s.n, to - from);
    for (size_t i = 0; i < s.n; i++)
        assert_int_equal(s.v[i], from + (long)i);
    free(s.v);
}

#endif
