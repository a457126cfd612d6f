/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: everything that will be done for one program, decided before anything is done.
 *
 * options (what was asked) and machine (what can be had) go in; every "if the machine has it, else" is settled
 * here, by the check function of each step (launch/steps.h). Afterwards the plan is const: --dry-run prints it,
 * the launch does it, and a step that fails is an error, never a reason to do less. */
#ifndef SBX_PLAN_PLAN_H
#define SBX_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "confine/limits.h"
#include "plan/machine.h"
#include "plan/options.h"
#include "policy/filter.h"
#include "policy/policy.h"
#include "tell/words.h"

#define PLAN_LINES_MAX 32

/* How all that the program has started is ended with it, and what ends it when sbx-run itself is killed. */
enum plan_end {
    END_NONE,      /* profile none: only the program itself is waited for */
    END_SCOPE,     /* kill(-1) from inside a Landlock signal scope: reaches the sandbox and nothing else, atomically */
    END_GROUP,     /* the cgroup is killed until it is empty */
    END_NAMESPACE, /* a pid namespace ends with its first process */
    END_CHILDREN,  /* what is left is killed child by child until none is left: no guarantee, said */
};

struct plan_identity {
    bool switched; /* --user, --group */
    uid_t uid;
    gid_t gid;
    gid_t groups[MACHINE_GROUPS_MAX];
    size_t group_count;
    const char *user_name, *home; /* NULL where none was asked */
};

struct plan_privileges {
    bool dropped;           /* false: profile none */
    uint64_t kept;          /* 1 << CAP_*: ambient in the program */
    bool lower_bounding;    /* CAP_SETPCAP is held where the step runs */
    bool no_new_privs;
    bool mdwe;
};

struct plan_landlock {
    bool domain;            /* the program enters a domain of its own */
    uint64_t handled;       /* LANDLOCK_ACCESS_FS_* that are refused where no rule allows them */
    uint64_t scoped;        /* LANDLOCK_SCOPE_* */
    bool guard_sys;         /* nothing below /sys, nor in any sysfs or cgroup mount, can be written */
};

struct plan_rlimit {
    int resource;
    const char *name;
    struct rlimit limit; /* as the program will have it */
};

struct plan {
    const char *name;    /* of the sandbox: in the cgroup's name, reports */
    const char *profile; /* as given */

    const char *program; /* path that is executed */
    char *const *argv;
    char *const *envp;
    const char *directory; /* entered by name after the mounts; NULL: where it was started */
    bool new_session;
    bool in_place;
    bool die_with_parent;
    uint64_t timeout_ms, kill_after_ms; /* 0: none; kill_after: from SIGTERM to SIGKILL */

    const int *kept_descriptors;
    size_t kept_descriptor_count;

    struct plan_identity identity;
    struct plan_privileges privileges;
    struct plan_landlock landlock;
    struct limits_plan limits;
    struct plan_rlimit rlimits[RLIM_NLIMITS];
    size_t rlimit_count;
    bool user_namespace;  /* one is made, the user alone mapped into it */
    bool mount_namespace; /* for the next two */
    bool sys_read_only;   /* where there is no Landlock to guard /sys */
    bool own_proc;        /* of the pid namespace */
    bool pid_namespace;   /* END_NAMESPACE */

    struct policy *policy;
    struct filter filter;      /* length 0: none */
    struct plan_oci_filter {
        struct filter filter;
        unsigned flags;        /* SECCOMP_FILTER_FLAG_* */
    } oci[OPTIONS_OCI_MAX];    /* of OCI profiles: installed before the policy's */
    size_t oci_count;
    bool needs_exec_token;     /* execve is refused to the program: filter is compiled in the child, with a token */

    enum plan_end end;

    enum options_stats stats;
    enum options_explain explain; /* END, LIVE or OFF: what is told of refused calls */
    const char *report, *metrics, *learn;
    bool listen;                  /* the filter hands refused calls to the supervisor, for any of these */

    /* What this machine cannot do of what was asked: the start is refused, --check prints them all. */
    char *problems[PLAN_LINES_MAX];
    size_t problem_count;
    /* What goes without because `try` said that it may, and what the user should know: told at the start. */
    char *notices[PLAN_LINES_MAX];
    size_t notice_count;
};

/* Makes the plan: 0, or -1 with the error (a wrong request, not a weak machine: that is in plan->problems). */
int plan_make(struct plan *plan, const struct options *options, const struct machine *machine, struct error *error);

/* For check functions. A problem: `cannot WHAT: WHY (remedy)`. Both keep a copy; out of memory ends the start. */
void plan_problem(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_notice(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the machine lacks: a notice when `--try` names it, else a problem. True when it may go without. */
bool plan_lacks(struct plan *plan, const struct options *options, enum options_try what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
