/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch/first-process.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/namespaces.h"
#include "launch/ending.h"

/* getppid() is 0 here, dead or alive: only a descriptor tells whether the parent died before the signal was set. */
static bool supervisor_is_gone(int supervisor)
{
    struct pollfd ended = { .fd = supervisor, .events = POLLIN };
    return poll(&ended, 1, 0) != 0;
}

/* Drops all that it does not need to wait. */
static bool settle_down(void)
{
    cap_t none = cap_init();
    bool settled = none != NULL && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && cap_set_proc(none) == 0 &&
                   prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && syscall(SYS_close_range, 0U, UINT_MAX, 0) == 0;
    cap_free(none);
    return settled;
}

static void be_first(const struct plan *plan, struct launch *launch, int supervisor)
{
    struct shared_page *shared = launch->shared;
    bool good = prctl(PR_SET_NAME, "sbx-keeper", 0, 0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
                !supervisor_is_gone(supervisor) &&
                (!plan->user_namespace || user_namespace_map(launch, &shared->error) == 0);
    ending_report(shared, good ? KEEPER_JOINABLE : KEEPER_FAILED);
    /* Joining asks for the right to trace this process, so it can make itself untraceable only afterwards. */
    good = good && ending_keeper_reaches(shared, KEEPER_JOINED) && settle_down();
    ending_report(shared, good ? KEEPER_READY : KEEPER_FAILED);
    if (!good)
        _exit(STATUS_FAILED);
    for (;;) {
        siginfo_t child;
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            ;
        sigwaitinfo(&signals, &child);
    }
}

pid_t first_process_start(const struct plan *plan, const struct launch *launch, struct error *error)
{
    struct launch copy = *launch;
    int supervisor = (int)syscall(SYS_pidfd_open, launch->supervisor, 0);
    if (supervisor < 0)
        return error_set(error, "cannot open a descriptor of the own process: %s (Linux 5.3 is the first that can)",
                         strerror(errno));
    unsigned long flags = CLONE_NEWPID | (plan->user_namespace ? CLONE_NEWUSER | CLONE_NEWIPC : 0UL) | SIGCHLD;
    long first = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (first == 0)
        be_first(plan, &copy, supervisor);
    if (first < 0)
        error_set(error, "cannot make a pid namespace: %s (a kernel with Landlock ABI 6, Linux 6.12, needs none)",
                  strerror(errno));
    close(supervisor);
    return (pid_t)first;
}

pid_t first_process_join(const struct plan *plan, struct launch *launch, pid_t first,
                         void (*become)(const struct plan *plan, struct launch *launch), struct error *error)
{
    if (!ending_keeper_reaches(launch->shared, KEEPER_JOINABLE))
        return error_set(error, "cannot start: the first process of the pid namespace did not come up (raise the limit "
                                "of processes)");
    int namespaces = (int)syscall(SYS_pidfd_open, first, 0);
    if (namespaces < 0 || setns(namespaces, CLONE_NEWPID | (plan->user_namespace ? CLONE_NEWUSER | CLONE_NEWIPC : 0)) != 0)
        return error_set(error, "cannot enter the pid namespace: %s (Linux 5.8 is the first that can)",
                         strerror(errno));
    close(namespaces);
    ending_report(launch->shared, KEEPER_JOINED);
    long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_FILES | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        become(plan, launch);
    if (pid < 0)
        return error_set(error, "cannot make a process: %s (raise the limit of processes)", strerror(errno));
    return (pid_t)pid;
}
