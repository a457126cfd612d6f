/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc and cgroup trees of our own making, hostile ones too. */
#include "confine/limits-where.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static struct limits_roots roots = { .any_filesystem = true };
static char proc[96];

/* Writes a file below the test's directory, its directories too. */
static void put(const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", top, name);
    for (char *slash = path + strlen(top) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        ck_assert(mkdir(path, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert(fputs(text, file) >= 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* mountinfo lines with @ for the test's directory. */
static void put_mounts(const char *text)
{
    char out[4096] = "";
    for (const char *at = text; *at != '\0'; at++)
        snprintf(out + strlen(out), sizeof out - strlen(out), *at == '@' ? "%s" : "%.1s", *at == '@' ? top : at);
    put("proc/self/mountinfo", out);
}

static void setup(void)
{
    strcpy(top, "/tmp/sbx-where.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(proc, sizeof proc, "%s/proc", top);
    roots.proc = proc;
    put("proc/swaps", "");
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    ck_assert_int_eq(system(command), 0);
}

static struct limits_where find(void)
{
    struct limits_where where;
    struct error error;
    ck_assert_msg(limits_where_find(&where, &roots, &error) == 0, "%s", error.text);
    return where;
}

#define V2_MOUNT "30 20 0:25 / @/cg rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"

START_TEST(v2_own_group_and_limits_above)
{
    put("proc/self/cgroup", "0::/a.slice/b.service\n");
    put_mounts("20 1 0:3 / /proc rw - proc proc rw\n" V2_MOUNT);
    put("cg/cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
    put("cg/a.slice/pids.max", "100\n");
    put("cg/a.slice/memory.max", "max\n");
    put("cg/a.slice/b.service/pids.max", "max\n");
    put("cg/a.slice/b.service/memory.max", "52428800\n");
    put("cg/a.slice/b.service/memory.swap.max", "0\n");
    struct limits_where where = find();
    ck_assert(where.pids.found && where.pids.v2 && where.memory.found);
    ck_assert_str_eq(where.pids.group, "a.slice/b.service");
    ck_assert_uint_eq(where.outer.pids, 100);
    ck_assert_uint_eq(where.outer.memory, 52428800);
    ck_assert_uint_eq(where.outer.swap, 0);
    ck_assert_uint_eq(where.outer.memory_and_swap, LIMIT_NONE);
    ck_assert(where.swap_accounting && !where.own_sandbox);
}
END_TEST

START_TEST(v1_each_controller_has_its_own_hierarchy)
{
    put("proc/self/cgroup", "9:name=systemd:/\n8:pids:/\n4:memory:/x/y\n3:cpu,cpuacct:/\n0::/\n");
    put_mounts("11 2 0:5 / @/pids rw - cgroup cgroup rw,pids\n12 2 0:6 / @/mem\\040ory rw - cgroup none rw,memory\n"
               "13 2 0:7 / @/unified rw - cgroup2 cgroup2 rw\n");
    put("unified/cgroup.controllers", "hugetlb\n");
    put("pids/cgroup.procs", "");
    put("mem ory/memory.memsw.limit_in_bytes", "9223372036854771712\n");
    put("mem ory/x/memory.limit_in_bytes", "1048576\n");
    put("mem ory/x/y/memory.limit_in_bytes", "9223372036854771712\n");
    struct limits_where where = find();
    ck_assert(where.pids.found && !where.pids.v2 && where.memory.found && !where.memory.v2);
    ck_assert_str_eq(where.pids.group, "");
    ck_assert_str_eq(where.memory.group, "x/y");
    ck_assert_uint_eq(where.outer.pids, LIMIT_NONE);
    ck_assert_uint_eq(where.outer.memory, 1048576);
    ck_assert_uint_eq(where.outer.memory_and_swap, LIMIT_NONE);
    ck_assert(where.swap_accounting);
}
END_TEST

START_TEST(container_sees_its_own_part)
{
    put("proc/self/cgroup", "8:pids:/docker/abc/inner\n4:memory:/docker/abcd\n");
    put_mounts("11 2 0:5 /docker/abc @/pids ro - cgroup cgroup rw,pids\n"
               "12 2 0:6 /docker/abc @/memory ro - cgroup cgroup rw,memory\n");
    put("pids/inner/pids.max", "7\n");
    put("memory/d/memory.limit_in_bytes", "4096\n");
    struct limits_where where = find();
    ck_assert(where.pids.found);
    ck_assert_str_eq(where.pids.group, "inner");
    ck_assert_uint_eq(where.outer.pids, 7);
    /* /docker/abcd is not below /docker/abc */
    ck_assert(!where.memory.found && where.memory.why[0] != '\0');
    ck_assert_uint_eq(where.outer.memory, LIMIT_NONE);
}
END_TEST

START_TEST(own_sandbox_is_known_by_name)
{
    put("proc/self/cgroup", "0::/sbx/sbx-x-12-34-56/below\n");
    put_mounts(V2_MOUNT);
    put("cg/cgroup.controllers", "memory pids\n");
    put("cg/sbx/sbx-x-12-34-56/below/pids.max", "max\n");
    ck_assert(find().own_sandbox);
    put("proc/self/cgroup", "0::/sbx/sbx-x-12-34/below\n");
    put("cg/sbx/sbx-x-12-34/below/pids.max", "max\n");
    ck_assert(!find().own_sandbox);
}
END_TEST

/* None of these may be taken for a place, nor read beyond. */
static const char *const no_places[][2] = {
    { "", V2_MOUNT },
    { "0::", V2_MOUNT },
    { "0::\n", V2_MOUNT },
    { "0::relative\n", V2_MOUNT },
    { "0:pids,memory:/\n", V2_MOUNT },          /* no v2 line */
    { "0::/../other\n", V2_MOUNT },             /* outside the cgroup namespace */
    { "0::/a/../../etc\n", V2_MOUNT },
    { "0::/gone (deleted)\n", V2_MOUNT },
    { "junk\n:::::\n::\n", V2_MOUNT },
    { "0::/\n", "" },
    { "0::/\n", "\n \n30\n30 20 0:25 / @/cg rw\n30 20 0:25 / @/cg rw -\n30 20 0:25 / @/cg rw - cgroup2\n" },
    { "0::/\n", "30 20 0:25 / @/cg rw - tmpfs cgroup2 rw,pids,memory\n" },
    { "0::/\n", "30 20 0:25 / @/nothing\\here rw - cgroup2 cgroup2 rw\n" },
    { "0::/\n", "30 20 0:25 / @/cg\\9zz\\ rw - cgroup2 cgroup2 rw\n" },
    { "0::/\n", "30 20 0:25 /elsewhere @/cg rw - cgroup2 cgroup2 rw\n" },
};

START_TEST(nothing_is_made_of_hostile_text)
{
    put("cg/cgroup.controllers", "memory pids\n");
    put("cg/a/pids.max", "1\n");
    put("proc/self/cgroup", no_places[_i][0]);
    put_mounts(no_places[_i][1]);
    struct limits_where where = find();
    ck_assert(!where.pids.found && !where.memory.found);
    ck_assert(where.pids.why[0] != '\0' && where.memory.why[0] != '\0');
    ck_assert_uint_eq(where.outer.pids, LIMIT_NONE);
}
END_TEST

START_TEST(overlong_paths_are_left_out)
{
    char line[4096] = "0::/";
    memset(line + 4, 'a', 3000);
    strcpy(line + 3004, "\n");
    put("proc/self/cgroup", line);
    put_mounts(V2_MOUNT);
    put("cg/cgroup.controllers", "memory pids\n");
    ck_assert(!find().pids.found);
    memset(line, 'm', 3000);
    snprintf(line, sizeof line, "30 20 0:25 / /%.*s rw - cgroup cgroup rw,pids,memory\n", 2000,
             "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm");
    put("proc/self/cgroup", "1:pids:/\n2:memory:/\n");
    put("proc/self/mountinfo", line);
    ck_assert(!find().pids.found);
}
END_TEST

START_TEST(without_proc_it_is_an_error_or_nothing)
{
    struct limits_where where;
    struct error error;
    ck_assert_int_eq(limits_where_find(&where, &roots, &error), 0); /* no cgroups in this kernel */
    ck_assert(!where.pids.found);
    put("proc/self/cgroup", "0::/\n"); /* but no mountinfo */
    ck_assert_int_eq(limits_where_find(&where, &roots, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "mountinfo"));
}
END_TEST

START_TEST(a_plain_directory_is_no_cgroup)
{
    put("proc/self/cgroup", "0::/a\n");
    put_mounts(V2_MOUNT);
    put("cg/cgroup.controllers", "memory pids\n");
    put("cg/a/pids.max", "1\n");
    ck_assert(find().pids.found);
    roots.any_filesystem = false;
    bool found = find().pids.found;
    roots.any_filesystem = true;
    ck_assert(!found);
}
END_TEST

static const struct {
    const char *text;
    bool good;
    uint64_t number;
} numbers[] = {
    { "0\n", true, 0 },
    { "512\n", true, 512 },
    { "max\n", true, LIMIT_NONE },
    { "9223372036854771712\n", true, LIMIT_NONE },
    { "9223372036854710272\n", true, LIMIT_NONE }, /* 64 KiB pages */
    { "18446744073709551616\n", false, 0 },
    { "-1\n", false, 0 },
    { " 1\n", false, 0 },
    { "+1\n", false, 0 },
    { "1 2\n", false, 0 },
    { "1\n2\n", false, 0 },
    { "maximum\n", false, 0 },
    { "", false, 0 },
    { "111111111111111111111111111111111111111111111111111111111111111111111111111\n", false, 0 },
};

START_TEST(numbers_are_read_whole)
{
    uint64_t number = 77;
    put("number", numbers[_i].text);
    int directory = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(limits_read_number(directory, "number", &number), numbers[_i].good);
    if (numbers[_i].good)
        ck_assert_uint_eq(number, numbers[_i].number);
    close(directory);
}
END_TEST

/* --- user namespaces ------------------------------------------------------------------------------------------- */

static struct limits_where find_user(void)
{
    struct limits_where where = { .may_make_user = false };
    struct error error;
    ck_assert_int_eq(limits_where_user(&where, &roots, &error), 0);
    return where;
}

static void put_user_machine(void)
{
    put("proc/self/ns/user", "");
    put("proc/self/status", "Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n");
    put("proc/self/uid_map", "         0          0 4294967295\n");
    put("proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
}

START_TEST(user_namespace_as_a_rule)
{
    put_user_machine();
    struct limits_where where = find_user();
    ck_assert(where.may_make_user && !where.must_try_user && !where.nested_user);
    put("proc/self/uid_map", "      1000       1000          1\n");
    ck_assert(find_user().nested_user);
    put("proc/self/uid_map", "1000 1000 1\n1001 1001 1\n");
    ck_assert(!find_user().nested_user);
    put("proc/self/status", "Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n");
    ck_assert(find_user().must_try_user);
    /* A program called "Seccomp:\t0" does not hide it: names are escaped there, but it must not be relied on. */
    put("proc/self/status", "Name:\tSeccomp:\t0\nSeccomp:\t2\n");
    ck_assert(find_user().must_try_user);
}
END_TEST

static const struct {
    const char *file, *text, *word;
} refusals[] = {
    { "proc/sys/user/max_user_namespaces", "0\n", "max_user_namespaces" },
    { "proc/sys/kernel/unprivileged_userns_clone", "0\n", "unprivileged_userns_clone" },
    { "proc/sys/kernel/osrelease", "5.13.19\n", "5.14" },
    { "proc/sys/kernel/osrelease", "4.19.0\n", "5.14" },
    { "proc/sys/kernel/osrelease", "junk\n", "5.14" },
};

START_TEST(user_namespace_turned_off)
{
    put_user_machine();
    ck_assert(find_user().may_make_user);
    put(refusals[_i].file, refusals[_i].text);
    struct limits_where where = find_user();
    ck_assert(!where.may_make_user);
    ck_assert_ptr_nonnull(strstr(where.user_why, refusals[_i].word));
}
END_TEST

START_TEST(probe_says_what_the_kernel_says)
{
    char why[256] = "";
    bool can = limits_probe_user_namespace(why, sizeof why);
    ck_assert_msg(can || why[0] != '\0', "no reason given");
    ck_assert_int_eq(system("test \"$(ps -o stat= --ppid $PPID | grep -c Z)\" = 0"), 0); /* no zombie of it */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits-where");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, v2_own_group_and_limits_above);
    tcase_add_test(tests, v1_each_controller_has_its_own_hierarchy);
    tcase_add_test(tests, container_sees_its_own_part);
    tcase_add_test(tests, own_sandbox_is_known_by_name);
    tcase_add_loop_test(tests, nothing_is_made_of_hostile_text, 0, sizeof no_places / sizeof no_places[0]);
    tcase_add_test(tests, overlong_paths_are_left_out);
    tcase_add_test(tests, without_proc_it_is_an_error_or_nothing);
    tcase_add_test(tests, a_plain_directory_is_no_cgroup);
    tcase_add_loop_test(tests, numbers_are_read_whole, 0, sizeof numbers / sizeof numbers[0]);
    tcase_add_test(tests, user_namespace_as_a_rule);
    tcase_add_loop_test(tests, user_namespace_turned_off, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_test(tests, probe_says_what_the_kernel_says);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
