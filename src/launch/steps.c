/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch/steps.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "confine/descriptors.h"
#include "confine/environment.h"
#include "confine/landlock.h"
#include "confine/namespaces.h"
#include "confine/privileges.h"
#include "confine/rlimits.h"
#include "confine/syscall-filter.h"
#include "launch/ending.h"
#include "tell/json-text.h"

static int group_make(const struct plan *plan, struct launch *launch, struct error *error)
{
    if (plan->limits.backend == NULL)
        return 0;
    limits_sweep(plan);
    return plan->limits.backend->make(plan, &launch->group, error);
}

static int group_enter(const struct plan *plan, struct launch *launch, struct error *error)
{
    if (plan->limits.backend == NULL || plan->limits.backend == &limits_userns)
        return 0;
    return plan->limits.backend->enter(plan, &launch->group, error) == 0 ? 1 : -1;
}

static void limits_print(const struct plan *plan, json_t *object)
{
    static const char *const names[] = { "processes", "memory", "swap" };
    const uint64_t values[] = { plan->limits.pids, plan->limits.memory, plan->limits.swap };
    json_object_set_new(object, "by", json_text(plan->limits.how));
    for (size_t i = 0; i < 3; i++)
        json_object_set_new(object, names[i],
                            values[i] == LIMIT_NONE ? json_string("no limit") : json_integer((json_int_t)values[i]));
}

static int session_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    /* A process group leader cannot: in place, sbx-run may be one. */
    if (!plan->new_session)
        return 0;
    if (setsid() < 0 && getsid(0) != getpid())
        return error_set(error, "cannot start a new session: %s (leave --new-session out)", strerror(errno));
    return 1;
}

static void session_print(const struct plan *plan, json_t *object)
{
    json_object_set_new(object, "new", json_boolean(plan->new_session));
}

static int directory_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    if (plan->directory == NULL)
        return 0;
    if (chdir(plan->directory) != 0)
        return error_set(error, "cannot enter %s: %s (name a directory that the program's user may enter)",
                         plan->directory, strerror(errno));
    return 1;
}

static void directory_print(const struct plan *plan, json_t *object)
{
    json_object_set_new(object, "directory", json_text(plan->directory != NULL ? plan->directory : "as found"));
}

static int limits_lower(const struct plan *plan, struct launch *launch, struct error *error)
{
    bool by_rlimits = plan->limits.backend == &limits_userns;
    if (by_rlimits && limits_userns.enter(plan, &launch->group, error) != 0)
        return -1;
    int lowered = rlimits_lower(plan, launch, error);
    return lowered < 0 ? -1 : by_rlimits || lowered > 0;
}

/* The kernel clears it at each change of user or gain of capabilities, so it is set after the last of them. */
static int parent_death_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    if (launch->supervisor == 0) /* in place, and no wish to die with the parent */
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return error_set(error, "cannot set the parent death signal: %s (is prctl refused by an outer filter?)",
                         strerror(errno));
    /* From inside a pid namespace the supervisor's pid is 0. */
    if (getppid() != (plan->pid_namespace ? 0 : launch->supervisor))
        return error_set(error, "cannot start: the parent is gone already (start it again)");
    if (launch->shared != NULL && !ending_keeper_reaches(launch->shared, KEEPER_READY))
        return error_set(error, "cannot start: the keeper, which ends the sandbox when sbx-run is killed, did not come "
                                "up (raise the limit of processes)");
    return 1;
}

static int signals_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)plan;
    if (sigaction(SIGCHLD, &launch->child_action, NULL) != 0 ||
        sigprocmask(SIG_SETMASK, &launch->signal_mask, NULL) != 0)
        return error_set(error, "cannot restore the signals: %s (is rt_sigaction refused by an outer filter?)",
                         strerror(errno));
    return 1;
}

const struct step launch_steps[] = {
    { "limits", "enters the group that counts processes and memory",
      "first, so that all which follows is counted", limits_check, group_make, group_enter, limits_print },
    { "session", "starts a session of its own",
      "before a user namespace: it needs no right and nothing depends on it", NULL, NULL, session_apply,
      session_print },
    { "user namespace", "maps the user alone into a new user namespace",
      "before what it counts or allows: mounts, the limits of processes", namespaces_check, NULL,
      user_namespace_apply, namespaces_print },
    { "mounts", "makes /sys read-only where no Landlock guards it, and the pid namespace's own /proc",
      "before Landlock, inside whose path rules every mount is EPERM", mounts_check, NULL, mounts_apply, NULL },
    { "directory", "enters the working directory by name",
      "after the mounts, so that a mount over it holds for it too", NULL, NULL, directory_apply, directory_print },
    { "descriptors", "marks all descriptors above 2 to be closed by exec",
      "after all that opens some for good", descriptors_check, NULL, descriptors_apply, descriptors_print },
    { "environment", "makes the program's variables", "made with the plan; nothing is done here", environment_check,
      NULL, NULL, environment_print },
    { "hard limits", "raises the hard limits that are asked for",
      "while CAP_SYS_RESOURCE is held", rlimits_check, NULL, rlimits_raise, rlimits_print },
    { "bounding set", "empties the bounding set, locks the securebits",
      "needs CAP_SETPCAP, which goes with the change of user", privileges_check, NULL, bounding_apply, NULL },
    { "identity", "changes groups, gid and uid",
      "needs CAP_SETUID and CAP_SETGID, which go next", NULL, NULL, identity_apply, identity_print },
    { "capabilities", "empties the capability sets, raises kept ones as ambient",
      "after the last step that needs one", NULL, NULL, capabilities_apply, capabilities_print },
    { "no_new_privs", "sets no_new_privs", "before Landlock and the filter, which ask for it", NULL, NULL,
      no_new_privs_apply, no_new_privs_print },
    { "parent death", "asks to be killed when the supervisor dies",
      "after the changes of user and capabilities, which clear it", NULL, NULL, parent_death_apply, NULL },
    { "mdwe", "forbids memory that was writable to become executable", "while prctl is sure to be allowed",
      mdwe_check, NULL, mdwe_apply, mdwe_print },
    { "landlock", "enters the Landlock domain",
      "after the mounts: a rule on a directory that a later mount covers does not hold", landlock_check, NULL,
      landlock_apply, landlock_print },
    { "limits lowered", "lowers the resource limits",
      "after the steps that need descriptors and memory", NULL, NULL, limits_lower, NULL },
    { "signals", "restores signal mask and dispositions", "as late as can be: a signal ends the start from here on",
      NULL, NULL, signals_apply, NULL },
    { "filter", "installs the filter over system calls",
      "last, so that it may refuse what the steps before needed", syscall_filter_check, NULL, syscall_filter_apply,
      syscall_filter_print },
};
const size_t launch_step_count = sizeof launch_steps / sizeof *launch_steps;
