/* Third stage: which ports and streams the SQL of a port reads, and whether it may. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

#include "mesh/cut.h"
#include "sql/sql.h"

/* A raw stream of another domain, reported when all inputs are known, so that the port to use instead can be named. */
struct foreign {
    struct foreign *next;
    struct mesh_port *reader;
    struct mesh_stream *stream;
    uint32_t line, col;
};

static struct err *at_ref(struct load *l, enum err_code code, const struct mesh_port *p, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

static struct err *at_ref(struct load *l, enum err_code code, const struct mesh_port *p, uint32_t line, uint32_t col, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    cut_mend(text);
    va_end(ap);
    return errs_add(l->es, code, p->sql_file, line, col, "%s", text);
}

/* Names read by the SQL: from the cache, or by the engine's parser. */
static bool names_read(struct load *l, struct mesh_port *p, struct sql_ref **refs, size_t *n)
{
    struct sha sha;
    memcpy(sha.hex, p->sql_sha.z, sizeof sha.hex);
    if (l->cache && cache_refs(l->cache, l->a, &sha, refs, n))
        return true;
    if (!l->parser)
        return false;
    struct arena scratch;
    struct sql_ast *ast = NULL;
    struct err e = {0};
    arena_init(&scratch);
    bool good = sql_parse(l->parser, &scratch, p->sql, &ast, &e) && sql_gate(ast, SQL_PORT, &e) && sql_refs(ast, l->a, refs, n, &e);
    if (good) {
        if (l->cache)
            cache_put_refs(l->cache, &sha, *refs, *n);
    } else {
        struct err *x = errs_add(l->es, e.code, p->sql_file, e.line ? e.line : 1, e.line ? e.col : 1, "%s", e.text);
        hint(x, "%s", e.hint[0] ? e.hint : "look for a missing comma, parenthesis or keyword just before that place");
    }
    sql_ast_free(ast);
    arena_fini(&scratch);
    return good;
}

/* Refs of one domain, for "did you mean"; plain names of its ports, or of its streams. */
static struct str *names_in_domain(struct arena *a, const struct mesh_domain *d, bool streams, size_t *n)
{
    size_t most = 0;
    *n = 0;
    for (size_t i = 0; i < d->n_products; i++)
        most += d->products[i]->n_ports;
    for (size_t i = 0; i < d->n_sources; i++)
        most += d->sources[i]->n_streams;
    struct str *v = arena_array(a, most + 1, sizeof *v);
    for (size_t i = 0; i < d->n_products && !streams; i++)
        for (size_t k = 0; k < d->products[i]->n_ports; k++)
            v[(*n)++] = d->products[i]->ports[k]->ref;
    for (size_t i = 0; i < d->n_sources && streams; i++)
        for (size_t k = 0; k < d->sources[i]->n_streams; k++)
            v[(*n)++] = d->sources[i]->streams[k].ref;
    return v;
}

static bool is_broken(const struct load *l, struct str ref, struct str domain, struct str table)
{
    size_t at = str_find(table, STR("__"), 0);
    if (at == SIZE_MAX)
        return table_get(&l->broken, ref) != NULL;
    char source[256];
    int n = snprintf(source, sizeof source, "%.*s.%.*s__", STR_FMT(domain), (int)at, table.p);
    return n > 0 && (size_t)n < sizeof source && table_get(&l->broken, (struct str){source, (size_t)n}) != NULL;
}

static void dangling_domain(struct load *l, const struct mesh_port *p, const struct sql_ref *r)
{
    struct mesh *m = l->m;
    struct str *names = arena_array(l->a, m->n_domains + 1, sizeof *names);
    for (size_t i = 0; i < m->n_domains; i++)
        names[i] = m->domains[i].name;
    hint_nearest(at_ref(l, E_DANGLING, p, r->line, r->col, "there is no domain \"%.*s\", read as %.*s.%.*s", STR_FMT(r->schema), STR_FMT(r->schema),
                        STR_FMT(r->table)), r->schema, names, m->n_domains);
}

static void dangling_unqualified(struct load *l, const struct mesh_port *p, const struct sql_ref *r)
{
    struct mesh *m = l->m;
    struct err *e = at_ref(l, E_DANGLING, p, r->line, r->col, "the table \"%.*s\" is named without its domain", STR_FMT(r->table));
    for (size_t i = 0; i <= m->n_domains; i++) { /* the own domain first */
        const struct mesh_domain *d = i == 0 ? p->product->domain : &m->domains[i - 1];
        struct str ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(d->name), STR_FMT(r->table));
        if (table_get(&l->w->ports, ref) || (i == 0 && table_get(&l->w->streams, ref))) {
            hint(e, "write %.*s", STR_FMT(ref));
            return;
        }
    }
    hint(e, "tables are named domain.port, or domain.source__stream inside of their domain");
}

static void dangling_table(struct load *l, const struct mesh_port *p, const struct sql_ref *r, struct str ref, const struct mesh_domain *d)
{
    bool stream = str_find(r->table, STR("__"), 0) != SIZE_MAX;
    struct err *e = at_ref(l, E_DANGLING, p, r->line, r->col, "there is no %s %.*s", stream ? "raw stream" : "port", STR_FMT(ref));
    size_t cut = ref.n;
    while (cut > 0 && ref.p[cut - 1] >= '0' && ref.p[cut - 1] <= '9')
        cut--;
    if (!stream && cut < ref.n && cut > 2 && memcmp(ref.p + cut - 2, "_v", 2) == 0) {
        const struct mesh_port *other = table_get(&l->w->ports, (struct str){ref.p, cut - 2});
        if (other) {
            hint(e, "that port has the major %d: write %.*s or %.*s", other->major, STR_FMT(other->ref), STR_FMT(other->ref_major));
            return;
        }
    }
    struct arena scratch;
    size_t n;
    arena_init(&scratch);
    struct str *names = names_in_domain(&scratch, d, stream, &n);
    hint_nearest(e, ref, names, n);
    arena_fini(&scratch);
}

/* One name of the SQL: fills `in`; false when it is an error, which is then reported, or pending as foreign. */
static bool resolve(struct load *l, struct mesh_port *p, const struct sql_ref *r, struct mesh_input *in)
{
    struct mesh_domain *own = p->product->domain;
    if (r->catalog.n) {
        hint(at_ref(l, E_SQL_REFUSED, p, r->line, r->col, "the table %.*s.%.*s.%.*s is named with a catalog", STR_FMT(r->catalog), STR_FMT(r->schema),
                    STR_FMT(r->table)), "name it domain.port");
        return false;
    }
    if (!r->schema.n) {
        dangling_unqualified(l, p, r);
        return false;
    }
    struct str ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(r->schema), STR_FMT(r->table));
    *in = (struct mesh_input){.ref = ref, .line = r->line, .col = r->col};
    in->port = table_get(&l->w->ports, ref);
    if (in->port)
        return true;
    struct mesh_stream *stream = table_get(&l->w->streams, ref);
    if (stream && stream->source->domain == own) {
        in->stream = stream;
        return true;
    }
    if (stream) {
        struct foreign *f = arena_alloc(l->a, sizeof *f);
        *f = (struct foreign){l->foreign, p, stream, r->line, r->col};
        l->foreign = f;
        return false;
    }
    struct mesh_domain *d = mesh_find_domain(l->m, r->schema);
    if (is_broken(l, ref, r->schema, r->table))
        return false; /* its own errors are reported already */
    if (!d)
        dangling_domain(l, p, r);
    else
        dangling_table(l, p, r, ref, d);
    return false;
}

/* Reading what its owner has given up still works, and is said. */
static void warn_given_up(struct load *l, const struct mesh_port *p, const struct mesh_input *in)
{
    const struct mesh_product *from = in->port->product;
    if (from == p->product || (!str_eq(from->status, STR("deprecated")) && !str_eq(from->status, STR("retired"))))
        return;
    struct err *e = errs_warn(l->es, E_CONTRACT, p->sql_file, in->line, in->col, "%.*s belongs to the product \"%.*s\", which is %.*s", STR_FMT(in->ref),
                              STR_FMT(from->name), STR_FMT(from->status));
    hint(e, "ask its owner %.*s what replaces it", STR_FMT(from->owner.name));
}

static int input_order(const void *a, const void *b)
{
    return str_cmp(((const struct mesh_input *)a)->ref, ((const struct mesh_input *)b)->ref);
}

static void port_resolve(struct load *l, struct mesh_port *p)
{
    struct sql_ref *refs = NULL;
    size_t n = 0;
    if (!p->sql_file.p || !names_read(l, p, &refs, &n))
        return;
    p->inputs = arena_array(l->a, n + 1, sizeof *p->inputs);
    for (size_t i = 0; i < n; i++)
        if (resolve(l, p, &refs[i], &p->inputs[p->n_inputs])) {
            if (p->inputs[p->n_inputs].port)
                warn_given_up(l, p, &p->inputs[p->n_inputs]);
            p->n_inputs++;
        }
    qsort(p->inputs, p->n_inputs, sizeof *p->inputs, input_order);
    size_t kept = 0; /* one name in two spellings of its version stays two refs; the same ref twice does not */
    for (size_t i = 0; i < p->n_inputs; i++)
        if (kept == 0 || !str_eq(p->inputs[kept - 1].ref, p->inputs[i].ref))
            p->inputs[kept++] = p->inputs[i];
    p->n_inputs = kept;
}

static void report_foreign(struct load *l, const struct foreign *f)
{
    const struct mesh_domain *owner = f->stream->source->domain;
    struct err *e = at_ref(l, E_FOREIGN_RAW, f->reader, f->line, f->col, "%.*s is a raw stream of the domain \"%.*s\" (owner: %.*s), private to it",
                           STR_FMT(f->stream->ref), STR_FMT(owner->name), STR_FMT(owner->owner.name));
    char list[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < owner->n_products; i++)
        for (size_t k = 0; k < owner->products[i]->n_ports; k++) {
            const struct mesh_port *p = owner->products[i]->ports[k];
            for (size_t j = 0; j < p->n_inputs; j++)
                if (p->inputs[j].stream == f->stream && used < sizeof list)
                    used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? " or " : "", STR_FMT(p->ref));
        }
    if (used)
        hint(e, "read its output port %s instead", list);
    else
        hint(e, "no port publishes it yet: ask %.*s for one", STR_FMT(owner->owner.contact.n ? owner->owner.contact : owner->owner.name));
}

void refs_resolve(struct load *l)
{
    for (size_t i = 0; i < l->m->n_products; i++)
        for (size_t k = 0; k < l->m->products[i]->n_ports; k++)
            port_resolve(l, l->m->products[i]->ports[k]);
    for (const struct foreign *f = l->foreign; f; f = f->next)
        report_foreign(l, f);
}

/* ---- Declared input ports against the inferred ones ---- */

struct need { struct str contract_id, ref; const struct mesh_port *reader; const struct mesh_input *input; bool declared; };

static size_t product_needs(struct load *l, const struct mesh_product *p, struct need **out)
{
    size_t most = 0, n = 0;
    for (size_t i = 0; i < p->n_ports; i++)
        most += p->ports[i]->n_inputs;
    struct need *v = arena_array(l->a, most + 1, sizeof *v);
    for (size_t i = 0; i < p->n_ports; i++)
        for (size_t k = 0; k < p->ports[i]->n_inputs; k++) {
            const struct mesh_input *in = &p->ports[i]->inputs[k];
            const struct mesh_contract *c = in->port ? in->port->contract : in->stream->contract;
            bool seen = (in->port && in->port->product == p) || !c;
            for (size_t j = 0; j < n && !seen; j++)
                seen = str_eq(v[j].contract_id, c->id);
            if (!seen)
                v[n++] = (struct need){c->id, in->ref, p->ports[i], in, false};
        }
    *out = v;
    return n;
}

static void check_declared(struct load *l, const struct mesh_product *p, const struct doc_node *port, struct need *needs, size_t n)
{
    const struct doc *d = p->doc;
    const struct doc_node *id = doc_get(d, port, "contractId"), *version = doc_get(d, port, "version");
    struct str *ids = arena_array(l->a, n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++) {
        ids[i] = needs[i].contract_id;
        if (!str_eq(ids[i], doc_text(d, id)))
            continue;
        needs[i].declared = true;
        const struct mesh_port *from = needs[i].input->port;
        if (from && build_major(doc_text(d, version)) != from->major)
            hint(at_value(l, E_CONTRACT, d, version, "the SQL reads %.*s in version %.*s, declared is %.*s", STR_FMT(needs[i].ref), STR_FMT(from->version),
                          STR_FMT(doc_text(d, version))), "write version: %.*s, or read the other major", STR_FMT(from->version));
        return;
    }
    bool known = table_get(&l->contract_ids, doc_text(d, id)) != NULL;
    if (!known && (l->contract_unreadable || table_get(&l->broken, doc_text(d, id))))
        return; /* its own errors are reported already */
    struct err *e = at_value(l, known ? E_CONTRACT : E_DANGLING, d, id,
                          known ? "the input \"%.*s\" is declared, but no SQL of the product reads it" : "no contract of the mesh has the id \"%.*s\"",
                             STR_FMT(doc_text(d, id)));
    hint(e, "inputs are inferred from SQL; inputPorts may be left out");
    if (str_nearest(doc_text(d, id), ids, n) >= 0)
        hint_nearest(e, doc_text(d, id), ids, n);
}

void refs_check_input_ports(struct load *l, struct mesh_product *p)
{
    const struct doc *d = p->doc;
    const struct doc_node *declared = doc_get(d, doc_root(d), "inputPorts"), *outputs = doc_get(d, doc_root(d), "outputPorts");
    struct need *needs;
    for (const struct doc_node *o = outputs ? doc_first(d, outputs) : NULL; o; o = doc_next(d, o)) {
        const struct doc_node *list = doc_get(d, o, "inputContracts");
        for (const struct doc_node *c = list ? doc_first(d, list) : NULL; c; c = doc_next(d, c))
            if (!l->contract_unreadable && !table_get(&l->contract_ids, doc_str(d, c, "id")) && !table_get(&l->broken, doc_str(d, c, "id")))
                hint(at_value(l, E_DANGLING, d, doc_get(d, c, "id"), "no contract of the mesh has the id \"%.*s\"", STR_FMT(doc_str(d, c, "id"))),
                     "inputs are inferred from SQL; inputContracts may be left out");
    }
    if (!declared || p->n_ports == 0)
        return;
    size_t n = product_needs(l, p, &needs);
    for (const struct doc_node *in = doc_first(d, declared); in; in = doc_next(d, in))
        check_declared(l, p, in, needs, n);
    for (size_t i = 0; i < n; i++)
        if (!needs[i].declared)
            hint(at_key(l, E_CONTRACT, d, declared, "the SQL reads %.*s (%.*s:%u), which inputPorts do not declare", STR_FMT(needs[i].ref),
                        STR_FMT(needs[i].reader->sql_file), needs[i].input->line),
                 "add {name: …, version: …, contractId: %.*s}, or leave inputPorts out: they are inferred", STR_FMT(needs[i].contract_id));
}
