/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to type so that a refused call passes. */
#ifndef SBX_POLICY_REMEDY_H
#define SBX_POLICY_REMEDY_H

#include <linux/seccomp.h>
#include <stddef.h>

#include "policy/policy.h"

struct remedy {
    const char *call, *category; /* of the row; NULL: the number is in no row */
    char option[128];            /* `--allow=net.netlink`; empty where no option would help */
    char setting[128];           /* the same as a line of a profile: `allow = net.netlink` */
    bool capability;             /* the option keeps a capability; without it the kernel refuses the call too */
    const char *danger;          /* why it should not be opened without thought; NULL: no such reason */
};

/* The smallest option that makes `settings` allow this call: what its feature names by itself, one value of the
 * feature, the feature, then the whole call. Each is tried: added to a copy, settled, compiled and asked. 0, or -1 with
 * the error. */
int remedy_find(const struct policy_settings *settings, const struct policy_subject *subject,
                const struct seccomp_data *data, struct remedy *remedy, struct error *error);

#endif
