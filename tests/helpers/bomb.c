/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bomb: takes as much as it is given, up to a bound, says how much it got, and gives it back.
 *   bomb fork N            N children that wait          bomb daemons N   N children that leave session and group
 *   bomb threads N         N threads
 *   bomb memory N          N MiB of private memory, each page written
 *   bomb shared N          N MiB of a memfd              bomb children N  as memory, 16 MiB in each of N/16 children
 *   bomb sibling 1         a child that has this program's parent as its own (CLONE_PARENT)
 *   bomb storm N           N processes that fork and end, fork and end, for 10 s
 * It prints `got N of M: WHY`. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, CHILD_MIB = 16, BOUND = 4096 };

static const char *why(int error)
{
    return error ? strerrorname_np(error) : "all";
}

/* The children end with this program: none outlives a test. */
static void wait_for_end(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != 1)
        pause();
    _exit(0);
}

static int take(int map_flags, int fd, off_t offset)
{
    char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, map_flags, fd, offset);
    if (memory == MAP_FAILED)
        return errno;
    for (int at = 0; at < MIB; at += 4096)
        memory[at] = 1;
    return 0;
}

static int bomb_fork(int bound, int *got)
{
    int error = 0;
    for (; *got < bound; (*got)++) {
        pid_t child = fork();
        if (!child)
            wait_for_end();
        if (child < 0) {
            error = errno;
            break;
        }
    }
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    while (wait(NULL) > 0)
        ;
    return error;
}

/* Left on purpose: what sbx-run must end. It ends by itself after a while, so that a failed test leaves none. */
static _Noreturn void stay(void)
{
    alarm(60);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (;;)
        pause();
}

static int bomb_daemons(int bound, int *got)
{
    for (; *got < bound; (*got)++) {
        pid_t child = fork();
        if (child < 0)
            return errno;
        if (!child) {
            setsid();
            pid_t daemon = fork();
            if (!daemon)
                stay();
            _exit(daemon < 0 ? errno : 0);
        }
        int status;
        waitpid(child, &status, 0);
        if (WEXITSTATUS(status))
            return WEXITSTATUS(status);
    }
    return 0;
}

static int bomb_sibling(int bound, int *got)
{
    for (; *got < bound; (*got)++) {
        long child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        if (child < 0)
            return errno;
        if (!child)
            stay();
    }
    return 0;
}

/* A process that is never there for long: whoever kills what it sees comes too late. */
static void storm(void)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    setsid();
    do {
        if (fork() > 0)
            _exit(0);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec < 10);
    _exit(0);
}

static int bomb_storm(int bound, int *got)
{
    for (; *got < bound; (*got)++) {
        pid_t child = fork();
        if (child < 0)
            return errno;
        if (!child)
            storm();
    }
    usleep(200000);
    return 0;
}

static void *thread_waits(void *nothing)
{
    pause();
    return nothing;
}

static int bomb_threads(int bound, int *got)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    for (; *got < bound; (*got)++) {
        pthread_t thread;
        int error = pthread_create(&thread, &small, thread_waits, NULL);
        if (error)
            return error;
    }
    return 0;
}

static int bomb_memory(int bound, int *got)
{
    for (; *got < bound; (*got)++) {
        int error = take(MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (error)
            return error;
    }
    return 0;
}

static int bomb_shared(int bound, int *got)
{
    int fd = memfd_create("bomb", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)bound * MIB))
        return errno;
    for (; *got < bound; (*got)++) {
        int error = take(MAP_SHARED, fd, (off_t)*got * MIB);
        if (error)
            return error;
    }
    return 0;
}

static int bomb_children(int bound, int *got)
{
    int error = 0, ready[2];
    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK))
        return errno;
    while (*got < bound && !error) {
        pid_t child = fork();
        if (child < 0)
            return errno;
        if (!child) {
            int mine = 0;
            unsigned char result = (unsigned char)bomb_memory(CHILD_MIB, &mine);
            if (write(ready[1], &result, 1) != 1)
                _exit(1);
            wait_for_end();
        }
        unsigned char result = EPIPE;
        siginfo_t ended = {0};
        for (int tries = 0; tries < 2000; tries++) {
            if (read(ready[0], &result, 1) == 1)
                break;
            ended.si_pid = 0;
            if (!waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) && ended.si_pid)
                break;
            usleep(5000);
        }
        /* Which one is killed is the kernel's choice: an earlier one counts too. */
        if (!ended.si_pid)
            waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT);
        error = ended.si_pid ? ENOMEM : result;
        *got += error ? 0 : CHILD_MIB;
    }
    return error;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*explode)(int bound, int *got);
    } bombs[] = {
        {"fork", bomb_fork},         {"daemons", bomb_daemons}, {"threads", bomb_threads}, {"memory", bomb_memory},
        {"shared", bomb_shared},     {"children", bomb_children}, {"sibling", bomb_sibling}, {"storm", bomb_storm},
    };
    int bound = argc == 3 ? atoi(argv[2]) : 0, got = 0;
    if (bound < 1 || bound > BOUND)
        return 2;
    setpgid(0, 0);
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++)
        if (!strcmp(argv[1], bombs[i].name)) {
            int error = bombs[i].explode(bound, &got);
            printf("got %d of %d: %s\n", got, bound, why(error));
            return error ? 1 : 0;
        }
    return 2;
}
