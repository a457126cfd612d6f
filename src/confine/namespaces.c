/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/limits-where.h"

static int write_file(const char *path, const char *text, struct error *error)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);
    if (descriptor < 0 || write(descriptor, text, (size_t)length) != length) {
        error_set(error, "cannot write %s: %s (--limits=off needs no user namespace)", path, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    close(descriptor);
    return 0;
}

static bool can_make_pid_namespace(const struct machine *machine, struct plan *plan, struct error *error)
{
    if (plan->user_namespace || (machine->effective & (UINT64_C(1) << CAP_SYS_ADMIN)) != 0)
        return true;
    if (machine->uid == 0) /* without CAP_SYS_ADMIN: some container, whose filter refuses the trial too */
        return false;
    const struct limits_roots roots = { .proc = "/proc" };
    struct limits_where where = { 0 };
    char why[256];
    if (limits_where_user(&where, &roots, error) != 0 || !where.may_make_user ||
        (where.must_try_user && !limits_probe_user_namespace(why, sizeof why)))
        return false;
    plan->user_namespace = true;
    return true;
}

int namespaces_check(const struct options *options, const struct machine *machine, struct plan *plan,
                     struct error *error)
{
    if (plan->in_place || !options->confined) {
        plan->end = END_NONE;
    } else if (machine->landlock_abi >= 6) {
        plan->end = END_SCOPE;
    } else if (plan->limits.backend != NULL && plan->limits.by_cgroup) {
        plan->end = END_GROUP;
    } else if (can_make_pid_namespace(machine, plan, error)) {
        plan->end = END_NAMESPACE;
        plan->pid_namespace = true;
    } else {
        plan->end = END_CHILDREN;
        plan_notice(plan, "cannot be sure to end all that the program starts: no Landlock signal scope (Linux 6.12), no "
                          "cgroup, no pid namespace (what it leaves is killed as far as it is found)");
    }
    return 0;
}

/* Whether something is mounted below /proc: then a user namespace may not mount another one (the kernel takes the
 * mount for a mask). */
static int proc_is_masked(bool *masked, struct error *error)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    *masked = false;
    while (file != NULL && !*masked && getline(&line, &size, file) >= 0)
        *masked = strstr(line, " /proc/") != NULL;
    int result = file == NULL || ferror(file)
                     ? error_set(error, "cannot read /proc/self/mountinfo: %s (mount /proc)", strerror(errno)) : 0;
    free(line);
    if (file != NULL)
        fclose(file);
    return result;
}

int mounts_check(const struct options *options, const struct machine *machine, struct plan *plan, struct error *error)
{
    bool masked = false;
    if (plan->pid_namespace && plan->user_namespace && proc_is_masked(&masked, error) != 0)
        return -1;
    plan->sys_read_only = options->confined && machine->landlock_abi < 1 &&
                          (plan->identity.uid == 0 || plan->limits.by_cgroup);
    plan->own_proc = plan->pid_namespace && !masked;
    plan->mount_namespace = plan->sys_read_only || plan->own_proc;
    if (plan->pid_namespace && !plan->own_proc)
        plan_notice(plan, "cannot mount a /proc of the pid namespace: something is mounted below /proc here (the program "
                          "sees the pids of the outside there)");
    if (plan->sys_read_only && !plan->user_namespace && (machine->effective & (UINT64_C(1) << CAP_SYS_ADMIN)) == 0)
        plan_problem(plan, "cannot keep /sys from being written: no Landlock, and a mount needs CAP_SYS_ADMIN (use a "
                           "kernel with Landlock, or another user than root and --limits=userns)");
    return 0;
}

/* The user alone, mapped to itself: every other owner is shown as nobody. user_namespaces(7): without privilege
 * outside, the gid can be mapped only once setgroups is denied. */
int user_namespace_map(const struct launch *launch, struct error *error)
{
    char uid_map[64], gid_map[64];
    snprintf(uid_map, sizeof uid_map, "%u %u 1\n", launch->uid, launch->uid);
    snprintf(gid_map, sizeof gid_map, "%u %u 1\n", launch->gid, launch->gid);
    if (write_file("/proc/self/setgroups", "deny", error) != 0 ||
        write_file("/proc/self/uid_map", uid_map, error) != 0)
        return -1;
    return write_file("/proc/self/gid_map", gid_map, error);
}

int user_namespace_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    if (!plan->user_namespace || plan->pid_namespace) /* that one was entered with the pid namespace */
        return 0;
    /* System V shared memory and message queues of the outside belong to the same user: an ipc namespace, which costs
     * nothing more here, keeps them out of reach. */
    if (unshare(CLONE_NEWUSER | CLONE_NEWIPC) != 0)
        return error_set(error, "cannot make a user namespace: %s (--limits=off needs none)", strerror(errno));
    return user_namespace_map(launch, error) == 0 ? 1 : -1;
}

/* Where there is no Landlock: all that is mounted at and below /sys becomes read-only in a mount namespace of the
 * program's own. Without CAP_SYS_ADMIN, which it has not, it cannot undo that. */
static int make_sys_read_only(struct error *error)
{
    struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
    /* mount_setattr(2) takes the whole tree at once: Linux 5.12. */
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/sys", AT_RECURSIVE, &attributes, sizeof attributes) != 0)
        return error_set(error, "cannot make /sys read-only: %s (a kernel with Landlock needs no mount)",
                         strerror(errno));
    return 0;
}

int mounts_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    if (!plan->mount_namespace)
        return 0;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
        return error_set(error, "cannot make a mount namespace: %s (a kernel with Landlock ABI 6, Linux 6.12, needs "
                                "none)", strerror(errno));
    if (plan->sys_read_only && make_sys_read_only(error) != 0)
        return -1;
    if (plan->own_proc && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
        return error_set(error, "cannot mount a /proc of the pid namespace: %s (a kernel with Landlock ABI 6, Linux "
                                "6.12, needs none)", strerror(errno));
    return 1;
}

void namespaces_print(const struct plan *plan, json_t *object)
{
    json_t *made = json_array();
    if (plan->user_namespace)
        json_array_append_new(made, json_string("user and ipc: files of other owners are shown as nobody's"));
    if (plan->mount_namespace)
        json_array_append_new(made, json_string(!plan->own_proc         ? "mount: /sys read-only"
                                                : plan->sys_read_only ? "mount: /sys read-only, an own /proc"
                                                                      : "mount: an own /proc"));
    if (plan->pid_namespace)
        json_array_append_new(made, json_string("pid: the program ends with it"));
    json_object_set_new(object, "namespaces made", made);
}
