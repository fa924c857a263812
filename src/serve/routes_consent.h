/* What the routes of consent and of retention share. */
#ifndef SERVE_ROUTES_CONSENT_H
#define SERVE_ROUTES_CONSENT_H

#include "privacy/consent.h"
#include "serve/routes.h"

struct desk call_desk(struct call *c); /* over the whole declaration, in the name of who asks */

#endif
