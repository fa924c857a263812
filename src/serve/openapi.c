/* /openapi.json, from the table of routes and a table of shapes. The shapes' notation: members separated by blanks,
 * `name:type`; a question mark after the name for one that may be absent; types are s (text), t (moment in UTC), d (day), i
 * (integer), n (number), b (boolean), any, the name of a shape, [type] for an array, type? for "or null", a|b|c for one of these
 * texts. */
#include "serve/put.h"
#include "serve/routes.h"

static const struct {
    const char *name, *members;
} shapes[] = {
    {"health", "status:s version:s"},
    {"error", "code:s name:s message:s hint?:s file?:s line?:i col?:i retryable:b"},
    {"failure", "error:error"},
    {"owner", "name:s contact:s"},
    {"channel", "channel:s url:s? tool:s?"},
    {"domain_support", "channel:s url:s?"},
    {"domain", "name:s title:s description:s owner:owner support:domain_support kpis:[s] north_star:s?"},
    {"health_counts", "ports:i fresh:i stale:i failing:i never_built:i rows_quarantined:i"},
    {"mesh", "name:s title:s version:s dir:s time_zone:s reporting_currency:s week_start:s domains:[domain] health:health_counts "
             "running:i? "
             "declaration_errors:[error]"},
    {"check_counts", "passed:i warned:i failed:i not_evaluated:i"},
    {"cause", "ref:s message:s"},
    {"port_summary",
     "domain:s product:s name:s ref:s version:s major:i description:s materialization:table|view|incremental "
     "state:fresh|stale|failing|never_built state_reason:s? stale_cause:cause? built_at:t? rows:i? data_from:s? data_to:s? "
     "checks:check_counts"},
    {"column", "name:s type:s description:s business_name:s? classification:s? hidden:b key:b required:b"},
    {"upstream", "ref:s kind:port|stream state:s"},
    {"downstream", "ref:s"},
    {"origin", "ref:s column:s"},
    {"lineage", "column:s from:[origin] uncertain:b"},
    {"check", "rule:s column:s? metric:s? dimension:s? severity:s? verdict:passed|failed|warned|not_evaluated measured:s? "
              "expected:s? message:s? "
              "evaluated_at:t run_id:i"},
    {"port_run", "run_id:i ref:s status:s rows:i elapsed_ms:i finished_at:t? message:s?"},
    {"port",
     "domain:s product:s name:s ref:s version:s major:i description:s materialization:table|view|incremental "
     "state:fresh|stale|failing|never_built state_reason:s? stale_cause:cause? built_at:t? rows:i? data_from:s? data_to:s? "
     "checks:check_counts owner:owner support:[channel] columns:[column] sql:s sql_path:s contract_path:s? contract_version:s? "
     "time_column:s? upstream:[upstream] downstream:[downstream] lineage:[lineage] latest_checks:[check] runs:[port_run]"},
    {"product", "domain:s name:s title:s purpose:s limitations:s usage:s status:s version:s owner:owner support:[channel] "
                "consumers:[s] success_metrics:[s] tags:[s] "
                "readme:s state:fresh|stale|failing|never_built ports:[port_summary]"},
    {"product_whole",
     "domain:s name:s title:s purpose:s limitations:s usage:s status:s version:s owner:owner support:[channel] consumers:[s] success_metrics:[s] "
     "tags:[s] readme:s state:fresh|stale|failing|never_built ports:[port]"},
    {"products", "products:[product]"},
    {"checks", "checks:[check]"},
    {"port_outcome", "run_id:i at:t status:s rows:i elapsed_ms:i message:s?"},
    {"check_run", "run_id:i at:t passed:i warned:i failed:i not_evaluated:i"},
    {"lag_point", "at:t lag_s:i"},
    {"history", "runs:[port_outcome] checks:[check_run] freshness:[lag_point] allowed_lag_s:i?"},
    {"failing", "rule:s? column:s? message:s? refused:b check:check? columns:[rows_column] rows:[any] row_count:i truncated:b "
                "why_none:s?"},
    {"why_step", "ref:s kind:port|stream|source state:s since:t? message:s? owner:owner"},
    {"why", "ref:s state:fresh|stale|failing|never_built chain:[why_step]"},
    {"quarantine", "reason:s count:i first_file:s first_line:i"},
    {"drift_event", "column:s change:s file:s at:t"},
    {"stream",
     "name:s ref:s state:s optional:b files:i rows:i rows_quarantined:i last_loaded_at:t? data_from:s? data_to:s? message:s? "
     "quarantine:[quarantine] drift_events:[drift_event]"},
    {"affected", "ref:s"},
    {"source_health", "domain:s name:s title:s pack:s? kind:s owner:owner state:ok|late|failed|unusual|never reason:s last_load_at:t? lag_s:i? "
                      "allowed_lag_s:i? rows:i rows_quarantined:i last_rows:i? habit_rows:i? drift_events:i data_from:d? data_to:d? "
                      "affected:[affected]"},
    {"source_load", "stream:s path:s at:t rows:i quarantined:i bytes:i day_from:d? day_to:d?"},
    {"source_listed", "domain:s name:s title:s pack:s? kind:s owner:owner state:ok|late|failed|unusual|never reason:s last_load_at:t? lag_s:i? "
                      "allowed_lag_s:i? rows:i rows_quarantined:i last_rows:i? habit_rows:i? drift_events:i data_from:d? data_to:d? "
                      "affected:[affected] description:s path:s currency:s? time_zone:s? drift:evolve|quarantine|fail streams:[stream]"},
    {"source_whole", "domain:s name:s title:s pack:s? kind:s owner:owner state:ok|late|failed|unusual|never reason:s last_load_at:t? lag_s:i? "
                     "allowed_lag_s:i? rows:i rows_quarantined:i last_rows:i? habit_rows:i? drift_events:i data_from:d? data_to:d? "
                     "affected:[affected] description:s path:s currency:s? time_zone:s? drift:evolve|quarantine|fail streams:[stream] "
                     "loads:[source_load]"},
    {"sources", "sources:[source_listed]"},
    {"alert", "kind:s ref:s message:s raised_at:t sent_at:t? mended_at:t? attempts:i"},
    {"message", "kind:alert|digest|test channel:webhook|mail subject:s made_at:t sent_at:t? given_up_at:t? next_at:t? attempts:i problem:s?"},
    {"alerts", "configured:b alerts:[alert] messages:[message]"},
    {"alerts_checked", "raised:i mended:i open:i sent:i failed:i given_up:i problem:s?"},
    {"alerts_sent", "sent:i failed:i problem:s?"},
    {"digest", "title:s text:s"},
    {"digest_sent", "title:s text:s sent:i failed:i problem:s?"},
    {"run",
     "run_id:i kind:s started_at:t finished_at:t? status:running|succeeded|failed|cancelled|interrupted trigger:s ports_built:i "
     "ports_failed:i ports_skipped:i rows:i message:s? ports:[port_run]"},
    {"runs", "runs:[run]"},
    {"plan_change", "ref:s kind:s action:s what:[s]"},
    {"plan_load", "stream:s file:s reason:s size_bytes:i"},
    {"plan_build", "ref:s reason:s because:s?"},
    {"plan",
     "changes:[plan_change] would_load:[plan_load] would_build:[plan_build] up_to_date:i warnings:[error] errors:[error]"},
    {"run_request", "ports?:[s] full?:b"},
    {"run_event",
     "event:run_started|load|port_started|progress|port_done|run_done run_id?:i ref?:s stream?:s file?:s ports?:i rows?:i "
     "quarantined?:i done?:i total?:i fraction?:n eta_s?:n status?:s message?:s? elapsed_ms?:i exit_code?:i built?:i "
     "unchanged?:i "
     "failed?:i refused?:i skipped?:i warnings?:[error] errors?:[error]"},
    {"cancel_request", "run_id?:i"},
    {"edit_change", "kind:product|port|column|domain|source|term|goal|dashboard ref:s column?:s field:s value:any"},
    {"edit_request", "changes:[edit_change] apply?:b"},
    {"edit_file", "path:s how:new|changed"},
    {"edit", "patch:s files:[edit_file] applied:b errors:[error]"},
    {"cancelled", "run_id:i cancelling:b"},
    {"draft_request", "kind:product|source|domain|dashboard|term|goal answers:any apply?:b"},
    {"draft_file", "path:s how:new|changed text:s"},
    {"draft_error", "code:s name:s message:s hint?:s file?:s line?:i col?:i retryable:b field:s?"},
    {"draft_next", "title:s command:s? href:s?"},
    {"draft", "patch:s files:[draft_file] applied:b ref:s? href:s? errors:[draft_error] next:[draft_next]"},
    {"upload_request", "name:s bytes:i"},
    {"upload", "id:s name:s part_bytes:i received:i"},
    {"bytes", ""},
    {"upload_received", "received:i bytes:i"},
    {"upload_look_request", "sheet?:s"},
    {"problem", "message:s hint:s?"},
    {"upload_column", "name:s title:s? type:s classification:s required:b examples:[s]"},
    {"upload_names", "name:s title:s"},
    {"upload_found", "format:s compression:s? sheets:[s] sheet:s? encoding:s? delimiter:s? header_row:i rows_sampled:i rows_left_out:i day_column:s? "
                     "problems:[problem] columns:[upload_column] rows:[any] suggested:upload_names"},
    {"upload_add_column", "name:s type?:s title?:s description?:s classification?:s"},
    {"upload_add_request", "domain:s name:s title?:s description?:s owner?:owner currency?:s columns?:[upload_add_column] sheet?:s replace?:b apply?:b"},
    {"upload_added", "patch:s files:[edit_file] applied:b errors:[error] port:s href:s replaced:b"},
    {"pack", "name:s title:s summary:s kind:source|product platform:s? domain:s? own:b added:b"},
    {"packs", "packs:[pack]"},
    {"query_request", "sql:s params?:[any] as_of?:d? purpose?:s limit?:i format?:json|csv|ndjson timeout_ms?:i"},
    {"rows_column", "name:s type:s"},
    {"rows", "columns:[rows_column] rows:[any] row_count?:i truncated?:b elapsed_ms?:i error?:error"},
    {"request", "id:i kind:product|access|feedback|question ref:s field:s domain:s title:s body:s asker:s "
                "state:open|answered|declined|done asked_at:t age_s:i answer:s? answered_by:s? answered_at:t?"},
    {"requests", "requests:[request]"},
    {"request_ask", "kind:product|access|feedback|question title:s body?:s ref?:s field?:s domain?:s asker?:s"},
    {"request_answer", "state?:answered|declined|done answer?:s answered_by?:s"},
    {"term_column", "ref:s column:s product:s?"},
    {"term", "name:s title:s definition:s not_this:s domain:s? owner:owner synonyms:[s] columns:[term_column] metrics:[s] status:s "
             "reviewed:d? clash:b"},
    {"glossary", "terms:[term]"},
    {"claim", "ref:s text:s owner:owner file:s line:i"},
    {"clash", "kind:duplicate_term|duplicate_synonym|duplicate_product|duplicate_port subject:s why:s claims:[claim]"},
    {"clashes", "clashes:[clash]"},
    {"baseline", "value:n from:d? to:d? frozen:d?"},
    {"goal_target", "value:n by:d?"},
    {"point", "day:d value:n?"},
    {"goal_product", "ref:s title:s"},
    {"goal", "name:s title:s question:s domain:s? owner:owner unit:s currency:s? direction:up|down value:n? problem:s? day_from:d? "
             "day_to:d? window_days:i baseline:baseline? target:goal_target? progress:n? series:[point] products:[goal_product] port:s "
             "product:s? sql:s? north_star:b file:s line:i"},
    {"goals", "goals:[goal]"},
    {"measure", "column:s? aggregate:sum|avg|min|max|count|count_distinct title:s"},
    {"panel", "title:s chart:line|bar|area|table|number port:s x:s? grain:s? series:s? where:s? measures:[measure] sql:s? state:port_summary?"},
    {"dashboard", "domain:s name:s title:s description:s? owner:owner path:s panels:[panel]"},
    {"dashboards", "dashboards:[dashboard]"},
    {"goal_value", "name:s domain:s? value:n? from:d to:d file:s line:i frozen:b today:d"},
    {"pace", "metric:s platform:s campaign_id:s currency:s from:d to:d target:n actual:n? expected:n? projected:n? days_done:i "
             "days_all:i last_day:d?"},
    {"pacing", "port:s? problem:s? targets:[pace]"},
    {"naming_rule", "name:s subject:s example:s? message:s? severity:s"},
    {"mistag", "rule:s platform:s id:s name:s problem:s spend:n?"},
    {"naming", "problem:s? rules:[naming_rule] total:i currency:s items:[mistag]"},
    {"ready_step", "id:s phase:own|products|trust|use|meaning title:s done:b optional:b missing:s? command:s? href:s?"},
    {"pitfall", "id:s title:s text:s domain:s owner:owner"},
    {"readiness", "domain:s done:i all:i steps:[ready_step] pitfalls:[pitfall]"},
    {"all_readiness", "domains:[readiness]"},
    {"catalog_item", "domain:s name:s title:s purpose:s status:s version:s owner:owner tags:[s] state:fresh|stale|failing|never_built "
                     "state_reason:s? ports:i built_at:t? checks:check_counts uses:i"},
    {"domain_dashboard", "name:s title:s"},
    {"role", "role:s name:s contact:s"},
    {"raci", "product:s responsible:[s] accountable:[s] consulted:[s] informed:[s]"},
    {"domain_whole", "name:s title:s description:s owner:owner support:channel profile:full|light kpis:[s] north_star:s? roles:[role] "
                     "raci:[raci] products:[catalog_item] sources:[source_health] dashboards:[domain_dashboard] terms:[term] goals:[goal] "
                     "requests:[request] readiness:readiness"},
    {"domain_counts", "name:s title:s description:s owner:owner products:i ports:i fresh:i stale:i failing:i never_built:i "
                      "rows_quarantined:i sources_late:i requests_open:i ready_done:i ready_all:i"},
    {"domains", "domains:[domain_counts]"},
    {"home_health", "ports:i fresh:i stale:i failing:i never_built:i rows_quarantined:i sources_late:i requests_open:i"},
    {"change", "at:t kind:s severity:bad|warn|info title:s ref:s? domain:s? href:s? owner:owner"},
    {"home", "north_star:goal? health:home_health domains:[domain_counts] changes:[change] pitfalls:[pitfall]"},
    {"hit", "kind:product|port|column|term|goal|dashboard|domain|source ref:s title:s text:s domain:s? owner:s? state:s? href:s field:s via:s?"},
    {"search", "q:s total:i dropped_words:[s] results:[hit]"},
    {"facet", "value:s title:s count:i"},
    {"facets", "domain:[facet] state:[facet] status:[facet] tag:[facet] owner:[facet]"},
    {"catalog", "total:i offset:i sort:relevance|title|state|freshness|use dropped_words:[s] facets:facets items:[catalog_item]"},
    {"graph_node", "id:s kind:domain|source|stream|product|port|dashboard|consumer ref:s label:s domain:s? product:s? state:s? layer:i order:i inside:i"},
    {"graph_edge", "from:i to:i columns:i"},
    {"lineage_graph", "level:domain|product|port focus:s? nodes:[graph_node] edges:[graph_edge] hidden:i"},
    {"column_node", "ref:s column:s kind:port|stream domain:s? product:s? layer:i uncertain:b hidden:b"},
    {"column_edge", "from:i to:i"},
    {"column_lineage", "ref:s column:s nodes:[column_node] edges:[column_edge] cut:b"},
    {"any", ""},
};

static const struct {
    struct str code;
    const char *json;
} scalars[] = {
    {{"s", 1}, "\"type\":\"string\""},
    {{"t", 1}, "\"type\":\"string\",\"format\":\"date-time\""},
    {{"d", 1}, "\"type\":\"string\",\"format\":\"date\""},
    {{"i", 1}, "\"type\":\"integer\""},
    {{"n", 1}, "\"type\":\"number\""},
    {{"b", 1}, "\"type\":\"boolean\""},
};

static void write_choices(struct buf *b, struct str type)
{
    buf_addz(b, "\"type\":\"string\",\"enum\":[");
    for (const char *joint = ""; type.p; joint = ",") {
        buf_addz(b, joint);
        buf_json_str(b, str_cut(type, '|', &type));
    }
    buf_addc(b, ']');
}

static void write_type(struct buf *b, struct str type)
{
    bool nullable = str_ends(type, STR("?"));
    if (nullable) {
        type.n--;
        buf_addz(b, "{\"anyOf\":[");
    }
    buf_addc(b, '{');
    size_t i = 0, n = sizeof scalars / sizeof *scalars;
    while (i < n && !str_eq(scalars[i].code, type))
        i++;
    if (i < n) {
        buf_addz(b, scalars[i].json);
    } else if (type.p[0] == '[') {
        buf_addz(b, "\"type\":\"array\",\"items\":");
        write_type(b, (struct str){type.p + 1, type.n - 2});
    } else if (str_find(type, STR("|"), 0) != SIZE_MAX) {
        write_choices(b, type);
    } else if (!str_eq(type, STR("any"))) {
        buf_printf(b, "\"$ref\":\"#/components/schemas/%.*s\"", STR_FMT(type));
    }
    buf_addc(b, '}');
    if (nullable)
        buf_addz(b, ",{\"type\":\"null\"}]}");
}

static void write_shape(struct buf *b, const char *members)
{
    struct buf required = BUF_INIT((size_t)16 << 10);
    struct str rest = str_of(members);
    if (!rest.n) {
        buf_addz(b, "{}");
        return;
    }
    buf_addz(b, "{\"type\":\"object\",\"properties\":{");
    while (rest.p && rest.n) {
        struct str type, name = str_cut(str_cut(rest, ' ', &rest), ':', &type);
        bool optional = str_ends(name, STR("?"));
        name.n -= optional;
        put_str(b, NULL, name);
        buf_addc(b, ':');
        write_type(b, type.p ? type : STR("any"));
        if (!optional)
            put_str(&required, NULL, name);
    }
    buf_addc(b, '}');
    if (required.n)
        buf_printf(b, ",\"required\":[%s]", buf_z(&required));
    buf_addc(b, '}');
    buf_fini(&required);
}

static void write_param(struct buf *b, struct str name, const char *in, const char *type, const char *about)
{
    bool path = in[0] == 'p';
    put_open(b, NULL, '{');
    put_str(b, "name", name);
    put_str(b, "in", str_of(in));
    put_bool(b, "required", path);
    put_str(b, "description", str_of(about));
    put_open(b, "schema", '{');
    put_str(b, "type", str_of(type));
    put_close(b, '}');
    put_close(b, '}');
}

static void write_params(struct buf *b, const struct route *rt)
{
    struct str p = str_of(rt->pattern);
    put_open(b, "parameters", '[');
    for (size_t i = 0; i < p.n; i++)
        if (p.p[i] == '{') {
            size_t end = str_find(p, STR("}"), i);
            struct str name = {p.p + i + 1, end - i - 1};
            write_param(b, name, "path", "string",
                        str_eq(name, STR("port")) ? "name of the port, or name_vN for one major version" : "its name");
            i = end;
        }
    for (const struct route_param *q = rt->query; q->name; q++)
        write_param(b, str_of(q->name), "query", q->type, q->about);
    put_close(b, ']');
}

static void write_content(struct buf *b, const char *type, const char *shape)
{
    put_open(b, "content", '{');
    put_open(b, type, '{');
    put_open(b, "schema", '{');
    buf_printf(b, "\"$ref\":\"#/components/schemas/%s\"", shape);
    put_close(b, '}');
    put_close(b, '}');
    put_close(b, '}');
}

static void write_route(struct buf *b, const struct route *rt)
{
    put_open(b, rt->verb == VERB_POST ? "post" : rt->verb == VERB_PUT ? "put" : "get", '{');
    put_str(b, "operationId", str_of(rt->id));
    put_str(b, "summary", str_of(rt->summary));
    put_open(b, "security", '[');
    if (!(rt->flags & ROUTE_OPEN))
        buf_addz(b, "{\"bearer\":[]},{\"cookie\":[]}");
    put_close(b, ']');
    write_params(b, rt);
    if (rt->body) {
        put_open(b, "requestBody", '{');
        put_bool(b, "required", true);
        write_content(b, rt->verb == VERB_PUT ? "application/octet-stream" : "application/json", rt->body);
        put_close(b, '}');
    }
    put_open(b, "responses", '{');
    put_open(b, "200", '{');
    put_str(b, "description", str_of(rt->summary));
    write_content(b, rt->answer_type, rt->answer);
    put_close(b, '}');
    put_open(b, "default", '{');
    put_str(b, "description", STR("What went wrong"));
    write_content(b, "application/json", "failure");
    put_close(b, '}');
    put_close(b, '}');
    put_close(b, '}');
}

/* The first route of the same address: an address may have several methods. */
static size_t first_of(size_t route)
{
    size_t i = 0;
    while (!str_eq(str_of(routes_table[i].pattern), str_of(routes_table[route].pattern)))
        i++;
    return i;
}

void openapi_write(struct buf *b)
{
    put_open(b, NULL, '{');
    put_str(b, "openapi", STR("3.1.0"));
    put_open(b, "info", '{');
    put_str(b, "title", STR("Trellis"));
    put_str(b, "version", STR(TRELLIS_VERSION));
    put_str(b, "description", STR("A marketing data mesh in one program. Rows come through one gate; see the guide."));
    buf_addz(b, ",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}");
    put_close(b, '}');
    buf_addz(b, ",\"servers\":[{\"url\":\"/\"}]");
    put_open(b, "paths", '{');
    for (size_t i = 0; i < routes_count; i++) {
        if (first_of(i) != i)
            continue; /* written with the first of its address */
        put_open(b, routes_table[i].pattern, '{');
        for (size_t k = i; k < routes_count; k++)
            if (first_of(k) == i)
                write_route(b, &routes_table[k]);
        put_close(b, '}');
    }
    put_close(b, '}');
    put_open(b, "components", '{');
    put_open(b, "securitySchemes", '{');
    buf_addz(b, "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
                "\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"trellis_PORT\"}");
    put_close(b, '}');
    put_open(b, "schemas", '{');
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        put_raw(b, shapes[i].name, STR(""));
        write_shape(b, shapes[i].members);
    }
    put_close(b, '}');
    put_close(b, '}');
    put_close(b, '}');
}
