/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter: what it takes and what it answers. Where seccomp(2) works, the kernel is asked too. */
#include <check.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/bpf.h"

#define S(code, k) BPF_STMT(code, k)
#define J(code, k, jt, jf) BPF_JUMP(code, k, jt, jf)
#define END S(BPF_RET | BPF_A, 0)
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct program {
    struct sock_filter code[8];
    uint32_t answer;
};

/* Each ends with what stands in the accumulator; the data is made of known words. */
static const struct program programs[] = {
    {{S(BPF_LD | BPF_W | BPF_ABS, 0), END}, 39},
    {{S(BPF_LD | BPF_W | BPF_ABS, 16), END}, 0x22222222},
    {{S(BPF_LD | BPF_W | BPF_ABS, 20), END}, 0x11111111},
    {{S(BPF_LD | BPF_W | BPF_LEN, 0), END}, 64},
    {{S(BPF_LDX | BPF_W | BPF_LEN, 0), S(BPF_MISC | BPF_TXA, 0), END}, 64},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_ADD | BPF_K, 5), END}, 12},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_SUB | BPF_K, 9), END}, 0xfffffffe},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_MUL | BPF_K, 0x80000001), END}, 0x80000007},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_DIV | BPF_K, 2), END}, 3},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_OR | BPF_K, 8), END}, 15},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_XOR | BPF_K, 2), END}, 5},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_AND | BPF_K, 2), END}, 2},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_LSH | BPF_K, 31), END}, 0x80000000},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_RSH | BPF_K, 1), END}, 3},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_NEG, 0), END}, 0xfffffff9},
    {{S(BPF_LDX | BPF_IMM, 3), S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_LSH | BPF_X, 0), END}, 56},
    {{S(BPF_LDX | BPF_IMM, 3), S(BPF_LD | BPF_IMM, 7), S(BPF_ALU | BPF_DIV | BPF_X, 0), END}, 2},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_MISC | BPF_TAX, 0), S(BPF_LD | BPF_IMM, 1), S(BPF_ALU | BPF_SUB | BPF_X, 0), END},
     0xfffffffa},
    {{S(BPF_LD | BPF_IMM, 7), S(BPF_ST, 15), S(BPF_LD | BPF_IMM, 1), S(BPF_LD | BPF_MEM, 15), END}, 7},
    {{S(BPF_LDX | BPF_IMM, 9), S(BPF_STX, 2), S(BPF_LDX | BPF_IMM, 0), S(BPF_LDX | BPF_MEM, 2),
      S(BPF_MISC | BPF_TXA, 0), END}, 9},
    {{S(BPF_LD | BPF_IMM, 7), J(BPF_JMP | BPF_JA, 1, 0, 0), S(BPF_LD | BPF_IMM, 1), END}, 7},
    {{S(BPF_LD | BPF_IMM, 7), J(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1), S(BPF_LD | BPF_IMM, 1), END}, 1},
    {{S(BPF_LD | BPF_IMM, 7), J(BPF_JMP | BPF_JGT | BPF_K, 7, 0, 1), S(BPF_LD | BPF_IMM, 1), END}, 7},
    {{S(BPF_LD | BPF_IMM, 7), J(BPF_JMP | BPF_JGE | BPF_K, 7, 0, 1), S(BPF_LD | BPF_IMM, 1), END}, 1},
    {{S(BPF_LD | BPF_IMM, 7), J(BPF_JMP | BPF_JSET | BPF_K, 8, 0, 1), S(BPF_LD | BPF_IMM, 1), END}, 7},
    {{S(BPF_LD | BPF_IMM, 0xfffffff0), J(BPF_JMP | BPF_JGT | BPF_K, 7, 0, 1), S(BPF_LD | BPF_IMM, 1), END}, 1},
    {{S(BPF_LDX | BPF_IMM, 8), S(BPF_LD | BPF_IMM, 7), J(BPF_JMP | BPF_JGE | BPF_X, 0, 1, 0), S(BPF_LD | BPF_IMM, 1),
      END}, 1},
};

static const struct seccomp_data data = {.nr = 39, .arch = 1, .args = {UINT64_C(0x1111111122222222)}};

static size_t length_of(const struct sock_filter *code)
{
    size_t length = 1;
    while (BPF_CLASS(code[length - 1].code) != BPF_RET)
        length++;
    return length;
}

START_TEST(instructions_answer_as_they_should)
{
    for (size_t i = 0; i < COUNT(programs); i++) {
        uint64_t steps = 0;
        ck_assert_msg(bpf_check(programs[i].code, length_of(programs[i].code)), "program %zu", i);
        uint32_t answer = bpf_run(programs[i].code, &data, &steps);
        ck_assert_msg(answer == programs[i].answer, "program %zu: 0x%x", i, answer);
        ck_assert_uint_gt(steps, 1);
    }
    static const struct sock_filter divides[] = {S(BPF_LDX | BPF_IMM, 0), S(BPF_LD | BPF_IMM, 7),
                                                 S(BPF_ALU | BPF_DIV | BPF_X, 0), S(BPF_RET | BPF_K, 1)};
    ck_assert_uint_eq(bpf_run(divides, &data, NULL), 0); /* the kernel kills the thread */
}
END_TEST

/* Errno 1 when the kernel finds the same in the accumulator, 2 when not: asked by getpid(2), number 39. */
START_TEST(kernel_agrees)
{
#ifdef __x86_64__
    for (size_t i = 5; i < COUNT(programs); i++) {
        struct sock_filter code[16];
        size_t length = length_of(programs[i].code) - 1;
        const struct sock_filter tail[] = {
            J(BPF_JMP | BPF_JEQ | BPF_K, programs[i].answer, 0, 1), S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
            S(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 2)};
        const struct sock_filter head[] = {S(BPF_LD | BPF_W | BPF_ABS, 0), J(BPF_JMP | BPF_JEQ | BPF_K, 39, 1, 0),
                                           S(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
        memcpy(code, head, sizeof head);
        memcpy(code + 3, programs[i].code, length * sizeof *code);
        memcpy(code + 3 + length, tail, sizeof tail);
        struct sock_fprog program = {.len = (unsigned short)(length + 6), .filter = code};
        pid_t child = fork();
        if (child == 0) {
            if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, 2, &program) != 0)
                _exit(99);
            long pid = syscall(SYS_getpid);
            syscall(SYS_exit_group, pid == -1 && errno == 1 ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 99) {
            printf("skip: filters cannot be loaded here\n");
            return;
        }
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "program %zu: status 0x%x", i, status);
    }
#else
    printf("skip: the number of getpid is written down for x86_64 only\n");
#endif
}
END_TEST

START_TEST(bad_programs_are_not_taken)
{
    static const struct sock_filter ok = S(BPF_RET | BPF_K, 0);
    const struct sock_filter bad[][3] = {
        {S(BPF_LD | BPF_W | BPF_ABS, 64), ok},                /* beyond the data */
        {S(BPF_LD | BPF_W | BPF_ABS, 2), ok},                 /* not aligned */
        {S(BPF_LD | BPF_H | BPF_ABS, 0), ok},
        {S(BPF_LD | BPF_W | BPF_IND, 0), ok},
        {S(BPF_ALU | BPF_DIV | BPF_K, 0), ok},
        {S(BPF_ALU | BPF_MOD | BPF_K, 3), ok},
        {S(BPF_ALU | BPF_LSH | BPF_K, 32), ok},
        {S(BPF_LD | BPF_MEM, 16), ok},
        {S(BPF_ST, 16), ok},
        {J(BPF_JMP | BPF_JA, 1, 0, 0), ok},                   /* past the end */
        {J(BPF_JMP | BPF_JA, UINT32_MAX, 0, 0), ok},
        {J(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), ok},
        {J(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 255), ok},
        {ok, S(BPF_LD | BPF_IMM, 1)},                         /* no return at the end */
        {S(0xffff, 0), ok},
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!bpf_check(bad[i], 2), "program %zu", i);
    ck_assert(!bpf_check(&ok, 0));
    ck_assert(bpf_check(&ok, 1));
    struct sock_filter *many = calloc(BPF_MAXINSNS + 1, sizeof *many);
    for (size_t i = 0; i <= BPF_MAXINSNS; i++)
        many[i] = ok;
    ck_assert(bpf_check(many, BPF_MAXINSNS));
    ck_assert(!bpf_check(many, BPF_MAXINSNS + 1));
    free(many);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy-bpf");
    TCase *tests = tcase_create("policy-bpf");
    tcase_add_test(tests, instructions_answer_as_they_should);
    tcase_add_test(tests, kernel_agrees);
    tcase_add_test(tests, bad_programs_are_not_taken);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
