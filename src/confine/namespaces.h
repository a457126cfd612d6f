/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces, for what nothing else can do: a user namespace (and an ipc one with it) where the limits need one, a
 * mount namespace to make /sys read-only where there is no Landlock. The pid namespace is made by
 * launch/first-process.c. */
#ifndef SBX_CONFINE_NAMESPACES_H
#define SBX_CONFINE_NAMESPACES_H

#include "launch/steps.h"

/* Settles how the rest of the sandbox is ended (plan->end), as a namespace may be needed for it. */
int namespaces_check(const struct options *options, const struct machine *machine, struct plan *plan,
                     struct error *error);
int mounts_check(const struct options *options, const struct machine *machine, struct plan *plan, struct error *error);

/* Maps the user alone into the user namespace that the calling process is in. */
int user_namespace_map(const struct launch *launch, struct error *error);
int user_namespace_apply(const struct plan *plan, struct launch *launch, struct error *error);
int mounts_apply(const struct plan *plan, struct launch *launch, struct error *error);
void namespaces_print(const struct plan *plan, json_t *object);

#endif
