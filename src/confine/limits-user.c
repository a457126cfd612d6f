/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a user namespace can be made: what limits-where.h says of it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/limits-where.h"

/* RLIMIT_NPROC is counted by user and namespace since Linux 5.14. */
#define NPROC_MAJOR 5
#define NPROC_MINOR 14

static bool read_below(const struct limits_roots *roots, const char *name, char *text, size_t size)
{
    char path[LIMITS_PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", roots->proc, name);
    return length > 0 && (size_t)length < sizeof path && limits_read_text(AT_FDCWD, path, text, size) >= 0;
}

/* Switches that make it impossible, whatever the program: the value of each that does, and what to say. */
static const struct {
    const char *file, *value, *why;
} switches[] = {
    { "sys/user/max_user_namespaces", "0",
      "user namespaces are turned off (sysctl user.max_user_namespaces=10000 turns them on)" },
    { "sys/kernel/unprivileged_userns_clone", "0",
      "user namespaces are for root only (sysctl kernel.unprivileged_userns_clone=1 lets users make them)" },
};

static bool old_kernel(const struct limits_roots *roots, char *why, size_t size)
{
    char release[80], *end;
    if (!read_below(roots, "sys/kernel/osrelease", release, sizeof release)) {
        snprintf(why, size, "the kernel's version cannot be read (is /proc mounted?)");
        return true;
    }
    long major = strtol(release, &end, 10), minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    if (major > NPROC_MAJOR || (major == NPROC_MAJOR && minor >= NPROC_MINOR))
        return false;
    snprintf(why, size, "Linux %.40s counts processes for the whole user (5.14 counts by user namespace)",
             release);
    return true;
}

/* One line, one user. */
static bool maps_one_user(const struct limits_roots *roots)
{
    char map[256], rest;
    unsigned inside, outside, count;
    return read_below(roots, "self/uid_map", map, sizeof map) &&
           sscanf(map, "%u %u %u %c", &inside, &outside, &count, &rest) == 3 && count == 1;
}

/* In a chroot the kernel refuses user namespaces. Its root is then no mount of ours, as a rule. */
static bool root_is_no_mount(const struct limits_roots *roots)
{
    char path[LIMITS_PATH_MAX], *line = NULL;
    size_t size = 0;
    bool found = false;
    snprintf(path, sizeof path, "%s/self/mountinfo", roots->proc);
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && getline(&line, &size, file) >= 0) {
        char root[2], rest;
        found = sscanf(line, "%*s %*s %*s %*s %1s%c", root, &rest) == 2 && root[0] == '/' && rest == ' ';
    }
    free(line);
    bool looked = file != NULL;
    if (looked)
        fclose(file);
    return looked && !found;
}

/* A filter, or AppArmor's rule that only named programs get a usable one: whether it holds for this process is not
 * written anywhere. */
static bool must_try(const struct limits_roots *roots)
{
    char text[8192];
    if (root_is_no_mount(roots))
        return true;
    if (read_below(roots, "sys/kernel/apparmor_restrict_unprivileged_userns", text, sizeof text) &&
        strcmp(text, "0") != 0)
        return true;
    if (!read_below(roots, "self/status", text, sizeof text))
        return true;
    const char *line = strstr(text, "\nSeccomp:");
    return line != NULL && strtoul(line + strlen("\nSeccomp:"), NULL, 10) != 0;
}

int limits_where_user(struct limits_where *where, const struct limits_roots *roots, struct error *error)
{
    char text[64];
    if (getrlimit(RLIMIT_NPROC, &where->nproc) != 0 || getrlimit(RLIMIT_DATA, &where->data) != 0)
        return error_set(error, "cannot read the resource limits: %m");
    where->nested_user = maps_one_user(roots);
    where->may_make_user = false;
    char path[LIMITS_PATH_MAX];
    snprintf(path, sizeof path, "%s/self/ns/user", roots->proc);
    if (access(path, F_OK) != 0) {
        snprintf(where->user_why, sizeof where->user_why, "this kernel has no user namespaces");
        return 0;
    }
    if (old_kernel(roots, where->user_why, sizeof where->user_why))
        return 0;
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (read_below(roots, switches[i].file, text, sizeof text) && strcmp(text, switches[i].value) == 0) {
            snprintf(where->user_why, sizeof where->user_why, "%s", switches[i].why);
            return 0;
        }
    }
    where->may_make_user = true;
    where->must_try_user = must_try(roots);
    return 0;
}

/* In the child of a probe: an errno, 0 when it worked. */
static int try_user_namespace(void)
{
    char map[64];
    uid_t uid = geteuid();
    if (unshare(CLONE_NEWUSER) != 0)
        return errno;
    int length = snprintf(map, sizeof map, "%ju %ju 1", (uintmax_t)uid, (uintmax_t)uid);
    int file = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, map, (size_t)length) != length)
        return errno;
    return 0;
}

bool limits_probe_user_namespace(char *why, size_t size)
{
    /* No exit signal: whatever the caller does with SIGCHLD does not see this child, nor take its status. */
    long child = syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
    if (child == 0)
        _exit(try_user_namespace());
    int status = 0;
    pid_t waited;
    do
        waited = child > 0 ? waitpid((pid_t)child, &status, __WALL) : -1;
    while (waited < 0 && child > 0 && errno == EINTR);
    if (waited < 0) {
        snprintf(why, size, "whether a user namespace can be made cannot be tried: %s", strerror(errno));
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (!WIFEXITED(status))
        snprintf(why, size, "making a user namespace is fatal here: a system call filter is in force");
    else if (WEXITSTATUS(status) == EPERM || WEXITSTATUS(status) == EACCES)
        snprintf(why, size, "making a user namespace is refused: %s (by a container's filter, a chroot or AppArmor: "
                 "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or start outside it)",
                 strerror(WEXITSTATUS(status)));
    else
        snprintf(why, size, "making a user namespace fails: %s", strerror(WEXITSTATUS(status)));
    return false;
}
