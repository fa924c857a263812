/* The spool's reader, and the writer's recovery, on a segment of hostile bytes. What comes out has to lie within what went in, in
 * order; and what a writer appends behind it has to be read. The first bytes choose how much of the input is made valid: with
 * heads and checksums that fit, the fuzzer gets past them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "spool/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGMENT = 64 << 10, RECORDS_MAX = SEGMENT / SPOOL_RECORD_HEAD };

static void put_file(const char *dir, const char *name, const char *p, size_t n)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd) != 0)
        abort();
}

static size_t read_all(const char *dir, struct str last)
{
    struct spool_reader *r;
    struct spool_entry entry;
    struct spool_position before = {0, 0};
    struct err e = {0};
    size_t n = 0, errors = 0;
    bool got = true, found = last.n == 0;
    if (!spool_reader_open(dir, before, &r, &e))
        abort();
    while (got) {
        if (!spool_next(r, &entry, &got, &e)) {
            if (++errors > SEGMENT / SPOOL_BLOCK + 8) /* each is told once */
                abort();
            if (e.code == E_STATE_NEWER)
                break;
            got = true;
            continue;
        }
        if (!got)
            break;
        if (spool_position_cmp(entry.at, before) < 0 || spool_position_cmp(entry.next, entry.at) <= 0 || ++n > 2 * RECORDS_MAX)
            abort();
        before = entry.next;
        volatile uint64_t sum = spool_hash(entry.record.source) + spool_hash(entry.record.meta) + spool_hash(entry.record.body);
        (void)sum;
        found = found || str_eq(entry.record.body, last);
    }
    spool_reader_close(r);
    if (!found && e.code != E_STATE_NEWER)
        abort();
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char image[SEGMENT];
    char dir[64];
    struct err e = {0};
    if (size < 4)
        return 0;
    log_set(LOG_ERROR + 1, false);
    snprintf(dir, sizeof dir, "%s/trellis-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir))
        abort();
    struct spool_head h = {.segment = 1, .epoch = 42, .segment_bytes = SEGMENT, .first_group = 1, .first_record = 1};
    size_t n = size - 4, at = data[0] & 1 ? SPOOL_BLOCK : 0;
    if (n > SEGMENT - at)
        n = SEGMENT - at;
    memset(image, 0, sizeof image);
    memcpy(image + at, data + 4, n);
    if (data[0] & 1)
        spool_head_put(image, &h);
    for (int i = 0; data[0] & 2 && i < 3; i++) { /* groups as the fuzzer wants them, under a checksum that is right */
        size_t place = SPOOL_BLOCK * (1 + (size_t)data[i] % 8);
        struct spool_group g = {.at = place, .group = 1, .records = data[i + 1], .payload_bytes = (uint32_t)data[i + 1] * 97};
        spool_group_put(image + place, &g, h.epoch);
    }
    put_file(dir, "0000000000000001.seg", image, data[0] & 4 ? at + n : SEGMENT);
    if (data[0] & 8) {
        char note[SPOOL_DURABLE_BYTES];
        struct spool_durable_note d = {{data[1] % 3, (uint64_t)data[2] * SPOOL_BLOCK / 8}, 9, 9};
        spool_durable_put(note, &d);
        put_file(dir, "durable", note, sizeof note);
    }
    if (data[0] & 16)
        put_file(dir, "loaded", image + SPOOL_BLOCK, 60);
    read_all(dir, STR(""));
    struct spool_writer *w;
    struct spool_options o = {.dir = dir, .segment_bytes = SEGMENT};
    struct spool_record r = {.kind = SPOOL_TRACK, .source = STR("a.b"), .meta = STR("{}"), .body = STR("{\"the\":\"last\"}")};
    bool put = spool_writer_open(&o, &w, &e);
    if (put) {
        put = spool_append_wait(w, &r, &e);
        if (!put)
            abort();
        spool_writer_close(w);
    } else if (e.code != E_STATE_NEWER) {
        abort();
    }
    read_all(dir, put ? r.body : STR(""));
    if (!fs_remove_tree(dir, &e))
        abort();
    return 0;
}
