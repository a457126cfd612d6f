/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits by a transient scope of systemd, on cgroup v2: of the system manager for root, of the user's own for others.
 *
 * The process to be limited is moved by the manager, on request of a helper that the child itself starts (a user may
 * not move a process out of a session's group, his manager has it done). What the manager says is not what counts: the
 * child goes on when the kernel shows it in that scope with those limits. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine/limits-cgroup.h"
#include "confine/limits-sweep.h"
#include "confine/limits-where.h"
#include "confine/limits.h"
#include "plan/plan.h"

#define SCOPE_SUFFIX ".scope"
#define ATTACH_MILLISECONDS 5000
#define HELPER_SECONDS 10
#define END_MILLISECONDS 5000
#define COLLECT_MILLISECONDS 200
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu /* PROC_PID_INIT_INO: its inode number since Linux 3.8 */

/* --- find ------------------------------------------------------------------------------------------------------ */

/* Beside the program in a build tree, else where it is installed. */
static bool helper_path(char *path, size_t size)
{
    char program[LIMITS_PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        char *slash = strrchr(program, '/');
        int before = slash != NULL ? (int)(slash - program) : 0;
        if (snprintf(path, size, "%.*s/libexec/sbx-scope", before, program) < (int)size && access(path, X_OK) == 0)
            return true;
    }
    return snprintf(path, size, "%s", LIBEXECDIR "/sbx/sbx-scope") < (int)size && access(path, X_OK) == 0;
}

static bool is_first_pid_namespace(void)
{
    struct stat about;
    return stat("/proc/self/ns/pid", &about) == 0 && about.st_ino == FIRST_PID_NAMESPACE;
}

static bool find_manager(const struct machine *machine, struct limits_parent *parent, char *why, size_t why_size)
{
    const struct limits_place *place = &machine->limits_where->memory;
    char path[LIMITS_PATH_MAX], group[128] = "";
    if (access("/run/systemd/system", F_OK) != 0) {
        snprintf(why, why_size, "systemd does not run here");
        return false;
    }
    if (!place->found || !place->v2 || !machine->limits_where->pids.found || !machine->limits_where->pids.v2) {
        snprintf(why, why_size, "a scope needs cgroup v2 (boot with systemd.unified_cgroup_hierarchy=1)");
        return false;
    }
    /* Else the numbers of our processes are those of others there. */
    if (!is_first_pid_namespace()) {
        snprintf(why, why_size, "in a pid namespace of its own systemd cannot be told which process is meant");
        return false;
    }
    if (machine->uid != 0) {
        uintmax_t uid = machine->uid;
        snprintf(path, sizeof path, "/run/user/%ju/bus", uid);
        if (access(path, W_OK) != 0) {
            snprintf(why, why_size, "no systemd manager of this user runs (root can have one run always: loginctl "
                     "enable-linger)");
            return false;
        }
        snprintf(group, sizeof group, "user.slice/user-%ju.slice/user@%ju.service", uid, uid);
    }
    if (!limits_place_path(place, group, path, sizeof path) || !limits_has_controllers(path)) {
        snprintf(why, why_size, "%.200s has not both pids and memory to hand on", path);
        return false;
    }
    snprintf(parent->directory, sizeof parent->directory, "%.*s/%s", LIMITS_PATH_MAX - 16, path,
             machine->uid != 0 ? "app.slice" : "system.slice");
    parent->mount_length = strlen(place->mount);
    return true;
}

static bool systemd_find(const struct options *options, const struct machine *machine, struct plan *plan, char *why,
                         size_t why_size)
{
    char helper[LIMITS_PATH_MAX];
    struct limits_plan limits = plan->limits;
    struct limits_parent *parent = &limits.parents[0];
    if (options->in_place) {
        snprintf(why, why_size, "started in place the unit's own limits hold (TasksMax= and MemoryMax= in the unit)");
        return false;
    }
    if (machine->limits_where->own_sandbox) {
        snprintf(why, why_size, "inside a sandbox no scope can be made (its own limits hold: ask for no tighter ones)");
        return false;
    }
    *parent = (struct limits_parent){ .v2 = true };
    if (!find_manager(machine, parent, why, why_size))
        return false;
    if (!helper_path(helper, sizeof helper)) {
        snprintf(why, why_size, "the helper %s is not installed (make install)", LIBEXECDIR "/sbx/sbx-scope");
        return false;
    }
    bool left = limits_take_outer_along(machine->limits_where, &limits);
    if (limits.pids != LIMIT_NONE)
        parent->controllers |= CONTROLLER_PIDS;
    if (limits.memory != LIMIT_NONE || limits.swap != LIMIT_NONE)
        parent->controllers |= CONTROLLER_MEMORY;
    if (!limits_find_swap(machine->limits_where, &limits, why, why_size))
        return false;
    limits.parent_count = 1;
    limits.by_cgroup = true;
    snprintf(limits.how, sizeof limits.how, "a scope of %s, below %.150s%s%.100s%s",
             machine->uid == 0 ? "systemd" : "the user's systemd", parent->directory,
             left ? ", not below the limits of /" : "", left ? machine->limits_where->pids.group : "",
             left ? " (tighter ones are taken along)" : "");
    plan->limits = limits;
    return true;
}

/* --- make, enter, end ------------------------------------------------------------------------------------------ */

/* The name alone: the scope is made around the child. */
static int systemd_make(const struct plan *plan, struct limits_group *group, struct error *error)
{
    char path[LIMITS_PATH_MAX + 256];
    group->count = 0;
    size_t room = sizeof group->name - sizeof SCOPE_SUFFIX;
    if (group_name(group->name, room, plan->name != NULL ? plan->name : "", error) != 0)
        return -1;
    strcat(group->name, SCOPE_SUFFIX);
    snprintf(path, sizeof path, "%s/%s", plan->limits.parents[0].directory, group->name);
    group->directories[0] = strdup(path);
    if (group->directories[0] == NULL)
        return error_set(error, "cannot make a scope: out of memory");
    group->procs[0] = -1;
    group->count = 1;
    return 0;
}

static void number_word(char *text, size_t size, uint64_t number)
{
    if (number == LIMIT_NONE)
        snprintf(text, size, "max");
    else
        snprintf(text, size, "%" PRIu64, number);
}

/* In the helper's process. */
_Noreturn static void become_helper(const struct plan *plan, const struct limits_group *group, int told)
{
    char path[LIMITS_PATH_MAX], pid[16], pids[24], memory[24], swap[24], description[300];
    const char *slice = strrchr(plan->limits.parents[0].directory, '/') + 1;
    char *const no_environment[] = { NULL };
    sigset_t none;
    snprintf(pid, sizeof pid, "%d", (int)getppid());
    snprintf(description, sizeof description, "sandbox %.200s (sbx-run)", plan->name != NULL ? plan->name : "");
    number_word(pids, sizeof pids, plan->limits.pids);
    number_word(memory, sizeof memory, plan->limits.memory);
    number_word(swap, sizeof swap, plan->limits.swap_is_none ? LIMIT_NONE : plan->limits.swap);
    char *const words[] = { "sbx-scope", geteuid() == 0 ? "system" : "user", (char *)group->name, (char *)slice, pid,
                            description, pids, memory, swap, NULL };
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigemptyset(&none);
    if (!helper_path(path, sizeof path) || nothing < 0 || dup2(nothing, 0) < 0 || dup2(told, 1) < 0 ||
        dup2(nothing, 2) < 0)
        _exit(1);
    syscall(SYS_close_range, 3U, ~0U, 0U); /* tidiness alone: a kernel before 5.9 leaves them open */
    signal(SIGALRM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(HELPER_SECONDS);
    execve(path, words, no_environment);
    _exit(1);
}

static int run_helper(const struct plan *plan, struct limits_group *group, struct error *error)
{
    int told[2], status = 0;
    char words[400];
    size_t used = 0;
    if (pipe2(told, O_CLOEXEC) != 0)
        return error_set(error, "cannot ask systemd for a scope: %m");
    /* No exit signal: the caller's way with SIGCHLD is not asked. */
    long helper = syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
    if (helper == 0)
        become_helper(plan, group, told[1]);
    int kept = errno;
    close(told[1]);
    for (ssize_t got; helper > 0 && used < sizeof words - 1;) {
        got = read(told[0], words + used, sizeof words - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    close(told[0]);
    words[used] = '\0';
    words[strcspn(words, "\n")] = '\0';
    if (helper < 0)
        return error_set(error, "cannot ask systemd for a scope: %s", strerror(kept));
    while (waitpid((pid_t)helper, &status, __WALL) < 0)
        if (errno != EINTR)
            return error_set(error, "cannot wait for sbx-scope: %m");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(error, "cannot put the program into a scope: %s (--limits=userns needs no systemd)",
                         words[0] != '\0' ? words : "sbx-scope does not answer");
    return 0;
}

/* Whether this process is in the scope, as the kernel says it. */
static bool is_in_scope(const struct plan *plan, const struct limits_group *group)
{
    char text[4096];
    const char *expected = group->directories[0] + plan->limits.parents[0].mount_length;
    if (limits_read_text(AT_FDCWD, "/proc/self/cgroup", text, sizeof text) < 0)
        return false;
    for (char *saved = NULL, *line = strtok_r(text, "\n", &saved); line != NULL; line = strtok_r(NULL, "\n", &saved))
        if (strncmp(line, "0::", 3) == 0)
            return strcmp(line + 3, expected) == 0;
    return false;
}

/* What a scope cannot ask for before systemd 253; the files of the scope are the user's. It is read back with the
 * rest. */
static void end_as_one(int directory)
{
    int file = openat(directory, "memory.oom.group", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "1", 1) != 1)
        errno = 0; /* limits_group_verify says so */
    close(file);
}

static int systemd_enter(const struct plan *plan, struct limits_group *group, struct error *error)
{
    struct timespec pause = { 0, 200000 };
    if (run_helper(plan, group, error) != 0)
        return -1;
    unsigned waited = 0; /* microseconds */
    while (!is_in_scope(plan, group)) {
        if (waited > ATTACH_MILLISECONDS * 1000u)
            return error_set(error, "cannot put the program into the scope %s: systemd has not done it within %d ms "
                             "(systemctl status says more)", group->name, ATTACH_MILLISECONDS);
        nanosleep(&pause, NULL);
        waited += (unsigned)pause.tv_nsec / 1000;
        if (pause.tv_nsec < 10000000)
            pause.tv_nsec *= 2;
    }
    int directory = open(group->directories[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return error_set(error, "cannot open the scope %s: %m", group->directories[0]);
    end_as_one(directory);
    int result = limits_group_verify(&plan->limits, &plan->limits.parents[0], group->directories[0], directory, error);
    close(directory);
    return result;
}

/* The scope goes with its last process; systemd removes it a moment later. */
static int systemd_end(const struct plan *plan, struct limits_group *group, struct error *error)
{
    (void)plan;
    if (group->count == 0)
        return 0;
    int result = group_end(group->directories[0], true, END_MILLISECONDS, error);
    struct timespec pause = { 0, 1000000 };
    for (int i = 0; result == 0 && i < COLLECT_MILLISECONDS && access(group->directories[0], F_OK) == 0; i++)
        nanosleep(&pause, NULL);
    free(group->directories[0]);
    group->count = 0;
    return result;
}

const struct limits_backend limits_systemd = {
    .name = "systemd",
    .find = systemd_find,
    .make = systemd_make,
    .enter = systemd_enter,
    .read = limits_group_read,
    .end = systemd_end,
};
