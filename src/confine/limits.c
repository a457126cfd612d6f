/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "confine/limits-sweep.h"
#include "confine/limits-where.h"
#include "plan/plan.h"

/* In the order in which they are taken; one that is forced stands alone. */
static const struct {
    enum options_limits forced_by;
    const struct limits_backend *backend;
} backends[] = {
    { LIMITS_DELEGATED, &limits_delegated },
    { LIMITS_SYSTEMD, &limits_systemd },
    { LIMITS_CGROUP, &limits_cgroup },
    { LIMITS_USERNS, &limits_userns },
};
#define BACKEND_COUNT (sizeof backends / sizeof backends[0])

/* --- what is asked for ---------------------------------------------------------------------------------------- */

/* Bytes or a share of `whole`, in whole pages: the kernel rounds down too, and what is read back must be equal. */
static uint64_t bytes_of(const struct amount *amount, uint64_t whole)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (!amount->given || (!amount->percent && amount->value == AMOUNT_MAX))
        return LIMIT_NONE;
    uint64_t bytes = amount->percent ? whole / 100 * amount->value + whole % 100 * amount->value / 100 : amount->value;
    return bytes - bytes % page;
}

static void read_amounts(const struct options *options, uint64_t memory, struct limits_plan *limits)
{
    limits->pids = options->pids.given && options->pids.value != AMOUNT_MAX ? options->pids.value : LIMIT_NONE;
    limits->memory = bytes_of(&options->memory, memory);
    limits->swap = bytes_of(&options->swap, memory);
}

static bool nothing_asked(const struct limits_plan *limits)
{
    return limits->pids == LIMIT_NONE && limits->memory == LIMIT_NONE && limits->swap == LIMIT_NONE;
}

/* --- what holds already ---------------------------------------------------------------------------------------- */

static bool cgroup_holds(const struct limits_where *where, const struct limits_plan *limits)
{
    const struct limits_outer *outer = &where->outer;
    if (outer->pids > limits->pids || outer->memory > limits->memory)
        return false;
    if (limits->swap == LIMIT_NONE || where->swap_total == 0 || outer->swap <= limits->swap)
        return true;
    return limits->memory != LIMIT_NONE && limits->swap < LIMIT_NONE - limits->memory &&
           outer->memory_and_swap <= limits->memory + limits->swap;
}

static bool rlimit_holds(const struct rlimit *in_force, uint64_t limit)
{
    return limit == LIMIT_NONE || (in_force->rlim_max != RLIM_INFINITY && in_force->rlim_max <= limit);
}

static bool user_namespace_holds(const struct machine *machine, const struct limits_plan *limits)
{
    const struct limits_where *where = machine->limits_where;
    return machine->uid != 0 && where->nested_user && rlimit_holds(&where->nproc, limits->pids) &&
           rlimit_holds(&where->data, limits->memory);
}

static void append_number(char *text, size_t size, const char *word, uint64_t value)
{
    size_t used = strlen(text);
    if (value == LIMIT_NONE)
        return;
    snprintf(text + used, size - used, "%s%s %" PRIu64, used > 0 ? ", " : "", word, value);
}

/* Inside a unit, a container or a sandbox of ours whose limits are no looser than what is asked for: nothing has to
 * be made, and in a sandbox nothing could be. */
static bool holds_already(const struct options *options, const struct machine *machine, struct limits_plan *limits)
{
    const struct limits_where *where = machine->limits_where;
    struct limits_plan asked = *limits;
    char numbers[160] = "";
    /* A share is one of the whole machine here: "half of the memory" stays satisfied inside a sandbox that has half. */
    read_amounts(options, machine->memory, &asked);
    if (options->cgroup != NULL)
        return false;
    if (cgroup_holds(where, &asked)) {
        limits->pids = where->outer.pids;
        limits->memory = where->outer.memory;
        limits->swap = where->swap_total == 0 ? 0 : where->outer.swap;
        limits->by_cgroup = true;
    } else if (user_namespace_holds(machine, &asked)) {
        limits->pids = where->nproc.rlim_max != RLIM_INFINITY ? where->nproc.rlim_max : LIMIT_NONE;
        limits->memory = where->data.rlim_max != RLIM_INFINITY ? where->data.rlim_max : LIMIT_NONE;
        limits->swap = LIMIT_NONE;
    } else {
        return false;
    }
    append_number(numbers, sizeof numbers, "processes", limits->pids);
    append_number(numbers, sizeof numbers, "bytes of memory", limits->memory);
    if (limits->by_cgroup)
        snprintf(limits->how, sizeof limits->how, "already limited by the cgroup it runs in%s%.200s (%s)",
                 where->pids.found ? ", /" : "", where->pids.found ? where->pids.group : "", numbers);
    else
        snprintf(limits->how, sizeof limits->how, "already limited by the user namespace it runs in (%s; memory for "
                 "each process alone)", numbers);
    return true;
}

/* --- check ----------------------------------------------------------------------------------------------------- */

static int look(const struct machine *machine, const struct options *options, struct limits_where *where,
                struct error *error)
{
    const struct limits_roots roots = { .proc = "/proc" };
    if (limits_where_find(where, &roots, error) != 0)
        return -1;
    if (machine->uid != 0 || options->limits == LIMITS_USERNS)
        return limits_where_user(where, &roots, error);
    return 0;
}

/* The first that can be had; else the reasons, one after the other. */
static const struct limits_backend *choose(const struct options *options, const struct machine *machine,
                                           struct plan *plan, char *reasons, size_t size)
{
    size_t used = 0;
    reasons[0] = '\0';
    for (size_t i = 0; i < BACKEND_COUNT; i++) {
        char why[400];
        bool forced = options->limits != LIMITS_AUTO || options->cgroup != NULL;
        enum options_limits only = options->limits != LIMITS_AUTO ? options->limits : LIMITS_CGROUP;
        if (forced && backends[i].forced_by != only)
            continue;
        if (backends[i].backend->find(options, machine, plan, why, sizeof why))
            return backends[i].backend;
        int added = snprintf(reasons + used, size - used, "%s%s: %s", used > 0 ? "; " : "", backends[i].backend->name,
                             why);
        used = added > 0 && used + (size_t)added < size ? used + (size_t)added : size - 1;
    }
    return NULL;
}

/* The user's own --rlimit must not loosen what the user namespace way stands on. */
static int check_rlimits(const struct options *options, const struct limits_plan *limits, struct error *error)
{
    for (size_t i = 0; i < options->rlimit_count; i++) {
        const struct options_rlimit *rlimit = &options->rlimits[i];
        uint64_t ours = rlimit->resource == RLIMIT_NPROC ? limits->pids
                        : rlimit->resource == RLIMIT_DATA ? limits->memory : LIMIT_NONE;
        const char *option = rlimit->resource == RLIMIT_NPROC ? "--pids" : "--memory";
        if (ours == LIMIT_NONE)
            continue;
        if ((!rlimit->soft_only && rlimit->limit.rlim_max > ours) ||
            (!rlimit->hard_only && rlimit->limit.rlim_cur > ours))
            return error_set(error, "cannot set --rlimit=%s above %" PRIu64 ": here it holds %s (raise %s)",
                             rlimit->name, ours, option, option);
    }
    return 0;
}

static int check_request(const struct options *options, const struct limits_plan *limits, struct error *error)
{
    if (options->cgroup != NULL && options->limits != LIMITS_AUTO && options->limits != LIMITS_CGROUP)
        return error_set(error, "cannot use --cgroup=%s: --limits takes no cgroup (--limits=cgroup does)",
                         options->cgroup);
    if (limits->memory == 0)
        return error_set(error, "cannot limit the memory to less than a page (give --memory a size with K, M or G)");
    return 0;
}

/* The first limit that is asked for decides how it is called. */
static void say_off(struct limits_plan *limits, const char *how)
{
    *limits = (struct limits_plan){ .off = true, .pids = LIMIT_NONE, .memory = LIMIT_NONE, .swap = LIMIT_NONE };
    snprintf(limits->how, sizeof limits->how, "%s", how);
}

int limits_check(const struct options *options, const struct machine *machine, struct plan *plan,
                 struct error *error)
{
    struct limits_plan *limits = &plan->limits;
    struct limits_where where;
    struct machine found = *machine;
    char reasons[880];

    if (options->limits == LIMITS_OFF) {
        say_off(limits, "off (--limits=off)");
        return 0;
    }
    *limits = (struct limits_plan){ .off = false };
    read_amounts(options, machine->memory, limits);
    if (check_request(options, limits, error) != 0)
        return -1;
    if ((!options->confined && !options->limits_given) || nothing_asked(limits)) {
        say_off(limits, options->confined || options->limits_given ? "off: no limit is asked for"
                                                                   : "off (--profile=none)");
        return 0;
    }
    if (found.limits_where == NULL) {
        if (look(machine, options, &where, error) != 0)
            return -1;
        found.limits_where = &where;
    }
    if (options->limits == LIMITS_AUTO && holds_already(options, &found, limits))
        return 0;
    /* A share of what an outer group leaves: half of it is not half of the machine. */
    uint64_t outer = found.limits_where->outer.memory;
    read_amounts(options, outer < machine->memory ? outer : machine->memory, limits);
    limits->backend = choose(options, &found, plan, reasons, sizeof reasons);
    if (limits->backend == &limits_userns)
        return check_rlimits(options, limits, error);
    if (limits->backend == NULL) {
        bool without = plan_lacks(plan, options, TRY_LIMITS, "cannot limit processes and memory: %s "
                                  "(--limits=off runs without)", reasons);
        if (without)
            say_off(limits, "none: they cannot be had here, and --try=limits goes without");
        else
            snprintf(limits->how, sizeof limits->how, "they cannot be had here");
    }
    return 0;
}

void limits_sweep(const struct plan *plan)
{
    for (size_t i = 0; plan->limits.backend != NULL && i < plan->limits.parent_count; i++)
        group_sweep(plan->limits.parents[i].directory);
}
