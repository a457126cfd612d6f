/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock: the domain of the program, and the outer one of the supervisor (launch/supervise.c says what for).
 * Documentation/userspace-api/landlock.rst of the kernel is the source. */
#ifndef SBX_CONFINE_LANDLOCK_H
#define SBX_CONFINE_LANDLOCK_H

#include "launch/steps.h"

/* The ABI of the running kernel; 0 where it has none, and why. */
int landlock_abi(const char **why);

int landlock_check(const struct options *options, const struct machine *machine, struct plan *plan,
                   struct error *error);
int landlock_apply(const struct plan *plan, struct launch *launch, struct error *error);
void landlock_print(const struct plan *plan, json_t *object);

/* The supervisor enters a domain that has the signal scope alone, before it makes the child. */
int landlock_enter_supervisor(struct error *error);

#endif
