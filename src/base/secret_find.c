/* Secrets that a declaration points to, looked up when one is used and at no other time. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/secret.h"

enum { SECRET_MAX = 8192 };

static bool from_file(struct str dir, struct str path, const char *what, struct arena *a, struct str *out, struct err *e)
{
    char *z = arena_strz(a, fs_join(a, dir, path)), *text = arena_alloc(a, SECRET_MAX + 1);
    struct stat st;
    int fd = open(z, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        err_errno(e, errno, "reading the file that %s points to", what);
        err_hint(e, "write the secret into it and let only yourself read it: chmod 600");
        return false;
    }
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!ok) {
        err_set(e, E_IO, "what %s points to is no file", what);
    } else if ((st.st_mode & 077) != 0) {
        ok = err_set(e, E_DENIED, "the file that %s points to may be read by others (mode %03o)", what,
                     (unsigned)st.st_mode & 0777);
        err_hint(e, "chmod 600 it, and change the secret if others use this machine");
    } else {
        ssize_t n = read(fd, text, SECRET_MAX);
        ok = n >= 0 || err_errno(e, errno, "reading the file that %s points to", what);
        *out = (struct str){text, n > 0 ? (size_t)n : 0};
    }
    close(fd);
    return ok;
}

bool secret_find(struct str dir, struct str reference, const char *what, struct arena *a, char **out, struct err *e)
{
    struct str name, kind = str_cut(reference, ':', &name), value = {NULL, 0};
    *out = NULL;
    if (str_eq(kind, STR("file"))) {
        if (!from_file(dir, str_trim(name), what, a, &value, e))
            return false;
    } else {
        value = str_of(getenv(arena_strz(a, name)));
    }
    value = str_trim(value);
    if (value.n == 0) {
        err_set(e, E_NOT_FOUND, "%s points to %.*s, which is empty or not set", what, STR_FMT(reference));
        err_hint(e, "set it where the server, or the timer that calls trellis, is started");
        return false;
    }
    *out = arena_strz(a, value);
    return true;
}
