/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to type so that a refused call passes. */
#ifndef SBX_POLICY_REMEDY_H
#define SBX_POLICY_REMEDY_H

#include <linux/seccomp.h>
#include <stddef.h>

#include "policy/policy.h"

#define REMEDY_MAX 384 /* the longest is a --rule with a row's own condition */

struct remedy {
    const char *call, *category; /* of the row; NULL: the number is in no row */
    char option[REMEDY_MAX];     /* `--allow=net.netlink`, as a shell takes it; empty where no option would help */
    char setting[REMEDY_MAX];    /* the same as a line of a profile: `allow = net.netlink` */
    bool capability;             /* the option keeps a capability; without it the kernel refuses the call too */
    bool as_root;                /* which sbx-run has not itself: it must be started by root */
    const char *danger;          /* why it should not be opened without thought; NULL: no such reason */
};

/* Who made the call: 1 << CAP_*. */
struct remedy_caller {
    uint64_t effective; /* that the process has, be it in a user namespace of its own */
    uint64_t keepable;  /* that sbx-run could have kept for it */
};

/* The smallest option that makes `settings` allow this call: the row's own condition, which a setting took away; what
 * its feature names by itself, one value of the feature, the feature; then the whole call. Each is tried: added to a
 * copy, settled, compiled and asked. */
void remedy_find(const struct policy_settings *settings, const struct policy_subject *subject,
                 const struct remedy_caller *caller, const struct seccomp_data *data, struct remedy *remedy);

#endif
