/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors above 2 do not reach the program, but those that --keep-fd names. */
#ifndef SBX_CONFINE_DESCRIPTORS_H
#define SBX_CONFINE_DESCRIPTORS_H

#include "launch/steps.h"

int descriptors_check(const struct options *options, const struct machine *machine, struct plan *plan,
                      struct error *error);
int descriptors_apply(const struct plan *plan, struct launch *launch, struct error *error);
void descriptors_print(const struct plan *plan, json_t *object);

/* Opens /dev/null for each of 0, 1, 2 that is closed: else a file opened later would become the program's standard
 * input or output. Before anything else is opened. */
int descriptors_standard(struct error *error);

#endif
