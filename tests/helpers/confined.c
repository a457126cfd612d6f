/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confined OUTSIDE-PID SOCKET NAMESPACE...: how this program is confined, a line each, so that two starts can be compared: what the
 * kernel says of it, what holds it, and what each attempt at something hostile answers. Numbers that differ from start to start
 * are left out. It leaves a daemon behind, for whoever ends it to find. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif

static pid_t outside;
static const char *abstract_name;

static void status(void)
{
    static const char *const keys[] = {"Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn"};
    char line[512];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (!strncmp(line, keys[i], strlen(keys[i])))
                fputs(line, stdout);
    if (file)
        fclose(file);
}

static void first_line(const char *what, const char *path)
{
    char line[128] = "";
    FILE *file = fopen(path, "re");
    if (!file || !fgets(line, sizeof line, file))
        snprintf(line, sizeof line, "%s\n", strerrorname_np(errno));
    printf("%s: %s", what, line);
    if (file)
        fclose(file);
}

/* The number in a group's name (supervisor, start) is another each time. */
static void groups(void)
{
    char line[1024], path[2048];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        controllers++;
        const char *ours = strstr(group, "/sbx-");
        printf("group %s: %s\n", controllers, ours ? "own" : "as outside");
        static const char *const files[] = {"pids.max", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max", "memory.swap.max"};
        for (size_t i = 0; ours && i < sizeof files / sizeof *files; i++) {
            snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s/%s", controllers, group, files[i]);
            if (!access(path, F_OK))
                first_line(files[i], path);
        }
    }
    if (file)
        fclose(file);
}

static void namespaces(char **links)
{
    for (; *links; links++) {
        char path[64], now[128] = "";
        snprintf(path, sizeof path, "/proc/self/ns/%.*s", (int)strcspn(*links, ":"), *links);
        if (readlink(path, now, sizeof now - 1) < 0)
            snprintf(now, sizeof now, "?");
        printf("namespace %.*s: %s\n", (int)strcspn(*links, ":"), *links, strcmp(now, *links) ? "own" : "outer");
    }
    first_line("uid_map", "/proc/self/uid_map");
}

static void process_state(void)
{
    char directory[4096];
    int death = 0;
    printf("descriptors:");
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    putchar('\n');
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit limit;
        if (!getrlimit((__rlimit_resource_t)i, &limit))
            printf("rlimit %d: %lld %lld\n", i, (long long)limit.rlim_cur, (long long)limit.rlim_max);
    }
    prctl(PR_GET_PDEATHSIG, &death);
    printf("securebits %#x, mdwe %d, death signal %d, session leader %d\n", prctl(PR_GET_SECUREBITS), prctl(PR_GET_MDWE, 0, 0, 0, 0),
           death, getsid(0) == getpid());
    printf("directory %s\n", getcwd(directory, sizeof directory) ? directory : "?");
}

static long open_outside(const char *name, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", outside, name);
    return open(path, flags | O_CLOEXEC);
}

static long memory(void) { return open_outside("mem", O_RDWR); }
static long environment(void)
{
    char byte;
    long fd = open_outside("environ", O_RDONLY);
    return fd < 0 ? fd : read((int)fd, &byte, 1);
}
static long signal_it(void) { return kill(outside, 0); }
static long trace_it(void) { return ptrace(PTRACE_SEIZE, outside, 0, 0); }
static long abstract(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", abstract_name);
    return connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract_name)));
}
static long new_user(void) { return unshare(CLONE_NEWUSER); }
static long new_mount(void) { return unshare(CLONE_NEWNS); }
static long mount_something(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNS) ? -1 : mount("none", "/tmp", "tmpfs", 0, NULL); }
static long writable_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : 0;
}
static long data_to_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static long set_user_id_file(void)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
    return fd < 0 ? fd : fchmod(fd, 04755);
}
static long netlink(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }
static long keys(void) { return syscall(SYS_keyctl, 0, -3, 1); }
static long io_uring(void)
{
    static char parameters[256];
    return syscall(SYS_io_uring_setup, 1, parameters);
}
static long clone_by_memory(void) { return syscall(SYS_clone3, NULL, 0) < 0 && errno == EINVAL ? 0 : -1; }
static long become_other(void) { return syscall(SYS_setresuid, 12345, 12345, 12345); }
static long change_root(void) { return chroot("/"); }
static long leave_group(void)
{
    long fd = open("/sys/fs/cgroup/pids/cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd < 0 ? fd : 0;
}
static long write_sys(void)
{
    long fd = open("/sys/kernel/mm/ksm/run", O_WRONLY | O_CLOEXEC);
    return fd < 0 ? fd : 0;
}
static long execute(void) { return execl("/proc/self/exe", "confined", (char *)NULL); }

static const struct {
    const char *what;
    long (*attempt)(void);
} attempts[] = {
    {"memory of another", memory},   {"environment of another", environment}, {"signal another", signal_it},
    {"trace another", trace_it},     {"abstract socket", abstract},           {"user namespace", new_user},
    {"mount namespace", new_mount},  {"mount", mount_something},              {"writable code", writable_code},
    {"data to code", data_to_code},  {"set-user-ID", set_user_id_file},       {"netlink", netlink},
    {"keyring", keys},               {"io_uring", io_uring},                  {"clone3", clone_by_memory},
    {"another uid", become_other},   {"chroot", change_root},                 {"leave the group", leave_group},
    {"write to /sys", write_sys},    {"execve", execute},
};

static void try_all(void)
{
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (!child)
            _exit(attempts[i].attempt() < 0 ? errno : 0);
        waitpid(child, &status, 0);
        printf("try %s: %s\n", attempts[i].what,
               WIFSIGNALED(status) ? "killed" : WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "done");
    }
}

static void leave_daemon(void)
{
    pid_t child = fork();
    if (!child) {
        setsid();
        if (!fork()) {
            signal(SIGTERM, SIG_IGN);
            alarm(60);
            for (int fd = 0; fd < 64; fd++)
                close(fd);
            for (;;)
                pause();
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return 0;
    if (argc < 3)
        return 2;
    outside = atoi(argv[1]);
    abstract_name = argv[2];
    status();
    groups();
    namespaces(argv + 3);
    process_state();
    try_all();
    leave_daemon();
    return 0;
}
