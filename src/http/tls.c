/* TLS in place of the plain socket, for listeners that leave this machine. Reads happen on the loop while nobody answers, writes
 * under the connection's lock, so that one connection's state is never used by two threads at once. */
#include "http/http_int.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static bool tls_error(struct err *e, const char *what, const char *file)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    err_set(e, E_USAGE, "%s %s cannot be used: %s", what, file, reason ? reason : "unknown reason");
    err_hint(e, "give a certificate chain and its private key as PEM files");
    ERR_clear_error();
    return false;
}

bool http_server_tls(struct http_server *s, const char *certificate, const char *key, struct err *e)
{
    SSL_CTX *x = SSL_CTX_new(TLS_server_method());
    if (!x)
        return err_set(e, E_MEMORY, "TLS cannot be set up");
    SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION);
    SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    bool good = (SSL_CTX_use_certificate_chain_file(x, certificate) == 1 || tls_error(e, "the certificate", certificate)) &&
                (SSL_CTX_use_PrivateKey_file(x, key, SSL_FILETYPE_PEM) == 1 || tls_error(e, "the private key", key)) &&
                (SSL_CTX_check_private_key(x) == 1 || tls_error(e, "the private key", key));
    if (!good) {
        SSL_CTX_free(x);
        return false;
    }
    signal(SIGPIPE, SIG_IGN); /* its writes cannot ask for silence one by one, as ours do */
    s->tls = x;
    return true;
}

void tls_free(struct http_server *s)
{
    SSL_CTX_free(s->tls);
    s->tls = NULL;
}

bool tls_accept(struct http_conn *c)
{
    SSL *x = SSL_new(c->server->tls);
    if (!x || SSL_set_fd(x, c->fd) != 1) {
        SSL_free(x);
        return false;
    }
    SSL_set_accept_state(x); /* the handshake goes with the first reads */
    c->tls = x;
    c->io = &http_io_tls;
    return true;
}

static ssize_t result_of(struct http_conn *c, int k)
{
    if (k > 0)
        return k;
    int why = SSL_get_error(c->tls, k);
    if (why == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

static int clipped(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

static ssize_t tls_read(struct http_conn *c, void *p, size_t n)
{
    ERR_clear_error();
    return result_of(c, SSL_read(c->tls, p, clipped(n)));
}

static ssize_t tls_write(struct http_conn *c, const void *p, size_t n)
{
    ERR_clear_error();
    ssize_t k = result_of(c, SSL_write(c->tls, p, clipped(n)));
    if (k == 0)
        errno = ECONNRESET;
    return k > 0 ? k : -1;
}

static bool tls_pending(struct http_conn *c)
{
    return SSL_pending(c->tls) > 0;
}

static void tls_shut(struct http_conn *c)
{
    ERR_clear_error();
    SSL_shutdown(c->tls);
    shutdown(c->fd, SHUT_WR);
}

static void tls_close(struct http_conn *c)
{
    SSL_free(c->tls);
    c->tls = NULL;
    close(c->fd);
}

const struct http_io http_io_tls = {"tls", tls_read, tls_write, tls_pending, tls_shut, tls_close};
