/* What was acknowledged is there, once, whatever happens: the process is killed at its crash points and at any moment, the
 * disk fills up, calls of the system fail. */
#include "spool_fixture.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fault.h"
#include "base/log.h"

/* ---- A child that appends, and writes each acknowledged number to a pipe ---- */

static void told(void *ctx, const struct err *e)
{
    long n = (long)(intptr_t)ctx;
    if (!e && write(3, &n, sizeof n) != sizeof n)
        _exit(9);
}

/* Numbers from `first` on, `in_flight` at a time, until it is killed. */
static _Noreturn void child_main(struct fixture *f, long first, int in_flight, uint64_t segment_bytes)
{
    struct spool_options o = {.dir = f->dir, .segment_bytes = segment_bytes, .backlog_bytes = (uint64_t)in_flight * 1600};
    struct spool_writer *w;
    struct err e = {0};
    char room[2048];
    log_set(LOG_ERROR + 1, false);
    if (!spool_writer_open(&o, &w, &e)) {
        fprintf(stderr, "%s\n", e.text);
        _exit(8);
    }
    for (long n = first;; n++) {
        struct spool_record r = record_of(n, size_of_number(n), room);
        while (!spool_append(w, &r, told, (void *)(intptr_t)n, &e)) {
            if (e.code != E_BUSY)
                _exit(7);
            usleep(20);
        }
    }
}

static pid_t child_start(struct fixture *f, long first, int in_flight, uint64_t segment_bytes, const char *crash_at, int *from)
{
    int p[2];
    assert_int_equal(pipe(p), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 3);
        for (int fd = 4; fd < 64; fd++)
            close(fd);
        if (crash_at)
            setenv("TRELLIS_CRASH_AT", crash_at, 1);
        child_main(f, first, in_flight, segment_bytes);
    }
    close(p[1]);
    *from = p[0];
    return pid;
}

/* What is known of each number: appended in some run, acknowledged, found. */
struct book {
    char *acknowledged, *found;
    long first, room; /* `first`: of the present run */
};

static void acknowledged(struct book *b, int from)
{
    long n;
    while (read(from, &n, sizeof n) == sizeof n) {
        assert_in_range(n, b->first, b->room - 1);
        b->acknowledged[n] = 1;
    }
    close(from);
}

/* Reads everything. Each acknowledged number is there, none twice; returns the largest number found. */
static long compare(struct fixture *f, struct book *b)
{
    struct seen s = read_all(f, (struct spool_position){0, 0});
    long last = -1;
    assert_int_equal(s.damages, 0);
    memset(b->found, 0, (size_t)b->room);
    for (size_t i = 0; i < s.n; i++) {
        assert_in_range(s.v[i], 0, b->room - 1);
        assert_int_equal(b->found[s.v[i]]++, 0);
        assert_true(s.v[i] > last);
        last = s.v[i];
    }
    for (long n = 0; n < b->room; n++)
        if (b->acknowledged[n] && !b->found[n])
            fail_msg("record %ld was acknowledged and is lost", n);
    free(s.v);
    return last;
}

static void test_killed_at_any_moment(void **state)
{
    struct fixture *f = *state;
    enum { TRIALS = 100, ROOM = 4000000 };
    struct book b = {calloc(1, ROOM), calloc(1, ROOM), 0, ROOM};
    struct timespec t;
    long total = 0;
    clock_gettime(CLOCK_MONOTONIC, &t);
    unsigned random = (unsigned)t.tv_nsec;
    print_message("seed %u\n", random);
    for (int i = 0; i < TRIALS; i++) {
        int from;
        pid_t pid = child_start(f, b.first, i % 3 == 0 ? 1 : i % 3 == 1 ? 8 : 64, i % 2 ? SMALL : 1 << 20, NULL, &from);
        random = random * 1103515245 + 12345;
        usleep(random / 65536 % 30000);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        acknowledged(&b, from);
        long last = compare(f, &b);
        if (last >= b.first) { /* what of it was not acknowledged is there, too; its number is not used again */
            total += last - b.first;
            b.first = last + 1;
        }
        if (i % 10 == 9) { /* loaded meanwhile: files are used again */
            struct seen s = read_all(f, (struct spool_position){0, 0});
            assert_true(spool_loaded_set(f->dir, s.next, &f->e));
            free(s.v);
            memset(b.acknowledged, 0, (size_t)b.room);
        }
    }
    print_message("%ld records, killed %d times\n", total, TRIALS);
    assert_true(total > TRIALS);
    free(b.acknowledged);
    free(b.found);
}

static void test_killed_at_every_point(void **state)
{
#ifdef TRELLIS_FAULTS
    struct fixture *f = *state;
    static const char *const points[] = {"spool_before_write", "spool_before_sync",   "spool_after_sync", "spool_before_answer",
                                         "spool_segment_head", "spool_segment_named", "spool_file_made",  "spool_segment_freed"};
    enum { ROOM = 100000 };
    struct book b = {calloc(1, ROOM), calloc(1, ROOM), 0, ROOM};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (int nth = 1; nth <= 40; nth = nth * 3 + 1) {
            char at[64];
            int from, status;
            snprintf(at, sizeof at, "%s:%d", points[i], nth);
            if (strcmp(points[i], "spool_segment_freed") == 0) { /* needs something that is loaded */
                struct seen s = read_all(f, (struct spool_position){0, 0});
                assert_true(spool_loaded_set(f->dir, s.next, &f->e));
                free(s.v);
                memset(b.acknowledged, 0, (size_t)b.room);
            }
            pid_t pid = child_start(f, b.first, nth % 2 ? 1 : 16, SMALL, at, &from);
            /* It dies by itself; a point that is passed too seldom is helped after a while. */
            for (int k = 0; waitpid(pid, &status, WNOHANG) == 0; k++) {
                usleep(1000);
                if (k == 2000)
                    kill(pid, SIGKILL);
            }
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            acknowledged(&b, from);
            long last = compare(f, &b);
            if (last >= b.first)
                b.first = last + 1;
        }
    free(b.acknowledged);
    free(b.found);
#else
    (void)state;
    print_message("not run: this build has no crash points\n");
    skip();
#endif
}

/* ---- A full disk ---- */

/* A file system of 1 MiB; false: this machine lets nobody mount one. */
static bool small_disk(struct fixture *f, char *place, size_t n)
{
    snprintf(place, n, "%s/disk", f->root);
    if (mkdir(place, 0700) != 0)
        return false;
    return mount("none", place, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

static int disk_end(void **state)
{
    struct fixture *f = *state;
    char place[96];
    snprintf(place, sizeof place, "%s/disk", f->root);
    umount2(place, MNT_DETACH); /* also when the test failed; refused where it was never mounted */
    return fixture_end(state);
}

static void test_disk_full(void **state)
{
    struct fixture *f = *state;
    char place[96];
    if (!small_disk(f, place, sizeof place)) {
        print_message("not run: no file system of its own could be mounted\n");
        skip();
    }
    log_set(LOG_ERROR + 1, false);
    snprintf(f->dir, sizeof f->dir, "%s/disk/spool", f->root);
    struct spool_writer *w = writer_of(f, SMALL);
    struct err e = {0};
    char room[2048];
    char *kept = calloc(1, 100000);
    long n = 0, refused = 0, rounds = 0;
    for (; rounds < 3; rounds++) {
        for (e.code = E_OK; e.code == E_OK; n++) {
            struct spool_record r = record_of(n, size_of_number(n), room);
            kept[n] = spool_append_wait(w, &r, &e);
        }
        assert_int_equal(e.code, E_NO_SPACE);
        for (int i = 0; i < 20; i++, n++) { /* each is answered, at once or by its group */
            struct spool_record r = record_of(n, size_of_number(n), room);
            kept[n] = spool_append_wait(w, &r, &e);
            refused += !kept[n];
        }
        struct spool_stats st;
        spool_writer_stats(w, &st);
        assert_true(st.full);
        struct seen s = read_all(f, (struct spool_position){0, 0});
        size_t i = 0;
        for (long k = 0; k < n; k++) /* exactly what was acknowledged; of what was loaded, the rest that is still there */
            if (kept[k] == 1) {
                if (rounds && i < s.n && s.v[i] > k)
                    continue;
                assert_true(i < s.n);
                assert_int_equal(s.v[i], k);
                i++;
            }
        assert_int_equal(i, s.n);
        assert_int_equal(s.damages, 0);
        assert_true(spool_loaded_set(f->dir, s.next, &f->e)); /* room again */
        free(s.v);
        for (i = 0; i < 500; i++) {
            spool_writer_stats(w, &st);
            if (!st.full)
                break;
            usleep(10000);
        }
        assert_false(st.full);
    }
    assert_true(refused > 0);
    spool_writer_close(w);
    free(kept);
    log_set(LOG_INFO, false);
}

/* The same by a limit on the size of files, which needs no rights, and sends a signal besides. */
static void test_file_size_limit(void **state)
{
    struct fixture *f = *state;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit rl = {32 << 10, 32 << 10};
        struct spool_options o = {.dir = f->dir, .segment_bytes = SMALL};
        struct spool_writer *w;
        struct err e = {0};
        char room[2048];
        struct spool_record r = record_of(0, 100, room);
        log_set(LOG_ERROR + 1, false);
        setrlimit(RLIMIT_FSIZE, &rl);
        if (!spool_writer_open(&o, &w, &e))
            _exit(1);
        bool refused = !spool_append_wait(w, &r, &e) && e.code == E_NO_SPACE;
        spool_writer_close(w);
        _exit(refused ? 0 : 2);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    expect_run(f, 0, 0);
}

/* ---- Calls that fail ---- */

#ifdef TRELLIS_FAULTS
enum { FAULT_RECORDS = 60 };

/* The n-th call of a kind fails, once or from then on: what was acknowledged is there, what was refused is not, nothing twice,
 * and afterwards all goes on. False: nothing fired any more. */
static bool fault_run(struct fixture *f, enum fault_kind kind, unsigned nth, bool sticky)
{
    struct spool_options o = {.dir = f->dir, .segment_bytes = SMALL};
    struct spool_writer *w = NULL;
    struct err e = {0};
    char room[2048], kept[FAULT_RECORDS + 1] = {0};
    w = writer_of(f, SMALL);
    for (long n = 0; n < 5; n++) {
        append(f, w, n);
        kept[n] = 1;
    }
    spool_writer_close(w);
    fault_arm(kind, nth, sticky);
    if (spool_writer_open(&o, &w, &e))
        for (long n = 5; n < FAULT_RECORDS; n++) {
            struct spool_record r = record_of(n, size_of_number(n), room);
            kept[n] = spool_append_wait(w, &r, &e);
            if (!kept[n])
                assert_true(e.code == E_NO_SPACE || e.code == E_IO || e.code == E_MEMORY);
        }
    else
        assert_true(e.code == E_NO_SPACE || e.code == E_IO || e.code == E_MEMORY);
    bool hit = fault_hit();
    fault_disarm();
    if (!w)
        w = writer_of(f, SMALL);
    struct spool_record r = record_of(FAULT_RECORDS, 100, room);
    for (int i = 0; i < 500 && !(kept[FAULT_RECORDS] = spool_append_wait(w, &r, &e)); i++)
        usleep(5000);
    assert_true(kept[FAULT_RECORDS]);
    for (int again = 0; again < 2; again++) { /* before and after opening anew */
        struct seen s = read_all(f, (struct spool_position){0, 0});
        size_t i = 0;
        for (long n = 0; n <= FAULT_RECORDS; n++)
            if (kept[n]) {
                if (i >= s.n || s.v[i] != n)
                    fail_msg("kind %d, call %u: record %ld is lost or followed by another", (int)kind, nth, n);
                i++;
            }
        if (i != s.n || s.damages)
            fail_msg("kind %d, call %u: record %ld was refused and is there, or damages: %zu", (int)kind, nth, s.v[i], s.damages);
        free(s.v);
        spool_writer_close(w);
        w = again ? NULL : writer_of(f, SMALL);
    }
    assert_true(fs_remove_tree(f->dir, &f->e));
    return hit;
}
#endif

static void test_calls_that_fail(void **state)
{
#ifdef TRELLIS_FAULTS
    struct fixture *f = *state;
    static const enum fault_kind kinds[] = {FAULT_WRITE, FAULT_SYNC, FAULT_OPEN, FAULT_RENAME, FAULT_ALLOC, FAULT_READ};
    log_set(LOG_ERROR + 1, false);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (int sticky = 0; sticky < 2; sticky++) {
            unsigned nth = 1;
            while (fault_run(f, kinds[k], nth, sticky) && nth < 400)
                nth += nth < 24 ? 1 : 7;
            print_message("kind %d%s: %u calls\n", (int)kinds[k], sticky ? " and all that follow" : "", nth);
        }
    log_set(LOG_INFO, false);
#else
    (void)state;
    print_message("not run: this build has no fault points\n");
    skip();
#endif
}

/* Reading fails in the middle: an error that is no damage, and the same place again afterwards. */
static void test_reading_fails(void **state)
{
#ifdef TRELLIS_FAULTS
    struct fixture *f = *state;
    static const enum fault_kind kinds[] = {FAULT_READ, FAULT_OPEN, FAULT_ALLOC, FAULT_SYNC};
    struct spool_writer *w = writer_of(f, SMALL);
    for (long n = 0; n < 100; n++)
        append(f, w, n);
    spool_writer_close(w);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (unsigned nth = 1;; nth++) {
            struct spool_reader *r;
            struct spool_entry entry;
            struct err e = {0};
            bool got = true;
            long n = 0;
            assert_true(spool_reader_open(f->dir, (struct spool_position){0, 0}, &r, &e));
            fault_arm(kinds[k], nth, false);
            for (int nothing = 0; nothing < 3;) {
                if (!spool_next(r, &entry, &got, &e)) {
                    assert_true(e.code == E_IO || e.code == E_MEMORY);
                } else if (got) {
                    assert_int_equal(number_of(&entry.record), n);
                    n++;
                } else {
                    nothing++;
                }
            }
            bool hit = fault_hit();
            fault_disarm();
            spool_reader_close(r);
            if (n != 100)
                fail_msg("kind %d, call %u: %ld records", (int)kinds[k], nth, n);
            if (!hit)
                break;
        }
#else
    (void)state;
    print_message("not run: this build has no fault points\n");
    skip();
#endif
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_killed_at_any_moment),
        WITH_FOLDER(test_killed_at_every_point),
        cmocka_unit_test_setup_teardown(test_disk_full, fixture_begin, disk_end),
        WITH_FOLDER(test_file_size_limit),
        cmocka_unit_test_setup_teardown(test_calls_that_fail, fixture_begin_in_memory, fixture_end),
        cmocka_unit_test_setup_teardown(test_reading_fails, fixture_begin_in_memory, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
