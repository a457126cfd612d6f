/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a cgroup of the sandbox's own can be made here, and where. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine/limits-cgroup.h"
#include "confine/limits-where.h"
#include "confine/limits.h"
#include "plan/plan.h"

static bool is_writable(const char *directory, const char *file)
{
    char path[LIMITS_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s%s%s", directory, file != NULL ? "/" : "", file != NULL ? file : "");
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static bool has_file(const char *directory, const char *file)
{
    char path[LIMITS_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    return access(path, F_OK) == 0;
}

/* The controllers that a file of their names, joined by blanks, has. */
static unsigned controllers_in(const char *directory, const char *file)
{
    char path[LIMITS_PATH_MAX + 64], text[512];
    unsigned found = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    if (limits_read_text(AT_FDCWD, path, text, sizeof text) < 0)
        return 0;
    for (char *saved = NULL, *word = strtok_r(text, " ", &saved); word != NULL; word = strtok_r(NULL, " ", &saved))
        for (size_t i = 0; i < LIMITS_CONTROLLERS; i++)
            if (strcmp(word, limits_controllers[i].name) == 0)
                found |= limits_controllers[i].controller;
    return found;
}

bool limits_has_controllers(const char *directory)
{
    return controllers_in(directory, "cgroup.controllers") == (CONTROLLER_PIDS | CONTROLLER_MEMORY);
}

bool limits_hands_on(const char *directory, unsigned controllers)
{
    return (controllers & ~controllers_in(directory, "cgroup.subtree_control")) == 0;
}

/* Whether a v2 group can have limited groups below it: the kernel's root always; another one only where it hands the
 * controllers on already or holds no process ("no internal processes"). */
static bool can_hand_on(const char *directory, unsigned wanted)
{
    char path[LIMITS_PATH_MAX + 64], text[512];
    if (!has_file(directory, "cgroup.events") || limits_hands_on(directory, wanted)) /* the root alone has none */
        return true;
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    return limits_read_text(AT_FDCWD, path, text, sizeof text) == 0;
}

/* --cgroup=PATH: an absolute path below the mount, or one as /proc/self/cgroup has it. */
static bool handed_over(const struct limits_place *place, const char *asked, char *group, size_t size)
{
    size_t mount_length = strlen(place->mount);
    if (strncmp(asked, place->mount, mount_length) == 0 && (asked[mount_length] == '/' || asked[mount_length] == '\0'))
        asked += mount_length;
    while (*asked == '/')
        asked++;
    size_t length = strlen(asked);
    while (length > 0 && asked[length - 1] == '/')
        length--;
    if (length >= size)
        return false;
    memcpy(group, asked, length);
    group[length] = '\0';
    for (const char *at = group; at != NULL; at = strchr(at, '/'), at = at != NULL ? at + 1 : NULL)
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    return true;
}

/* Moving a process asks for the right to write the cgroup.procs of what both groups have above them (v2). */
static bool can_be_entered(const struct limits_place *place, const char *group)
{
    char common[LIMITS_PATH_MAX], path[LIMITS_PATH_MAX];
    size_t length = 0;
    for (size_t i = 0;; i++) {
        bool end = (place->group[i] == '/' || place->group[i] == '\0') && (group[i] == '/' || group[i] == '\0');
        if (end)
            length = i;
        if (place->group[i] != group[i] || group[i] == '\0')
            break;
    }
    memcpy(common, group, length);
    common[length] = '\0';
    return limits_place_path(place, common, path, sizeof path) && is_writable(path, "cgroup.procs");
}

static bool find_parent(const struct options *options, const struct machine *machine,
                        const struct limits_place *place, enum limits_controller controller,
                        struct limits_plan *limits, char *why, size_t why_size)
{
    struct limits_parent parent = { .v2 = place->v2, .controllers = controller };
    parent.raw = place->v2 && machine->uid != 0;
    char group[LIMITS_PATH_MAX];
    if (!place->found) {
        snprintf(why, why_size, "%s", place->why);
        return false;
    }
    parent.own = place->v2 && options->cgroup == NULL;
    if (options->cgroup != NULL && !handed_over(place, options->cgroup, group, sizeof group)) {
        snprintf(why, why_size, "--cgroup=%.200s is no path of a cgroup", options->cgroup);
        return false;
    }
    if (options->cgroup == NULL)
        strcpy(group, place->v2 ? "sbx" : place->group);
    parent.mount_length = strlen(place->mount);
    if (!limits_place_path(place, group, parent.directory, sizeof parent.directory)) {
        snprintf(why, why_size, "the path of the own cgroup is too long");
        return false;
    }
    const char *made_in = parent.own && !has_file(place->mount, "sbx") ? place->mount : parent.directory;
    if (!has_file(made_in, "cgroup.procs")) {
        snprintf(why, why_size, "there is no cgroup %.200s", made_in);
        return false;
    }
    if (!is_writable(made_in, NULL)) {
        snprintf(why, why_size, "%.200s cannot be written: %s%s", made_in, strerror(errno),
                 machine->uid != 0 ? " (root can hand it over: chown it and its files)" : "");
        return false;
    }
    if (place->v2 && !can_be_entered(place, group)) {
        snprintf(why, why_size, "no process can move from the own cgroup /%.100s to %.100s: the cgroup.procs of what "
                 "is above both cannot be written (start sbx-run inside what was handed over)", place->group,
                 parent.directory);
        return false;
    }
    if (place->v2 && (!can_hand_on(made_in, controller) || (parent.own && !can_hand_on(place->mount, controller)))) {
        snprintf(why, why_size, "%.200s holds processes itself, so groups below it can have no limits (move them to a "
                 "group of their own, or name another with --cgroup=PATH)", made_in);
        return false;
    }
    for (size_t i = 0; i < limits->parent_count; i++) {
        if (strcmp(limits->parents[i].directory, parent.directory) == 0) {
            limits->parents[i].controllers |= controller;
            return true;
        }
    }
    limits->parents[limits->parent_count++] = parent;
    return true;
}

bool limits_find_swap(const struct limits_where *where, struct limits_plan *limits, char *why, size_t why_size)
{
    if (limits->swap == LIMIT_NONE)
        return true;
    bool counted = where->swap_accounting;
    /* v1 limits the sum alone, so it needs the other part. */
    if (!where->memory.v2 && limits->memory == LIMIT_NONE)
        counted = false;
    if (counted)
        return true;
    limits->swap_is_none = where->swap_total == 0;
    if (limits->swap_is_none)
        return true;
    if (!where->memory.v2 && where->swap_accounting)
        snprintf(why, why_size, "cgroup v1 limits swap only together with memory (give --memory too, or --swap=max)");
    else
        snprintf(why, why_size, "this kernel does not count swap (boot with swapaccount=1, or --swap=max)");
    return false;
}

static uint64_t tighter(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

bool limits_take_outer_along(const struct limits_where *where, struct limits_plan *limits)
{
    const struct limits_outer *outer = &where->outer;
    bool any = false;
    if (where->pids.found && where->pids.v2 && where->pids.group[0] != '\0') {
        any = outer->pids != LIMIT_NONE;
        limits->pids = tighter(limits->pids, outer->pids);
    }
    if (where->memory.found && where->memory.v2 && where->memory.group[0] != '\0') {
        any = any || outer->memory != LIMIT_NONE || outer->swap != LIMIT_NONE;
        limits->memory = tighter(limits->memory, outer->memory);
        limits->swap = tighter(limits->swap, outer->swap);
    }
    return any;
}

static void say_how(const struct limits_where *where, struct limits_plan *limits, bool left)
{
    size_t used = (size_t)snprintf(limits->how, sizeof limits->how, "cgroup %s, a group below",
                                   limits->parents[0].v2 ? "v2" : "v1");
    for (size_t i = 0; i < limits->parent_count && used < sizeof limits->how; i++)
        used += (size_t)snprintf(limits->how + used, sizeof limits->how - used, "%s %.120s", i > 0 ? " and" : "",
                                 limits->parents[i].directory);
    if (left && used < sizeof limits->how)
        used += (size_t)snprintf(limits->how + used, sizeof limits->how - used,
                                 ", not below the limits of /%.120s (tighter ones are taken along)", where->pids.group);
    if (limits->swap_is_none && used < sizeof limits->how)
        snprintf(limits->how + used, sizeof limits->how - used, "; the machine has no swap");
}

bool limits_cgroup_find(const struct options *options, const struct machine *machine, struct plan *plan, char *why,
                        size_t why_size)
{
    const struct limits_where *where = machine->limits_where;
    struct limits_plan limits = plan->limits;
    limits.parent_count = 0;
    if (options->in_place) {
        snprintf(why, why_size, "started in place nobody would remove the group (TasksMax= and MemoryMax= in the unit "
                 "limit it, or start it supervised)");
        return false;
    }
    if (where->own_sandbox) {
        snprintf(why, why_size, "inside a sandbox no group can be made (its own limits hold: ask for no tighter ones)");
        return false;
    }
    if (machine->uid != 0 && options->cgroup == NULL) {
        snprintf(why, why_size, "only root makes groups here (root can hand one over: --cgroup=PATH)");
        return false;
    }
    bool left = options->cgroup == NULL && limits_take_outer_along(where, &limits);
    if (limits.pids != LIMIT_NONE &&
        !find_parent(options, machine, &where->pids, CONTROLLER_PIDS, &limits, why, why_size))
        return false;
    if (limits.memory != LIMIT_NONE || limits.swap != LIMIT_NONE) {
        if (!find_parent(options, machine, &where->memory, CONTROLLER_MEMORY, &limits, why, why_size) ||
            !limits_find_swap(where, &limits, why, why_size))
            return false;
    }
    limits.by_cgroup = true;
    say_how(where, &limits, left);
    plan->limits = limits;
    return true;
}
