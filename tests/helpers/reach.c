/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reach PID [SOCKET]: tries everything that one process can do to another of the same user, on PID, and says for each way whether
 * it worked: a line `WAY = ok|ERRNO`. SOCKET: the name of an abstract Unix socket that PID listens on. Nothing of this harms PID.
 * reach PID --by-io-signal: makes the kernel send SIGTERM to PID as the owner of a socket's I/O signals, which ends it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static pid_t target;
static const char *socket_name;

static int result(long value)
{
    return value < 0 ? errno : 0;
}

static int open_proc(const char *name, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", target, name);
    return open(path, flags | O_CLOEXEC);
}

static int way_mem_read(void) { return result(open_proc("mem", O_RDONLY)); }
static int way_mem_write(void) { return result(open_proc("mem", O_RDWR)); }
static int way_maps(void)
{
    char byte;
    int fd = open_proc("maps", O_RDONLY);
    return fd < 0 ? errno : result(read(fd, &byte, 1));
}
static int way_environ(void)
{
    char byte;
    int fd = open_proc("environ", O_RDONLY);
    return fd < 0 ? errno : result(read(fd, &byte, 1));
}
static int way_root(void) { return result(open_proc("root/etc/passwd", O_RDONLY)); }
static int way_cwd(void) { return result(open_proc("cwd/.", O_RDONLY)); }
static int way_descriptor(void) { return result(open_proc("fd/0", O_RDONLY)); }
static int way_ptrace(void) { return result(ptrace(PTRACE_SEIZE, target, 0, 0)); }
static int way_kill_zero(void) { return result(kill(target, 0)); }
static int way_kill_cont(void) { return result(kill(target, SIGCONT)); }
static int way_tgkill(void) { return result(syscall(SYS_tgkill, target, target, SIGCONT)); }
static int way_sigqueue(void) { return result(sigqueue(target, SIGCONT, (union sigval){.sival_int = 1})); }
static int way_pidfd_signal(void)
{
    int fd = (int)syscall(SYS_pidfd_open, target, 0);
    return fd < 0 ? errno : result(syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0));
}
static int way_pidfd_getfd(void)
{
    int fd = (int)syscall(SYS_pidfd_open, target, 0);
    return fd < 0 ? errno : result(syscall(SYS_pidfd_getfd, fd, 0, 0));
}
static int way_vm_read(void)
{
    char byte;
    struct iovec mine = {&byte, 1}, theirs = {&byte, 1};
    long got = process_vm_readv(target, &mine, 1, &theirs, 1, 0);
    return got < 0 && errno != EFAULT ? errno : 0; /* EFAULT: let in, and nothing is at that address there */
}
static int way_prlimit(void)
{
    struct rlimit limit;
    return result(prlimit(target, RLIMIT_NOFILE, NULL, &limit));
}
static int way_abstract_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!socket_name)
        return ENOTCONN;
    size_t length = strlen(socket_name);
    memcpy(address.sun_path + 1, socket_name, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return result(connect(fd, (void *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)));
}

static const struct {
    const char *name;
    int (*go)(void);
} ways[] = {
    {"mem-read", way_mem_read},
    {"mem-write", way_mem_write},
    {"maps", way_maps},
    {"environ", way_environ},
    {"root", way_root},
    {"cwd", way_cwd},
    {"descriptor", way_descriptor},
    {"ptrace", way_ptrace},
    {"kill-0", way_kill_zero},
    {"kill", way_kill_cont},
    {"tgkill", way_tgkill},
    {"sigqueue", way_sigqueue},
    {"pidfd-signal", way_pidfd_signal},
    {"pidfd-getfd", way_pidfd_getfd},
    {"vm-read", way_vm_read},
    {"prlimit", way_prlimit},
    {"abstract-socket", way_abstract_socket},
};

/* fcntl(F_SETOWN) itself is no signal, so its result tells nothing: whoever calls this looks whether PID lives. */
static int send_by_io_signal(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || fcntl(pair[0], F_SETSIG, SIGTERM) || fcntl(pair[0], F_SETOWN, target) ||
        fcntl(pair[0], F_SETFL, O_ASYNC) || write(pair[1], "x", 1) != 1) {
        perror("reach");
        return 1;
    }
    usleep(100000);
    puts("sent");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2 || (target = atoi(argv[1])) < 2)
        return 2;
    if (argc > 2 && !strcmp(argv[2], "--by-io-signal"))
        return send_by_io_signal();
    socket_name = argc > 2 ? argv[2] : NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int status;
        pid_t child = fork(); /* a tracer lets go when it ends, and what a way opens is closed */
        if (!child)
            _exit(ways[i].go());
        if (child < 0 || waitpid(child, &status, 0) != child)
            return 2;
        int error = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        printf("%s = %s\n", ways[i].name, !error ? "ok" : error < 0 ? "killed" : strerrorname_np(error));
    }
    return 0;
}
