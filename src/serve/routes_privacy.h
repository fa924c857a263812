/* What the routes about personal data share. */
#ifndef SERVE_ROUTES_PRIVACY_H
#define SERVE_ROUTES_PRIVACY_H

#include "privacy/erase.h"
#include "serve/routes.h"

struct privacy call_privacy(struct call *c);
/* Before a server answers: erasures that a dead process left are gone on with. One that cannot be is told of in the log, and stays for the next start. */
void privacy_finish(struct app *app);
/* Answers with what is held about a person (JSON), or (`portable`) what they provided (a zip), noted as an export first; closes the request. routes_privacy_document.c */
bool privacy_document(struct call *c, bool portable, struct str identifier, struct store_privacy *r, struct err *e);

#endif
