/* Writers of what the catalog's lists show of a product and a source. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"

enum port_state shape_product_state(const struct mesh_product *p, const struct build_port_status *st, size_t *worst_port)
{
    static const int badness[] = {[PORT_FRESH] = 0, [PORT_NEVER_BUILT] = 1, [PORT_STALE] = 2, [PORT_FAILING] = 3};
    enum port_state worst = PORT_FRESH;
    for (size_t i = 0; i < p->n_ports; i++) {
        enum port_state s = st[p->ports[i]->index].state;
        if (badness[s] <= badness[worst])
            continue;
        worst = s;
        if (worst_port)
            *worst_port = i;
    }
    return worst;
}

void shape_catalog_item(struct buf *b, const struct mesh_product *p, const struct build_port_status *st, int64_t uses)
{
    size_t worst = 0, passed = 0, warned = 0, failed = 0, not_evaluated = 0;
    int64_t built = 0;
    enum port_state state = shape_product_state(p, st, &worst);
    for (size_t i = 0; i < p->n_ports; i++) {
        const struct build_port_status *s = &st[p->ports[i]->index];
        passed += s->checks_passed;
        warned += s->checks_warned;
        failed += s->checks_failed;
        not_evaluated += s->checks_not_evaluated;
        built = s->built_at_us > built ? s->built_at_us : built;
    }
    put_open(b, NULL, '{');
    put_str(b, "domain", p->domain->name);
    put_str(b, "name", p->name);
    put_str(b, "title", p->title.n ? p->title : p->name);
    put_str(b, "purpose", p->purpose);
    put_str(b, "status", p->status);
    put_str(b, "version", p->version);
    shape_owner(b, "owner", shape_product_owner(p), NULL);
    put_texts(b, "tags", p->tags, p->n_tags);
    put_str(b, "state", str_of(port_state_text(state)));
    put_opt(b, "state_reason", p->n_ports ? st[p->ports[worst]->index].reason : STR(""));
    put_int(b, "ports", (int64_t)p->n_ports);
    put_time(b, "built_at", built);
    put_open(b, "checks", '{');
    put_int(b, "passed", (int64_t)passed);
    put_int(b, "warned", (int64_t)warned);
    put_int(b, "failed", (int64_t)failed);
    put_int(b, "not_evaluated", (int64_t)not_evaluated);
    put_close(b, '}');
    put_int(b, "uses", uses);
    put_close(b, '}');
}
