/* Files that are not as they were written: torn at every length, with every byte changed, cut, of an earlier life. What is whole
 * is read, what is damaged is named, and what was never written is never read. */
#include "spool_fixture.h"

#include "spool/format.h"

struct image {
    char path[160];
    char *bytes;
    size_t n;
};

static struct image image_of(struct fixture *f, int segment)
{
    struct image im;
    struct fs_stat st;
    snprintf(im.path, sizeof im.path, "%s/%016d.seg", f->dir, segment);
    assert_true(fs_stat(im.path, &st));
    im.n = (size_t)st.size_bytes;
    im.bytes = malloc(im.n);
    int fd = open(im.path, O_RDONLY);
    assert_int_equal(pread(fd, im.bytes, im.n, 0), im.n);
    close(fd);
    return im;
}

static void put(const struct image *im, size_t at, const char *p, size_t n)
{
    int fd = open(im->path, O_WRONLY);
    assert_int_equal(pwrite(fd, p, n, (off_t)at), n);
    close(fd);
}

static void forget_durable(struct fixture *f)
{
    char path[160];
    snprintf(path, sizeof path, "%s/durable", f->dir);
    unlink(path);
}

/* Positions of all records, and the end. */
static size_t places(struct fixture *f, struct spool_position *at, size_t max)
{
    struct spool_reader *r;
    struct spool_entry entry;
    bool got;
    size_t n = 0;
    assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &r, &f->e));
    while (spool_next(r, &entry, &got, &f->e) && got && n + 1 < max) {
        at[n++] = entry.at;
        at[n] = entry.next;
    }
    spool_reader_close(r);
    return n;
}

static void append_sized(struct fixture *f, struct spool_writer *w, long n, size_t bytes)
{
    char room[20000];
    struct spool_record r = record_of(n, bytes, room);
    assert_true(spool_append_wait(w, &r, &f->e));
}

/* The last group arrived on disk up to any byte, over zeros or over what an earlier life of the file left there. */
static void torn_tails(struct fixture *f, bool over_old_bytes, size_t step)
{
    struct spool_writer *w = writer_of(f, SMALL);
    append_sized(f, w, 0, 200);
    append_sized(f, w, 1, 5000);
    append_sized(f, w, 2, 9000);
    spool_writer_close(w);
    struct spool_position at[8];
    assert_int_equal(places(f, at, 8), 3);
    struct image im = image_of(f, 1);
    size_t from = at[2].offset - SPOOL_GROUP_HEAD, room = at[3].offset - from;
    char text[10000];
    struct spool_record last = record_of(2, 9000, text);
    size_t whole = SPOOL_GROUP_HEAD + spool_record_bytes(&last);
    char *old = calloc(1, room);
    if (over_old_bytes) { /* the same bytes under another epoch, and some that are none */
        memcpy(old, im.bytes + from, room);
        old[0] ^= 1;
        for (size_t i = SPOOL_GROUP_HEAD; i < room; i += 5)
            old[i] ^= 0x55;
    }
    forget_durable(f);
    for (size_t n = 0; n <= room; n += step) {
        put(&im, from, old, room);
        put(&im, from, im.bytes + from, n);
        struct seen s = read_all(f, (struct spool_position){0, 0});
        if (s.damages || s.n != (n < whole ? 2u : 3u))
            if (s.n != 3 || n + 8 < whole) /* the padding of the record may be all that is missing */
                fail_msg("torn at %zu: %zu records, %zu damages", n, s.n, s.damages);
        free(s.v);
        if (n % (step * 16))
            continue;
        /* A writer begins there again, and its group is read, whatever lies behind it. */
        w = writer_of(f, SMALL);
        append_sized(f, w, 7, 100 + n % 3000);
        append_sized(f, w, 8, 50);
        spool_writer_close(w);
        size_t kept = s.n;
        s = read_all(f, (struct spool_position){0, 0});
        assert_int_equal(s.damages, 0);
        assert_int_equal(s.n, kept + 2);
        assert_int_equal(s.v[kept], 7);
        assert_int_equal(s.v[kept + 1], 8);
        free(s.v);
        forget_durable(f);
        put(&im, 0, im.bytes, im.n);
    }
    free(old);
    free(im.bytes);
}

static void test_torn_over_zeros(void **state)
{
    torn_tails(*state, false, 1);
}

static void test_torn_over_old(void **state)
{
    torn_tails(*state, true, 7);
}

/* The same file, cut: as a copy that was not finished. */
static void test_cut(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    for (long n = 0; n < 5; n++)
        append(f, w, n);
    spool_writer_close(w);
    struct spool_position at[8];
    assert_int_equal(places(f, at, 8), 5);
    struct image im = image_of(f, 1);
    forget_durable(f);
    for (long size = (long)at[5].offset + 100; size > 0; size -= 97) {
        assert_int_equal(truncate(im.path, size), 0);
        struct seen s = read_all(f, (struct spool_position){0, 0});
        assert_true(s.n <= 5);
        for (size_t i = 0; i < s.n; i++)
            assert_int_equal(s.v[i], i);
        if (size >= (long)at[5].offset)
            assert_int_equal(s.n, 5);
        if (size < (long)SPOOL_BLOCK)
            assert_int_equal(s.n, 0);
        free(s.v);
    }
    w = writer_of(f, SMALL); /* and a writer is not kept from its work by it */
    append(f, w, 9);
    spool_writer_close(w);
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_int_equal(s.n, 1);
    assert_int_equal(s.damages, 1);
    free(s.v);
    free(im.bytes);
}

/* One bit changed, at every byte that means something. `sealed`: another segment follows. */
static void flips(struct fixture *f, bool sealed, bool noted)
{
    struct spool_writer *w = writer_of(f, SMALL);
    long n = 0;
    append_sized(f, w, n++, 100);
    append_sized(f, w, n++, 300);
    append_sized(f, w, n++, 5000);
    append_sized(f, w, n++, 80);
    while (sealed && spool_durable(w).segment < 2)
        append_sized(f, w, n++, 12000);
    spool_writer_close(w);
    struct spool_position at[32];
    size_t total = places(f, at, 32), head_lost = 0;
    assert_int_equal(total, n);
    struct image im = image_of(f, 1);
    if (!noted)
        forget_durable(f);
    for (size_t i = 0; i < at[4].offset; i++) {
        if (i == 104)
            i = SPOOL_BLOCK; /* padding of the head */
        char was = im.bytes[i], bad = (char)(was ^ (1 << (i * 5 % 8)));
        size_t hurt = SIZE_MAX;
        for (size_t k = 0; k < 4; k++)
            if (i >= at[k].offset - SPOOL_GROUP_HEAD && i < at[k].offset + SPOOL_RECORD_HEAD + 8) /* and the rest of it below */
                hurt = k;
        put(&im, i, &bad, 1);
        struct seen s = read_all(f, (struct spool_position){0, 0});
        put(&im, i, &was, 1);
        for (size_t k = 1; k < s.n; k++)
            assert_true(s.v[k - 1] < s.v[k]);
        if (i < SPOOL_BLOCK) {
            if (s.damages == 0 && s.n != total)
                fail_msg("byte %zu of the head: %zu records and no word", i, s.n);
            if (s.n < total)
                head_lost++;
            if (sealed)
                assert_int_equal(s.n, total); /* the epoch is known from the head that follows */
        } else if (hurt == SIZE_MAX) {        /* body or padding */
            assert_in_range(s.n, total - 1, total);
            if (s.n < total && s.damages == 0 && (noted || sealed))
                fail_msg("byte %zu: lost without a word", i);
        } else if (hurt < 3 || noted || sealed) {
            if (s.n != total - 1 || s.damages != 1)
                fail_msg("byte %zu: %zu of %zu records, %zu damages", i, s.n, total, s.damages);
        } else {
            assert_int_equal(s.n, total - 1); /* the last group, and nothing tells that it was ever whole */
        }
        free(s.v);
    }
    if (!sealed)
        assert_true(head_lost > 50);
    free(im.bytes);
}

static void test_flips_last_segment(void **state)
{
    flips(*state, false, false);
}

static void test_flips_noted(void **state)
{
    flips(*state, false, true);
}

static void test_flips_sealed(void **state)
{
    flips(*state, true, true);
}

/* A writer that finds a damaged group in the middle writes behind the last whole one. */
static void test_writer_passes_damage(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    for (long n = 0; n < 5; n++)
        append(f, w, n);
    spool_writer_close(w);
    struct spool_position at[8];
    places(f, at, 8);
    struct image im = image_of(f, 1);
    for (int noted = 0; noted < 2; noted++) {
        if (!noted)
            forget_durable(f);
        put(&im, at[2].offset + 3, "?", 1);
        w = writer_of(f, SMALL);
        append(f, w, 5 + noted);
        struct seen s = read_all(f, (struct spool_position){0, 0}); /* while somebody writes */
        assert_int_equal(s.damages, 1);
        assert_int_equal(s.n, 5 + noted);
        free(s.v);
        spool_writer_close(w);
        s = read_all(f, (struct spool_position){0, 0});
        assert_int_equal(s.damages, 1);
        assert_int_equal(s.n, 5 + noted);
        assert_int_equal(s.v[s.n - 1], 5 + noted);
        free(s.v);
    }
    char expected[160];
    snprintf(expected, sizeof expected, "spool/0000000000000001.seg is damaged from offset %llu to %llu",
             (unsigned long long)(at[2].offset - SPOOL_GROUP_HEAD), (unsigned long long)(at[3].offset - SPOOL_GROUP_HEAD));
    assert_non_null(strstr(f->e.text, expected));
    /* The last segment's head: a new one begins, and the damaged one is named. */
    put(&im, 20, "?", 1);
    w = writer_of(f, SMALL);
    append(f, w, 8);
    assert_int_equal(spool_durable(w).segment, 2);
    spool_writer_close(w);
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_true(s.damages >= 1);
    assert_int_equal(s.v[s.n - 1], 8);
    free(s.v);
    free(im.bytes);
}

/* A file that is used again still holds whole groups of its earlier life, at the same places: they are never read. */
static void test_stale_groups(void **state)
{
    struct fixture *f = *state;
    struct spool_writer *w = writer_of(f, SMALL);
    long n = 0;
    while (spool_durable(w).segment < 3)
        append_sized(f, w, n++, 2000);
    struct seen s = read_all(f, (struct spool_position){0, 0});
    assert_true(spool_loaded_set(f->dir, s.next, &f->e));
    free(s.v);
    spool_writer_close(w);
    w = writer_of(f, SMALL); /* frees 1 and 2 */
    while (spool_durable(w).segment < 4)
        append_sized(f, w, n++, 2000);
    struct image im = image_of(f, 4);
    struct spool_head h;
    uint32_t version;
    assert_true(spool_head_get(im.bytes, &h, &version));
    size_t old = 0;
    for (size_t i = SPOOL_BLOCK; i + SPOOL_BLOCK <= im.n; i += SPOOL_BLOCK)
        old += memcmp(im.bytes + i + 8, "TrlG", 4) == 0;
    spool_writer_close(w);
    if (old < 2)
        print_message("the file was new: nothing stale in it\n");
    forget_durable(f);
    s = read_all(f, (struct spool_position){4, 0});
    assert_int_equal(s.n, 1);
    assert_int_equal(s.v[0], n - 1);
    assert_int_equal(s.damages, 0);
    free(s.v);
    free(im.bytes);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_begin_in_memory, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_torn_over_zeros),      WITH_FOLDER(test_torn_over_old), WITH_FOLDER(test_cut),
        WITH_FOLDER(test_flips_last_segment),   WITH_FOLDER(test_flips_noted),   WITH_FOLDER(test_flips_sealed),
        WITH_FOLDER(test_writer_passes_damage), WITH_FOLDER(test_stale_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
