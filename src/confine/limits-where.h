/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where this process stands among the things that can limit it: its cgroups, what already limits them, whether a user
 * namespace can be made. Only looked at, nothing is tried: inside a sandbox a trial is refused or fatal. */
#ifndef SBX_CONFINE_LIMITS_WHERE_H
#define SBX_CONFINE_LIMITS_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "confine/limits.h"
#include "tell/words.h"

/* The own group in the hierarchy that has one controller. */
struct limits_place {
    bool found;
    bool v2;
    char mount[LIMITS_PATH_MAX]; /* where the hierarchy is mounted */
    char group[LIMITS_PATH_MAX]; /* own group below the mount: "" when it is the mount's root */
    char why[160];               /* not found: why */
};

/* The tightest limits of the own groups and all above them that can be seen; LIMIT_NONE: none. */
struct limits_outer {
    uint64_t pids;
    uint64_t memory;
    uint64_t swap;           /* v2: swap alone */
    uint64_t memory_and_swap; /* v1: the sum */
};

struct limits_where {
    struct limits_place pids, memory;
    struct limits_outer outer;
    bool own_sandbox;        /* the own group is one that sbx-run made */
    uint64_t swap_total;     /* bytes of swap that the machine has */
    bool swap_accounting;    /* a group of the memory hierarchy can limit it */

    /* user namespaces */
    bool nested_user;        /* in one already that maps one user alone */
    struct rlimit nproc, data;
    bool may_make_user;      /* as far as can be seen without making one */
    bool must_try_user;      /* seeing does not tell: limits_probe_user_namespace does */
    char user_why[256];      /* may not: why, with the remedy */
};

/* Where to look. Tests have directories of their own. */
struct limits_roots {
    const char *proc;        /* "/proc" */
    bool any_filesystem;     /* tests: a plain directory passes for a cgroup mount */
};

/* The cgroups, and the part on user namespaces (apart: not every start asks for it). 0, or -1 with the error when
 * /proc cannot be read: what could not be found is not guessed. */
int limits_where_find(struct limits_where *where, const struct limits_roots *roots, struct error *error);
int limits_where_user(struct limits_where *where, const struct limits_roots *roots, struct error *error);

/* The path of a group below the mount of that place. False when it is too long. */
bool limits_place_path(const struct limits_place *place, const char *group, char *path, size_t size);

/* The text of a small file without its last newline, NUL-terminated. Its length, or -1 with errno; EFBIG when it does
 * not fit. */
int limits_read_text(int directory, const char *name, char *text, size_t size);

/* A limit as the kernel writes it: a number or "max" (LIMIT_NONE). False with errno when it cannot be read. What v1
 * writes for no limit (near the largest signed number, in pages) is LIMIT_NONE too. */
bool limits_read_number(int directory, const char *name, uint64_t *number);

/* Whether a user namespace can be made: tried by a child, for where looking does not tell (a filter is in force,
 * AppArmor decides by program). False with why. */
bool limits_probe_user_namespace(char *why, size_t size);

#endif
