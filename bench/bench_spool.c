/* The spool beside what the disk can do, in one run: durable records a second with 1, 8, 64 and 256 in flight, of one event (600
 * bytes) and of a hundred (58 KB), against (a) appending 4 KiB to a growing file with fdatasync, and (b) writing the same
 * bytes to a preallocated file past the page cache, one write and one fdatasync for as many records as are in flight. Rounds are
 * interleaved. bench_spool [FOLDER]      on the file system of FOLDER, /tmp when left out */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "spool/spool.h"

enum { ROUNDS = 7, ROUND_MS = 400, BLOCK = 4096, FILE_BYTES = 256 << 20, SIZES = 2, FLIGHTS = 4, LATENCIES = 20000 };
static const size_t sizes[SIZES] = {600, 57900};
static const int flights[FLIGHTS] = {1, 8, 64, 256};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_spool: %s: %s\n", what, why);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

/* ---- (a) and (b) ---- */

static double appends(const char *dir, char *p, double *p50_us)
{
    static double us[LATENCIES];
    char path[300];
    int n = 0;
    snprintf(path, sizeof path, "%s/growing", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int64_t start = clock_mono_us(), now = start;
    while (fd >= 0 && now - start < ROUND_MS * 1000 && n < LATENCIES) {
        if (write(fd, p, BLOCK) != BLOCK || fdatasync(fd) != 0)
            fail("a 4 KiB append", strerror(errno));
        int64_t t = clock_mono_us();
        us[n++] = (double)(t - now);
        now = t;
    }
    close(fd);
    unlink(path);
    *p50_us = median(us, n);
    return n * 1e6 / (double)(now - start);
}

/* As many records at a time as are in flight, up to the 4 MiB that a group of the spool holds. */
static double raw(int fd, char *p, size_t bytes, int in_flight)
{
    size_t each = bytes + 64, group = each * (size_t)in_flight;
    size_t records = (size_t)in_flight;
    if (group > 4 << 20) {
        records = (4 << 20) / each;
        group = records * each;
    }
    group = (group + BLOCK - 1) / BLOCK * BLOCK;
    off_t at = 0;
    double done = 0;
    int64_t start = clock_mono_us(), now = start;
    for (; now - start < ROUND_MS * 1000; now = clock_mono_us()) {
        if (at + (off_t)group > FILE_BYTES)
            at = 0;
        if (pwrite(fd, p, group, at) != (ssize_t)group || fdatasync(fd) != 0)
            fail("a raw write", strerror(errno));
        at += (off_t)group;
        done += (double)records;
    }
    return done * 1e6 / (double)(now - start);
}

/* ---- the spool ---- */

struct flight {
    sem_t room;
    struct err e;
};

static void landed(void *ctx, const struct err *e)
{
    struct flight *f = ctx;
    if (e)
        f->e = *e;
    sem_post(&f->room);
}

static double spool(struct spool_writer *w, const char *dir, const struct spool_record *r, int in_flight, double *group)
{
    struct flight f = {.e = {0}};
    struct err e = {0};
    struct spool_stats before, after;
    double done = 0;
    sem_init(&f.room, 0, (unsigned)in_flight);
    spool_writer_stats(w, &before);
    int64_t start = clock_mono_us(), now = start;
    for (; now - start < ROUND_MS * 1000; now = clock_mono_us()) {
        sem_wait(&f.room);
        if (!spool_append(w, r, landed, &f, &e))
            fail("an append", e.text);
        done++;
    }
    for (int i = 0; i < in_flight; i++)
        sem_wait(&f.room);
    now = clock_mono_us();
    if (f.e.code != E_OK)
        fail("a record", f.e.text);
    spool_writer_stats(w, &after);
    *group = (double)(after.records - before.records) / (double)(after.groups - before.groups);
    /* As a loader would: what is there is loaded, its files are used again. */
    if (!spool_loaded_set(dir, spool_durable(w), &e))
        fail("loaded", e.text);
    sem_destroy(&f.room);
    return done * 1e6 / (double)(now - start);
}

/* ---- reading ---- */

static void reading(struct spool_writer *w, const char *dir, const struct spool_record *r, double seconds)
{
    struct flight f = {.e = {0}};
    struct err e = {0};
    struct spool_reader *rd;
    struct spool_entry entry;
    struct spool_position from = spool_durable(w);
    bool got = true;
    sem_init(&f.room, 0, 64);
    int64_t start = clock_mono_us();
    while ((double)(clock_mono_us() - start) < seconds * 1e6) {
        sem_wait(&f.room);
        if (!spool_append(w, r, landed, &f, &e))
            fail("an append", e.text);
    }
    for (int i = 0; i < 64; i++)
        sem_wait(&f.room);
    double n = 0, bytes = 0;
    if (!spool_reader_open(dir, from, &rd, &e))
        fail("a reader", e.text);
    start = clock_mono_us();
    for (; spool_next(rd, &entry, &got, &e) && got; n++)
        bytes += (double)entry.record.body.n;
    double took = (double)(clock_mono_us() - start) / 1e6;
    printf("reading back %zu-byte records: %.0f/s, %.0f MB/s\n", r->body.n, n / took, bytes / took / 1e6);
    spool_reader_close(rd);
    sem_destroy(&f.room);
}

int main(int argc, char **argv)
{
    static double a[ROUNDS], a50[ROUNDS], s[SIZES][FLIGHTS][ROUNDS], b[SIZES][FLIGHTS][ROUNDS], per_group[SIZES][FLIGHTS];
    char root[256], dir[300], path[300];
    struct err e = {0};
    struct spool_writer *w;
    snprintf(root, sizeof root, "%s/trellis-bench-spool-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(root))
        fail("a folder", strerror(errno));
    snprintf(dir, sizeof dir, "%s/spool", root);
    snprintf(path, sizeof path, "%s/raw", root);
    char *p = aligned_alloc(BLOCK, 8 << 20);
    if (!p)
        fail("memory", strerror(errno));
    for (size_t i = 0; i < 8 << 20; i++)
        p[i] = (char)('a' + i % 23);
    int fd = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    for (off_t at = 0; at < FILE_BYTES; at += 8 << 20)
        if (fd < 0 || pwrite(fd, p, 8 << 20, at) != 8 << 20)
            fail("a preallocated file past the page cache", strerror(errno));
    fsync(fd);
    struct spool_options o = {.dir = dir};
    if (!spool_writer_open(&o, &w, &e))
        fail("the spool", e.text);
    for (int k = 0; k < ROUNDS; k++) {
        a[k] = appends(root, p, &a50[k]);
        for (int i = 0; i < SIZES; i++)
            for (int j = 0; j < FLIGHTS; j++) {
                struct spool_record r = {1, SPOOL_BATCH, STR("web.site"), STR("{\"key\":1}"), {p, sizes[i]}};
                b[i][j][k] = raw(fd, p, sizes[i], flights[j]);
                s[i][j][k] = spool(w, dir, &r, flights[j], &per_group[i][j]);
            }
    }
    double base = median(a, ROUNDS);
    printf("(a) append of 4 KiB to a growing file + fdatasync: %.0f/s, p50 %.0f us (median of %d rounds)\n", base,
           median(a50, ROUNDS), ROUNDS);
    printf("%8s %9s %14s %22s %8s %12s %10s %8s\n", "bytes", "in flight", "records/s", "[min-max]", "MB/s", "raw (b)/s", "of (b)",
           "of (a)");
    for (int i = 0; i < SIZES; i++)
        for (int j = 0; j < FLIGHTS; j++) {
            double ours = median(s[i][j], ROUNDS), theirs = median(b[i][j], ROUNDS);
            char range[48];
            snprintf(range, sizeof range, "[%.0f-%.0f]", s[i][j][0], s[i][j][ROUNDS - 1]);
            printf("%8zu %9d %14.0f %22s %8.0f %12.0f %9.0f%% %7.1fx  (%.1f records a group)\n", sizes[i], flights[j], ours,
                   range, ours * (double)sizes[i] / 1e6, theirs, 100 * ours / theirs, ours / base, per_group[i][j]);
        }
    for (int i = 0; i < SIZES; i++) {
        struct spool_record r = {1, SPOOL_BATCH, STR("web.site"), STR("{\"key\":1}"), {p, sizes[i]}};
        reading(w, dir, &r, 1);
    }
    spool_writer_close(w);
    close(fd);
    free(p);
    if (!fs_remove_tree(root, &e))
        fail("removing the folder", e.text);
    return 0;
}
