/* /openapi.json, from the table of routes and a table of shapes. The shapes' notation: members separated by blanks,
 * `name:type`; a question mark after the name for one that may be absent; types are s (text), t (moment in UTC), d (day), i
 * (integer), n (number), b (boolean), any, the name of a shape, [type] for an array, type? for "or null", a|b|c for one of these
 * texts. */
#include "govern/policy.h"
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
     "domain:s product:s name:s ref:s version:s major:i description:s materialization:table|view|incremental|by_key|identity "
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
    {"port_run", "run_id:i ref:s status:s rows:i? elapsed_ms:i finished_at:t? message:s?"},
    {"port",
     "domain:s product:s name:s ref:s version:s major:i description:s materialization:table|view|incremental|by_key|identity "
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
    {"port_outcome", "run_id:i at:t status:s rows:i? elapsed_ms:i message:s?"},
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
    {"privacy_request", "id:i kind:erase|access|export|rectify|object state:open|running|done|declined overdue:b identifier_kind:s received_at:t due_at:t days_left:i extended:b "
                        "extension_reason:s? note:s? asked_by:s asked_at:t anonymise:b started_at:t? closed_at:t? closed_by:s? answer:s? problem:s? receipt_id:s?"},
    {"privacy_counts", "open:i running:i done:i declined:i overdue:i"},
    {"privacy_requests", "requests:[privacy_request] counts:privacy_counts"},
    {"privacy_request_ask", "kind:erase|access|export|rectify|object identifier:s received_at?:s note?:s"},
    {"privacy_how", "anonymise?:b"},
    {"privacy_extend_ask", "reason:s"},
    {"privacy_close_ask", "state:done|declined answer?:s"},
    {"privacy_erase_ask", "identifier:s dry_run?:b anonymise?:b reason?:s"},
    {"privacy_document_ask", "identifier:s reason?:s"},
    {"privacy_resumed", "finished:i"},
    {"privacy_identifiers", "kind:s count:i shared:i"},
    {"privacy_person", "known:b customer_id:s? customer_ids:i identifiers:[privacy_identifiers] evidence:i"},
    {"privacy_hold", "hold:i reason:s"},
    {"privacy_place", "place:s what:s rows:i cells:i how:s"},
    {"privacy_left", "what:s why:s"},
    {"privacy_backup", "name:s at:t how:s"},
    {"privacy_look", "person:privacy_person held:[privacy_hold] places:[privacy_place] rows:i cells:i built_again:[s] left:[privacy_left] backups:[privacy_backup] receipt_id:s? "
                     "request?:privacy_request"},
    {"audit", "entries:[audit_entry] next:i? kinds:[s]"},
    {"audit_ask", "customer:s"},
    {"audit_entry", "id:i at:t kind:s principal:s roles:[s] purpose:s what:s sql:s? verdict:s detail:s? person:s? rows:i bytes:i elapsed_us:i program:b"},
    {"audit_verdict", "whole:b problem:s? first_bad_id:i? first_id:i last_id:i entries:i checkpoints:i blanked:i head:s public_key:s elapsed_ms:i"},
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
    {"edit_change", "kind:product|port|column|domain|source|term|goal|dashboard|annotation|identity ref:s column?:s field:s value:any was?:s"},
    {"role_right", "right:s domains:[s]?"},
    {"role_grant", "products:[s] tier:raw|masked|aggregated|test purposes:[s] rows:s?"},
    {"role", "name:s title:s? about:s? groups:[s] rights:[role_right] grants:[role_grant] file:s? line:i?"},
    {"purpose_title", "name:s title:s?"},
    {"rule_at", "name:s? file:s? line:i?"},
    {"access_port", "ref:s columns:i personal_columns:i person_column:s?"},
    {"access_product", "ref:s title:s? domain:s ports:[access_port]"},
    {"access_why", "what:grant|ceiling|rows|consent words:s file:s? line:i?"},
    {"access_mask", "column:s class:s? mask:s to:s? rule:rule_at?"},
    {"access_cell", "role:s ref:s purpose:s tier:raw|masked|aggregated|test|none rows:s? consent:b minimum:i? why:[access_why] masks:[access_mask]"},
    {"access", "roles:[role] purposes:[purpose_title] purpose:s total:i offset:i products:[access_product] cells:[access_cell]"},
    {"access_preview", "ref:s role:s purpose:s tier:s columns:[rows_column] rows:[any] row_count:i truncated:b"},
    {"rule", "kind:mask|rows|tier|small_groups|consent|retention|unclassified|approval name:s? domain:s? file:s? line:i? words:s ports:i? columns:i? state:holds|loosens|approved set:any"},
    {"policies", "rules:[rule]"},
    {"access_change", "role:s ref:s purpose:s words:s"},
    {"change_preview", "gains:[access_change] loses:[access_change] errors:[error]"},
    {"matter", "id:s kind:loosening|breaking|classification title:s words:s domain:s? rule:rule_at? against:rule_at? asked_by:s? asked_at:t? needs:i of:s approved_by:[s] may:b why_not:s? "
               "decision:approve|decline? decided_by:s? decided_at:t? reason:s?"},
    {"council", "waiting:[matter] decided:[matter]"},
    {"council_decision", "decision:approve|decline reason?:s by?:s"},
    {"council_decided", "matter:matter"},
    {"edit_request", "changes:[edit_change] apply?:b"},
    {"edit_file", "path:s how:new|changed"},
    {"edit", "patch:s files:[edit_file] applied:b errors:[error]"},
    {"cancelled", "run_id:i cancelling:b"},
    {"draft_request", "kind:product|source|domain|dashboard|term|goal|annotation answers:any apply?:b"},
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
    {"pack", "name:s title:s summary:s kind:source|product platform:s? domain:s? files:b own:b added:b"},
    {"packs", "packs:[pack]"},
    {"query_request", "sql:s params?:[any] as_of?:d? purpose?:s limit?:i format?:json|csv|ndjson timeout_ms?:i"},
    {"attribution_conversion", "name:s title:s from:orders|opportunities|events by:customer|account lookback_s:i has_value:b count:i? newest:t?"},
    {"attribution_model", "name:s title:s kind:rule|data about:s"},
    {"attribution_consenting", "purpose:s touches:exclude|keep"},
    {"attribution_conversions", "conversions:[attribution_conversion] models:[attribution_model] default:s levels:[s] paid:[s] consent:attribution_consenting"},
    {"attribution_ask", "conversion?:s models?:[s] by?:channel|source|campaign|ad_group|ad from?:d to?:d lookback?:s where?:s order?:i intervals?:b limit?:i once?:b touches?:s conversions?:s as_of?:s purpose?:s"},
    {"attribution_name", "name:s title:s"},
    {"attribution_row", "key:any title:s spend:n? touches:i credits:any"},
    {"attribution_total", "conversions:i value:n? journeys:i open_journeys:i untouched:i"},
    {"attribution_left_out", "touches:i left_out:i share:n?"},
    {"attribution_move", "channel:s now:n by_model:any"},
    {"attribution", "conversion:s? title:s? by:s from:d? to:d? lookback_s:i models:[attribution_name] rows:[attribution_row] all:i total:attribution_total consent:attribution_left_out? currency:s ports:[s] notes:[s] budget:[attribution_move]"},
    {"attribution_paths_ask", "conversion?:s from?:d to?:d lookback?:s where?:s limit?:i fold?:b once?:b touches?:s conversions?:s as_of?:s purpose?:s"},
    {"attribution_path", "path:[s] conversions:i value:n open:i median_lag_s:i?"},
    {"attribution_paths", "from:d? to:d? paths:[attribution_path] all:i conversions:i open:i"},
    {"attribution_lag_ask", "conversion?:s by?:s from?:d to?:d lookback?:s where?:s once?:b touches?:s conversions?:s as_of?:s purpose?:s"},
    {"attribution_lag_bucket", "from_s:i to_s:i? conversions:i"},
    {"attribution_lag_row", "key:s median_s:i p90_s:i conversions:i"},
    {"attribution_lag", "from:d? to:d? buckets:[attribution_lag_bucket] by:[attribution_lag_row] conversions:i median_s:i"},
    {"metric", "name:s ref:s domain:s title:s description:s? type:simple|ratio|derived|cumulative|conversion unit:count|currency|percent|ratio|days|hours direction:up|down|none additive:b owner:owner synonyms:[s] terms:[s] formula:s "
               "dimensions:[s] grains:[s] ports:[s] state:fresh|stale|failing|never_built version:s ambiguous:b watch:b file:s line:i"},
    {"metric_dimension", "name:s title:s description:s? synonyms:[s] type:categorical|time models:i"},
    {"metrics", "metrics:[metric] dimensions:[metric_dimension] currency:s time_zone:s"},
    {"metric_model", "name:s port:s time:s? file:s entities:[any] dimensions:[any] measures:[any]"},
    {"metric_user", "kind:metric|dashboard|goal ref:s title:s"},
    {"metric_whole", "name:s ref:s domain:s title:s description:s? type:simple|ratio|derived|cumulative|conversion unit:s direction:up|down|none owner:owner synonyms:[s] terms:[s] formula:s dimensions:[s] grains:[s] ports:[s] "
                     "state:fresh|stale|failing|never_built version:s ambiguous:b watch:b file:s line:i parts:[s] models:[metric_model] used_by:[metric_user]"},
    {"metric_ask", "metrics:[s] by?:[s] grain?:day|week|month|quarter|year from?:d to?:d where?:s compare?:previous|year|none order?:s limit?:i as_of?:d format?:json|csv purpose?:s range?:s"},
    {"metric_column", "name:s title:s type:text|date|number role:key|time|value|before|change metric?:s unit?:s"},
    {"metric_span", "from:d to:d"},
    {"metric_port", "ref:s title:s product:s owner:s state:s why:s? built_at:t? data_to:s? checks:any"},
    {"metric_definition", "metric:s title:s version:s owner:s formula:s unit:s direction:s description:s?"},
    {"metric_rows", "columns:[metric_column] rows:[any] total:any from:d to:d range_said:s compare:metric_span? grain:s currency:s time_zone:s sql:s ports:[metric_port] definitions:[metric_definition] notes:[s] truncated:b"},
    {"metric_values", "values:[s] more:b"},
    {"view", "id:i title:s ask:metric_ask chart:s? owner:s mine:b shared:b at:t"},
    {"views", "views:[view]"},
    {"view_ask", "title:s ask:metric_ask chart?:s shared?:b"},
    {"view_change", "title?:s shared?:b delete?:b"},
    {"metric_words_ask", "text:s"},
    {"metric_word", "text:s as:metric|dimension|grain|range|value|compare|top|order ref:s title:s"},
    {"metric_words", "ask:any words:[metric_word] left:[s]"},
    {"metric_explain_ask", "metrics:[s] key?:any from?:d to?:d where?:s as_of?:d purpose?:s"},
    {"metric_part", "metric:s title:s unit:s formula:s value:n?"},
    {"metric_leg", "port:s sql:s rows_sql:s"},
    {"metric_explained", "metric:s title:s description:s? formula:s unit:s version:s owner:owner value:n? from:d to:d parts:[metric_part] sql:s legs:[metric_leg] ports:[metric_port] changes:[any] notes:[s] file:s line:i"},
    {"claimed_row", "platform:s claimed:n? clicked:i touched:i credited:n over_claim:n?"},
    {"attribution_claimed", "rows:[claimed_row] from:d? to:d? conversion:s conversions:i model:s ports:[s] notes:[s]"},
    {"journey_touch", "touchpoint_id:s? at:t channel:s source:s? campaign:s? kind:s? age_s:i credits:any"},
    {"journey", "conversion:s title:s at:t value:n? open:b touches:[journey_touch]"},
    {"journeys", "customer_id:s redirected_from:s? redirect_cause:s? journeys:[journey]"},
    {"annotation", "day:d until:d? title:s kind:s ref:s? href:s? source:file|platform|trellis"},
    {"annotations", "annotations:[annotation] from:d to:d"},
    {"driver", "dimension:s title:s value:s? change:n? share:n? before:n? after:n? rate:n? mix:n?"},
    {"anomaly", "metric:s title:s unit:s day:d value:n? expected:n? low:n? high:n? kind:spike|drop|shift severity:low|medium|high since:d until:d? returns:b drivers:[driver] annotations:[annotation]"},
    {"false_alarms", "per_year:n how:s"},
    {"metric_problem", "metric:s message:s"},
    {"anomalies", "anomalies:[anomaly] watched:i judged:i false_alarms:false_alarms problems:[metric_problem]"},
    {"anomaly_explain_ask", "metric:s day:d against?:s where?:s"},
    {"anomaly_explain", "metric:s title:s day:d before:n? after:n? change:n? before_from:d before_to:d exact:b dimensions:i drivers:[driver]"},
    {"effect_ask", "metric:s post_from:d from?:d to?:d controls?:[s] where?:s"},
    {"effect_day", "day:d actual:n? predicted:n? low:n? high:n?"},
    {"effect_sum", "actual:n? predicted:n? value:n? low:n? high:n?"},
    {"effect_range", "value:n? low:n? high:n?"},
    {"effect", "metric:s days:[effect_day] post_from:d post_days:i average:effect_sum cumulative:effect_sum relative:effect_range p:n? effect:b method:s"},
    {"baseline_day", "day:d actual:n? baseline:n? low:n? high:n?"},
    {"organic_baseline", "days:[baseline_day] new_customers:n? spend:n? incremental:effect_range? organic:effect_range? true_cac:effect_range? total_cac:n? known:b why:s? source:s spend_varies:n? method:s as_of:d?"},
    {"rows_column", "name:s type:s"},
    {"rows", "columns:[rows_column] rows:[any] row_count?:i truncated?:b elapsed_ms?:i error?:error"},
    {"request", "id:i kind:product|access|feedback|question ref:s field:s domain:s title:s body:s asker:s "
                "state:open|answered|declined|done asked_at:t age_s:i answer:s? answered_by:s? answered_at:t?"},
    {"customers", "counts:[any] customers:[any]"},
    {"customer", "customer_id:s redirected_from:s? redirect_cause:s? profile:[any] traits:[any] sightings:[any] consent:[any]"},
    {"customer_timeline", "timeline:[any] kinds:[any]"},
    {"customer_consent", "statements:[any]"},
    {"reveal_ask", "fields:[s] reason:s"},
    {"customer_values", "customer_id:s values:any"},
    {"untoken_ask", "token:s reason:s"},
    {"untoken", "value:s"},
    {"reveal", "at:t principal:s fields:s reason:s"},
    {"reveals", "reveals:[reveal]"},
    {"planned_member", "name:s path:s type:s required:b personal:b title:s"},
    {"planned", "type:s event:s description:s closed:b file:s members:[planned_member]"},
    {"plan_seen", "type:s event:s? events:i newest:t?"},
    {"plan_rejected", "type:s? event:s? reason:s field:s? count:i"},
    {"source_plan", "source:s unplanned:pass|quarantine dedup_window_s:i rate:i origins:[s] days:i planned:[planned] seen:[plan_seen] rejected:[plan_rejected]"},
    {"live_event", "seq:i received_at:t loaded_at:t source:s type:s name:s message_id:s verdict:passed|quarantined|duplicate reason:s? summary:any"},
    {"live", "events:[live_event] newest:i"},
    {"live_row", "stream:s columns:any"},
    {"live_rejected", "id:i source:s type:s event:s reason:s field:s message:s state:s received_at:t"},
    {"live_found", "found:[live_row] rejected:[live_rejected]"},
    {"identity_kind_count", "kind:s identifiers:i left_out:i"},
    {"identity_largest", "customer_id:s identifiers:i evidences:i parts?:i"},
    {"identity_kind", "name:s title:s normalise:s limit:i? per_s:i? blocked:i patterns:[s]"},
    {"identity_rules", "sha:s kinds:[identity_kind] blocked:[s] patterns:[s] fuzzy:b"},
    {"identity_decision", "id:i action:merge|split at:t by:s reason:s identifiers:i withdrawn_at:t? withdrawn_by:s?"},
    {"identity", "port:s built:b customers:i merged:i refused:i split:i retired:i review:i kinds:[identity_kind_count] largest:[identity_largest] rules:identity_rules yaml:s? "
                 "decisions:[identity_decision]"},
    {"identity_entry", "at:t? action:created|merged|refused|split cause:s kind:s? refused_by:s? customer_id:s? other_id:s? evidence:s seq:i source:s message_id:s? decision_id:i? "
                       "rule:s cursor:s"},
    {"identity_ledger", "total:i entries:[identity_entry]"},
    {"identity_ask", "who:s from?:s reveal?:b reason?:s"},
    {"identity_evidence", "evidence:s source:s message_id:s? first_seen:t? last_seen:t? decision_id:i?"},
    {"identity_step", "by:identity_evidence? identifier:s"},
    {"identity_identifier", "ref:s kind:s value:s first_seen:t? last_seen:t? evidences:i path?:[identity_step]"},
    {"identity_left_out", "ref:s kind:s value:s reason:blocked|limit|split customer_id:s? by:identity_evidence"},
    {"identity_why", "customer_id:s retired_id:s? retired_cause:s? revealed:b evidences:i from:s? identifiers:[identity_identifier] left_out:[identity_left_out]"},
    {"identity_rules_text", "yaml:s"},
    {"identity_side", "customers:i identifiers:i refused:i largest:[identity_largest]"},
    {"identity_preview", "now:identity_side then:identity_side merged:i split:i same:i ids_retired:i changed:[identity_largest] rules:identity_rules"},
    {"identity_merge_ask", "a:s b:s reason?:s by?:s try?:b"},
    {"identity_split_ask", "customer:s out:[s] reason?:s by?:s try?:b"},
    {"identity_withdraw_ask", "id:i by?:s"},
    {"identity_review_ask", "same?:b reveal?:b reason?:s by?:s"},
    {"identity_review_field", "field:s a:s? b:s? words:s agrees:yes|nearly|no|unknown"},
    {"identity_review_pair", "id:s a:s b:s probability:n state:waiting|linked|same|different decided_at:t? decided_by:s? reason:s? decision_id:i? fields:[identity_review_field]"},
    {"identity_review", "on:b revealed:b link:n review:n records:i compared:i passed_over:i waiting:i linked:i same:i different:i pairs:[identity_review_pair]"},
    {"identity_decided", "decision?:identity_decision now?:identity_side then?:identity_side merged?:i split?:i same?:i ids_retired?:i changed?:[identity_largest] rules?:identity_rules"},
    {"key", "id:i source:s label:s begins:s created_at:t revoked_at:t? key?:s"},
    {"keys", "keys:[key]"},
    {"nothing", ""},
    {"sign_in_ways", "password:b single_sign_on:sign_on_way?"},
    {"sign_on_way", "title:s"},
    {"sign_in_ask", "name:s password:s"},
    {"welcome_ask", "code:s name?:s password:s"},
    {"role_words", "name:s title:s? about:s?"},
    {"me_sees", "test:i aggregated:i masked:i raw:i"},
    {"me", "name:s kind:local|user|token|preview|program title:s? roles:[s] role_words:[role_words] rights:[me_right] sees:me_sees purposes:[s] csrf:s? expires_at:t? has_password:b session_id:i?"},
    {"me_right", "right:build|approve|administer|reveal|detokenise|consent|privacy|audit domains:any"},
    {"signed_out", "signed_out:b"},
    {"password_ask", "old:s new:s"},
    {"password_changed", "changed:b"},
    {"session", "id:i created_at:t seen_at:t expires_at:t address:s agent:s own:b"},
    {"sessions", "sessions:[session]"},
    {"session_ended", "ended:b"},
    {"role_name", "name:s title:s"},
    {"user", "name:s title:s? roles:[s] groups:[s] by:password|single_sign_on has_password:b disabled:b locked:b created_at:t seen_at:t? sessions:i"},
    {"users", "users:[user] roles:[role_name]"},
    {"user_ask", "name:s roles:[s] title?:s"},
    {"user_added", "user:user link:s url:s? expires_at:t"},
    {"user_change_ask", "roles?:[s] disabled?:b end_sessions?:b"},
    {"user_changed", "user:user"},
    {"user_link", "link:s url:s? expires_at:t"},
    {"token", "id:i title:s begins:s roles:[s] purposes:[s] by:s created_at:t expires_at:t used_at:t? ended_at:t? state:active|ending|ended|expired"},
    {"tokens", "tokens:[token] roles:[role_name] purposes:[s]"},
    {"token_ask", "roles:[s] purposes:[s] title?:s expires_days?:i"},
    {"token_added", "token:token secret:s before?:token"},
    {"token_revoked", "token:token"},
    {"key_ask", "source:s label?:s"},
    {"key_revoked", "id:i revoked:b"},
    {"consent_figure", "purpose:s title:s default:granted|denied expires_s:i? granted:i denied:i expired:i unknown:i conflicts:i counts_as_granted:i"},
    {"consent_source", "purpose:s source:s granted:i denied:i"},
    {"consent_day", "day:d purpose:s granted:i denied:i"},
    {"consent_desk", "purpose:s status:s statements:i"},
    {"consent", "purposes:[consent_figure] customers:i built:b merge:denied_wins|newest_wins waiting:i sources:[consent_source] days:[consent_day] desk:[consent_desk]"},
    {"consent_ask", "identifier:s purpose:s status:granted|denied|withdrawn source?:s proof?:s occurred_at?:s"},
    {"consent_list_ask", "text:s format?:csv|ndjson source?:s"},
    {"consent_problem", "line:i field:s? message:s"},
    {"consent_imported", "statements:i refused:i problems:[consent_problem] receipt:receipt?"},
    {"consent_show_ask", "identifier:s on?:d"},
    {"consent_held", "purpose:s status:granted|denied|withdrawn|unknown granted:b source:s? since:t? expires_at:t? expired:b from:desk|product|default"},
    {"consent_said", "at:t recorded_at:t? purpose:s? status:s system:s source:s? kind:s? proof:b actor:s? waiting:b"},
    {"consent_shown", "known:b customer_id:s? on:d? purposes:[consent_held] known_then:[consent_held]? held_then:[consent_held]? statements:[consent_said]"},
    {"receipt_product", "ref:s rows_before:i? rows_after:i? how:s"},
    {"receipt_read", "principal:s ref:s at:t times:i"},
    {"receipt_reads", "since:t questions:i by:[receipt_read]"},
    {"receipt_words", "purpose:s status:s statements:i"},
    {"receipt", "receipt_id:s kind:s at:t public_key:s signature:s identifier_kind?:s? customer_id?:s? purpose?:s? status?:s? source?:s? by?:s? before?:s? statements?:i refused?:i words?:[receipt_words] "
                "products?:[receipt_product] audiences?:[any] reads?:receipt_reads? seen_from?:t"},
    {"receipts", "receipts:[receipt] total:i"},
    {"step_known", "step:s title:s kind:event|page|screen|email|order|ticket|touch|conversion count:i"},
    {"step_dimension", "name:s title:s"},
    {"funnel_steps", "steps:[step_known] dimensions:[step_dimension]"},
    {"step", "step:s title:s kind:event|page|screen|email|order|ticket|touch|conversion"},
    {"port_age", "ref:s state:fresh|stale|failing|never_built data_to:s? built_at:t?"},
    {"funnel_ask", "steps:[s] window?:s by?:s from?:d to?:d where?:s as_of?:d purpose?:s reasons?:b"},
    {"funnel_step", "step:s title:s kind:s people:i rate:n rate_before:n median_s:n? dropped:i"},
    {"funnel_group", "key:s? rest:b people:[i]"},
    {"funnel_reason", "step:i dimension:s title:s value:s people:i rate:n others:n share_of_loss:n p:n"},
    {"funnel", "steps:[funnel_step] dimension:s? by:[funnel_group] reasons:[funnel_reason] looked_at:i window_s:i unfinished:i from:d to:d range_given:b data_to:t? notes:[s] ports:[port_age] elapsed_ms:i"},
    {"cohorts_ask", "first?:s again?:s grain?:day|week|month|quarter|year kind?:n_day|unbounded|rolling periods?:i by?:s from?:d to?:d where?:s as_of?:d purpose?:s"},
    {"cohort", "cohort:d size:i kept:[i?] whole:i"},
    {"cohort_rates", "size:i rates:[n?]"},
    {"cohort_group", "key:s? rest:b size:i rates:[n?]"},
    {"cohorts", "first:step again:step grain:day|week|month|quarter|year kind:n_day|unbounded|rolling periods:i cohorts:[cohort] all:cohort_rates dimension:s? by:[cohort_group] from:d to:d range_given:b data_to:t? ports:[port_age] elapsed_ms:i"},
    {"paths_ask", "start?:s end?:s of?:touches|pages|events steps?:i limit?:i window?:s collapse?:b from?:d to?:d as_of?:d purpose?:s"},
    {"path_node", "id:i step:s? title:s rest:b depth:i people:i ends:i"},
    {"path_edge", "from:i to:i people:i"},
    {"paths", "nodes:[path_node] edges:[path_edge] start?:step end?:step of:touches|pages|events window_s:i from:d to:d range_given:b data_to:t? ports:[port_age] elapsed_ms:i"},
    {"retention_rule", "name:s domain:s? keep_s:i words:s action:delete|anonymise file:s? line:i? ports:i streams:i"},
    {"retention_place", "rule:s ref:s kind:stream|history|quarantine|port time_column:s? before:t rows:i held:i action:delete|anonymise how:s why:s? oldest:s?"},
    {"retention_report", "id:i? at:t dry_run:b by:s? rows:i held:i elapsed_ms:i places:[retention_place] problems:[s] compacted:b"},
    {"retention", "rules:[retention_rule] reports:[retention_report] next_at:t? holds:i"},
    {"retention_ask", "dry_run?:b"},
    {"scan_finding", "ref:s column:s path:s? kind:s proposed:personal|sensitive percent:i why:s values:i hits:i declared:s? state:unclassified|perhaps|hidden|classified|doubted file:s? line:i at:t"},
    {"scan", "looked?:i findings:[scan_finding]"},
    {"scan_ask", "ref?:s"},
    {"scan_accept_ask", "ref?:s column?:s apply?:b"},
    {"scan_accepted", "columns:i left:i patch:s files:[edit_file] applied:b errors:[error]"},
    {"hold", "id:i kind:person|product product:s? identifier_kind:s? customer_id:s? reason:s by:s at:t until:t? ended_at:t? ended_by:s? state:holds|ended|expired"},
    {"holds", "holds:[hold]"},
    {"hold_ask", "identifier?:s product?:s reason:s until?:d"},
    {"hold_end_ask", "reason?:s"},
    {"receipt_ask", "receipt:any"},
    {"receipt_verdict", "valid:b ours:b problem:s? receipt_id:s? kind:s? at:s?"},
    {"suppressed", "hash:s kind:s reason:s added_at:t"},
    {"suppressed_all", "count:i suppressed:[suppressed]"},
    {"suppress_ask", "identifier:s kind?:s reason?:s"},
    {"suppress_done", "added?:i removed?:i"},
    {"collector", "listening:b address:s? stats:any"},
    {"rejected", "id:i source:s type:s? event:s? message_id:s? reason:s field:s? message:s state:waiting|fixed|replayed|dropped received_at:t? fixed_at:t? replayed_at:t?"},
    {"rejected_whole", "id:i source:s type:s? event:s? message_id:s? reason:s field:s? message:s state:waiting|fixed|replayed|dropped received_at:t? fixed_at:t? "
                       "replayed_at:t? revealed:b hidden:[s] payload:any first_payload:any?"},
    {"rejected_group", "source:s type:s? event:s? reason:s field:s? count:i newest:t?"},
    {"rejected_rows", "stream:s path:s column:s? reason:s message:s rows:i first_line:i newest:t?"},
    {"rejected_list", "total:i groups:[rejected_group] events:[rejected] files:[rejected_rows]"},
    {"quarantine_ask", "source?:s event?:s reason?:s field?:s state?:s message_id?:s"},
    {"quarantine_which", "ids?:[i] ask?:quarantine_ask"},
    {"quarantine_fix", "ids?:[i] ask?:quarantine_ask set?:any rename?:any cast?:any remove?:[s] drop?:b"},
    {"quarantine_fixed", "fixed:i"},
    {"quarantine_replayed", "loaded:i still:i duplicates:i suppressed:i"},
    {"requests", "requests:[request]"},
    {"request_ask", "kind:product|access|feedback|question title:s body?:s ref?:s field?:s domain?:s asker?:s"},
    {"request_answer", "state?:answered|declined|done answer?:s answered_by?:s"},
    {"term_column", "ref:s column:s product:s?"},
    {"term", "name:s title:s definition:s not_this:s domain:s? owner:owner synonyms:[s] columns:[term_column] metrics:[s] status:s "
             "reviewed:d? clash:b"},
    {"glossary", "terms:[term]"},
    {"claim", "ref:s text:s owner:owner file:s line:i"},
    {"clash", "kind:duplicate_term|duplicate_synonym|duplicate_product|duplicate_port|duplicate_metric|claimed_term subject:s why:s claims:[claim]"},
    {"clashes", "clashes:[clash]"},
    {"baseline", "value:n from:d? to:d? frozen:d?"},
    {"goal_target", "value:n by:d?"},
    {"point", "day:d value:n?"},
    {"goal_product", "ref:s title:s"},
    {"goal", "name:s title:s question:s domain:s? owner:owner unit:s currency:s? direction:up|down value:n? problem:s? day_from:d? "
             "day_to:d? window_days:i baseline:baseline? target:goal_target? progress:n? series:[point] products:[goal_product] port:s "
             "metric:s? where:s? product:s? sql:s? north_star:b file:s line:i"},
    {"goals", "goals:[goal]"},
    {"measure", "column:s? aggregate:sum|avg|min|max|count|count_distinct title:s"},
    {"panel", "title:s chart:line|bar|area|stacked|map|table|number port:s x:s? grain:s? series:s? where:s? measures:[measure] "
              "kind:port|metrics|attribution|funnel|retention|sql metrics:[s] by:[s] days:i compare:s? conversion:s? models:[s] steps:[s] window:s? "
              "first:s? again:s? counting:s? sql:s? state:port_summary? reads:[port_summary]"},
    {"dashboard", "domain:s name:s title:s description:s? owner:owner path:s refresh_s:i version:s panels:[panel]"},
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
    {"domain_role", "role:s name:s contact:s"},
    {"raci", "product:s responsible:[s] accountable:[s] consulted:[s] informed:[s]"},
    {"domain_whole", "name:s title:s description:s owner:owner support:channel profile:full|light kpis:[s] north_star:s? roles:[domain_role] "
                     "raci:[raci] products:[catalog_item] sources:[source_health] dashboards:[domain_dashboard] terms:[term] goals:[goal] "
                     "requests:[request] readiness:readiness"},
    {"domain_counts", "name:s title:s description:s owner:owner products:i ports:i fresh:i stale:i failing:i never_built:i "
                      "rows_quarantined:i sources_late:i requests_open:i ready_done:i ready_all:i"},
    {"domains", "domains:[domain_counts]"},
    {"home_health", "ports:i fresh:i stale:i failing:i never_built:i rows_quarantined:i sources_late:i requests_open:i"},
    {"change", "at:t kind:s severity:bad|warn|info title:s ref:s? domain:s? href:s? owner:owner"},
    {"home", "north_star:goal? health:home_health domains:[domain_counts] changes:[change] pitfalls:[pitfall]"},
    {"hit", "kind:product|port|column|term|goal|dashboard|domain|source|event|metric ref:s title:s text:s domain:s? owner:s? state:s? href:s field:s via:s?"},
    {"search", "q:s total:i dropped_words:[s] results:[hit]"},
    {"facet", "value:s title:s count:i"},
    {"facets", "domain:[facet] state:[facet] status:[facet] tag:[facet] owner:[facet]"},
    {"catalog", "total:i offset:i sort:relevance|title|state|freshness|use dropped_words:[s] facets:facets items:[catalog_item]"},
    {"graph_node", "id:s kind:domain|source|stream|product|port|metric|dashboard|consumer ref:s label:s domain:s? product:s? state:s? layer:i order:i inside:i"},
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

/* What a principal needs: "nothing", "session", "grant", "everything", or a right. */
static struct str needs_of(const struct route *rt)
{
    unsigned right = (rt->flags & NEED_RIGHT) >> 8;
    return rt->flags & ROUTE_OPEN ? STR("nothing") : right ? str_of(mesh_right_text((enum mesh_right)(right - 1))) : rt->flags & NEED_SESSION ? STR("session") : rt->flags & NEED_GRANT ? STR("grant") : STR("everything");
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
    put_str(b, "x-needs", needs_of(rt));
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
    if (rt->answer)
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

const char *openapi_shape(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return shapes[i].members;
    return NULL;
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
