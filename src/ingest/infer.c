/* What a file looks like, for `trellis add files`: a child samples it, names and types are proposed. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "ingest/ingest_int.h"

static bool ends_with_id(struct str name)
{
    static const char *const ends[] = {"id", "_id", "_key", "_code", "zip", "phone"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (str_eq(name, str_of(ends[i])) || (ends[i][0] == '_' && str_ends(name, str_of(ends[i]))))
            return true;
    }
    return str_ends(name, STR("zip")) || str_ends(name, STR("phone"));
}

/* Identifiers are text even where they are all digits: nobody adds them up, and leading zeros count. */
static void propose(struct mesh_column *c, enum cell_look look)
{
    static const struct {
        const char *logical, *physical;
    } types[LOOK_COUNT] = {
        [LOOK_EMPTY] = {"string", "VARCHAR"},          [LOOK_BOOL] = {"boolean", "BOOLEAN"},
        [LOOK_INTEGER] = {"integer", "BIGINT"},        [LOOK_DECIMAL] = {"number", "DECIMAL(18,6)"},
        [LOOK_NUMBER] = {"number", "DOUBLE"},          [LOOK_DATE] = {"date", "DATE"},
        [LOOK_TIMESTAMP] = {"timestamp", "TIMESTAMP"}, [LOOK_TEXT] = {"string", "VARCHAR"},
    };
    if (look >= LOOK_INTEGER && look <= LOOK_NUMBER && ends_with_id(c->name))
        look = LOOK_TEXT;
    c->logical_type = str_of(types[look].logical);
    c->physical_type = str_of(types[look].physical);
}

static bool day_name(struct str name)
{
    static const char *const names[] = {"date", "day", "date_day", "stat_date", "report_date"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq(name, str_of(names[i])))
            return true;
    }
    return false;
}

/* The child's sample of the file. */
static bool sample(const char *program, const char *path, int fd, bool decimal_comma, struct arena *a, struct loader_shape *shape,
                   struct err *e)
{
    struct buf job = BUF_INIT(8192);
    struct loader *l = NULL;
    job_write(NULL, fs_basename(str_of(path)), &job);
    if (decimal_comma && job.n > 0) {
        job.n--; /* its closing brace */
        buf_addz(&job, ",\"decimal\":\",\"}");
    }
    const struct loader_options o = {.program = program, .shown = str_of(path)};
    bool ok = buf_ok(&job, e) && loader_start(&o, fd, buf_str(&job), &l, e) && loader_schema(l, a, shape, e);
    loader_close(l);
    buf_fini(&job);
    return ok;
}

bool ingest_infer(const char *program, const char *path, struct arena *a, struct ingest_inferred *out, struct err *e)
{
    struct loader_shape shape = {0};
    *out = (struct ingest_inferred){0};
    int fd = fault_fires(FAULT_OPEN) ? (errno = EIO, -1) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_at(e, E_SOURCE_FILE, str_of(path), 0, 0, "the file cannot be opened: it is not there, or not allowed");
        return false;
    }
    bool ok = sample(program, path, fd, false, a, &shape, e);
    if (ok && shape.decimal_comma) {
        out->decimal_separator = STR(",");
        ok = (lseek(fd, 0, SEEK_SET) == 0 || err_errno(e, errno, "reading %s", path)) &&
             sample(program, path, fd, true, a, &shape, e);
    }
    if (ok) {
        const struct loader_column *cols = shape.cols;
        size_t n = shape.n_cols;
        out->format = shape.format;
        out->rows_sampled = shape.sampled;
        out->columns = arena_array(a, n + 1, sizeof *out->columns);
        out->n_columns = n;
        size_t day = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            out->columns[i].name = cols[i].name;
            propose(&out->columns[i], cols[i].look);
            bool is_day = cols[i].look == LOOK_DATE || (cols[i].look == LOOK_TIMESTAMP && day_name(cols[i].name));
            if (is_day && (day == SIZE_MAX || (day_name(cols[i].name) && !day_name(cols[day].name))))
                day = i;
        }
        if (day != SIZE_MAX)
            out->day_column = out->columns[day].name;
    }
    close(fd);
    return ok;
}
