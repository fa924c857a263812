/* Third stage: the classes that columns have by lineage. A port column without a class of its own that may hold a personal value of what
 * its SQL reads counts as personal itself, whatever it is called: lower(email) AS contact is an address. Where it cannot be told what a
 * column is made of, it counts as the strictest that the port reads. A class that is declared always holds instead. */
#include "mesh/mesh_int.h"

#include "sql/sql.h"

enum { KEY_MAX_BYTES = 64 << 20 };

struct input_columns { const struct mesh_port *p; struct arena *a; };

/* Where a stream has columns beyond its contract, its star may stand for more; a name then is its own. */
static bool columns_of(void *ctx, struct str ref, struct str **columns, size_t *n)
{
    const struct input_columns *x = ctx;
    for (size_t i = 0; i < x->p->n_inputs; i++) {
        const struct mesh_input *in = &x->p->inputs[i];
        const struct mesh_contract *c = in->port && str_eq_nocase(in->ref, ref) ? in->port->contract : NULL;
        if (!c)
            continue;
        *n = c->n_columns;
        *columns = arena_array(x->a, *n + 1, sizeof **columns);
        for (size_t k = 0; k < *n; k++)
            (*columns)[k] = c->columns[k].name;
        return true;
    }
    return false;
}

static const struct mesh_contract *contract_of(const struct mesh_input *in)
{
    return in->port ? in->port->contract : in->stream->contract;
}

static enum mesh_class personal_only(enum mesh_class k)
{
    return k == CLASS_PERSONAL || k == CLASS_SENSITIVE ? k : CLASS_UNSET;
}

static enum mesh_class stricter(enum mesh_class a, enum mesh_class b)
{
    return a > b ? a : b;
}

/* Of any column of an input: what an unknown mixture of them may be. */
static enum mesh_class strictest_of(const struct mesh_contract *c)
{
    enum mesh_class k = CLASS_UNSET;
    for (size_t i = 0; c && i < c->n_columns; i++)
        k = stricter(k, personal_only(mesh_column_class(&c->columns[i])));
    return k;
}

static enum mesh_class strictest(const struct mesh_port *p)
{
    enum mesh_class k = CLASS_UNSET;
    for (size_t i = 0; i < p->n_inputs; i++)
        k = stricter(k, strictest_of(contract_of(&p->inputs[i])));
    return k;
}

static enum mesh_class class_of_origin(const struct mesh_port *p, const struct sql_origin *o)
{
    for (size_t i = 0; i < p->n_inputs; i++)
        if (str_eq_nocase(p->inputs[i].ref, o->ref)) {
            const struct mesh_contract *c = contract_of(&p->inputs[i]);
            return str_eq(o->column, STR("*")) ? strictest_of(c) : personal_only(mesh_contract_class(c, o->column));
        }
    return CLASS_UNSET;
}

static enum mesh_class class_of_lineage(const struct mesh_port *p, const struct sql_column_lineage *x)
{
    enum mesh_class k = x->uncertain_kept ? strictest(p) : CLASS_UNSET;
    for (size_t i = 0; i < x->n_from; i++)
        if (x->from[i].kept)
            k = stricter(k, class_of_origin(p, &x->from[i]));
    return k;
}

/* A column of the contract that no column of the SQL answers to comes out of a star over what is not known. */
static enum mesh_class class_of_column(const struct mesh_port *p, struct str column, const struct sql_column_lineage *v, size_t n)
{
    enum mesh_class k = CLASS_UNSET, star = CLASS_UNSET;
    bool found = false, open = false;
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(v[i].column, column)) {
            found = true;
            k = stricter(k, class_of_lineage(p, &v[i]));
        } else if (str_eq(v[i].column, STR("*"))) {
            open = true;
            for (size_t o = 0; o < v[i].n_from; o++) {
                const struct sql_origin same = {v[i].from[o].ref, column, true};
                star = stricter(star, class_of_origin(p, &same));
            }
        }
    }
    return found ? k : open ? star : strictest(p);
}

/* ---- lineage, from the cache or by the engine's parser ---- */

/* The same SQL over inputs of the same columns has the same lineage. */
static bool key_of(const struct mesh_port *p, struct sha *out)
{
    struct buf b = BUF_INIT(KEY_MAX_BYTES);
    buf_printf(&b, "lineage\n%s\n", p->sql_sha.z);
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_contract *c = p->inputs[i].port ? p->inputs[i].port->contract : NULL;
        buf_printf(&b, "%.*s\n", STR_FMT(p->inputs[i].ref));
        for (size_t k = 0; c && k < c->n_columns; k++)
            buf_printf(&b, " %.*s\n", STR_FMT(c->columns[k].name));
    }
    bool ok = buf_ok(&b, NULL);
    if (ok)
        sha_bytes(buf_str(&b), out);
    buf_fini(&b);
    return ok;
}

static bool lineage_of(struct load *l, const struct mesh_port *p, struct arena *a, struct sql_column_lineage **v, size_t *n)
{
    struct input_columns in = {p, a};
    struct sql_ast *ast = NULL;
    struct err ignored = {0};
    struct sha key;
    bool known = key_of(p, &key);
    if (known && l->cache && cache_lineage(l->cache, a, &key, v, n))
        return true;
    bool ok = l->parser && sql_parse(l->parser, a, p->sql, &ast, &ignored) && sql_lineage(ast, a, columns_of, &in, v, n, &ignored);
    sql_ast_free(ast);
    if (ok && known && l->cache)
        cache_put_lineage(l->cache, &key, *v, *n);
    return ok;
}

static bool reads_stream(const struct mesh_port *p)
{
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].stream)
            return true;
    return false;
}

/* The gate shows what a port has, also what its contract forgets. */
static void beyond_contract(struct load *l, const struct mesh_port *p, const struct sql_column_lineage *v, size_t n)
{
    struct mesh_contract *c = p->contract;
    c->beyond = arena_array(l->a, n + 1, sizeof *c->beyond);
    for (size_t i = 0; i < n; i++) {
        enum mesh_class k = mesh_port_column(p, v[i].column) ? CLASS_UNSET : class_of_lineage(p, &v[i]);
        if (k != CLASS_UNSET)
            c->beyond[c->n_beyond++] = (struct mesh_column){.name = arena_str(l->a, v[i].column), .carried = k, .pos = c->pos};
    }
}

void carry_classes(struct load *l)
{
    for (size_t i = 0; i < l->m->n_ports; i++) {
        struct mesh_port *p = l->m->ports[i];
        struct sql_column_lineage *v = NULL;
        struct arena a;
        size_t n = 0;
        if (!p->contract || (strictest(p) == CLASS_UNSET && !reads_stream(p)))
            continue;
        arena_init(&a);
        bool known = p->materialization != MATERIALIZED_IDENTITY && lineage_of(l, p, &a, &v, &n);
        for (size_t k = 0; k < p->contract->n_columns; k++) {
            struct mesh_column *c = &p->contract->columns[k];
            c->carried = known ? class_of_column(p, c->name, v, n) : c->class_ == CLASS_UNSET ? strictest(p) : CLASS_UNSET;
        }
        if (known)
            beyond_contract(l, p, v, n);
        arena_fini(&a);
    }
}
