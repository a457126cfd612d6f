/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits by a group below the own one, where that is ours to divide: a unit with Delegate=yes, or a container whose
 * cgroup can be written. A v2 group that has limited groups below it can hold no process itself, so what runs in it
 * moves to a leaf first. The rest is as with every cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "confine/limits-cgroup.h"
#include "confine/limits-where.h"
#include "confine/limits.h"
#include "plan/plan.h"

#define LEAF "sbx-leaf"
#define MOVE_TRIES 20 /* what forks meanwhile is found in the next round */

/* --- find ------------------------------------------------------------------------------------------------------ */

/* The group to divide: the own one, or the one above it where an earlier start has moved us to the leaf. */
static bool base_of(const struct limits_place *place, char *path, size_t size)
{
    char group[LIMITS_PATH_MAX];
    strcpy(group, place->group);
    char *last = strrchr(group, '/');
    last = last != NULL ? last + 1 : group;
    if (strcmp(last, LEAF) == 0)
        *(last > group ? last - 1 : last) = '\0';
    return limits_place_path(place, group, path, size);
}

static bool has_delegate_mark(const char *path)
{
    static const char *const marks[] = { "user.delegate", "trusted.delegate" };
    char value;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (getxattr(path, marks[i], &value, 1) == 1 && value == '1')
            return true;
    return false;
}

/* That it can be written is not enough: root can write everybody's, and a user every unit of his manager, which has
 * its own ideas of them. It is ours when systemd has marked it, when it was given to this user alone, or when it is
 * the top of all that can be seen and no systemd runs here. */
static bool is_ours_to_divide(const struct limits_place *place, const char *path, uid_t uid)
{
    char above[LIMITS_PATH_MAX];
    struct stat own, parent;
    if (has_delegate_mark(path))
        return true;
    if (strcmp(path, place->mount) == 0)
        return access("/run/systemd/system", F_OK) != 0;
    strcpy(above, path);
    *strrchr(above, '/') = '\0';
    return uid != 0 && stat(path, &own) == 0 && stat(above, &parent) == 0 && own.st_uid == uid && parent.st_uid != uid;
}

static bool can_write(const char *path, char *why, size_t why_size)
{
    static const char *const files[] = { "", "/cgroup.procs", "/cgroup.subtree_control" };
    char file[LIMITS_PATH_MAX + 64];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(file, sizeof file, "%s%s", path, files[i]);
        if (faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) != 0) {
            snprintf(why, why_size, "%.200s cannot be written: %s (Delegate=yes in the unit hands it over)", file,
                     strerror(errno));
            return false;
        }
    }
    return true;
}

static bool delegated_find(const struct options *options, const struct machine *machine, struct plan *plan, char *why,
                           size_t why_size)
{
    const struct limits_where *where = machine->limits_where;
    const struct limits_place *place = &where->memory;
    struct limits_plan limits = plan->limits;
    struct limits_parent *parent = &limits.parents[0];
    char root_file[LIMITS_PATH_MAX + 64];
    (void)options;
    if (where->own_sandbox) {
        snprintf(why, why_size, "inside a sandbox no group can be made (its own limits hold: ask for no tighter ones)");
        return false;
    }
    if (!where->pids.found || !place->found || !where->pids.v2 || !place->v2) {
        snprintf(why, why_size, "this needs pids and memory in cgroup v2");
        return false;
    }
    *parent = (struct limits_parent){ .v2 = true, .raw = true, .mount_length = strlen(place->mount) };
    if (!base_of(place, parent->directory, sizeof parent->directory)) {
        snprintf(why, why_size, "the path of the own group is too long");
        return false;
    }
    snprintf(root_file, sizeof root_file, "%s/cgroup.events", parent->directory);
    if (access(root_file, F_OK) != 0) {
        snprintf(why, why_size, "the own group is the root, which nobody delegates");
        return false;
    }
    if (!can_write(parent->directory, why, why_size))
        return false;
    if (!is_ours_to_divide(place, parent->directory, machine->uid)) {
        snprintf(why, why_size, "%.200s is not delegated (Delegate=yes in the unit)", parent->directory);
        return false;
    }
    if (!limits_has_controllers(parent->directory)) {
        snprintf(why, why_size, "%.200s has not both pids and memory to hand on (Delegate=pids memory in the unit)",
                 parent->directory);
        return false;
    }
    if (!limits_find_swap(where, &limits, why, why_size))
        return false;
    parent->controllers = (limits.pids != LIMIT_NONE ? CONTROLLER_PIDS : 0) |
                          (limits.memory != LIMIT_NONE || limits.swap != LIMIT_NONE ? CONTROLLER_MEMORY : 0);
    limits.parent_count = 1;
    limits.by_cgroup = true;
    snprintf(limits.how, sizeof limits.how, "the delegated group %.200s (what runs in it itself is moved to %s)",
             parent->directory, LEAF);
    plan->limits = limits;
    return true;
}

/* --- make ------------------------------------------------------------------------------------------------------ */

/* Each process that is in the group itself goes to the leaf, ours too. 0 when none was left, 1 else, -1 with errno. */
static int move_to_leaf(const char *base)
{
    char path[LIMITS_PATH_MAX + 64], line[32];
    snprintf(path, sizeof path, "%s/" LEAF "/cgroup.procs", base);
    int leaf = open(path, O_WRONLY | O_CLOEXEC);
    if (leaf < 0)
        return -1;
    snprintf(path, sizeof path, "%s/cgroup.procs", base);
    FILE *processes = fopen(path, "re");
    int result = processes != NULL ? 0 : -1;
    while (processes != NULL && fgets(line, sizeof line, processes) != NULL) {
        result = 1;
        if (write(leaf, line, strcspn(line, "\n")) < 0 && errno != ESRCH) { /* ESRCH: it has ended */
            result = -1;
            break;
        }
    }
    int kept = errno;
    if (processes != NULL)
        fclose(processes);
    close(leaf);
    errno = kept;
    return result;
}

static int make_room(const char *base, unsigned controllers, struct error *error)
{
    char path[LIMITS_PATH_MAX + 64];
    struct error busy;
    /* Done already, by an earlier start or by who delegated it? It is not tried while processes are there: with pids
     * alone that makes the group a threaded one, which can have no group of ours below it. */
    if (limits_hands_on(base, controllers))
        return 0;
    snprintf(path, sizeof path, "%s/" LEAF, base);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return error_set(error, "cannot make the cgroup %s: %m (see --check)", path);
    for (int i = 0; i < MOVE_TRIES; i++) {
        int moved = move_to_leaf(base);
        if (moved < 0)
            return error_set(error, "cannot move what runs in the cgroup %s to %s: %m (start sbx-run in a group that "
                             "holds nothing else)", base, path);
        if (moved == 0 && limits_hand_on(controllers, base, &busy) == 0)
            return 0;
    }
    return error_set(error, "cannot move all that runs in the cgroup %s to %s: more keeps coming (start sbx-run in a "
                     "group that holds nothing else)", base, path);
}

static int delegated_make(const struct plan *plan, struct limits_group *group, struct error *error)
{
    const struct limits_parent *parent = &plan->limits.parents[0];
    group->count = 0;
    if (make_room(parent->directory, parent->controllers, error) != 0)
        return -1;
    return limits_cgroup.make(plan, group, error);
}

static int delegated_enter(const struct plan *plan, struct limits_group *group, struct error *error)
{
    return limits_cgroup.enter(plan, group, error);
}

static int delegated_end(const struct plan *plan, struct limits_group *group, struct error *error)
{
    return limits_cgroup.end(plan, group, error);
}

const struct limits_backend limits_delegated = {
    .name = "delegated",
    .find = delegated_find,
    .make = delegated_make,
    .enter = delegated_enter,
    .read = limits_group_read,
    .end = delegated_end,
};
