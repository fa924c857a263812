/* Structured lines on stderr: time level module event key=value ... Never personal data, never SQL literals.
 * Repeated lines of one event are rate-limited (10 a second, then counted). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
void log_set(enum log_level least, bool json);
/* log_event(LOG_INFO, "build", "port_built", "port=%s rows=%lld", ...) */
void log_event(enum log_level level, const char *module, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void log_err(enum log_level level, const char *module, const char *event, const struct err *e);

#endif
