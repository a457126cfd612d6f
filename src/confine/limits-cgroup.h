/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two files of the cgroup backend share. */
#ifndef SBX_CONFINE_LIMITS_CGROUP_H
#define SBX_CONFINE_LIMITS_CGROUP_H

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

#endif
