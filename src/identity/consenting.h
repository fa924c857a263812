/* Consent as it stands now, with identity's knowledge of who is meant: see govern/consent.h. */
#ifndef IDENTITY_CONSENTING_H
#define IDENTITY_CONSENTING_H

#include "govern/consent.h"

MUST_CHECK bool identity_consent_refresh(const struct mesh *m, struct engine_conn *c, enum consent_event why, struct err *e);
MUST_CHECK bool identity_consent_say(const struct mesh *m, struct engine_conn *c, struct arena *a, struct consent_statement *v, size_t n, struct err *e);

#endif
