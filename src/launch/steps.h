/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The launch as a table of ordered steps. A protection is a file in src/confine with the same few functions and
 * one row (or a few, where it acts at several places) here. */
#ifndef SBX_LAUNCH_STEPS_H
#define SBX_LAUNCH_STEPS_H

#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "confine/limits.h"
#include "plan/plan.h"

/* JOINABLE and JOINED are for the first process of a pid namespace alone. */
enum keeper_state { KEEPER_STARTING, KEEPER_JOINABLE, KEEPER_JOINED, KEEPER_READY, KEEPER_FAILED };

/* What the child tells its supervisor without a system call that a filter could refuse: a shared page. */
struct shared_page {
    struct error error;       /* set before the child ends by itself */
    atomic_int failed;        /* 1: error is complete */
    atomic_int keeper;        /* enum keeper_state, a futex */
    atomic_int program;       /* pid of the program where another process than the supervisor made it, else 0 */
    atomic_int listener;      /* the seccomp listener's number in the shared descriptor table, or -1 */
};

/* State of one launch: what prepare makes and apply uses. */
struct launch {
    struct shared_page *shared;
    struct limits_group group;
    sigset_t signal_mask;           /* as found, restored before exec */
    struct sigaction child_action;  /* of SIGCHLD, likewise */
    pid_t supervisor;               /* whom the program must not outlive; 0: nobody (in place) */
    bool scoped;                    /* the supervisor is in its domain: kill(-1) reaches the sandbox and nothing else */
    struct exec_token token;        /* all zero where execve is not refused */
    uid_t uid;                      /* as found: what a user namespace maps; inside it they show as nobody first */
    gid_t gid;
    bool verbose;
};

struct step {
    const char *name;
    const char *does; /* for --verbose and --dry-run */
    const char *why;  /* why it stands at this place in the order */
    /* What of the request the machine can hold: settles its part of the plan. */
    int (*check)(const struct options *options, const struct machine *machine, struct plan *plan,
                 struct error *error);
    /* Outside, before the child is made: what can be done there. */
    int (*prepare)(const struct plan *plan, struct launch *launch, struct error *error);
    /* Inside the child (or in place), in the order of the table: 1 when done, 0 when the plan asks for nothing here,
     * -1 with the error. */
    int (*apply)(const struct plan *plan, struct launch *launch, struct error *error);
    /* Its part of the plan as keys and values; both forms of --dry-run are made from it. */
    void (*print)(const struct plan *plan, json_t *object);
};

extern const struct step launch_steps[];
extern const size_t launch_step_count;

#endif
