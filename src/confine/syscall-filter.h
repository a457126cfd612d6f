/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter over system calls (seccomp(2)): the last step before exec. */
#ifndef SBX_CONFINE_SYSCALL_FILTER_H
#define SBX_CONFINE_SYSCALL_FILTER_H

#include "launch/steps.h"

/* Settles the policy for the ids and capabilities of the plan; before the steps, whose checks ask it. */
int syscall_filter_settle(const struct options *options, struct plan *plan, struct error *error);

int syscall_filter_check(const struct options *options, const struct machine *machine, struct plan *plan,
                         struct error *error);
int syscall_filter_apply(const struct plan *plan, struct launch *launch, struct error *error);
void syscall_filter_print(const struct plan *plan, json_t *object);

#endif
