/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: lists of the long options, `key = value`, a line each. */
#ifndef SBX_PLAN_PROFILE_FILE_H
#define SBX_PLAN_PROFILE_FILE_H

#include <stdbool.h>

#include "plan/options.h"

/* Applies a profile by name (`default`, `none`) or by a path with a slash in it. With `base`, one that does not
 * begin with `include =` starts from `default`. 0, or -1 with the error that names file, line and column. */
int profile_apply(struct options *options, const char *name, bool base, struct error *error);

#endif
