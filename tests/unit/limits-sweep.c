/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose group is swept, and that no other is: in plain directories, so that it needs no right over cgroups. */
#include "confine/limits-sweep.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[64];
static struct group_owner self;

static void setup(void)
{
    char name[256];
    struct error error;
    strcpy(top, "/tmp/sbx-sweep.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    ck_assert_int_eq(group_name(name, sizeof name, "x", &error), 0);
    ck_assert(group_name_parse(name, &self));
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    ck_assert_int_eq(system(command), 0);
}

static const char *make(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *make(const char *format, ...)
{
    static char path[512];
    char name[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    snprintf(path, sizeof path, "%s/%s", top, name);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    return path;
}

static bool is_there(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

/* A process number that nobody has. */
static pid_t free_pid(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return child;
}

START_TEST(name_is_parsed_back)
{
    static const char *const labels[] = { "x", "", "a-b c/../\n\xff\xc3\xa4", "sbx-a-1-2-3",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" };
    char name[256];
    struct error error;
    struct group_owner owner;
    ck_assert_int_eq(group_name(name, sizeof name, labels[_i], &error), 0);
    ck_assert_msg(group_name_parse(name, &owner), "%s", name);
    ck_assert_int_eq(owner.pid, getpid());
    ck_assert_uint_eq(owner.start_time, self.start_time);
    ck_assert_uint_ne(owner.space, 0);
    ck_assert_ptr_null(strpbrk(name, "/ \n"));
    ck_assert_uint_lt(strlen(name), 192);
    ck_assert_int_eq(group_name(name, 30, labels[_i], &error), -1);
}
END_TEST

static const char *const no_names[] = {
    "", "sbx", "sbx-", "sbx-x", "sbx-x-1", "sbx-x-1-2", "sbx-1-2-3", "sbx-x-1-2-", "sbx-x-1--3", "sbx-x--2-3",
    "sbx-x-0-2-3", "sbx-x-01-2-3", "sbx-x-1-02-3", "sbx-x-+1-2-3", "sbx-x- 1-2-3", "sbx-x-1-2-3 ", "sbx-x-1-2-3x",
    "sbx-x-2147483648-2-3", "sbx-x-1-18446744073709551616-3", "sbx-x-1-2-18446744073709551616",
    "sbx-x-99999999999999999999999-2-3", "sbx-x/y-1-2-3", "sbx-x y-1-2-3", "sbx-x-y-1-2-3", "sbX-x-1-2-3",
    "xsbx-x-1-2-3", "sbx-x\n-1-2-3", "sbx-\xc3\xa4-1-2-3", "sbx-x-1-2-0x3", ".scope", "sbx-x-1-2-.scope", "sbx-x-1-2-3.scope.scope",
    "sbx-x-1-2-3.slice", "sbx-x-1-2.0-3",
    "sbx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-1-2-3",
};

START_TEST(other_names_are_not_ours)
{
    struct group_owner owner = { .pid = -7 };
    ck_assert_msg(!group_name_parse(no_names[_i], &owner), "%s", no_names[_i]);
    ck_assert_int_eq(owner.pid, -7);
}
END_TEST

START_TEST(names_at_their_edges)
{
    struct group_owner owner;
    ck_assert(group_name_parse("sbx--1-0-0", &owner));
    ck_assert(group_name_parse("sbx-x-2147483647-18446744073709551615-18446744073709551615", &owner));
    ck_assert_int_eq(owner.pid, INT32_MAX);
    ck_assert_uint_eq(owner.start_time, UINT64_MAX);
    ck_assert(group_name_parse("sbx-x-1-2-3.scope", &owner));
    ck_assert_uint_eq(owner.space, 3);
}
END_TEST

START_TEST(dead_owner_is_swept)
{
    const char *path = make("sbx-x-%d-%" PRIu64 "-%" PRIu64, (int)free_pid(), self.start_time, self.space);
    group_sweep(top);
    ck_assert(!is_there(path));
}
END_TEST

START_TEST(reused_pid_is_swept)
{
    const char *path = make("sbx-x-%d-%" PRIu64 "-%" PRIu64, (int)getpid(), self.start_time + 1, self.space);
    group_sweep(top);
    ck_assert(!is_there(path));
}
END_TEST

START_TEST(living_owner_is_left)
{
    const char *path = make("sbx-x-%d-%" PRIu64 "-%" PRIu64, (int)getpid(), self.start_time, self.space);
    group_sweep(top);
    ck_assert(is_there(path));
}
END_TEST

START_TEST(zombie_owner_is_swept)
{
    char name[256];
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error ignored;
        memset(name, 0, sizeof name);
        group_name(name, sizeof name, "z", &ignored);
        if (write(ready[1], name, sizeof name) < 0)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], name, sizeof name), sizeof name);
    const char *path = make("%s", name);
    group_sweep(top);
    ck_assert_msg(is_there(path), "%s was swept while its owner lived", path);
    kill(child, SIGKILL);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    group_sweep(top);
    ck_assert(!is_there(path));
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(other_namespaces_are_left)
{
    pid_t dead = free_pid();
    char path[512];
    strcpy(path, make("sbx-x-%d-1-%" PRIu64, (int)dead, self.space + 1));
    const char *unknown = make("sbx-x-%d-1-0", (int)dead);
    group_sweep(top);
    ck_assert(is_there(path) && is_there(unknown));
}
END_TEST

START_TEST(what_only_looks_alike_is_left)
{
    pid_t dead = free_pid();
    char path[512], file[512], target[512];
    strcpy(path, make("xsbx-x-%d-1-%" PRIu64, (int)dead, self.space));
    strcpy(target, make("target"));
    snprintf(file, sizeof file, "%s/sbx-f-%d-1-%" PRIu64, top, (int)dead, self.space);
    int made = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_ge(made, 0);
    close(made);
    char link[512], in_target[600];
    snprintf(link, sizeof link, "%s/sbx-l-%d-1-%" PRIu64, top, (int)dead, self.space);
    ck_assert_int_eq(symlink("target", link), 0);
    snprintf(in_target, sizeof in_target, "%s/sub", target);
    ck_assert_int_eq(mkdir(in_target, 0755), 0);
    group_sweep(top);
    ck_assert(is_there(path) && is_there(file) && is_there(link) && is_there(target) && is_there(in_target));
}
END_TEST

START_TEST(others_directories_are_left)
{
    if (geteuid() != 0) {
        printf("skip: giving a directory to another user needs root\n");
        return;
    }
    const char *path = make("sbx-x-%d-1-%" PRIu64, (int)free_pid(), self.space);
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    group_sweep(top);
    ck_assert(is_there(path));
}
END_TEST

START_TEST(groups_below_go_too)
{
    char name[256];
    snprintf(name, sizeof name, "sbx-x-%d-1-%" PRIu64, (int)free_pid(), self.space);
    char path[512], below[600];
    strcpy(path, make("%s", name));
    for (const char *const *sub = (const char *const[]){ "a", "a/b", "a/b/c", "d", NULL }; *sub != NULL; sub++) {
        snprintf(below, sizeof below, "%s/%s", path, *sub);
        ck_assert_int_eq(mkdir(below, 0755), 0);
    }
    group_sweep(top);
    ck_assert(!is_there(path));
}
END_TEST

/* In a plain directory cgroup.procs is a file that names whom it likes: 0 and 1 and the caller must not be killed,
 * and what cannot be removed is an error within the time given. */
START_TEST(numbers_that_are_not_for_killing)
{
    char path[512], file[600];
    struct error error = { .text = "" };
    strcpy(path, make("group"));
    snprintf(file, sizeof file, "%s/cgroup.procs", path);
    pid_t child = fork();
    if (child == 0) {
        FILE *stream = fopen(file, "w");
        if (setpgid(0, 0) != 0 || stream == NULL)
            _exit(1);
        fprintf(stream, "0\n1\n-1\n%d\njunk\n", (int)getpid());
        fclose(stream);
        _exit(group_end(path, false, 30, &error) == -1 && strstr(error.text, "30 ms") != NULL ? 42 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 42, "status %x", status);
    ck_assert(is_there(path));
}
END_TEST

START_TEST(no_group_is_no_error)
{
    char path[128];
    struct error error;
    snprintf(path, sizeof path, "%s/none", top);
    ck_assert_int_eq(group_end(path, false, 100, &error), 0);
    group_sweep(path);
    snprintf(path, sizeof path, "%s/link", top);
    ck_assert_int_eq(symlink("/", path), 0);
    ck_assert_int_eq(group_end(path, false, 100, &error), -1); /* not followed */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits-sweep");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, name_is_parsed_back, 0, 5);
    tcase_add_loop_test(tests, other_names_are_not_ours, 0, sizeof no_names / sizeof no_names[0]);
    tcase_add_test(tests, names_at_their_edges);
    tcase_add_test(tests, dead_owner_is_swept);
    tcase_add_test(tests, reused_pid_is_swept);
    tcase_add_test(tests, living_owner_is_left);
    tcase_add_test(tests, zombie_owner_is_swept);
    tcase_add_test(tests, other_namespaces_are_left);
    tcase_add_test(tests, what_only_looks_alike_is_left);
    tcase_add_test(tests, others_directories_are_left);
    tcase_add_test(tests, groups_below_go_too);
    tcase_add_test(tests, numbers_that_are_not_for_killing);
    tcase_add_test(tests, no_group_is_no_error);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
