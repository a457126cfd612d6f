/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the backends share that hold by a cgroup. */
#ifndef SBX_CONFINE_LIMITS_CGROUP_H
#define SBX_CONFINE_LIMITS_CGROUP_H

#include "confine/limits-where.h"
#include "confine/limits.h"

#define LIMITS_CONTROLLERS 2

struct limits_controller_name {
    enum limits_controller controller;
    const char *name;
};

extern const struct limits_controller_name limits_controllers[LIMITS_CONTROLLERS];

/* The find of struct limits_backend. */
bool limits_cgroup_find(const struct options *options, const struct machine *machine, struct plan *plan, char *why,
                        size_t why_size);

/* For a v2 group that is not below the own one: the limits of the own one, which are left behind, are taken along where
 * they are tighter. True when there are any. */
bool limits_take_outer_along(const struct limits_where *where, struct limits_plan *limits);

/* Whether the swap limit that is asked for can be held by a group; false with why. */
bool limits_find_swap(const struct limits_where *where, struct limits_plan *limits, char *why, size_t why_size);

/* v2: whether groups below that one can be given both pids and memory. */
bool limits_has_controllers(const char *directory);

/* v2: whether groups right below that one have those controllers now. */
bool limits_hands_on(const char *directory, unsigned controllers);

/* v2: lets groups right below that one have the controllers. 0, or -1 with the error: it is busy while a process is in
 * it itself. */
int limits_hand_on(unsigned controllers, const char *directory, struct error *error);

/* A limit counts when it can be read back from a cgroup, not when writing it did not fail. `directory` is the group
 * open, `path` what it is called in the error. */
int limits_group_verify(const struct limits_plan *limits, const struct limits_parent *parent, const char *path,
                        int directory, struct error *error);

/* The read of struct limits_backend. */
void limits_group_read(const struct plan *plan, const struct limits_group *group, struct limits_usage *usage);

#endif
