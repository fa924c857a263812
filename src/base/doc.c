/* Reading a parsed document: look-up by key and path, values with defaults, JSON text, the cache form. */
#include "base/doc.h"

#include <stdio.h>

#include "base/buf.h"

const struct doc_node *doc_root(const struct doc *d)
{
    return d->n_nodes ? &d->nodes[0] : NULL;
}

const struct doc_node *doc_first(const struct doc *d, const struct doc_node *parent)
{
    return parent && parent->first_child ? &d->nodes[parent->first_child] : NULL;
}

const struct doc_node *doc_next(const struct doc *d, const struct doc_node *node)
{
    return node->next ? &d->nodes[node->next] : NULL;
}

struct str doc_key(const struct doc *d, const struct doc_node *n)
{
    return n ? (struct str){d->pool + n->key, n->key_len} : (struct str){NULL, 0};
}

struct str doc_text(const struct doc *d, const struct doc_node *n)
{
    return n && n->kind < DOC_SEQ ? (struct str){d->pool + n->text, n->text_len} : (struct str){NULL, 0};
}

static const struct doc_node *get(const struct doc *d, const struct doc_node *map, struct str key)
{
    if (!map || map->kind != DOC_MAP)
        return NULL;
    for (const struct doc_node *n = doc_first(d, map); n; n = doc_next(d, n))
        if (n->key_len == key.n && memcmp(d->pool + n->key, key.p, key.n) == 0)
            return n;
    return NULL;
}

const struct doc_node *doc_get(const struct doc *d, const struct doc_node *map, const char *key)
{
    return get(d, map, str_of(key));
}

const struct doc_node *doc_path(const struct doc *d, const struct doc_node *from, const char *dotted)
{
    for (struct str rest = str_of(dotted); from && rest.p;)
        from = get(d, from, str_cut(rest, '.', &rest));
    return from;
}

struct str doc_str(const struct doc *d, const struct doc_node *map, const char *key)
{
    const struct doc_node *n = doc_get(d, map, key);
    return n && n->kind != DOC_NULL ? doc_text(d, n) : (struct str){NULL, 0};
}

bool doc_bool(const struct doc *d, const struct doc_node *map, const char *key, bool otherwise)
{
    const struct doc_node *n = doc_get(d, map, key);
    return n && n->kind == DOC_BOOL ? n->v.b : otherwise;
}

int64_t doc_int(const struct doc *d, const struct doc_node *map, const char *key, int64_t otherwise)
{
    const struct doc_node *n = doc_get(d, map, key);
    return n && n->kind == DOC_INT ? n->v.i : otherwise;
}

/* A number that YAML allows and JSON does not (+1, .5, 1., 007, 0x1F, .inf) is written from its value. */
static void number_json(const struct doc *d, const struct doc_node *n, struct buf *out)
{
    struct str t = doc_text(d, n);
    size_t i = t.n && t.p[0] == '-';
    bool plain = i < t.n && t.p[i] >= '0' && t.p[i] <= '9' &&
                 !(t.p[i] == '0' && i + 1 < t.n && t.p[i + 1] != '.' && t.p[i + 1] != 'e' && t.p[i + 1] != 'E');
    for (; plain && i < t.n; i++)
        if (t.p[i] == '.' && (i + 1 == t.n || t.p[i + 1] < '0' || t.p[i + 1] > '9'))
            plain = false;
    if (plain && (n->kind == DOC_INT || __builtin_isfinite(n->v.f))) /* 1e999 is no JSON number either */
        buf_add(out, t);
    else if (n->kind == DOC_INT)
        buf_printf(out, "%lld", (long long)n->v.i);
    else if (__builtin_isfinite(n->v.f))
        buf_printf(out, "%.17g", n->v.f);
    else
        buf_addz(out, "null");
}

void doc_json(const struct doc *d, const struct doc_node *n, struct buf *out)
{
    if (!n) {
        buf_addz(out, "null");
        return;
    }
    switch ((enum doc_kind)n->kind) {
    case DOC_NULL:
        buf_addz(out, "null");
        break;
    case DOC_BOOL:
        buf_addz(out, n->v.b ? "true" : "false");
        break;
    case DOC_INT:
    case DOC_FLOAT:
        number_json(d, n, out);
        break;
    case DOC_STRING:
        buf_json_str(out, doc_text(d, n));
        break;
    case DOC_SEQ:
    case DOC_MAP:
        buf_addc(out, n->kind == DOC_MAP ? '{' : '[');
        for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c)) {
            if (n->kind == DOC_MAP) {
                buf_json_str(out, doc_key(d, c));
                buf_addc(out, ':');
            }
            doc_json(d, c, out);
            if (c->next)
                buf_addc(out, ',');
        }
        buf_addc(out, n->kind == DOC_MAP ? '}' : ']');
        break;
    }
}

/* ---- Cache form: header, nodes, pool ---- */

struct doc_header {
    char magic[8];
    uint32_t node_bytes, n_nodes, pool_len, reserved;
};
static const char doc_magic[8] = "TRDOC01";

void doc_save(const struct doc *d, struct buf *out)
{
    struct doc_header h = {.node_bytes = sizeof(struct doc_node), .n_nodes = d->n_nodes, .pool_len = d->pool_len};
    memcpy(h.magic, doc_magic, sizeof h.magic);
    buf_add(out, (struct str){(const char *)&h, sizeof h});
    buf_add(out, (struct str){(const char *)d->nodes, d->n_nodes * sizeof *d->nodes});
    buf_add(out, (struct str){d->pool, d->pool_len});
}

/* Nodes come in document order: every link leads forward and stays inside, so that no walk can run away. */
static bool links_ok(const struct doc *d)
{
    for (uint32_t i = 0; i < d->n_nodes; i++) {
        const struct doc_node *n = &d->nodes[i];
        if (n->kind > DOC_MAP || (n->first_child && (n->first_child <= i || n->first_child >= d->n_nodes || n->kind < DOC_SEQ)))
            return false;
        if (n->next && (n->next <= i || n->next >= d->n_nodes))
            return false;
        if ((uint64_t)n->key + n->key_len > d->pool_len || (uint64_t)n->text + n->text_len > d->pool_len)
            return false;
    }
    return true;
}

struct doc *doc_load(struct arena *a, struct str file, struct str bytes, size_t *consumed)
{
    struct doc_header h;
    if (bytes.n < sizeof h)
        return NULL;
    memcpy(&h, bytes.p, sizeof h);
    size_t nodes_bytes = (size_t)h.n_nodes * sizeof(struct doc_node), total = sizeof h + nodes_bytes + h.pool_len;
    if (memcmp(h.magic, doc_magic, sizeof h.magic) != 0 || h.node_bytes != sizeof(struct doc_node) || total > bytes.n)
        return NULL;
    struct doc *d = arena_alloc(a, sizeof *d);
    d->file = arena_str(a, file);
    d->n_nodes = h.n_nodes;
    d->pool_len = h.pool_len;
    d->nodes = arena_alloc(a, nodes_bytes + 1);
    memcpy(d->nodes, bytes.p + sizeof h, nodes_bytes);
    d->pool = arena_alloc(a, (size_t)h.pool_len + 1);
    memcpy(d->pool, bytes.p + sizeof h + nodes_bytes, h.pool_len);
    if (!links_ok(d))
        return NULL;
    *consumed = total;
    return d;
}
