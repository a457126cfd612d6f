/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens between the plan and exec: the steps in their order, then the program. */
#ifndef SBX_LAUNCH_CHILD_H
#define SBX_LAUNCH_CHILD_H

#include "launch/steps.h"

/* What can be done outside, in the order of the table. -1 with the error: nothing is left behind. */
int child_prepare(const struct plan *plan, struct launch *launch, struct error *error);

/* Applies every step and executes the program. Returns only when one fails: -1 with the error, whose status is
 * 125, or 126 or 127 when exec itself failed. */
int child_become_program(const struct plan *plan, struct launch *launch, struct error *error);

#endif
