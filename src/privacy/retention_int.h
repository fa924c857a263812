/* What the files of retention share. */
#ifndef PRIVACY_RETENTION_INT_H
#define PRIVACY_RETENTION_INT_H

#include "privacy/retention.h"

/* retention_report.c */
MUST_CHECK bool retention_report_keep(const struct privacy *v, struct retention_report *r, struct err *e);
void retention_problem(struct retention_report *r, struct str text);

#endif
