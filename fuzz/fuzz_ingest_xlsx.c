/* Sheets of a workbook with hostile XML: the input is the sheet, around it stands a workbook that names it. Unpacking itself is
 * libzip's; what its parts hold is ours. The first byte chooses what is asked. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest/reader.h"
#include "ingest/xlsx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char book[] = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>";
static const char relations[] = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"s.xml\"/></Relationships>";
static const char styles[] = "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf "
                             "numFmtId=\"20\"/></cellXfs></styleSheet>";
static const char texts[] = "<sst><si><t>name</t></si><si><t>Total</t></si><si><t>25/12/2026</t></si></sst>";

static void part(zip_t *z, const char *name, const void *p, size_t n)
{
    zip_source_t *s = zip_source_buffer(z, p, n, 0);
    if (!s || zip_file_add(z, name, s, 0) < 0)
        abort();
}

static int archive(const uint8_t *data, size_t size)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *out = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *z = out ? zip_open_from_source(out, ZIP_TRUNCATE, &why) : NULL;
    if (!z)
        abort();
    zip_source_keep(out);
    part(z, "xl/workbook.xml", book, sizeof book - 1);
    part(z, "xl/_rels/workbook.xml.rels", relations, sizeof relations - 1);
    part(z, "xl/styles.xml", styles, sizeof styles - 1);
    part(z, "xl/sharedStrings.xml", texts, sizeof texts - 1);
    part(z, "xl/s.xml", data, size);
    if (zip_close(z) != 0 || zip_source_open(out) != 0)
        abort();
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char piece[8192];
    for (zip_int64_t n; (n = zip_source_read(out, piece, sizeof piece)) > 0;) {
        if (write(fd, piece, (size_t)n) != n)
            abort();
    }
    zip_source_close(out);
    zip_source_free(out);
    if (lseek(fd, 0, SEEK_SET) != 0)
        abort();
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct str nulls[1] = {STR("")};
    struct job_column cols[1] = {{STR("name"), cell_type_parse(STR("DATE")), false, true, cell_form_parse(STR("%d/%m/%Y"))}};
    struct reading r = {.fd = archive(data + 1, size - 1), .rows = {.fd = -1}};
    const struct reader *reader = NULL;
    struct buf b = BUF_INIT(8u << 20);
    struct err e = {0};
    arena_init(&r.arena);
    r.job = (struct job){.header = data[0] % 3 - 1,
                         .skip_rows = data[0] / 3 % 4 - 1,
                         .header_rows = data[0] / 12 % 3,
                         .look = (data[0] & 64) != 0,
                         .decimal = data[0] & 128 ? STR(",") : STR(""),
                         .nulls = nulls,
                         .n_nulls = 1,
                         .columns = cols,
                         .n_columns = 1};
    bool ok = reading_open(&r, &reader, &e);
    r.rows.look_at = r.job.look ? 100 : 0;
    ok = ok && rows_init(&r.rows, &r.arena, &e) && reader->run(&r, &e);
    if (ok && r.job.look)
        reading_schema(&r, reader, &b);
    if (!ok && e.code == E_OK)
        abort();
    buf_fini(&b);
    reading_close(&r, reader);
    arena_fini(&r.arena);
    close(r.fd);
    return 0;
}
