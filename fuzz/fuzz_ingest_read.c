/* The readers of the loader child on hostile files and options: the first four bytes choose format, dialect and types, the
 * rest is the file. Whatever comes, each record ends in exactly one place, and the process stays whole. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str pick(const char *const *v, unsigned n, unsigned i)
{
    return str_of(v[i % n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"", "csv", "ndjson", "json", "tsv"};
    static const char *const delimiters[] = {"", "", ",", ";", "\t", "|", "a"};
    static const char *const quotes[] = {"", "", "\"", "'"};
    static const char *const escapes[] = {"", "", "\"", "\\"};
    static const char *const encodings[] = {"", "", "utf-8", "utf-16", "utf-16be", "latin-1", "windows-1252"};
    static const char *const types[] = {"BIGINT",  "DECIMAL(18,6)", "DATE",           "TIMESTAMP", "DOUBLE",
                                        "BOOLEAN", "TIME",          "DECIMAL(38,10)", "UTINYINT",  "FLOAT"};
    static const char *const shapes[] = {"", "$", "%", "excel", "epoch", "%d/%m/%Y", "", "epoch_ms"};
    static const char *const dates[] = {"", "", "%d/%m/%y", "%b %d, %Y %I:%M %p"};
    if (size < 4)
        return 0;
    struct job_column cols[3] = {
        {STR("a"), cell_type_parse(pick(types, 10, data[3])), false, true, cell_form_parse(pick(shapes, 8, data[3] / 3))},
        {STR("b"), cell_type_parse(pick(types, 10, data[3] / 10)), (data[2] & 1) != 0, false,
         cell_form_parse(pick(shapes, 8, data[3] / 7))},
        {STR("column_1"), cell_type_parse(pick(types, 10, data[3] / 26)), false, true, cell_form_parse(STR(""))}};
    struct str nulls[2] = {STR(""), STR("NULL")};
    struct reading r = {.fd = memfd_create("fuzz", MFD_CLOEXEC), .rows = {.fd = -1}};
    const struct reader *reader = NULL;
    struct err e = {0};
    if (r.fd < 0 || write(r.fd, data + 4, size - 4) != (ssize_t)(size - 4) || lseek(r.fd, 0, SEEK_SET) != 0)
        abort();
    arena_init(&r.arena);
    r.job = (struct job){.format = pick(formats, 5, data[0]),
                         .delimiter = pick(delimiters, 7, data[0] / 5),
                         .quote = pick(quotes, 4, data[1]),
                         .escape = pick(escapes, 4, data[1] / 4),
                         .encoding = pick(encodings, 7, data[1] / 16),
                         .decimal = data[2] & 2 ? STR(",") : STR(""),
                         .date_format = pick(dates, 4, data[2] / 4),
                         .timestamp_format = pick(dates, 4, data[2] / 16),
                         .header = data[2] / 64 - 1 > 1 ? -1 : data[2] / 64 - 1,
                         .skip_rows = data[0] / 35 - 1,
                         .nested = (data[1] & 1) != 0,
                         .totals_kept = (data[0] & 2) != 0,
                         .known = data[2] % 3 == 0 ? 1 : 0,
                         .look = data[3] % 4 == 1,
                         .nulls = nulls,
                         .n_nulls = 2,
                         .columns = cols,
                         .n_columns = 3};
    if (r.job.skip_rows > 3)
        r.job.skip_rows = -1;
    bool opened = reading_open(&r, &reader, &e);
    if (opened && r.job.look) { /* what a proposal is made from */
        struct buf b = BUF_INIT(8u << 20);
        r.rows.look_at = 1000;
        if (rows_init(&r.rows, &r.arena, &e) && reader->run(&r, &e))
            reading_schema(&r, reader, &b);
        else if (e.code == E_OK)
            abort();
        buf_fini(&b);
    } else if (opened && rows_init(&r.rows, &r.arena, &e) && reader->run(&r, &e)) {
        int64_t most = 1;
        for (size_t i = 4; i < size; i++) /* a record has at least a line end or a bracket of its own */
            most += 1 + (data[i] == '\n');
        if (r.format != FORMAT_XLSX && r.rows.total + r.rows.total_rejected + r.rows.left_out > most) /* a workbook is packed */
            abort();
    } else if (e.code == E_OK) {
        abort(); /* failed without a word */
    }
    reading_close(&r, reader);
    arena_fini(&r.arena);
    close(r.fd);
    return 0;
}
