/* HTTP client over the mesh's Unix socket: see remote.h. llhttp reads the answer, bytes are handed on as they come. */
#include "cli/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <llhttp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The address of a Unix socket holds 107 bytes; through the folder's descriptor any path fits. */
bool remote_dial(const char *data_dir, int *out, struct err *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
    bool good = dir >= 0;
    if (good) {
        snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/trellis.sock", dir);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        good = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
        close(dir);
    }
    if (!good) {
        if (fd >= 0)
            close(fd);
        return err_set(e, E_NOT_FOUND, "no server listens at %s/trellis.sock", data_dir);
    }
    *out = fd;
    return true;
}

static bool send_all(int fd, struct str s, struct err *e)
{
    while (s.n) {
        ssize_t k = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return err_errno(e, errno, "the server did not take the request");
        s = (struct str){s.p + k, s.n - (size_t)k};
    }
    return true;
}

struct reading {
    struct remote_answer *answer;
    bool enough, complete;
};

static int on_headers(llhttp_t *p)
{
    struct reading *r = p->data;
    r->answer->status = p->status_code;
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct reading *r = p->data;
    if (!r->answer->data(r->answer->ctx, (struct str){at, n})) {
        r->enough = true;
        return HPE_USER;
    }
    return 0;
}

static int on_complete(llhttp_t *p)
{
    struct reading *r = p->data;
    r->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers, .on_body = on_body, .on_message_complete = on_complete};

static bool read_answer(int fd, struct remote_answer *answer, struct err *e)
{
    struct reading r = {.answer = answer};
    llhttp_t parser;
    char room[16 << 10];
    llhttp_init(&parser, HTTP_RESPONSE, &settings);
    parser.data = &r;
    while (!r.complete && !r.enough) {
        ssize_t n = recv(fd, room, sizeof room, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err_set(e, E_IO, "the server's answer broke off");
            err_hint(e, "it may have been stopped; see its log");
            return false;
        }
        llhttp_errno_t code = llhttp_execute(&parser, room, (size_t)n);
        if (code != HPE_OK && code != HPE_PAUSED && !r.enough)
            return err_set(e, E_IO, "the server's answer cannot be read: %s", llhttp_errno_name(code));
    }
    return true;
}

/* A control byte in what was typed must not begin another header. */
static void put_header(struct buf *b, const char *name, struct str value)
{
    if (!value.n)
        return;
    buf_printf(b, "%s: ", name);
    for (size_t i = 0; i < value.n; i++)
        buf_addc(b, (unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f ? '?' : value.p[i]);
    buf_addz(b, "\r\n");
}

bool remote_ask(int fd, enum http_verb verb, const char *target, struct str body, struct remote_answer *answer, struct err *e)
{
    struct buf b = BUF_INIT(body.n + (64 << 10));
    buf_printf(&b, "%s %s HTTP/1.1\r\nHost: trellis\r\nConnection: close\r\n", verb == VERB_POST ? "POST" : "GET", target);
    if (verb == VERB_POST)
        buf_printf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.n);
    put_header(&b, "X-Trellis-Role", answer->role);
    put_header(&b, "X-Trellis-Purpose", answer->purpose);
    buf_addz(&b, "\r\n");
    buf_add(&b, body);
    bool good = buf_ok(&b, e) && send_all(fd, buf_str(&b), e) && read_answer(fd, answer, e);
    buf_fini(&b);
    close(fd);
    return good;
}
