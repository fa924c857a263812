/* The contract of a port in the formats of other tools, as `trellis export` prints it. */
#include "exchange/exchange.h"
#include "serve/routes.h"

enum { EXPORT_MAX_BYTES = 16 << 20 };

bool route_export(struct call *c, struct err *e)
{
    static const char *const types[EXCHANGE_FORMATS] = {[EXCHANGE_ODCS] = "application/yaml", [EXCHANGE_DBT_YAML] = "application/yaml",
                                                        [EXCHANGE_JSON_SCHEMA] = "application/schema+json", [EXCHANGE_AVRO] = "application/json",
                                                        [EXCHANGE_SQL] = "application/sql"};
    const struct mesh_port *p = call_port(c, e);
    struct exchange_table table;
    struct exchange_set set = {&table, 1};
    enum exchange_format f = EXCHANGE_ODCS;
    struct str as;
    if (!p || (http_query_param(c->req, c->a, "format", &as) && !exchange_format_find(as, &f, e)))
        return false;
    if (!p->contract)
        return err_set(e, E_NOT_FOUND, "%.*s has no contract", STR_FMT(p->ref));
    struct errs es = {0};
    struct buf b = BUF_INIT(EXPORT_MAX_BYTES);
    exchange_of_contract(c->a, p->contract, c->args[1], &table);
    bool good = exchange_write(c->a, f, &set, p->product->domain->name, &b, &es);
    if (good) {
        http_reply_header(c->reply, "Content-Disposition",
                          arena_printf(c->a, "attachment; filename=\"%.*s%s\"", STR_FMT(c->args[1]), exchange_format_ending(f)));
        http_reply_whole(c->reply, 200, str_of(types[f]), arena_str(c->a, buf_str(&b)), false);
    } else {
        *e = es.v[0];
    }
    buf_fini(&b);
    errs_fini(&es);
    return good;
}
