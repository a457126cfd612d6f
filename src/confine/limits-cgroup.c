/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits by a cgroup of the sandbox's own, v1 or v2.
 *
 * libcgroup makes the group and sets its limits. What it would do slower or not at all is done here: entering (it
 * attaches another process, at ten times the cost of one that enters by itself), reading back what is in force,
 * killing, removing, and everything in a v2 tree of a user, where it writes the subtree_control of ancestors that
 * belong to others (seen with 2.0.2) and so always fails. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "confine/limits-cgroup.h"
#include "confine/limits-sweep.h"
#include "confine/limits-where.h"
#include "confine/limits.h"
#include "plan/plan.h"

#define END_MILLISECONDS 5000
#define MAKE_TRIES 8 /* another sbx-run may remove the empty parent between two of our calls */

/* --- what is written, for which controller, and must then be read ---------------------------------------------- */

#define SETTINGS_MAX 3

struct setting {
    const char *file;
    uint64_t value;
};

/* The settings of one controller in their order: memory.memsw must not be below memory. How many. */
static size_t settings_of(const struct limits_plan *limits, enum limits_controller controller, bool v2,
                          struct setting settings[SETTINGS_MAX])
{
    size_t count = 0;
    if (controller == CONTROLLER_PIDS) {
        if (limits->pids != LIMIT_NONE)
            settings[count++] = (struct setting){ "pids.max", limits->pids };
        return count;
    }
    if (limits->memory != LIMIT_NONE)
        settings[count++] = (struct setting){ v2 ? "memory.max" : "memory.limit_in_bytes", limits->memory };
    if (limits->swap != LIMIT_NONE && !limits->swap_is_none) {
        if (v2)
            settings[count++] = (struct setting){ "memory.swap.max", limits->swap };
        else if (limits->memory != LIMIT_NONE && limits->swap < LIMIT_NONE - limits->memory)
            settings[count++] = (struct setting){ "memory.memsw.limit_in_bytes", limits->memory + limits->swap };
    }
    /* A program whose parts are shot one by one hangs or goes on wrong: v2 can end the group as one. */
    if (v2)
        settings[count++] = (struct setting){ "memory.oom.group", 1 };
    return count;
}

const struct limits_controller_name limits_controllers[LIMITS_CONTROLLERS] = {
    { CONTROLLER_PIDS, "pids" },
    { CONTROLLER_MEMORY, "memory" },
};

static int write_text(int directory, const char *file, const char *text)
{
    int descriptor = openat(directory, file, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    ssize_t written = write(descriptor, text, strlen(text));
    int kept = errno;
    close(descriptor);
    errno = kept;
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

int limits_hand_on(unsigned wanted, const char *directory, struct error *error)
{
    char file[LIMITS_PATH_MAX + 64], words[64] = "";
    snprintf(file, sizeof file, "%s/cgroup.subtree_control", directory);
    /* In one write: pids alone can be handed on by a group that holds processes, and makes it a threaded one. */
    for (size_t i = 0; i < LIMITS_CONTROLLERS; i++)
        if ((wanted & limits_controllers[i].controller) != 0)
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s+%s", words[0] != '\0' ? " " : "",
                     limits_controllers[i].name);
    if (write_text(AT_FDCWD, file, words) != 0)
        return error_set(error, "cannot hand pids and memory to groups below %s: %m (it must be yours, with no process "
                         "in it)", directory);
    return 0;
}

/* --- libcgroup ------------------------------------------------------------------------------------------------- */

static void no_words(void *data, int level, const char *format, va_list arguments)
{
    (void)data, (void)level, (void)format, (void)arguments;
}

static bool library_is_ready;

/* cgroup_init() writes zeros over the whole of its table, 0.8 MB, which would stay with the waiting supervisor and be
 * copied by each fork: what of it is zero is given back, and reads as zero again. A shared libcgroup hides the table. */
extern char cg_mount_table[] __attribute__((weak));
extern char _end[];
#define LIBRARY_TABLE_SIZE (100 * 8208) /* of libcgroup 2: CG_CONTROLLER_MAX entries */

static void library_give_back(void)
{
    if (!library_is_ready || cg_mount_table == NULL)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *end = cg_mount_table + LIBRARY_TABLE_SIZE < _end ? cg_mount_table + LIBRARY_TABLE_SIZE : _end;
    char *last = (char *)((uintptr_t)end & ~(page - 1)), *first = last;
    while (first >= cg_mount_table + page && first[-1] == 0 && memcmp(first - page, first - page + 1, page - 1) == 0)
        first -= page;
    if (first < last)
        madvise(first, (size_t)(last - first), MADV_DONTNEED);
}

static int library_init(struct error *error)
{
    if (library_is_ready)
        return 0;
    /* Set before cgroup_init(): its own logger prints to standard output, as loud as CGROUP_LOGLEVEL says. */
    cgroup_set_logger(no_words, CGROUP_LOG_ERROR, NULL);
    int result = cgroup_init();
    if (result != 0)
        return error_set(error, "cannot find the cgroups: libcgroup: %s", cgroup_strerror(result));
    library_is_ready = true;
    return 0;
}

/* libcgroup's idea of our group below that parent, with its settings. NULL: out of memory. */
static struct cgroup *library_group(const struct limits_plan *limits, const struct limits_parent *parent,
                                    const char *name)
{
    char path[LIMITS_PATH_MAX + 256];
    const char *above = parent->directory + parent->mount_length;
    while (*above == '/')
        above++;
    snprintf(path, sizeof path, "%s%s%s", above, *above != '\0' ? "/" : "", name);
    struct cgroup *group = cgroup_new_cgroup(path);
    for (size_t i = 0; group != NULL && i < LIMITS_CONTROLLERS; i++) {
        struct setting settings[SETTINGS_MAX];
        if ((parent->controllers & limits_controllers[i].controller) == 0)
            continue;
        struct cgroup_controller *controller = cgroup_add_controller(group, limits_controllers[i].name);
        bool failed = controller == NULL;
        size_t count = settings_of(limits, limits_controllers[i].controller, parent->v2, settings);
        for (size_t j = 0; !failed && j < count; j++)
            failed = cgroup_add_value_uint64(controller, settings[j].file, settings[j].value) != 0;
        if (failed)
            cgroup_free(&group); /* group is NULL then */
    }
    return group;
}

static int library_make(const struct limits_plan *limits, const struct limits_parent *parent, const char *name,
                        struct error *error)
{
    if (library_init(error) != 0)
        return -1;
    if (parent->v2) {
        /* libcgroup does it for every group on the way but the first, the mount's root. */
        char mount[LIMITS_PATH_MAX];
        snprintf(mount, sizeof mount, "%.*s", (int)parent->mount_length, parent->directory);
        if (limits_hand_on(parent->controllers, mount, error) != 0)
            return -1;
    }
    int result = ECGOTHER;
    for (int tries = 0; tries < (parent->own ? MAKE_TRIES : 1) && result != 0; tries++) {
        struct cgroup *group = library_group(limits, parent, name);
        if (group == NULL)
            return error_set(error, "cannot make a cgroup: out of memory");
        result = cgroup_create_cgroup(group, 1);
        cgroup_free(&group);
    }
    if (result == 0)
        return 0;
    return error_set(error, "cannot make the cgroup %s/%s: libcgroup: %s (see --check; --limits=off runs without "
                     "limits)", parent->directory, name, cgroup_strerror(result));
}

/* --- without libcgroup ----------------------------------------------------------------------------------------- */

static int raw_make(const struct limits_plan *limits, const struct limits_parent *parent, const char *path,
                    struct error *error)
{
    char text[32];
    if (limits_hand_on(parent->controllers, parent->directory, error) != 0)
        return -1;
    if (mkdir(path, 0755) != 0)
        return error_set(error, "cannot make the cgroup %s: %m", path);
    int directory = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return error_set(error, "cannot open the cgroup %s: %m", path);
    int result = 0;
    for (size_t i = 0; i < LIMITS_CONTROLLERS && result == 0; i++) {
        struct setting settings[SETTINGS_MAX];
        size_t count = (parent->controllers & limits_controllers[i].controller) != 0
                           ? settings_of(limits, limits_controllers[i].controller, parent->v2, settings) : 0;
        for (size_t j = 0; j < count && result == 0; j++) {
            snprintf(text, sizeof text, "%" PRIu64, settings[j].value);
            if (write_text(directory, settings[j].file, text) != 0)
                result = error_set(error, "cannot set %s of the cgroup %s: %m", settings[j].file, path);
        }
    }
    close(directory);
    return result;
}

/* --- make, enter, read, end ------------------------------------------------------------------------------------ */

int limits_group_verify(const struct limits_plan *limits, const struct limits_parent *parent, const char *path,
                        int directory, struct error *error)
{
    struct statfs about;
    if (fstatfs(directory, &about) != 0 ||
        about.f_type != (parent->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
        return error_set(error, "cannot make the cgroup %s: this is no cgroup filesystem", path);
    for (size_t i = 0; i < LIMITS_CONTROLLERS; i++) {
        struct setting settings[SETTINGS_MAX];
        size_t count = (parent->controllers & limits_controllers[i].controller) != 0
                           ? settings_of(limits, limits_controllers[i].controller, parent->v2, settings) : 0;
        for (size_t j = 0; j < count; j++) {
            uint64_t in_force;
            if (!limits_read_number(directory, settings[j].file, &in_force))
                return error_set(error, "cannot read back %s of the cgroup %s: %m", settings[j].file, path);
            if (in_force != settings[j].value)
                return error_set(error, "cannot limit by the cgroup %s: %s is %" PRIu64 ", not %" PRIu64, path,
                                 settings[j].file, in_force, settings[j].value);
        }
    }
    return 0;
}

static int make_one(const struct plan *plan, const struct limits_parent *parent, struct limits_group *group,
                    struct error *error)
{
    const struct limits_plan *limits = &plan->limits;
    char path[LIMITS_PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s", parent->directory, group->name);
    /* Ours alone: what is there already may hold others' processes. */
    if (access(path, F_OK) == 0 || errno != ENOENT)
        return error_set(error, "cannot make the cgroup %s: %s", path, errno == ENOENT ? "it is there already"
                                                                                       : strerror(errno));
    char *kept = strdup(path);
    if (kept == NULL)
        return error_set(error, "cannot make a cgroup: out of memory");
    group->directories[group->count] = kept;
    group->procs[group->count] = -1;
    group->count++;

    if (parent->raw ? raw_make(limits, parent, path, error) != 0
                    : library_make(limits, parent, group->name, error) != 0)
        return -1;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return error_set(error, "cannot open the cgroup %s: %m", path);
    int result = limits_group_verify(limits, parent, path, directory, error);
    if (result == 0) {
        /* One thread that moves itself by v1's tasks needs no lock over all forks of the machine: 0.1 ms where
         * cgroup.procs takes up to 10 (an RCU grace period). The child has one thread. */
        const char *file = parent->v2 ? "cgroup.procs" : "tasks";
        int procs = openat(directory, file, O_WRONLY | O_CLOEXEC);
        if (procs < 0)
            result = error_set(error, "cannot open %s of the cgroup %s: %m", file, path);
        group->procs[group->count - 1] = procs;
    }
    close(directory);
    return result;
}

static void forget(struct limits_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->procs[i] >= 0)
            close(group->procs[i]);
        free(group->directories[i]);
    }
    group->count = 0;
}

/* The directory that all groups of a v2 machine are in goes with the last of them. */
static void remove_own_parent(const struct limits_parent *parent)
{
    if (parent->own)
        rmdir(parent->directory); /* not empty, as a rule: then others are at work */
}

static int cgroup_make(const struct plan *plan, struct limits_group *group, struct error *error)
{
    group->count = 0;
    if (group_name(group->name, sizeof group->name, plan->name != NULL ? plan->name : "", error) != 0)
        return -1;
    for (size_t i = 0; i < plan->limits.parent_count; i++) {
        if (make_one(plan, &plan->limits.parents[i], group, error) != 0) {
            struct error ignored; /* what went wrong first is what is told */
            for (size_t j = 0; j < group->count; j++) {
                group_end(group->directories[j], false, END_MILLISECONDS, &ignored);
                remove_own_parent(&plan->limits.parents[j]);
            }
            forget(group);
            return -1;
        }
    }
    return 0;
}

static int cgroup_enter(const struct plan *plan, struct limits_group *group, struct error *error)
{
    (void)plan;
    for (size_t i = 0; i < group->count; i++) {
        ssize_t written;
        do
            written = write(group->procs[i], "0", 1);
        while (written < 0 && errno == EINTR);
        if (written != 1)
            return error_set(error, "cannot enter the cgroup %s: %m", group->directories[i]);
    }
    return 0;
}

/* The number behind `key` in a file of `KEY NUMBER` lines. */
static uint64_t read_key(int directory, const char *file, const char *key)
{
    char text[4096];
    size_t length = strlen(key);
    if (limits_read_text(directory, file, text, sizeof text) < 0)
        return UINT64_MAX;
    for (char *saved = NULL, *line = strtok_r(text, "\n", &saved); line != NULL; line = strtok_r(NULL, "\n", &saved))
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtoull(line + length + 1, NULL, 10);
    return UINT64_MAX;
}

static void read_into(uint64_t *to, uint64_t value)
{
    if (value != UINT64_MAX)
        *to = value;
}

void limits_group_read(const struct plan *plan, const struct limits_group *group, struct limits_usage *usage)
{
    *usage = LIMITS_USAGE_UNKNOWN;
    for (size_t i = 0; i < group->count; i++) {
        const struct limits_parent *parent = &plan->limits.parents[i];
        uint64_t number;
        int directory = open(group->directories[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            continue;
        usage->known = true;
        if ((parent->controllers & CONTROLLER_PIDS) != 0) {
            if (limits_read_number(directory, "pids.peak", &number)) /* Linux 6.10 */
                usage->pids_peak = number;
            read_into(&usage->pids_hits, read_key(directory, "pids.events", "max"));
        }
        if ((parent->controllers & CONTROLLER_MEMORY) != 0) {
            if (limits_read_number(directory, parent->v2 ? "memory.peak" : "memory.max_usage_in_bytes", &number))
                usage->memory_peak = number; /* v2: Linux 5.19 */
            read_into(&usage->oom_kills, parent->v2 ? read_key(directory, "memory.events", "oom_kill")
                                                    : read_key(directory, "memory.oom_control", "oom_kill"));
        }
        if (parent->v2)
            read_into(&usage->cpu_us, read_key(directory, "cpu.stat", "usage_usec"));
        close(directory);
    }
}

static int cgroup_end(const struct plan *plan, struct limits_group *group, struct error *error)
{
    int result = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct limits_parent *parent = &plan->limits.parents[i];
        struct error later; /* the first one is told */
        /* Not by cgroup_delete_cgroup_ext, which moves what is left in the group to the one above (we kill it) and
         * takes 0.46 ms where rmdir takes 0.03. */
        if (group_end(group->directories[i], false, END_MILLISECONDS, result != 0 ? &later : error) != 0)
            result = -1;
        remove_own_parent(parent);
    }
    forget(group);
    return result;
}

const struct limits_backend limits_cgroup = {
    .name = "cgroup",
    .find = limits_cgroup_find,
    .make = cgroup_make,
    .enter = cgroup_enter,
    .rest = library_give_back,
    .read = limits_group_read,
    .end = cgroup_end,
};
