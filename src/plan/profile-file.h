/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: lists of the long options, `key = value`, a line each. */
#ifndef SBX_PLAN_PROFILE_FILE_H
#define SBX_PLAN_PROFILE_FILE_H

#include <stdbool.h>

#include "plan/options.h"

/* Applies a profile by name (`default`, `none`) or by a path with a slash in it. With `base`, one that does not
 * begin with `include =` starts from `default`. 0, or -1 with the error that names file, line and column. */
int profile_apply(struct options *options, const char *name, bool base, struct error *error);

/* The same for text that is in memory; `file` is what errors call it. `text` is changed and must live as long as the
 * options. */
int profile_apply_text(struct options *options, const char *file, char *text, bool base, struct error *error);

/* The names that are compiled in, with a line about each; NULL after the last. */
const char *profile_built_in(size_t index, const char **about);

#endif
