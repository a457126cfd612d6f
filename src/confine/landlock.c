/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock has no rule that refuses, so what shall be guarded is carved out: a directory that has nothing guarded
 * below it gets one rule for all; one that has is listed, and each entry treated the same. The directory itself gets
 * no rule then, so nothing new can be made in it beside a guarded entry. */
#include "confine/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_REFER /* ABI 2, Linux 5.19 */
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* ABI 3, Linux 6.2 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL /* ABI 6, Linux 6.12 */
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* struct landlock_ruleset_attr as of ABI 6; a kernel that knows less takes the rest when it is zero. */
struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

#define ACCESS_MAKE                                                                                             \
    (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                 \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |              \
     LANDLOCK_ACCESS_FS_MAKE_SYM)
#define ACCESS_WRITE_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define ACCESS_WRITE                                                                                            \
    (ACCESS_WRITE_FILE | ACCESS_MAKE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |         \
     LANDLOCK_ACCESS_FS_REFER)

static uint64_t access_known(int abi)
{
    return ACCESS_WRITE & ~(abi < 2 ? LANDLOCK_ACCESS_FS_REFER : 0) & ~(abi < 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
}

int landlock_abi(const char **why)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *why = abi > 0                ? ""
           : errno == EOPNOTSUPP ? "it is turned off (add landlock to the lsm= of the kernel's command line)"
           : errno == ENOSYS     ? "the kernel has it not, or an outer sandbox refuses it"
                                 : "an outer sandbox refuses it";
    return abi > 0 ? (int)abi : 0;
}

int landlock_check(const struct options *options, const struct machine *machine, struct plan *plan,
                   struct error *error)
{
    (void)error;
    struct plan_landlock *landlock = &plan->landlock;
    if (!options->confined)
        return 0;
    bool guard_sys = plan->identity.uid == 0 || plan->limits.by_cgroup;
    if (machine->landlock_abi < 1) {
        plan_lacks(plan, options, TRY_LANDLOCK,
                   "cannot enter a Landlock domain: %s (with --try=landlock other processes of the same user are not "
                   "kept out of reach)", machine->landlock_why);
        return 0;
    }
    landlock->domain = true;
    landlock->guard_sys = guard_sys;
    landlock->handled = guard_sys ? access_known(machine->landlock_abi) : 0;
    if (machine->landlock_abi >= 6) {
        landlock->scoped = LANDLOCK_SCOPE_SIGNAL | LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
    } else {
        /* A domain must handle something to be one; then it has the ptrace boundary. */
        landlock->handled |= LANDLOCK_ACCESS_FS_MAKE_CHAR;
        plan_lacks(plan, options, TRY_SCOPES,
                   "cannot scope signals and abstract sockets: Landlock ABI %d has no scopes, Linux 6.12 is the first "
                   "(with --try=scopes the program can signal other processes of its user)", machine->landlock_abi);
    }
    /* An OCI profile takes the policy's place: what it lets through is not asked for by an option. */
    bool asked = !options->audit && options->learn == NULL && options->oci_count == 0 &&
                 policy_opening(plan->policy, "mount") == POLICY_OPEN;
    if (guard_sys && asked)
        plan_problem(plan, "cannot let the program mount: inside Landlock path rules, which guard /sys here, every "
                           "mount is refused (leave --allow=file.mount out, or use --profile=none with --allow)");
    return 0;
}

/* Paths that nothing may write below, each absolute and as the kernel writes it. */
struct guarded {
    char **paths;
    size_t count;
};

/* Undoes the \ooo that the kernel writes for blanks, newlines and backslashes in mountinfo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
            from[3] >= '0' && from[3] <= '7') {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static bool guard(struct guarded *guarded, const char *path)
{
    char **paths = reallocarray(guarded->paths, guarded->count + 1, sizeof *paths);
    if (paths == NULL)
        return false;
    guarded->paths = paths;
    paths[guarded->count] = strdup(path);
    return paths[guarded->count] != NULL && ++guarded->count > 0;
}

/* /sys, and every sysfs or cgroup mount wherever it is (proc_pid_mountinfo(5)). */
static int find_guarded(struct guarded *guarded, struct error *error)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool good = file != NULL && guard(guarded, "/sys");
    while (good && getline(&line, &size, file) >= 0) {
        char *path = line, *type = strstr(line, " - ");
        for (int field = 0; field < 4 && path != NULL; field++)
            path = strchr(path, ' ') ? strchr(path, ' ') + 1 : NULL;
        if (path == NULL || type == NULL)
            continue;
        type += 3;
        size_t length = strcspn(type, " ");
        if (!(length == 5 && strncmp(type, "sysfs", 5) == 0) && !(length == 6 && strncmp(type, "cgroup", 6) == 0) &&
            !(length == 7 && strncmp(type, "cgroup2", 7) == 0))
            continue;
        path[strcspn(path, " ")] = '\0';
        unescape(path);
        if (strncmp(path, "/sys/", 5) != 0)
            good = guard(guarded, path);
    }
    if (good && ferror(file))
        good = false;
    if (!good)
        error_set(error, "cannot find the mounts of /sys: %s (mount /proc)", strerror(errno));
    free(line);
    if (file != NULL)
        fclose(file);
    return good ? 0 : -1;
}

static void free_guarded(struct guarded *guarded)
{
    for (size_t i = 0; i < guarded->count; i++)
        free(guarded->paths[i]);
    free(guarded->paths);
}

enum relation { APART, EXACTLY, BELOW };

/* How the nearest guarded path lies to this one. */
static enum relation relate(const struct guarded *guarded, const char *path)
{
    enum relation found = APART;
    size_t length = strlen(path);
    for (size_t i = 0; i < guarded->count; i++) {
        if (strncmp(guarded->paths[i], path, length) != 0)
            continue;
        if (guarded->paths[i][length] == '\0')
            return EXACTLY;
        if (guarded->paths[i][length] == '/')
            found = BELOW;
    }
    return found;
}

static int add_rule(int ruleset, int path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = path };
    return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int carve(int ruleset, uint64_t access, const struct guarded *guarded, int directory, const char *path);

/* One entry of a carved directory, by its descriptor: no second look at a name. */
static int carve_entry(int ruleset, uint64_t access, const struct guarded *guarded, int directory, const char *parent,
                       const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", parent, name) < 0)
        return -1;
    enum relation relation = relate(guarded, path);
    int entry = relation == EXACTLY ? -1 : openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    int result = 0;
    if (relation == EXACTLY) {
        result = 0;
    } else if (entry < 0) {
        result = errno == ENOENT || errno == EACCES ? 0 : -1; /* gone, or out of this user's reach anyhow */
    } else if (fstat(entry, &status) != 0) {
        result = errno == EACCES || errno == ENOTCONN ? 0 : -1; /* a mount that does not answer: no rule, no access */
    } else if (relation == BELOW) {
        result = carve(ruleset, access, guarded, entry, path);
    } else if (S_ISDIR(status.st_mode)) {
        result = add_rule(ruleset, entry, access);
    } else if (!S_ISLNK(status.st_mode)) {
        result = add_rule(ruleset, entry, access & ACCESS_WRITE_FILE);
    }
    int number = errno;
    if (entry >= 0)
        close(entry);
    free(path);
    errno = number;
    return result;
}

/* A directory that has something guarded below it. `path` is "" for the root. */
static int carve(int ruleset, uint64_t access, const struct guarded *guarded, int directory, const char *path)
{
    int readable = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (readable < 0)
        return errno == EACCES || errno == ENOTDIR ? 0 : -1; /* nothing below it is allowed then */
    DIR *stream = fdopendir(readable);
    if (stream == NULL) {
        close(readable);
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = carve_entry(ruleset, access, guarded, readable, path, entry->d_name);
    if (result == 0 && errno != 0)
        result = -1;
    int number = errno;
    closedir(stream);
    errno = number;
    return result;
}

static int allow_but_sys(int ruleset, uint64_t access, struct error *error)
{
    struct guarded guarded = { 0 };
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int result = root < 0 ? -1 : 0;
    if (result != 0)
        error_set(error, "cannot open /: %s (raise the limit of descriptors)", strerror(errno));
    if (result == 0)
        result = find_guarded(&guarded, error);
    if (result == 0) {
        result = relate(&guarded, "") == EXACTLY ? 0 : carve(ruleset, access, &guarded, root, "");
        if (result != 0)
            error_set(error, "cannot make the Landlock rules that guard /sys: %s (raise the limit of descriptors)",
                      strerror(errno));
    }
    free_guarded(&guarded);
    if (root >= 0)
        close(root);
    return result;
}

static int restrict_self(int ruleset, struct error *error)
{
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
        return 0;
    if (errno == E2BIG)
        return error_set(error, "cannot enter a Landlock domain: 16 layers are in force already, all that the kernel "
                                "has (sbx-run inside sbx-run goes 8 deep)");
    return error_set(error, "cannot enter a Landlock domain: %s (is it refused by an outer sandbox?)",
                     strerror(errno));
}

static int create_ruleset(uint64_t handled, uint64_t scoped, struct error *error)
{
    struct ruleset_attributes attributes = { .handled_access_fs = handled, .scoped = scoped };
    /* Before ABI 4 the structure was shorter, and a zero rest is taken. */
    long ruleset = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return error_set(error, "cannot make a Landlock ruleset: %s (--try=landlock starts without one)",
                         strerror(errno));
    return (int)ruleset; /* O_CLOEXEC by the kernel */
}

int landlock_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    const struct plan_landlock *landlock = &plan->landlock;
    if (!landlock->domain)
        return 0;
    int ruleset = create_ruleset(landlock->handled, landlock->scoped, error);
    if (ruleset < 0)
        return -1;
    int result = landlock->guard_sys ? allow_but_sys(ruleset, landlock->handled, error) : 0;
    if (result == 0)
        result = restrict_self(ruleset, error);
    close(ruleset);
    return result == 0 ? 1 : -1;
}

int landlock_enter_supervisor(struct error *error)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set(error, "cannot set no_new_privs: %s (is prctl refused by an outer filter?)",
                         strerror(errno));
    int ruleset = create_ruleset(0, LANDLOCK_SCOPE_SIGNAL, error);
    if (ruleset < 0)
        return -1;
    int result = restrict_self(ruleset, error);
    close(ruleset);
    /* kill(-1) stands on it: an outer sandbox that answers 0 without doing it must not be believed. */
    pid_t parent = getppid();
    if (result == 0 && parent != 0 && kill(parent, 0) == 0)
        return error_set(error, "cannot enter a Landlock domain: the parent can still be signalled (an outer sandbox "
                                "only seems to let it)");
    return result;
}

void landlock_print(const struct plan *plan, json_t *object)
{
    const struct plan_landlock *landlock = &plan->landlock;
    json_object_set_new(object, "domain", json_boolean(landlock->domain));
    json_object_set_new(object, "scopes", json_string(landlock->scoped != 0 ? "signal, abstract-unix" : "none"));
    json_object_set_new(object, "read-only", json_string(landlock->guard_sys ? "/sys and every sysfs and cgroup mount"
                                                         : plan->mount_namespace ? "/sys (by a mount)" : "none"));
}
