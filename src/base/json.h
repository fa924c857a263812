/* Small helpers over yyjson for the program's own JSON (requests, the engine's syntax trees). */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <yyjson.h>

#include "base/error.h"

/* Owned: yyjson_doc_free. Positions in errors are line:col of the text. */
yyjson_doc *json_parse(struct str text, struct err *e);
struct str json_str(yyjson_val *object, const char *key);      /* empty when absent or not a string */
bool json_bool(yyjson_val *object, const char *key, bool otherwise);
int64_t json_int(yyjson_val *object, const char *key, int64_t otherwise);

#endif
