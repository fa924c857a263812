/* The kinds of declaration files and the JSON Schemas that they are held to. A schema is compiled once per process
 * into a compact form and never freed. */
#ifndef MESH_SCHEMA_H
#define MESH_SCHEMA_H

#include "base/doc.h"
#include "base/error.h"

enum schema_kind {
    SCHEMA_MESH, SCHEMA_DOMAIN, SCHEMA_SOURCE, SCHEMA_PACK, SCHEMA_PRODUCT, SCHEMA_CONTRACT,
    SCHEMA_GLOSSARY, SCHEMA_GOALS, SCHEMA_NAMING, SCHEMA_DASHBOARD, SCHEMA_EXPECT,
    SCHEMA_IDENTITY, SCHEMA_CONSENT, SCHEMA_CHANNELS, SCHEMA_ROLES, SCHEMA_POLICIES, SCHEMA_APPROVAL,
    SCHEMA_MODEL, SCHEMA_METRIC, SCHEMA_ATTRIBUTION, SCHEMA_ANNOTATIONS, SCHEMA_KINDS
};

struct schema; /* immutable, shared by all threads */
const struct schema *schema_get(enum schema_kind kind);
/* One hash over all schemas: what was validated under another one has to be validated again. */
uint64_t schema_fingerprint(void);
/* Adds every break of the schema to `es`, each once, with the position of the key or value. False when there is any. */
bool schema_check(const struct schema *s, const struct doc *d, struct errs *es);

/* An address with a scheme, as the standards want it. */
bool schema_text_is_uri(struct str s);

#endif
