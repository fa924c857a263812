/* Taking what has been loaded out of the spool's files for good: for erasing a person. */
#ifndef SPOOL_FORGET_H
#define SPOOL_FORGET_H

#include "spool/spool.h"

#define SPOOL_FORGET "forget" /* of the spool's folder: the writer gives its free files up and removes it */
/* Everything that is loaded is overwritten with zeros, free files go. *bytes: overwritten. *whole false: a writer that runs did not give its free files up
 * in time; it will once it looks. */
MUST_CHECK bool spool_forget(const char *dir, uint64_t *bytes, bool *whole, struct err *e);

#endif
