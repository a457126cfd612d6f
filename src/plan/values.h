/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of options: whole strings, range-checked. Each returns false where the text is not of its form. */
#ifndef SBX_PLAN_VALUES_H
#define SBX_PLAN_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/options.h"

bool value_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number);

/* Bytes, in powers of 1024 with K M G T behind the number. */
bool value_size(const char *text, uint64_t *bytes);

/* value_size, `max`, or 1% to 100% where a share makes sense. */
bool value_amount(const char *text, bool percent_allowed, struct amount *amount);

/* Milliseconds: a number with ms, s, m, h behind it; seconds where none is. */
bool value_time(const char *text, uint64_t *milliseconds);

bool value_yes_or_no(const char *text, bool *yes);

/* Calls each() for every member of a comma-separated list; an empty member is refused. The first result that is
 * not 0 ends it and is returned. Members longer than 255 bytes are refused. */
int value_list(const char *text, int (*each)(const char *member, void *context, struct error *error), void *context,
               struct error *error);

#endif
