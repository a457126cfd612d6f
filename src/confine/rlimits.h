/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resource limits (setrlimit(2)): raised while the right to do so is held, lowered after the steps that need room. */
#ifndef SBX_CONFINE_RLIMITS_H
#define SBX_CONFINE_RLIMITS_H

#include "launch/steps.h"

int rlimits_check(const struct options *options, const struct machine *machine, struct plan *plan,
                  struct error *error);
int rlimits_raise(const struct plan *plan, struct launch *launch, struct error *error);
int rlimits_lower(const struct plan *plan, struct launch *launch, struct error *error);
void rlimits_print(const struct plan *plan, json_t *object);

#endif
