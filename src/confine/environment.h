/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment of the program, made when the plan is made. */
#ifndef SBX_CONFINE_ENVIRONMENT_H
#define SBX_CONFINE_ENVIRONMENT_H

#include "launch/steps.h"

int environment_check(const struct options *options, const struct machine *machine, struct plan *plan,
                      struct error *error);
void environment_print(const struct plan *plan, json_t *object);

#endif
