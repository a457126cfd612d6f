/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel, user and surrounding can do: found once, at the start, and only as far as the options
 * ask. Nothing later asks the machine again for what stands here; tests make their own. */
#ifndef SBX_PLAN_MACHINE_H
#define SBX_PLAN_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tell/words.h"

#define MACHINE_GROUPS_MAX 64

struct limits_where;

struct machine {
    /* the user */
    uid_t uid;
    gid_t gid;
    uint64_t permitted, effective, bounding, ambient; /* capability sets, 1 << CAP_* */
    unsigned securebits;
    int last_capability;
    bool no_new_privs;

    /* the kernel */
    int landlock_abi;            /* 0: none, landlock_why says why */
    const char *landlock_why;
    bool mdwe;                   /* PR_SET_MDWE: Linux 6.3 */

    /* the surroundings */
    bool stderr_is_terminal;
    uint64_t memory;             /* bytes of RAM; what an outer group leaves of it is for limits_check to find */
    const struct limits_where *limits_where; /* cgroups and user namespaces; NULL: limits_check looks for itself */
};

/* 0, or -1 with the error. */
int machine_find(struct machine *machine, struct error *error);

/* Whether no outer filter refuses what one who listens to refused calls asks for; asked only where somebody will. */
bool machine_can_listen(void);

#endif
