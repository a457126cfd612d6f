/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits without any cgroup: in a user namespace of its own the sandbox's processes are counted apart from the user's
 * others (Linux 5.14), so RLIMIT_NPROC is a limit of the sandbox. RLIMIT_DATA bounds the private writable memory of
 * each process, in memory or swapped out; shared memory it does not count. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "confine/limits-where.h"
#include "confine/limits.h"
#include "plan/plan.h"

static bool userns_find(const struct options *options, const struct machine *machine, struct plan *plan, char *why,
                        size_t why_size)
{
    const struct limits_where *where = machine->limits_where;
    struct limits_plan *limits = &plan->limits;
    (void)options;
    if (machine->uid == 0) {
        snprintf(why, why_size, "no process of uid 0 is ever counted (start it as another user)");
        return false;
    }
    /* In a sandbox of ours no other can be made; but there the user is counted apart already, and limits can be
     * lowered: what else runs in that namespace counts along. */
    bool has_one = where->nested_user && (where->must_try_user || !where->may_make_user);
    if (!has_one && !where->may_make_user) {
        snprintf(why, why_size, "%s", where->user_why);
        return false;
    }
    if (!has_one && where->must_try_user && !limits_probe_user_namespace(why, why_size))
        return false;
    /* Nobody raises a hard limit here: one that is lower already is the one that will hold. */
    if (limits->pids != LIMIT_NONE && where->nproc.rlim_max != RLIM_INFINITY && where->nproc.rlim_max < limits->pids)
        limits->pids = where->nproc.rlim_max;
    if (limits->memory != LIMIT_NONE && where->data.rlim_max != RLIM_INFINITY && where->data.rlim_max < limits->memory)
        limits->memory = where->data.rlim_max;
    plan->user_namespace = !has_one;
    snprintf(limits->how, sizeof limits->how, "%s: %s%s%s",
             has_one ? "the user namespace it runs in, whose other processes count along" : "user namespace",
             limits->pids != LIMIT_NONE ? "processes by RLIMIT_NPROC" : "processes not limited",
             limits->memory != LIMIT_NONE ? "; memory by RLIMIT_DATA, for each process alone and in swap or not "
                                            "(their sum and shared memory are not held)" : "; memory not limited",
             limits->memory == LIMIT_NONE && limits->swap != LIMIT_NONE ? "; swap not limited" : "");
    return true;
}

/* Nothing is outside: the namespace is a step of its own. */
static int userns_make(const struct plan *plan, struct limits_group *group, struct error *error)
{
    (void)plan, (void)error;
    group->count = 0;
    return 0;
}

static int set(int resource, const char *name, uint64_t value, struct error *error)
{
    struct rlimit limit = { value, value }, in_force;
    if (value == LIMIT_NONE)
        return 0;
    if (setrlimit(resource, &limit) != 0 || getrlimit(resource, &in_force) != 0)
        return error_set(error, "cannot set %s to %" PRIu64 ": %m", name, value);
    if (in_force.rlim_cur != value || in_force.rlim_max != value)
        return error_set(error, "cannot set %s to %" PRIu64 ": the kernel did not take it", name, value);
    return 0;
}

static int userns_enter(const struct plan *plan, struct limits_group *group, struct error *error)
{
    (void)group;
    if (set(RLIMIT_NPROC, "RLIMIT_NPROC", plan->limits.pids, error) != 0)
        return -1;
    return set(RLIMIT_DATA, "RLIMIT_DATA", plan->limits.memory, error);
}

static void userns_read(const struct plan *plan, const struct limits_group *group, struct limits_usage *usage)
{
    (void)plan, (void)group;
    *usage = LIMITS_USAGE_UNKNOWN;
}

/* What runs is ended as the plan says (enum plan_end): there is no group. */
static int userns_end(const struct plan *plan, struct limits_group *group, struct error *error)
{
    (void)plan, (void)group, (void)error;
    return 0;
}

const struct limits_backend limits_userns = {
    .name = "userns",
    .find = userns_find,
    .make = userns_make,
    .enter = userns_enter,
    .read = userns_read,
    .end = userns_end,
};
