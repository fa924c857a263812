/* One way for the exports of records to reach the disk. */
#include "cli/demo/records.h"

#include "base/fs.h"

enum { FILE_MODE = 0644, FOLDER_MODE = 0755 };

bool demo_table_write(const char *dir, const char *prefix, const char *name, const struct buf *text, struct err *e)
{
    struct arena a;
    arena_init(&a);
    bool ok = buf_ok(text, e) && fs_mkdirs(dir, FOLDER_MODE, e) && fs_write_atomic(arena_printf(&a, "%s/%s%s.csv", dir, prefix, name).p, buf_str(text), FILE_MODE, e);
    arena_fini(&a);
    return ok;
}
