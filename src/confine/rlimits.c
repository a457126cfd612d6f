/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/rlimits.h"

#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

/* The hard limit of a plan may be above the one found: only CAP_SYS_RESOURCE of the first user namespace lifts it. */
int rlimits_check(const struct options *options, const struct machine *machine, struct plan *plan,
                  struct error *error)
{
    bool may_raise = (machine->effective & (UINT64_C(1) << CAP_SYS_RESOURCE)) != 0 && !plan->user_namespace;
    for (size_t i = 0; i < options->rlimit_count; i++) {
        const struct options_rlimit *asked = &options->rlimits[i];
        struct plan_rlimit *rlimit = &plan->rlimits[plan->rlimit_count++];
        struct rlimit found;
        if (getrlimit(asked->resource, &found) != 0)
            return error_set(error, "cannot read the limit %s: %s (the kernel has it not)", asked->name,
                             strerror(errno));
        *rlimit = (struct plan_rlimit){ asked->resource, asked->name, asked->limit };
        if (asked->soft_only)
            rlimit->limit.rlim_max = found.rlim_max;
        if (asked->hard_only)
            rlimit->limit.rlim_cur = found.rlim_cur < asked->limit.rlim_max ? found.rlim_cur : asked->limit.rlim_max;
        if (rlimit->limit.rlim_cur > rlimit->limit.rlim_max)
            plan_problem(plan, "cannot set --rlimit=%s: the soft limit would be above the hard one, which is %llu "
                               "(give SOFT:HARD)", asked->name, (unsigned long long)rlimit->limit.rlim_max);
        else if (rlimit->limit.rlim_max > found.rlim_max && !may_raise)
            plan_problem(plan, "cannot set --rlimit=%s: the hard limit is %llu and raising it needs CAP_SYS_RESOURCE "
                               "(raise it before the start, or ask for less)", asked->name,
                         (unsigned long long)found.rlim_max);
    }
    return 0;
}

static int set_one(const struct plan_rlimit *rlimit, const struct rlimit *limit, struct error *error)
{
    if (setrlimit((__rlimit_resource_t)rlimit->resource, limit) != 0)
        return error_set(error, "cannot set the limit %s: %s (leave --rlimit=%s out)", rlimit->name, strerror(errno),
                         rlimit->name);
    return 0;
}

int rlimits_raise(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    for (size_t i = 0; i < plan->rlimit_count; i++) {
        const struct plan_rlimit *rlimit = &plan->rlimits[i];
        struct rlimit found;
        if (getrlimit((__rlimit_resource_t)rlimit->resource, &found) != 0)
            return error_set(error, "cannot read the limit %s: %s (leave --rlimit=%s out)", rlimit->name,
                             strerror(errno), rlimit->name);
        if (found.rlim_max >= rlimit->limit.rlim_max)
            continue;
        found.rlim_max = rlimit->limit.rlim_max;
        if (set_one(rlimit, &found, error) != 0)
            return -1;
    }
    return plan->rlimit_count > 0;
}

int rlimits_lower(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    for (size_t i = 0; i < plan->rlimit_count; i++)
        if (set_one(&plan->rlimits[i], &plan->rlimits[i].limit, error) != 0)
            return -1;
    return plan->rlimit_count > 0;
}

void rlimits_print(const struct plan *plan, json_t *object)
{
    for (size_t i = 0; i < plan->rlimit_count; i++) {
        const struct rlimit *limit = &plan->rlimits[i].limit;
        json_t *pair = json_array();
        json_array_append_new(pair, limit->rlim_cur == RLIM_INFINITY ? json_string("unlimited")
                                                                     : json_integer((json_int_t)limit->rlim_cur));
        json_array_append_new(pair, limit->rlim_max == RLIM_INFINITY ? json_string("unlimited")
                                                                     : json_integer((json_int_t)limit->rlim_max));
        json_object_set_new(object, plan->rlimits[i].name, pair);
    }
}
