/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter is held against calls.tbl: by the judge, which reads that file for itself; by libseccomp, which
 * makes the same policy its own way; by the kernel, for calls that are really made; and the proof itself by
 * mutants, which it must notice. PROOF_SEED=N asks other questions, PROOF_SETS=N more or fewer. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/bpf.h"
#include "proof/engine.h"
#include "proof/live.h"
#include "proof/mutants.h"
#include "proof/same.h"
#include "proof/subject.h"

enum { WORKERS = 2, DEFAULT_CASES = 10500000, SET_CASES = 100000, ENGINE_SETS = 500, ENGINE_SECONDS = 3, MUTANTS = 500 };

static struct judge *judge;
static uint64_t seed = 20261124;
static unsigned sets = 1000;

/* What a worker has to tell; shared. */
static struct tally {
    uint64_t cases;
    unsigned sets, refused, failures, left_out;
} *tallies;

struct inquiry {
    const struct setup *setup;
    const struct judge_policy *policy;
    const struct filter *filter;
    struct tally *tally;
};

/* ---- one case ---- */

static bool agrees(const struct setup *setup, const struct seccomp_data *data)
{
    static struct judge_policy policy;
    struct filter filter;
    struct error error;
    bool same = true;
    if (subject_build(setup, &filter, &error) != 0)
        return true;
    if (subject_judge(judge, setup, &policy) == 0)
        same = judge_verdict(&policy, data) == bpf_run(filter.code, data, NULL);
    judge_policy_clear(&policy);
    filter_free(&filter);
    return same;
}

/* Options and argument bits that the disagreement does not need are taken away. */
static void shrink(struct setup *setup, struct seccomp_data *data)
{
    for (unsigned i = setup->option_count; i-- > 0;) {
        struct setup less = *setup;
        memmove(&less.options[i], &less.options[i + 1], (less.option_count - i - 1) * sizeof *less.options);
        less.option_count--;
        if (!agrees(&less, data))
            *setup = less;
    }
    for (unsigned i = 0; i < 6; i++)
        for (unsigned bit = 64; bit-- > 0;) {
            struct seccomp_data less = *data;
            less.args[i] &= ~(UINT64_C(1) << bit);
            if (!agrees(setup, &less))
                *data = less;
        }
}

static void tell(const struct setup *failing, const struct seccomp_data *failing_data)
{
    static struct judge_policy policy;
    struct setup setup = *failing;
    struct seccomp_data data = *failing_data;
    struct filter filter;
    struct error error;
    shrink(&setup, &data);
    subject_judge(judge, &setup, &policy);
    if (subject_build(&setup, &filter, &error) != 0)
        return;
    int row = judge_row_of(&policy, &data);
    fprintf(stderr, "seed %llu: call %d (%s) arch 0x%x (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx): the filter "
                    "says 0x%08x, calls.tbl 0x%08x, with\n", (unsigned long long)seed, data.nr,
            row < 0 ? "no row" : judge->rows[row].name, data.arch, (unsigned long long)data.args[0],
            (unsigned long long)data.args[1], (unsigned long long)data.args[2], (unsigned long long)data.args[3],
            (unsigned long long)data.args[4], (unsigned long long)data.args[5],
            bpf_run(filter.code, &data, NULL), judge_verdict(&policy, &data));
    setup_print(&setup);
    judge_policy_clear(&policy);
    filter_free(&filter);
}

static void ask(const struct seccomp_data *data, void *context)
{
    struct inquiry *inquiry = context;
    inquiry->tally->cases++;
    if (judge_verdict(inquiry->policy, data) == bpf_run(inquiry->filter->code, data, NULL))
        return;
    if (inquiry->tally->failures++ < 3)
        tell(inquiry->setup, data);
}

/* All edges, then random cases until there are enough. */
static void inquire(const struct setup *setup, struct tally *tally, unsigned rounds, uint64_t wanted,
                    struct chance *chance)
{
    static struct judge_policy policy;
    static struct pools pools;
    struct filter filter;
    struct error error;
    if (subject_build(setup, &filter, &error) != 0) {
        tally->refused++;
        return;
    }
    tally->sets++;
    if (subject_judge(judge, setup, &policy) < 0 || !bpf_check(filter.code, filter.length)) {
        fprintf(stderr, "seed %llu: the judge cannot read these options, or the filter is none:\n",
                (unsigned long long)seed);
        setup_print(setup);
        tally->failures++;
        return;
    }
    pools_make(&policy, &pools);
    struct inquiry inquiry = {setup, &policy, &filter, tally};
    uint64_t end = tally->cases + wanted;
    if (rounds > 0)
        cases_all(&pools, chance, rounds, ask, &inquiry);
    while (tally->cases < end && tally->failures < 20) {
        struct seccomp_data data;
        case_random(&pools, chance, &data);
        ask(&data, &inquiry);
    }
    pools_clear(&pools);
    judge_policy_clear(&policy);
    filter_free(&filter);
}

/* ---- workers ---- */

/* Runs the work in processes side by side and adds up what they counted. */
static struct tally share_work(void (*work)(unsigned worker, struct tally *tally))
{
    struct tally sum = {0};
    memset(tallies, 0, WORKERS * sizeof *tallies);
    fflush(NULL);
    pid_t workers[WORKERS];
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            work(i, &tallies[i]);
            _exit(0);
        }
        ck_assert_int_gt(workers[i], 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        int status;
        ck_assert_int_eq(waitpid(workers[i], &status, 0), workers[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a worker ended with status 0x%x", status);
        sum.cases += tallies[i].cases;
        sum.sets += tallies[i].sets;
        sum.refused += tallies[i].refused;
        sum.failures += tallies[i].failures;
        sum.left_out += tallies[i].left_out;
    }
    return sum;
}

/* The default policy for those whose plans make it differ: user, root, kept capabilities, ids at the edges. */
static const struct setup defaults[] = {
    {.subject = {JUDGE_X86_64, 1000, 1000, 0}},
    {.subject = {JUDGE_AARCH64, 1000, 1000, 0}},
    {.subject = {JUDGE_X86_64, 0, 0, 0}},
    {.subject = {JUDGE_AARCH64, 0, 0, 0}},
    {.subject = {JUDGE_X86_64, 65534, 4294967294, UINT64_MAX}},
    {.subject = {JUDGE_AARCH64, 100000, 5, 1 << 7 | 1 << 18}}, /* SETUID, SYS_CHROOT */
    {.subject = {JUDGE_X86_64, 0x80000000, 0x1ffff, 1 << 6}},  /* SETGID */
    {.subject = {JUDGE_X86_64, 1000, 1000, 0}, .mode = JUDGE_EXPLAIN},
    {.subject = {JUDGE_AARCH64, 1000, 1000, 0}, .mode = JUDGE_LEARN},
    {.subject = {JUDGE_X86_64, 1000, 1000, 0}, .option_count = 1, .options = {{"audit", ""}}},
    {.subject = {JUDGE_X86_64, 1000, 1000, 0}, .option_count = 1, .options = {{"arch", "x86,x32"}}},
    {.subject = {JUDGE_X86_64, 1000, 1000, 0}, .option_count = 1, .options = {{"deny", "execve"}}, .token = true},
};

enum { DEFAULTS = sizeof defaults / sizeof *defaults, PLAIN_DEFAULTS = 7 };

static void prove_defaults(unsigned worker, struct tally *tally)
{
    struct chance chance = {seed + worker};
    for (unsigned i = worker; i < DEFAULTS; i += WORKERS)
        inquire(&defaults[i], tally, 8, (uint64_t)DEFAULT_CASES * sets / 1000 / DEFAULTS, &chance);
}

static void prove_sets(unsigned worker, struct tally *tally)
{
    for (unsigned i = worker; tally->sets < (sets + WORKERS - 1) / WORKERS; i += WORKERS) {
        struct chance chance = {seed * 1000003 + i};
        struct setup setup;
        setup_random(judge, &chance, &setup);
        inquire(&setup, tally, i % 16 == 0 ? 1 : 0, SET_CASES, &chance);
    }
}

START_TEST(judge_reads_every_row)
{
    unsigned numbers[JUDGE_ARCHES] = {0};
    for (unsigned i = 0; i < judge->row_count; i++)
        for (unsigned arch = 0; arch < JUDGE_ARCHES; arch++)
            numbers[arch] += judge->rows[i].number[arch] >= 0;
    ck_assert_uint_ge(judge->row_count, 385);
    ck_assert_uint_ge(numbers[JUDGE_X86_64], 380);
    ck_assert_uint_ge(numbers[JUDGE_AARCH64], 320);
}
END_TEST

START_TEST(default_policy_answers_as_the_table_says)
{
    struct tally tally = share_work(prove_defaults);
    printf("note: %llu cases of the default policy, %u subjects and modes\n", (unsigned long long)tally.cases, tally.sets);
    ck_assert_uint_eq(tally.failures, 0);
    ck_assert_uint_eq(tally.sets, DEFAULTS);
}
END_TEST

START_TEST(random_option_sets_answer_as_the_table_says)
{
    struct tally tally = share_work(prove_sets);
    printf("note: %llu cases of %u random option sets (%u more were refused as they should be)\n",
           (unsigned long long)tally.cases, tally.sets, tally.refused);
    ck_assert_uint_eq(tally.failures, 0);
    ck_assert_uint_lt(tally.refused, 5 + tally.sets / 20);
}
END_TEST

/* ---- the second engine ---- */

/* libseccomp's names decide what it can say of a foreign architecture: such rows are opened on both sides. */
static int build_engine(struct setup *setup, struct engine_filter *engine)
{
    static struct judge_policy policy;
    int status = -1;
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        if (subject_judge(judge, setup, &policy) < 0)
            return -1;
        status = engine_build(&policy, true, engine);
        judge_policy_clear(&policy);
        bool again = false;
        for (unsigned number = 0; number < JUDGE_NUMBERS && status == 0 && attempt == 0; number++) {
            if (!engine->left_out[number] || setup->option_count == JUDGE_SETTINGS_MAX)
                continue;
            struct judge_option *option = &setup->options[setup->option_count++];
            option->key = "allow";
            snprintf(option->value, sizeof option->value, "%s",
                     judge->rows[judge->by_number[setup->subject.arch][number]].name);
            again = true;
        }
        if (!again)
            break;
        free(engine->code);
    }
    return status;
}

static void compare_engines(struct setup setup, struct tally *tally)
{
    struct engine_filter engine;
    struct filter filter;
    struct error error;
    struct seccomp_data where;
    setup.mode = JUDGE_ENFORCE;
    setup.token = false;
    if (subject_build(&setup, &filter, &error) != 0)
        return;
    filter_free(&filter);
    int status = build_engine(&setup, &engine);
    if (status != 0) {
        tally->left_out += status > 0;
        tally->failures += status < 0;
        return;
    }
    if (subject_build(&setup, &filter, &error) != 0)
        return;
    int same = same_filters(filter.code, engine.code, &where);
    tally->sets += same == 1;
    tally->left_out += same < 0;
    tally->cases += engine.rules;
    if (same == 0 && tally->failures++ < 3) {
        fprintf(stderr, "seed %llu: libseccomp answers call %d arch 0x%x (0x%llx, 0x%llx, 0x%llx) 0x%08x, the filter "
                        "0x%08x\n", (unsigned long long)seed, where.nr, where.arch,
                (unsigned long long)where.args[0], (unsigned long long)where.args[1],
                (unsigned long long)where.args[2], bpf_run(engine.code, &where, NULL),
                bpf_run(filter.code, &where, NULL));
        setup_print(&setup);
    }
    free(engine.code);
    filter_free(&filter);
}

/* In a process of its own: for some sets of rules libseccomp takes minutes. */
static void compare_soon(const struct setup *setup, struct tally *tally)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL); /* libcheck has a handler that kills the whole process group */
        alarm(ENGINE_SECONDS);
        compare_engines(*setup, tally);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        status = -1;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        tally->left_out++;
    else
        tally->failures += status != 0;
}

static void prove_engine(unsigned worker, struct tally *tally)
{
    for (unsigned i = worker; i < PLAIN_DEFAULTS; i += WORKERS)
        compare_engines(defaults[i], tally);
    unsigned wanted = tally->sets + ENGINE_SETS * sets / 1000 / WORKERS;
    for (unsigned i = worker; tally->sets < wanted && tally->failures < 10; i += WORKERS) {
        struct chance chance = {seed * 777767777 + i};
        struct setup setup;
        setup_random(judge, &chance, &setup);
        bool foreign = false;
        for (unsigned option = 0; option < setup.option_count; option++)
            foreign = foreign || strcmp(setup.options[option].key, "arch") == 0;
        if (!foreign)
            compare_soon(&setup, tally);
    }
}

START_TEST(libseccomp_makes_the_same_policy)
{
    struct tally tally = share_work(prove_engine);
    printf("note: %u policies of libseccomp answer alike for every call, %llu rules (%u more it cannot say)\n", tally.sets,
           (unsigned long long)tally.cases, tally.left_out);
    ck_assert_uint_eq(tally.failures, 0);
    ck_assert_uint_ge(tally.sets, PLAIN_DEFAULTS);
    ck_assert_uint_lt(tally.left_out, tally.sets);
}
END_TEST

/* ---- mutants and calls ---- */

START_TEST(every_mutant_is_noticed)
{
    struct mutant_count count = mutants_try(judge, seed, MUTANTS);
    printf("note: %u mutants noticed (%u of instructions, %u of rows); %u more changed no verdict\n",
           count.instructions + count.rows, count.instructions, count.rows, count.alike);
    ck_assert_uint_eq(count.missed, 0);
    ck_assert_uint_ge(count.instructions + count.rows, MUTANTS);
}
END_TEST

START_TEST(the_kernel_answers_as_the_table_says)
{
    unsigned made, refused, failures;
    if (live_compare(judge, &made, &refused, &failures) < 0) {
        printf("skip: calls are not made: this machine is no x86_64, or seccomp(2) does not work\n");
        return;
    }
    printf("note: %u calls were made, %u of them refused\n", made, refused);
    ck_assert_uint_eq(failures, 0);
    ck_assert_uint_gt(refused, 100);
}
END_TEST

static unsigned number_from(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 0);
}

int main(void)
{
    seed = number_from("PROOF_SEED", (unsigned)seed);
#if defined(__SANITIZE_ADDRESS__)
    sets = 40; /* the sanitizers cost a factor of ten */
#endif
    sets = number_from("PROOF_SETS", sets);
    setvbuf(stdout, NULL, _IOLBF, 0);
    judge = judge_read(PROOF_DATA, NULL, NULL);
    tallies = mmap(NULL, WORKERS * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (judge == NULL || tallies == MAP_FAILED) {
        fprintf(stderr, "proof: cannot read %s (run it at the top of the tree)\n", PROOF_DATA);
        return 1;
    }
    Suite *suite = suite_create("proof");
    /* CK_RUN_CASE=NAME runs one of them */
    const struct {
        const char *name;
        const TTest *test;
    } cases[] = {
        {"judge", judge_reads_every_row},
        {"kernel", the_kernel_answers_as_the_table_says},
        {"default", default_policy_answers_as_the_table_says},
        {"sets", random_option_sets_answer_as_the_table_says},
        {"libseccomp", libseccomp_makes_the_same_policy},
        {"mutants", every_mutant_is_noticed},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TCase *tests = tcase_create(cases[i].name);
        tcase_add_test(tests, cases[i].test);
        suite_add_tcase(suite, tests);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
