/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of processes and memory: one interface, one file a backend, chosen once when the plan is made.
 *
 * find (of the plan's check): what this machine can hold; make: outside, before the child is made; enter: inside
 * the child; read: at the end, before the group goes; end: everything in it killed, the group removed. */
#ifndef SBX_CONFINE_LIMITS_H
#define SBX_CONFINE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/machine.h"
#include "plan/options.h"
#include "tell/words.h"

struct plan;
struct limits_backend;

#define LIMIT_NONE UINT64_MAX

#define LIMITS_GROUPS_MAX 4
#define LIMITS_PATH_MAX 1024

enum limits_controller {
    CONTROLLER_PIDS = 1 << 0,
    CONTROLLER_MEMORY = 1 << 1,
};

/* Where a group is made: one a hierarchy. */
struct limits_parent {
    bool v2;
    bool raw;                         /* without libcgroup, which would write what is above and not ours */
    bool own;                         /* of sbx-run alone: made when it is missing, removed when it is empty */
    unsigned controllers;             /* enum limits_controller, or-ed: what the group below it limits */
    size_t mount_length;              /* how much of the directory's path is the mount's */
    char directory[LIMITS_PATH_MAX];
};

/* The part of the plan. */
struct limits_plan {
    const struct limits_backend *backend; /* NULL: nothing is made (off, or already limited: how says which) */
    bool off;           /* nothing holds: --limits=off, or --try=limits where nothing could be had */
    bool by_cgroup;     /* held by a cgroup, of ours or an outer one: /sys must not be writable inside */
    uint64_t pids;      /* LIMIT_NONE: not limited */
    uint64_t memory;    /* bytes, whole pages */
    uint64_t swap;      /* bytes, beside memory */
    bool swap_is_none;  /* the machine has no swap and cannot count it: nothing to write */
    char how[512];      /* one line for people: by what they are held, and what is not held */
    struct limits_parent parents[LIMITS_GROUPS_MAX]; /* backend's own: where groups are made */
    size_t parent_count;
};

/* A group in force: state of one launch. All zero before make. */
struct limits_group {
    char name[192];                        /* of the directory: sbx-NAME-PID-STARTTIME-SPACE (limits-sweep.h), a scope's
                                            * with .scope behind it */
    char *directories[LIMITS_GROUPS_MAX];  /* one a hierarchy (v1), or one (v2) */
    int procs[LIMITS_GROUPS_MAX];          /* cgroup.procs, open for writing, O_CLOEXEC; -1: none */
    size_t count;                          /* of both arrays; 0 when nothing is made */
};

struct limits_usage {
    bool known;
    uint64_t memory_peak, pids_peak, pids_hits, oom_kills, cpu_us; /* UINT64_MAX: not known */
};
#define LIMITS_USAGE_UNKNOWN \
    ((struct limits_usage){ false, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX })

struct limits_backend {
    const char *name; /* as in --limits= */
    /* Whether this machine and user can have it: true, or false with `why` (one line with the remedy). */
    bool (*find)(const struct options *options, const struct machine *machine, struct plan *plan,
                 char *why, size_t why_size);
    int (*make)(const struct plan *plan, struct limits_group *group, struct error *error);
    int (*enter)(const struct plan *plan, struct limits_group *group, struct error *error);
    /* The program runs: gives back what making and entering took. NULL: nothing. */
    void (*rest)(void);
    void (*read)(const struct plan *plan, const struct limits_group *group, struct limits_usage *usage);
    /* All processes in it killed, until none is left; the directories removed. -1 with the error when something
     * is left. Called by the supervisor after the program's end, also on the way out of a failed start. */
    int (*end)(const struct plan *plan, struct limits_group *group, struct error *error);
};

/* enter() is the child's first step, so that all that follows is counted; that of limits_userns stands where limits are
 * lowered, after the user namespace is made: the kernel counts RLIMIT_NPROC by user and namespace. */
extern const struct limits_backend limits_cgroup; /* v1 or v2 through libcgroup */
extern const struct limits_backend limits_delegated; /* a group below the own one, which is ours to divide */
extern const struct limits_backend limits_systemd; /* a transient scope; enter is the first step too */
extern const struct limits_backend limits_userns; /* RLIMIT_NPROC and RLIMIT_DATA in a user namespace */

/* Check of the step: fills plan->limits (and plan->user_namespace), or records the problem. */
int limits_check(const struct options *options, const struct machine *machine, struct plan *plan,
                 struct error *error);

/* Kills and removes what groups of ours are left where the plan makes its own, whose supervisor is gone (their names
 * carry its pid and start time); touches no other. Called before a group is made. What cannot be removed stays for
 * the next start: it is not this program's fault. */
void limits_sweep(const struct plan *plan);

#endif
