/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Theory of operation.
 *
 * The supervisor enters a Landlock domain that has the signal scope alone; the keeper and the program are made inside
 * it, and the program enters its own domain below. So kill(-1) from supervisor or keeper reaches the sandbox and
 * nothing else, while the program reaches neither of them. Being child subreaper, the supervisor waits for whatever
 * the program left behind.
 *
 * The program is made with CLONE_VFORK: the supervisor goes on when it has executed or ended, and knows which. And
 * with CLONE_FILES: what the child opens (a seccomp listener) is open in the supervisor too, without a call that a
 * filter could refuse; exec parts the two tables. Errors come through a shared page for the same reason.
 *
 * All signals are blocked and taken from a signalfd. One from the terminal (si_code SI_KERNEL) reached the process
 * group, the program with it; one sent to sbx-run is passed on. */
#include "launch/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine/landlock.h"
#include "launch/child.h"
#include "launch/ending.h"
#include "launch/first-process.h"
#include "launch/terminal.h"
#include "tell/explain.h"
#include "tell/record.h"
#include "tell/stats.h"

struct supervisor {
    const struct plan *plan;
    struct launch launch;
    struct foreign_children foreign;
    const struct options *options;
    struct terminal terminal;
    struct explain *explain; /* NULL: nobody listens */
    struct record record;
    int signals;             /* signalfd */
    pid_t keeper;            /* 0: none */
    pid_t first;             /* of the pid namespace; 0: none */
    pid_t program;
    bool in_group;           /* the program was started in the supervisor's process group */
    bool ended;
    bool blind;              /* waiting for children failed: the end of the program would not be seen */
    int status;              /* of the program, as wait(2) gives it */
    int terminal_signal;     /* SIGINT or SIGQUIT that the terminal sent to the whole group, or 0 */
    struct stats stats;
    uint64_t started;        /* CLOCK_MONOTONIC in ms */
    struct timespec began;   /* CLOCK_REALTIME */
    uint64_t deadline;       /* CLOCK_MONOTONIC in ms; 0: none */
    bool timed_out;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int failed(const struct error *error)
{
    complain(error);
    return error->status;
}

/* Blocks every signal that can be; SIGCHLD ignored would make the kernel reap the program unseen. */
static int take_signals(struct supervisor *supervisor, struct error *error)
{
    struct launch *launch = &supervisor->launch;
    struct sigaction by_default = { .sa_handler = SIG_DFL };
    sigset_t all;
    sigfillset(&all);
    /* These mean a fault of our own: blocked they would loop. */
    static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]);
    if (sigprocmask(SIG_SETMASK, &all, &launch->signal_mask) != 0 ||
        sigaction(SIGCHLD, &by_default, &launch->child_action) != 0 ||
        (supervisor->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
        return error_set(error, "cannot take the signals: %s (raise the limit of descriptors)", strerror(errno));
    return 0;
}

static int prepare(struct supervisor *supervisor, struct error *error)
{
    const struct plan *plan = supervisor->plan;
    struct launch *launch = &supervisor->launch;
    launch->supervisor = getpid();
    launch->uid = geteuid();
    launch->gid = getegid();
    launch->shared = mmap(NULL, sizeof *launch->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (launch->shared == MAP_FAILED)
        return error_set(error, "cannot make the shared page: %s (free some memory)", strerror(errno));
    atomic_store(&launch->shared->listener, -1);
    if (ending_find_foreign(&supervisor->foreign, error) != 0 || take_signals(supervisor, error) != 0)
        return -1;
    if (plan->end != END_NONE && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        return error_set(error, "cannot become child subreaper: %s (is prctl refused by an outer filter?)",
                         strerror(errno));
    terminal_save(&supervisor->terminal);
    supervisor->stats.usage = LIMITS_USAGE_UNKNOWN;
    clock_gettime(CLOCK_REALTIME, &supervisor->began);
    if (record_open(&supervisor->record, plan, error) != 0)
        return -1;
    return child_prepare(plan, launch, error);
}

/* The domain and the keeper, before the program is made: what it starts can never be out of their reach. */
static int guard_end(struct supervisor *supervisor, struct error *error)
{
    const struct plan *plan = supervisor->plan;
    if (plan->end == END_SCOPE) {
        if (landlock_enter_supervisor(error) != 0)
            return -1;
        supervisor->launch.scoped = true;
    }
    if (plan->end == END_SCOPE || plan->end == END_GROUP)
        supervisor->keeper = ending_start_keeper(plan, &supervisor->launch, error);
    else if (plan->end == END_NAMESPACE)
        supervisor->first = first_process_start(plan, &supervisor->launch, error);
    else
        atomic_store(&supervisor->launch.shared->keeper, KEEPER_READY);
    return supervisor->keeper < 0 || supervisor->first < 0 ? -1 : 0;
}

static void be_child(const struct plan *plan, struct launch *launch)
{
    struct shared_page *shared = launch->shared;
    struct error error;
    child_become_program(plan, launch, &error);
    shared->error = error;
    atomic_store(&shared->failed, 1);
    /* A refused exit would wait for the answer of the supervisor, who waits for the end of this process. */
    if (atomic_load(&shared->listener) >= 0 && policy_opening(plan->policy, "exit_group") != POLICY_OPEN)
        __builtin_trap();
    _exit(error.status);
}

/* In a pid namespace the program is made by another process, which can enter it, and is the supervisor's child. */
static void be_joiner(const struct plan *plan, struct launch *launch, pid_t first)
{
    struct shared_page *shared = launch->shared;
    struct error error;
    pid_t pid = first_process_join(plan, launch, first, be_child, &error);
    if (pid > 0) {
        atomic_store(&shared->program, pid);
        _exit(0);
    }
    shared->error = error;
    atomic_store(&shared->failed, 1);
    _exit(STATUS_FAILED);
}

static int be_made(void *context)
{
    struct supervisor *supervisor = context;
    if (supervisor->first != 0)
        be_joiner(supervisor->plan, &supervisor->launch, supervisor->first);
    be_child(supervisor->plan, &supervisor->launch);
    return STATUS_FAILED;
}

/* The child shares the supervisor's memory until exec, as with vfork(2), on a stack of its own: nothing is copied. But
 * unshare(2) makes no user namespace for who shares its memory, and sanitizers watch the stack that they know. */
static long make_child(struct supervisor *supervisor)
{
    enum { STACK_SIZE = 1 << 20, GUARD = 1 << 16 };
    const int flags = CLONE_FILES | CLONE_VFORK | SIGCHLD;
    bool shares = supervisor->first == 0 && !supervisor->plan->user_namespace;
#ifdef __SANITIZE_ADDRESS__
    shares = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    shares = false;
#endif
#endif
    if (shares) {
        char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (stack == MAP_FAILED || mprotect(stack, GUARD, PROT_NONE) != 0)
            return -1;
        int made = clone(be_made, stack + STACK_SIZE, flags | CLONE_VM, supervisor);
        munmap(stack, STACK_SIZE);
        memset(&supervisor->launch.token, 0, sizeof supervisor->launch.token);
        return made;
    }
    long made = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (made == 0)
        be_made(supervisor);
    return made;
}

static int start(struct supervisor *supervisor, struct error *error)
{
    long pid = make_child(supervisor);
    if (pid < 0)
        return error_set(error, "cannot make a process: %s (raise the limit of processes)", strerror(errno));
    pid_t made = atomic_load(&supervisor->launch.shared->program);
    supervisor->program = made != 0 ? made : (pid_t)pid;
    supervisor->in_group = !supervisor->plan->new_session;
    supervisor->started = now_ms();
    if (supervisor->plan->timeout_ms != 0)
        supervisor->deadline = supervisor->started + supervisor->plan->timeout_ms;
    return 0;
}

/* The code of the launch is not needed to wait: its pages are given back, and come again from the file when touched. */
static void give_back_code(void)
{
    extern char __executable_start[], etext[];
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)__executable_start + page - 1) & ~(page - 1), end = (uintptr_t)etext & ~(page - 1);
    madvise((void *)first, end - first, MADV_DONTNEED);
}

/* What the supervisor does once the program has executed. A program that closes its output shows it to the reader of the
 * pipe at once, as it would without us. Standard error stays: our own words go there. */
static void let_go(const struct plan *plan)
{
    /* Files like /proc/PID/oom_score_adj are guarded by their owner alone, who is the program's user: not any more. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (plan->limits.backend != NULL && plan->limits.backend->rest != NULL)
        plan->limits.backend->rest();
    give_back_code();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup3(null, 0, O_CLOEXEC);
        dup3(null, 1, O_CLOEXEC);
        close(null);
    } else {
        close(0);
        close(1);
    }
    for (size_t i = 0; i < plan->kept_descriptor_count; i++)
        if (plan->kept_descriptors[i] > 2)
            close(plan->kept_descriptors[i]);
}

static bool goes_on(const struct supervisor *supervisor)
{
    siginfo_t seen = { 0 };
    return waitid(P_PID, (id_t)supervisor->program, &seen, WCONTINUED | WNOHANG | WNOWAIT) == 0 && seen.si_pid != 0;
}

/* A program that stops itself must not stop the clock: SIGCONT wakes the supervisor when the time is over. */
static bool arm_wakeup(const struct supervisor *supervisor, timer_t *timer)
{
    struct sigevent wake = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
    struct itimerspec at = { .it_value = { .tv_sec = (time_t)(supervisor->deadline / 1000),
                                           .tv_nsec = (long)(supervisor->deadline % 1000) * 1000000 } };
    return supervisor->deadline != 0 && timer_create(CLOCK_MONOTONIC, &wake, timer) == 0 &&
           (timer_settime(*timer, TIMER_ABSTIME, &at, NULL) == 0 || (timer_delete(*timer), false));
}

/* Stops as the program has stopped, so that the shell sees the job stop; goes on when it is told to, and the program
 * with it where the signal to go on was for sbx-run alone. */
static void stop_too(struct supervisor *supervisor, int number)
{
    sigset_t stop;
    struct sigaction by_default = { .sa_handler = SIG_DFL }, found;
    timer_t timer;
    bool armed = arm_wakeup(supervisor, &timer);
    if (supervisor->deadline != 0 && !armed)
        return; /* rather out of step with the shell than out of time */
    sigemptyset(&stop);
    sigaddset(&stop, number);
    sigaction(number, &by_default, &found);
    kill(getpid(), number);
    /* From here on SIGCONT takes the pending stop back; one that came before is seen at the program. */
    if (goes_on(supervisor))
        kill(getpid(), SIGCONT);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); /* stops here */
    sigprocmask(SIG_BLOCK, &stop, NULL);
    if (number != SIGSTOP)
        sigaction(number, &found, NULL);
    if (armed)
        timer_delete(timer);
    if (supervisor->deadline != 0 && now_ms() >= supervisor->deadline)
        return;
    if (!goes_on(supervisor))
        kill(supervisor->program, SIGCONT);
    siginfo_t seen;
    waitid(P_PID, (id_t)supervisor->program, &seen, WCONTINUED | WNOHANG);
}

/* The new one is there before the old one goes: the sandbox is never without. */
static void replace_keeper(struct supervisor *supervisor)
{
    struct error error;
    pid_t old = supervisor->keeper;
    pid_t keeper = ending_start_keeper(supervisor->plan, &supervisor->launch, &error);
    if (keeper < 0) {
        complain(&error);
        return;
    }
    supervisor->keeper = keeper;
    kill(old, SIGKILL);
}

static void look_at_children(struct supervisor *supervisor)
{
    for (;;) {
        int status;
        pid_t child = waitpid(-1, &status, WUNTRACED | WNOHANG | __WALL);
        if (child < 0 && errno != ECHILD && errno != EINTR)
            supervisor->blind = true;
        if (child < 0 && errno == EINTR)
            continue;
        if (child <= 0)
            return;
        if (child == supervisor->keeper && WIFSIGNALED(status))
            replace_keeper(supervisor);
        if (child != supervisor->program)
            continue;
        if (WIFSTOPPED(status)) {
            stop_too(supervisor, WSTOPSIG(status));
        } else {
            supervisor->status = status;
            supervisor->ended = true;
            return;
        }
    }
}

/* `kill %1` of a shell and timeout(1) send to the whole process group: the program has it already. timeout(1) sends to
 * sbx-run alone first and to the group at once after it, which without sbx-run is one signal to the program. */
static bool reached_group(struct supervisor *supervisor, int number)
{
    static const struct timespec at_once;
    sigset_t same;
    if (supervisor->keeper == 0)
        return false;
    poll(NULL, 0, 2);
    sigemptyset(&same);
    sigaddset(&same, number);
    if (number < SIGRTMIN) /* those from there on are queued, and each counts */
        sigtimedwait(&same, NULL, &at_once);
    if (!ending_keeper_has(supervisor->keeper, number))
        return false;
    replace_keeper(supervisor);
    return true;
}

static void pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *information)
{
    int number = (int)information->ssi_signo;
    bool of_terminal = information->ssi_code == SI_KERNEL;
    if (of_terminal && (number == SIGINT || number == SIGQUIT))
        supervisor->terminal_signal = number;
    if (number == SIGCHLD || number == SIGCONT || (of_terminal && supervisor->in_group))
        return;
    if (supervisor->in_group && reached_group(supervisor, number))
        return;
    kill(supervisor->program, number);
}

static void take_signal(struct supervisor *supervisor)
{
    struct signalfd_siginfo information;
    while (!supervisor->ended && read(supervisor->signals, &information, sizeof information) == sizeof information)
        pass_on(supervisor, &information);
    look_at_children(supervisor);
}

/* SIGTERM at the time limit, SIGKILL after the grace. */
static void out_of_time(struct supervisor *supervisor)
{
    bool first = !supervisor->timed_out;
    supervisor->timed_out = true;
    kill(supervisor->program, first && supervisor->plan->kill_after_ms > 0 ? SIGTERM : SIGKILL);
    kill(supervisor->program, SIGCONT);
    supervisor->deadline = now_ms() + supervisor->plan->kill_after_ms + 1;
}

/* One call at a time, so that a storm of them delays neither signals nor the time limit. */
static void take_call(struct supervisor *supervisor, struct pollfd *calls)
{
    if ((calls->revents & (POLLHUP | POLLERR)) != 0 || !explain_serve(supervisor->explain))
        calls->fd = -1; /* no process has the filter any more */
}

static void wait_for_end(struct supervisor *supervisor)
{
    struct pollfd events[2] = {
        { .fd = supervisor->signals, .events = POLLIN },
        { .fd = supervisor->explain != NULL ? explain_descriptor(supervisor->explain) : -1, .events = POLLIN },
    };
    take_signal(supervisor); /* what came before the end of the program counts before it: the terminal's ^C */
    while (!supervisor->ended && !supervisor->blind) {
        int timeout = -1;
        if (supervisor->deadline != 0) {
            uint64_t now = now_ms();
            if (now >= supervisor->deadline) {
                out_of_time(supervisor);
                continue;
            }
            uint64_t left = supervisor->deadline - now;
            timeout = left > 60000 ? 60000 : (int)left;
        }
        if (poll(events, 2, timeout) <= 0)
            continue;
        if (events[0].revents != 0)
            take_signal(supervisor);
        if (events[1].revents != 0)
            take_call(supervisor, &events[1]);
    }
}

/* The listener, whose number the child has left in the shared page: the descriptor tables were one until exec. */
static int listen_to_calls(struct supervisor *supervisor, struct error *error)
{
    int listener = atomic_load(&supervisor->launch.shared->listener);
    if (!supervisor->plan->listen)
        return 0;
    if (listener < 0) {
        say("refused calls are not explained: an outer sandbox listens to them already");
        return 0;
    }
    supervisor->explain = explain_new(supervisor->plan, supervisor->options, listener, error);
    return supervisor->explain != NULL ? 0 : -1;
}

static int exit_status(const struct supervisor *supervisor)
{
    int status = supervisor->status;
    return supervisor->timed_out ? STATUS_TIMEOUT : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Ends as the program did. Where the terminal's own signal ended both, a shell must see that by the status of a
 * signal: it stops its loop only then. */
static int end_alike(const struct supervisor *supervisor)
{
    int number = supervisor->terminal_signal;
    if (!supervisor->timed_out && number != 0 && WIFSIGNALED(supervisor->status) &&
        WTERMSIG(supervisor->status) == number) {
        struct sigaction by_default = { .sa_handler = SIG_DFL };
        struct rlimit no_core = { 0, 0 };
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, number);
        setrlimit(RLIMIT_CORE, &no_core);
        sigaction(number, &by_default, NULL);
        kill(getpid(), number);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
    }
    return exit_status(supervisor);
}

static void read_usage(struct supervisor *supervisor)
{
    const struct plan *plan = supervisor->plan;
    supervisor->stats.elapsed_ms = now_ms() - supervisor->started;
    if (plan->limits.backend != NULL)
        plan->limits.backend->read(plan, &supervisor->launch.group, &supervisor->stats.usage);
}

/* All that the program started has been waited for by now. */
static void tell_usage(struct supervisor *supervisor)
{
    struct rusage used;
    struct stats *stats = &supervisor->stats;
    if (getrusage(RUSAGE_CHILDREN, &used) == 0) {
        stats->cpu_us = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
                        (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
        stats->largest_rss = (uint64_t)used.ru_maxrss * 1024;
    }
    stats->listened = supervisor->explain != NULL;
    stats->refused = stats->listened ? explain_count(supervisor->explain) : 0;
    stats_tell_hits(supervisor->plan, stats);
    stats_print(supervisor->plan, stats);
}

static void leave_stuck(struct supervisor *supervisor)
{
    const pid_t *pids;
    size_t count = supervisor->explain != NULL ? explain_stuck(supervisor->explain, &pids) : 0;
    for (size_t i = 0; i < count && supervisor->foreign.count < FOREIGN_CHILDREN_MAX; i++)
        supervisor->foreign.pids[supervisor->foreign.count++] = pids[i];
}

static int finish(struct supervisor *supervisor, int status)
{
    struct error error;
    leave_stuck(supervisor);
    pid_t keeper = supervisor->first != 0 ? supervisor->first : supervisor->keeper;
    if (ending_finish(supervisor->plan, &supervisor->launch, &supervisor->foreign, keeper, &error) != 0) {
        complain(&error);
        if (status == 0)
            status = STATUS_FAILED;
    }
    terminal_restore(&supervisor->terminal);
    return status;
}

/* `failure`: why nothing was started, or NULL. */
static void write_record(struct supervisor *supervisor, int status, const char *failure)
{
    char id[REPORT_ID_MAX];
    report_make_id(supervisor->options->name, supervisor->plan->name, id);
    struct report report = {
        .plan = supervisor->plan, .id = id, .stats = &supervisor->stats, .started = supervisor->began,
        .status = status, .timed_out = supervisor->timed_out, .failure = failure,
        .signal = failure == NULL && WIFSIGNALED(supervisor->status) ? WTERMSIG(supervisor->status) : 0,
    };
    if (failure == NULL && supervisor->explain != NULL)
        report.refusal_count = explain_refusals(supervisor->explain, &report.refusals);
    record_write(&supervisor->record, &report, supervisor->explain);
}

static int end_failed(struct supervisor *supervisor, const struct error *why)
{
    complain(why);
    int status = finish(supervisor, why->status);
    write_record(supervisor, status, why->text);
    return status;
}

/* Whether the start, or watching over it, failed: the error is in the shared page. */
static bool find_failure(struct supervisor *supervisor)
{
    struct shared_page *shared = supervisor->launch.shared;
    if (supervisor->blind)
        error_set(&shared->error, "cannot wait for the program: it was ended (is wait4 refused by an outer filter?)");
    else if (!atomic_load(&shared->failed) && supervisor->first != 0 && atomic_load(&shared->keeper) != KEEPER_READY)
        /* The program waits for the first process before it starts, and is killed with it. */
        error_set(&shared->error, "cannot start: the first process of the pid namespace did not come up (raise the "
                                  "limit of processes)");
    else
        return atomic_load(&shared->failed);
    return true;
}

int supervise(const struct plan *plan, const struct options *options)
{
    struct supervisor supervisor = { .plan = plan, .options = options, .launch.verbose = options->verbose,
                                     .terminal.descriptor = -1 };
    struct error error;
    if (plan->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        error_set(&error, "cannot ask to die with the parent: %s (leave --die-with-parent out)", strerror(errno));
        return failed(&error);
    }
    if (prepare(&supervisor, &error) != 0) {
        record_drop(&supervisor.record);
        return failed(&error);
    }
    if (guard_end(&supervisor, &error) != 0 || start(&supervisor, &error) != 0)
        return end_failed(&supervisor, &error);
    struct shared_page *shared = supervisor.launch.shared;
    if (!atomic_load(&shared->failed)) {
        if (listen_to_calls(&supervisor, &error) != 0)
            return end_failed(&supervisor, &error);
        let_go(plan);
    }
    wait_for_end(&supervisor);
    if (find_failure(&supervisor))
        return end_failed(&supervisor, &shared->error);
    read_usage(&supervisor);
    finish(&supervisor, 0);
    tell_usage(&supervisor);
    if (supervisor.explain != NULL)
        explain_finish(supervisor.explain);
    write_record(&supervisor, exit_status(&supervisor), NULL);
    explain_free(supervisor.explain);
    return end_alike(&supervisor);
}

int run_in_place(const struct plan *plan, const struct options *options)
{
    struct launch launch = { .verbose = options->verbose, .supervisor = plan->die_with_parent ? getppid() : 0,
                             .uid = geteuid(), .gid = getegid() };
    struct error error;
    if (sigprocmask(SIG_SETMASK, NULL, &launch.signal_mask) != 0 ||
        sigaction(SIGCHLD, NULL, &launch.child_action) != 0)
        error_set(&error, "cannot read the signals: %s (is rt_sigprocmask refused by an outer filter?)",
                  strerror(errno));
    else if (child_prepare(plan, &launch, &error) == 0)
        child_become_program(plan, &launch, &error);
    return failed(&error);
}
