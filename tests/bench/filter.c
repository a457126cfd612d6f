/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filter costs, beside libseccomp's list and its binary tree of the same policy and a filter of four
 * instructions: to build, to load, and a call. Every round asks all of them, each in a process of its own.
 *
 *   filter [ROUNDS]        prints a table
 *   filter --once [SEED]   builds one filter in this process and prints the microseconds: the default policy, or
 *                          that of a random option set */
#include <linux/audit.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy/bpf.h"
#include "proof/engine.h"
#include "proof/subject.h"

enum { FOUR, OURS, TREE, LIST, VARIANTS, CALLS = 5, ITERATIONS = 20000, ROUNDS_MAX = 1001 };

static const char *const names[VARIANTS] = {"4 instructions", "sbx-run", "libseccomp tree", "libseccomp list"};

static const struct measured_call {
    const char *name;
    long number, args[3];
} calls[CALLS] = {
    {"getppid", SYS_getppid, {0}},
    {"mprotect", SYS_mprotect, {1, 0, 1}},
    {"ioctl TCGETS", SYS_ioctl, {-1, 0x5401, 0}},
    {"ioctl PIDFD_GET_INFO", SYS_ioctl, {-1, (long)0xc040ff0b, 0}},
    {"openat", SYS_openat, {-1, (long)"", 0}},
};

struct variant {
    struct sock_filter *code;
    unsigned length;
    double built, steps;
    double loads[ROUNDS_MAX], costs[CALLS][ROUNDS_MAX];
};

static struct variant variants[VARIANTS];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *of, unsigned count)
{
    qsort(of, count, sizeof *of, compare);
    return of[count / 2];
}

static const struct setup *default_setup(void)
{
    static struct setup setup;
#ifdef __aarch64__
    setup.subject.arch = JUDGE_AARCH64;
#endif
    setup.subject.uid = getuid();
    setup.subject.gid = getgid();
    return &setup;
}

static void make_four(struct variant *variant)
{
    static struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    variant->code = code;
    variant->length = sizeof code / sizeof *code;
}

static int make_variants(const struct judge *judge)
{
    static struct judge_policy policy;
    struct filter filter;
    struct error error;
    double start = now();
    make_four(&variants[FOUR]);
    if (subject_build(default_setup(), &filter, &error) != 0 ||
        subject_judge(judge, default_setup(), &policy) < 0)
        return -1;
    variants[OURS].built = now() - start;
    variants[OURS].code = filter.code;
    variants[OURS].length = filter.length;
    for (unsigned i = TREE; i <= LIST; i++) {
        struct engine_filter engine;
        if (engine_build(&policy, i == TREE, &engine) != 0)
            return -1;
        variants[i].code = engine.code;
        variants[i].length = engine.length;
        variants[i].built = engine.seconds * 1e9;
    }
    for (unsigned i = 0; i < VARIANTS; i++) {
        uint64_t steps = 0;
        unsigned count = 0;
        for (unsigned row = 0; row < judge->row_count; row++) {
            struct seccomp_data data = {.nr = judge->rows[row].number[policy.subject.arch],
                                        .arch = policy.subject.arch == JUDGE_X86_64 ? AUDIT_ARCH_X86_64
                                                                                    : AUDIT_ARCH_AARCH64};
            if (data.nr < 0)
                continue;
            bpf_run(variants[i].code, &data, &steps);
            count++;
        }
        variants[i].steps = (double)steps / count;
    }
    return 0;
}

/* In a child: the time to load, and of each call in nanoseconds. */
static void measure(const struct variant *variant, double *shared)
{
    struct sock_fprog program = {.len = (unsigned short)variant->length, .filter = variant->code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    double start = now();
    if (syscall(SYS_seccomp, 1, 0, &program) != 0)
        _exit(1);
    shared[0] = now() - start;
    for (unsigned call = 0; call < CALLS; call++) {
        const struct measured_call *at = &calls[call];
        for (unsigned i = 0; i < 1000; i++)
            syscall(at->number, at->args[0], at->args[1], at->args[2]);
        start = now();
        for (unsigned i = 0; i < ITERATIONS; i++)
            syscall(at->number, at->args[0], at->args[1], at->args[2]);
        shared[1 + call] = (now() - start) / ITERATIONS;
    }
    _exit(0);
}

static int measure_all(unsigned rounds)
{
    double *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -1;
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < VARIANTS; i++) {
            int status;
            pid_t child = fork();
            if (child == 0)
                measure(&variants[(i + round) % VARIANTS], shared);
            if (waitpid(child, &status, 0) != child || status != 0)
                return -1;
            struct variant *variant = &variants[(i + round) % VARIANTS];
            variant->loads[round] = shared[0];
            for (unsigned call = 0; call < CALLS; call++)
                variant->costs[call][round] = shared[1 + call];
        }
    return 0;
}

static void print(unsigned rounds)
{
    double loads[VARIANTS], costs[VARIANTS][CALLS];
    for (unsigned i = 0; i < VARIANTS; i++) {
        loads[i] = median(variants[i].loads, rounds);
        for (unsigned call = 0; call < CALLS; call++)
            costs[i][call] = median(variants[i].costs[call], rounds);
    }
    printf("\n%-18s %12s %8s %12s %10s\n", "", "instructions", "steps", "build us", "load us");
    for (unsigned i = 0; i < VARIANTS; i++)
        printf("%-18s %12u %8.1f %12.1f %10.1f\n", names[i], variants[i].length, variants[i].steps,
               variants[i].built / 1e3, loads[i] / 1e3);
    printf("\nload: %.2f of libseccomp's tree, %.2f of its list\n", loads[OURS] / loads[TREE],
           loads[OURS] / loads[LIST]);
    printf("\n%-24s %14s", "a call, ns", names[FOUR]);
    for (unsigned i = OURS; i < VARIANTS; i++)
        printf(" %18s", names[i]);
    printf("\n");
    for (unsigned call = 0; call < CALLS; call++) {
        printf("%-24s %14.1f", calls[call].name, costs[FOUR][call]);
        for (unsigned i = OURS; i < VARIANTS; i++)
            printf("    %+6.1f (%+5.1f %%)", costs[i][call] - costs[FOUR][call],
                   100 * (costs[i][call] / costs[FOUR][call] - 1));
        printf("\n");
    }
}

/* Settling and compiling alone; the options are read before, as the launcher does. */
static int build_once(const char *seed)
{
    struct setup setup = *default_setup();
    if (seed != NULL) {
        struct judge *judge = judge_read(PROOF_DATA, NULL, NULL);
        struct chance chance = {strtoull(seed, NULL, 0)};
        if (judge == NULL)
            return 1;
        setup_random(judge, &chance, &setup);
    }
    printf("%.1f\n", subject_time(&setup));
    return 0;
}

int main(int count, char **argument)
{
    if (count > 1 && strcmp(argument[1], "--once") == 0)
        return build_once(argument[2]);
    unsigned rounds = count > 1 ? (unsigned)atoi(argument[1]) : 201;
    struct judge *judge = judge_read(PROOF_DATA, NULL, NULL);
    if (judge == NULL || rounds == 0 || rounds > ROUNDS_MAX || make_variants(judge) < 0 || measure_all(rounds) < 0) {
        fprintf(stderr, "filter: cannot measure (at the top of the tree, seccomp(2) allowed?)\n");
        return 1;
    }
    print(rounds);
    return 0;
}
