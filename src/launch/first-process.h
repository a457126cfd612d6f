/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first process of a pid namespace: it reaps, and when it ends the kernel ends all the others. It takes the
 * keeper's place where there is neither a Landlock signal scope nor a cgroup (plan_end END_NAMESPACE). */
#ifndef SBX_LAUNCH_FIRST_PROCESS_H
#define SBX_LAUNCH_FIRST_PROCESS_H

#include "launch/steps.h"

/* Makes the namespace (inside a user namespace where the plan has one) with its first process, which dies with the
 * supervisor. Its pid, or -1 with the error. */
pid_t first_process_start(const struct plan *plan, const struct launch *launch, struct error *error);

/* In a child that shares the supervisor's descriptors: enters the namespaces of the first process and makes the
 * program's process there, as a child of the supervisor, which runs become(). Returns its pid once it has executed or
 * ended, or -1 with the error. */
pid_t first_process_join(const struct plan *plan, struct launch *launch, pid_t first,
                         void (*become)(const struct plan *plan, struct launch *launch), struct error *error);

#endif
