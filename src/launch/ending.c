/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The children of this process as the kernel lists them (proc_pid_task_children(5)): calls each() until it is done.
 * -1 where the list cannot be read. */
static int each_child(bool (*each)(pid_t pid, void *context), void *context)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    int pid;
    while (fscanf(file, "%d", &pid) == 1 && each((pid_t)pid, context))
        ;
    bool failed = ferror(file);
    fclose(file);
    return failed ? -1 : 0;
}

static bool remember(pid_t pid, void *context)
{
    struct foreign_children *foreign = context;
    foreign->pids[foreign->count++] = pid;
    return foreign->count < FOREIGN_CHILDREN_MAX;
}

int ending_find_foreign(struct foreign_children *foreign, struct error *error)
{
    foreign->count = 0;
    siginfo_t information;
    if (waitid(P_ALL, 0, &information, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT | __WALL) != 0 &&
        errno == ECHILD)
        return 0;
    if (each_child(remember, foreign) != 0)
        return error_set(error, "cannot list the children that sbx-run was started with: %s (start it by fork, not by "
                                "exec of a shell with background jobs)", strerror(errno));
    if (foreign->count == FOREIGN_CHILDREN_MAX)
        return error_set(error, "cannot start: sbx-run was given %d or more children (start it by fork, not by exec)",
                         FOREIGN_CHILDREN_MAX);
    return 0;
}

struct search {
    const struct foreign_children *foreign;
    bool kill;
    bool found;
};

static bool is_ours(pid_t pid, void *context)
{
    struct search *search = context;
    for (size_t i = 0; i < search->foreign->count; i++)
        if (search->foreign->pids[i] == pid)
            return true;
    search->found = true;
    if (search->kill)
        kill(pid, SIGKILL);
    return true;
}

/* Reaps until no child of the sandbox is left. What is killed becomes a child of the subreaper level by level, and
 * each of them is waited for. With `kill_each` every one that turns up is killed. */
static int reap_all(const struct foreign_children *foreign, bool kill_each)
{
    for (;;) {
        if (foreign->count == 0 && !kill_each) {
            if (waitpid(-1, NULL, __WALL) < 0 && errno != EINTR)
                return errno == ECHILD ? 0 : -1;
            continue;
        }
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            ;
        struct search search = { .foreign = foreign, .kill = kill_each };
        if (each_child(is_ours, &search) != 0)
            return -1;
        if (!search.found)
            return 0;
        poll(NULL, 0, 1);
    }
}

/* Everything below this process in its Landlock signal scope, at once: the kernel walks its list of processes under
 * one lock, and a fork under way ends at the signal that is pending by then. */
static bool kill_scope(const struct launch *launch)
{
    /* Outside its domain, where a start that failed early still is, it would be every process of the user. */
    return launch->scoped && kill(-1, SIGKILL) == 0;
}

/* Nobody enters any more, and ending the group needs descriptors where few are allowed. */
static void close_entrances(struct limits_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->procs[i] >= 0)
            close(group->procs[i]);
        group->procs[i] = -1;
    }
}

int ending_finish(const struct plan *plan, struct launch *launch, const struct foreign_children *foreign, pid_t keeper,
                  struct error *error)
{
    int result = 0;
    close_entrances(&launch->group);
    bool kill_each = plan->end == END_CHILDREN || (plan->end == END_SCOPE && !kill_scope(launch));
    if (plan->end == END_GROUP)
        result = plan->limits.backend->end(plan, &launch->group, error);
    if (keeper > 0 && kill(keeper, SIGKILL) != 0)
        kill_each = true;
    if (plan->end != END_NONE && reap_all(foreign, kill_each) != 0)
        result = error_set(error, "cannot wait for what the program has left: %s (look for it with ps)",
                           strerror(errno));
    if (plan->end != END_GROUP && plan->limits.backend != NULL &&
        plan->limits.backend->end(plan, &launch->group, error) != 0)
        result = -1;
    return result;
}

void ending_report(struct shared_page *shared, enum keeper_state state)
{
    atomic_store(&shared->keeper, state);
    syscall(SYS_futex, &shared->keeper, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

bool ending_keeper_reaches(struct shared_page *shared, enum keeper_state state)
{
    static const struct timespec turn = { .tv_nsec = 100000000 };
    int now, turns = 0;
    while ((now = atomic_load(&shared->keeper)) < (int)state && turns < 100)
        if (syscall(SYS_futex, &shared->keeper, FUTEX_WAIT, now, &turn, NULL, 0) != 0 && errno != EAGAIN)
            turns++; /* 10 s, and a waking that got lost costs one turn */
    return now >= (int)state && now != KEEPER_FAILED;
}

/* The keeper waits for the death of its parent; every signal is blocked, so that none ends it before. */
static void keep(const struct plan *plan, struct launch *launch)
{
    sigset_t death;
    struct error error;
    sigemptyset(&death);
    sigaddset(&death, SIGRTMAX);
    bool ready = prctl(PR_SET_PDEATHSIG, SIGRTMAX, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    ending_report(launch->shared, ready ? KEEPER_READY : KEEPER_FAILED);
    if (!ready)
        _exit(STATUS_FAILED);
    while (getppid() == launch->supervisor)
        sigwaitinfo(&death, NULL);
    static const struct foreign_children none;
    struct plan orphaned = *plan;
    if (orphaned.end == END_SCOPE)
        kill_scope(launch);
    orphaned.end = END_NONE; /* the dead supervisor's children are others' to wait for */
    if (orphaned.limits.backend != NULL)
        ending_finish(&orphaned, launch, &none, 0, &error);
    _exit(0);
}

bool ending_keeper_has(pid_t keeper, int number)
{
    /* The kernel sends to a group under its lock of the process list; setpgid, which changes nothing here, takes that
     * lock, so the sending is over when it returns. */
    setpgid(0, getpgrp());
    char path[64], *line = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)keeper);
    FILE *file = fopen(path, "re");
    unsigned long long pending = 0;
    while (file != NULL && getline(&line, &size, file) >= 0 && sscanf(line, "ShdPnd: %llx", &pending) != 1)
        ;
    free(line);
    if (file != NULL)
        fclose(file);
    return (pending >> (number - 1) & 1) != 0;
}

pid_t ending_start_keeper(const struct plan *plan, const struct launch *launch, struct error *error)
{
    struct launch copy = *launch;
    pid_t keeper = fork();
    if (keeper < 0)
        return error_set(error, "cannot start the keeper: %s (raise the limit of processes)", strerror(errno));
    if (keeper == 0) {
        prctl(PR_SET_NAME, "sbx-keeper", 0, 0, 0);
        /* It must hold no pipe open that the program or the user closes. */
        if (syscall(SYS_close_range, 0U, UINT_MAX, 0) != 0) {
            ending_report(copy.shared, KEEPER_FAILED);
            _exit(STATUS_FAILED);
        }
        keep(plan, &copy);
    }
    return keeper;
}
