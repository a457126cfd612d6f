/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inject: runs a command and makes one system call of one of its processes fail, which then is not done.
 *   inject [-a ABI] [-r FD] list COMMAND...                      writes each call to FD: `PROCESS NUMBER`
 *   inject [-a ABI] [-r FD] PROCESS NUMBER NTH ERRNO COMMAND...  writes `injected` to FD when it came to that
 * PROCESS counts from 0 in the order of their making. A process that executes something (but for the command itself) has become
 * the program under test and is let go. -a: landlock_create_ruleset(2) tells this ABI, 0 for a kernel without Landlock.
 * strace counts occurrences for each process alone and cannot name one: a fault in the child's first write would always come behind
 * the one in its parent's. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NUMBER(r) ((r).orig_rax)
#define RESULT(r) ((r).rax)
#define ARGUMENT0(r) ((r).rdi)
#define ARGUMENT2(r) ((r).rdx)
#elif defined(__aarch64__)
#define NUMBER(r) ((r).regs[8])
#define RESULT(r) ((r).regs[0])
#define ARGUMENT0(r) ((r).regs[0])
#define ARGUMENT2(r) ((r).regs[2])
#endif

enum { PROCESSES_MAX = 64, NUMBERS = 600, NOTHING = -1 };

struct process {
    pid_t pid;
    int index;   /* NOTHING: its maker's event has not come yet */
    int started; /* counted from its first exec on (the command itself), or from its making */
    int inside;  /* between entry and exit of a call */
    int waiting; /* stopped until it has an index */
    int force;   /* the result at the exit, or 0 */
    long result;
    int restore; /* the first argument at the exit: the caller keeps using its register */
    unsigned long long argument;
    unsigned seen[NUMBERS];
};

static struct process processes[PROCESSES_MAX];
static int made, report = -1, abi = NOTHING, faked, done;
static int listing, want_process, want_number, want_nth, want_errno;

static struct process *find(pid_t pid)
{
    struct process *free_one = NULL;
    for (int i = 0; i < PROCESSES_MAX; i++) {
        if (processes[i].pid == pid)
            return &processes[i];
        if (!free_one && !processes[i].pid)
            free_one = &processes[i];
    }
    if (!free_one) {
        fputs("inject: too many processes\n", stderr);
        exit(2);
    }
    memset(free_one, 0, sizeof *free_one);
    free_one->pid = pid;
    free_one->index = NOTHING;
    return free_one;
}

static int registers(struct process *process, int set, struct user_regs_struct *values)
{
    struct iovec iov = {values, sizeof *values};
    return (int)ptrace(set ? PTRACE_SETREGSET : PTRACE_GETREGSET, process->pid, NT_PRSTATUS, &iov);
}

static void skip_call(struct process *process, struct user_regs_struct *values, long result)
{
#if defined(__aarch64__)
    int none = -1;
    struct iovec iov = {&none, sizeof none};
    (void)values;
    ptrace(PTRACE_SETREGSET, process->pid, NT_ARM_SYSTEM_CALL, &iov);
#else
    NUMBER(*values) = (unsigned long long)-1;
    registers(process, 1, values);
#endif
    process->force = 1;
    process->result = result;
}

static void at_entry(struct process *process)
{
    struct user_regs_struct values;
    if (registers(process, 0, &values))
        return;
    long number = (long)NUMBER(values);
    if (number < 0 || number >= NUMBERS)
        return;
    unsigned nth = ++process->seen[number];
    if (abi >= 0 && number == SYS_landlock_create_ruleset && ARGUMENT2(values) == 1) {
        skip_call(process, &values, abi ? abi : -ENOSYS);
        faked = 1;
        if (listing)
            dprintf(report, "%d %ld\n", process->index, number);
        return;
    }
    if (listing)
        dprintf(report, "%d %ld\n", process->index, number);
    else if (!done && process->index == want_process && number == want_number && nth == (unsigned)want_nth) {
        if (number == SYS_brk) { /* it fails by telling the break as it is, as it does for 0 */
            process->argument = ARGUMENT0(values);
            process->restore = 1;
            ARGUMENT0(values) = 0;
            registers(process, 1, &values);
        } else {
            skip_call(process, &values, -want_errno);
        }
        done = 1;
        dprintf(report, "injected\n");
    }
}

static void at_exit_of_call(struct process *process)
{
    struct user_regs_struct values;
    if ((!process->force && !process->restore) || registers(process, 0, &values))
        return;
    if (process->force)
        RESULT(values) = (unsigned long long)process->result;
#if defined(__x86_64__)
    if (process->restore)
        ARGUMENT0(values) = process->argument;
#endif
    process->force = process->restore = 0;
    registers(process, 1, &values);
}

static void go_on(struct process *process, int signal)
{
    ptrace(done && (abi < 0 || faked) && !process->force && !process->restore ? PTRACE_CONT : PTRACE_SYSCALL, process->pid, 0, signal);
}

static void at_event(struct process *process, int event)
{
    unsigned long child;
    switch (event) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        if (ptrace(PTRACE_GETEVENTMSG, process->pid, 0, &child))
            break;
        struct process *one = find((pid_t)child);
        one->index = made++;
        one->started = 1;
        if (one->waiting) {
            one->waiting = 0;
            go_on(one, 0);
        }
        break;
    case PTRACE_EVENT_EXEC:
        process->inside = 1; /* the exit of execve comes */
        if (!process->started) {
            process->started = 1;
            break;
        }
        process->pid = 0;
        break;
    }
}

static void stopped(struct process *process, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
        process->inside = !process->inside;
        if (process->started && process->inside)
            at_entry(process);
        else if (process->started)
            at_exit_of_call(process);
        go_on(process, 0);
    } else if (event == PTRACE_EVENT_STOP) {
        if (process->index == NOTHING)
            process->waiting = 1;
        else if (signal == SIGTRAP)
            go_on(process, 0);
        else
            ptrace(PTRACE_LISTEN, process->pid, 0, 0);
    } else if (event) {
        pid_t pid = process->pid;
        at_event(process, event);
        if (process->pid)
            go_on(process, 0);
        else
            ptrace(PTRACE_DETACH, pid, 0, 0);
    } else {
        go_on(process, signal);
    }
}

static pid_t start(char **command)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC))
        exit(2);
    pid_t pid = fork();
    if (!pid) {
        char byte;
        close(ready[1]);
        if (read(ready[0], &byte, 1) == 1)
            execvp(command[0], command);
        _exit(127);
    }
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    struct process *first = find(pid);
    first->index = made++;
    if (ptrace(PTRACE_SEIZE, pid, 0, options) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) || write(ready[1], "x", 1) != 1) {
        perror("inject: cannot trace");
        exit(2);
    }
    close(ready[0]);
    close(ready[1]);
    return pid;
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "+a:r:")) != -1) {
        if (option == 'a')
            abi = atoi(optarg);
        else if (option == 'r')
            report = atoi(optarg);
        else
            return 2;
    }
    argv += optind;
    argc -= optind;
    listing = argc > 1 && !strcmp(argv[0], "list");
    if (report < 0 || (!listing && argc < 5))
        return 2;
    fcntl(report, F_SETFD, FD_CLOEXEC);
    if (!listing) {
        want_process = atoi(argv[0]);
        want_number = atoi(argv[1]);
        want_nth = atoi(argv[2]);
        want_errno = atoi(argv[3]);
    }
    pid_t main_pid = start(argv + (listing ? 1 : 4));
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0)
            return 2;
        if (WIFSTOPPED(status)) {
            stopped(find(pid), status);
            continue;
        }
        find(pid)->pid = 0;
        if (pid == main_pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}
