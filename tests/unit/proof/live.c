/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "subject.h"

/* What became of a call: its result (a negative errno, or 0 for success), or the signal that ended the process. */
struct outcome {
    long result;
    int signal;
};

#ifdef __x86_64__

/* Not through libc: a child of vfork or clone must leave at once, without a stack. */
static long make_call(const struct seccomp_data *data)
{
    long result = data->nr;
    register unsigned long r10 __asm__("r10") = data->args[3];
    register unsigned long r8 __asm__("r8") = data->args[4];
    register unsigned long r9 __asm__("r9") = data->args[5];
    long child = data->nr == SYS_fork || data->nr == SYS_vfork || data->nr == SYS_clone;
    register long is_child_maker __asm__("r12") = child;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "test %%r12, %%r12\n\t"
                     "jz 1f\n\t"
                     "xor %%edi, %%edi\n\t"
                     "mov $60, %%eax\n\t"
                     "syscall\n\t"
                     "1:"
                     : "+a"(result)
                     : "D"(data->args[0]), "S"(data->args[1]), "d"(data->args[2]), "r"(r10), "r"(r8), "r"(r9),
                       "r"(is_child_maker)
                     : "rcx", "r11", "memory");
    return result;
}

static void be_interrupted(int signal)
{
    (void)signal;
}

/* In a process of its own. The shared page holds what came of it. */
static void make_in_child(const struct seccomp_data *data, const struct filter *filter, struct outcome *shared)
{
    /* whoever waits is woken */
    struct sigaction action = {.sa_handler = be_interrupted};
    sigaction(SIGALRM, &action, NULL);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would catch what rt_sigreturn makes of a stack */
    struct itimerval soon = {.it_value.tv_usec = 30000, .it_interval.tv_usec = 30000};
    setitimer(ITIMER_REAL, &soon, NULL);
    if (data->nr != SYS_pause && data->nr != SYS_rt_sigsuspend)
        setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    /* the low byte of clone's flags is the signal that a child sends when it ends */
    sigset_t signals;
    sigfillset(&signals);
    sigdelset(&signals, SIGALRM);
    sigdelset(&signals, SIGSEGV);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit(99);
    if (filter != NULL) {
        struct sock_fprog program = {.len = filter->length, .filter = filter->code};
        if (syscall(SYS_seccomp, 1, 0, &program) != 0)
            _exit(99);
    }
    shared->result = make_call(data);
    _exit(0);
}

static int call_once(const struct seccomp_data *data, const struct filter *filter, struct outcome *shared)
{
    int status;
    shared->result = 4242; /* the call did not return */
    shared->signal = 0;
    pid_t child = fork();
    if (child == 0)
        make_in_child(data, filter, shared);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    if (WIFSIGNALED(status))
        shared->signal = WTERMSIG(status);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
        return -1;
    if (shared->result > 0 && shared->result != 4242)
        shared->result = 0;
    return 0;
}

struct comparison {
    const struct judge_policy *policy;
    const struct filter *filter;
    struct outcome *shared;
    unsigned made, refused, failures;
    int broken;
};

static void compare(struct comparison *comparison, const struct seccomp_data *data)
{
    uint32_t verdict = judge_verdict(comparison->policy, data);
    bool allowed = verdict == SECCOMP_RET_ALLOW;
    struct outcome beside = {0, 0};
    /* vhangup has no argument that could make it harmless */
    if (data->nr != SYS_vhangup) {
        comparison->broken |= call_once(data, NULL, comparison->shared);
        beside = *comparison->shared;
    }
    comparison->broken |= call_once(data, comparison->filter, comparison->shared);
    struct outcome expected = allowed ? beside : (struct outcome){-(long)(verdict & SECCOMP_RET_DATA), 0};
    comparison->made++;
    comparison->refused += !allowed;
    if (expected.result == comparison->shared->result && expected.signal == comparison->shared->signal)
        return;
    if (comparison->failures++ < 10)
        fprintf(stderr, "live: %s(0x%llx, 0x%llx, 0x%llx, 0x%llx): %ld signal %d, expected %ld signal %d\n",
                comparison->policy->judge->rows[judge_row_of(comparison->policy, data)].name,
                (unsigned long long)data->args[0], (unsigned long long)data->args[1],
                (unsigned long long)data->args[2], (unsigned long long)data->args[3], comparison->shared->result,
                comparison->shared->signal, expected.result, expected.signal);
}

/* Arguments of -1: no address, no descriptor, no known flag; nothing can come of an allowed call. In a call with
 * conditions each value of its pools stands among them. */
static void compare_row(struct comparison *comparison, const struct pools *pools, unsigned row)
{
    struct seccomp_data data = {.nr = comparison->policy->judge->rows[row].number[JUDGE_X86_64],
                                .arch = AUDIT_ARCH_X86_64};
    if (data.nr < 0)
        return;
    memset(data.args, 0xff, sizeof data.args);
    if (data.nr == SYS_msgget)
        data.args[1] = 0; /* with all flags set it would make a queue that stays */
    compare(comparison, &data);
    for (unsigned argument = 0; argument < 6; argument++) {
        const struct pool *pool = &pools->pools[row][argument];
        /* all the edges of a long list are a matter for the interpreter: here one in some, the ends included */
        unsigned step = pool->count / 60 + 1;
        for (unsigned i = 0; i < pool->count; i += step) {
            memset(data.args, 0xff, sizeof data.args);
            data.args[argument] = pool->values[i];
            unsigned char end_signal = data.nr == SYS_clone ? (unsigned char)data.args[0] : 0;
            if (end_signal != SIGKILL && end_signal != SIGSTOP) /* which nobody can block */
                compare(comparison, &data);
        }
    }
}

/* Calls whose verdict hangs on two arguments at once. */
static void compare_pairs(struct comparison *comparison)
{
    static const struct seccomp_data calls[] = {
        {.nr = SYS_socket, .args = {1, 1, 0}}, {.nr = SYS_socket, .args = {2, 1 | 02000000, 0}},
        {.nr = SYS_socket, .args = {10, 2, 0}}, {.nr = SYS_socket, .args = {16, 3, 0}},
        {.nr = SYS_socket, .args = {17, 3, 0}}, {.nr = SYS_socket, .args = {2, 3, 1}},
        {.nr = SYS_socket, .args = {1, 5 | 04000, 0}}, {.nr = SYS_socket, .args = {2 | 1ul << 32, 1, 0}},
        {.nr = SYS_prctl, .args = {38, 1, 0, 0, 0}}, {.nr = SYS_prctl, .args = {38, 0, 0, 0, 0}},
        {.nr = SYS_prctl, .args = {38, 1 | 1ul << 32, 0, 0, 0}}, {.nr = SYS_prctl, .args = {38 | 1ul << 40, 1, 0}},
        {.nr = SYS_mmap, .args = {0, 4096, 4, 0x22, ~0ul, 0}}, {.nr = SYS_mmap, .args = {0, 4096, 3, 0x22, ~0ul, 0}},
        {.nr = SYS_mmap, .args = {0, 4096, 7, 2, ~0ul, 0}}, {.nr = SYS_mmap, .args = {0, 4096, 5, 2, ~0ul, 0}},
        {.nr = SYS_open, .args = {~0ul, 0102, 04755}}, {.nr = SYS_open, .args = {~0ul, 0102, 0755}},
        {.nr = SYS_open, .args = {~0ul, 0, 04755}}, {.nr = SYS_open, .args = {~0ul, 020200002, 06755}},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct seccomp_data data = calls[i];
        data.arch = AUDIT_ARCH_X86_64;
        compare(comparison, &data);
    }
}

int live_compare(const struct judge *judge, unsigned *made, unsigned *refused, unsigned *failures)
{
    static struct judge_policy policy;
    static struct pools pools;
    struct setup setup = {.subject = {JUDGE_X86_64, getuid(), getgid(), 0}};
    struct filter filter;
    struct error error;
    struct comparison comparison = {.policy = &policy, .filter = &filter};
    if (subject_judge(judge, &setup, &policy) < 0 || subject_build(&setup, &filter, &error) != 0)
        return -1;
    pools_make(&policy, &pools);
    comparison.shared = mmap(NULL, sizeof *comparison.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                             -1, 0);
    if (comparison.shared == MAP_FAILED)
        return -1;
    fflush(NULL);
    for (unsigned row = 0; row < judge->row_count && comparison.broken == 0; row++)
        compare_row(&comparison, &pools, row);
    compare_pairs(&comparison);
    while (waitpid(-1, NULL, WNOHANG) > 0) /* children of children, made with CLONE_PARENT */
        ;
    munmap(comparison.shared, sizeof *comparison.shared);
    pools_clear(&pools);
    judge_policy_clear(&policy);
    filter_free(&filter);
    *made = comparison.made;
    *refused = comparison.refused;
    *failures = comparison.failures;
    return comparison.broken;
}

#else

int live_compare(const struct judge *judge, unsigned *made, unsigned *refused, unsigned *failures)
{
    (void)judge;
    *made = *refused = *failures = 0;
    return -1;
}

#endif
