/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which backend is chosen in which surroundings (made up), and both backends at work on this machine. */
#include "confine/limits.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/limits-sweep.h"
#include "confine/limits-where.h"
#include "plan/plan.h"

#define GIB (UINT64_C(1) << 30)

static struct options options;
static struct machine machine;
static struct limits_where where;
static struct plan plan;
static struct error error;

static struct amount number(uint64_t value)
{
    return (struct amount){ .given = true, .value = value };
}

static struct amount percent(uint64_t value)
{
    return (struct amount){ .given = true, .percent = true, .value = value };
}

/* An ordinary user's start with the default profile on a machine without any cgroup. */
static void setup(void)
{
    options = (struct options){ .confined = true, .pids = number(512), .memory = percent(50), .swap = number(0) };
    where = (struct limits_where){ .nproc = { RLIM_INFINITY, RLIM_INFINITY }, .data = { RLIM_INFINITY, RLIM_INFINITY },
                                   .outer = { LIMIT_NONE, LIMIT_NONE, LIMIT_NONE, LIMIT_NONE }, .may_make_user = true,
                                   .swap_total = GIB };
    strcpy(where.pids.why, "no pids here");
    strcpy(where.memory.why, "no memory here");
    machine = (struct machine){ .uid = 1000, .memory = 8 * GIB, .limits_where = &where };
}

static void forget_plan(void)
{
    while (plan.problem_count > 0)
        free(plan.problems[--plan.problem_count]);
    while (plan.notice_count > 0)
        free(plan.notices[--plan.notice_count]);
}

static void check(void)
{
    forget_plan();
    plan = (struct plan){ .name = "unit" };
    ck_assert_msg(limits_check(&options, &machine, &plan, &error) == 0, "%s", error.text);
}

static void holds_nothing(const char *how)
{
    ck_assert(plan.limits.off && plan.limits.backend == NULL && !plan.user_namespace && !plan.limits.by_cgroup);
    ck_assert_uint_eq(plan.limits.pids, LIMIT_NONE);
    ck_assert_uint_eq(plan.limits.memory, LIMIT_NONE);
    ck_assert_msg(strstr(plan.limits.how, how) != NULL, "%s", plan.limits.how);
}

static void is_refused(const char *word)
{
    ck_assert_ptr_null(plan.limits.backend);
    ck_assert_uint_eq(plan.problem_count, 1);
    ck_assert_msg(strstr(plan.problems[0], word) != NULL, "%s", plan.problems[0]);
    ck_assert_ptr_nonnull(strstr(plan.problems[0], "--limits=off"));
    ck_assert(!plan.user_namespace);
}

/* --- choosing -------------------------------------------------------------------------------------------------- */

START_TEST(off_is_off)
{
    options.limits = LIMITS_OFF;
    check();
    holds_nothing("--limits=off");
    options.limits = LIMITS_AUTO;
    options.confined = false;
    check();
    holds_nothing("--profile=none");
    options.confined = true;
    options.pids = options.memory = options.swap = number(AMOUNT_MAX);
    check();
    holds_nothing("no limit");
    ck_assert_uint_eq(plan.problem_count + plan.notice_count, 0);
}
END_TEST

START_TEST(profile_none_with_a_limit)
{
    options.confined = false;
    options.limits_given = true;
    options.memory = options.swap = (struct amount){ .given = false };
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_userns);
    ck_assert_uint_eq(plan.limits.memory, LIMIT_NONE);
}
END_TEST

START_TEST(user_without_cgroup)
{
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_userns);
    ck_assert(plan.user_namespace && !plan.limits.off && !plan.limits.by_cgroup);
    ck_assert_uint_eq(plan.limits.pids, 512);
    ck_assert_uint_eq(plan.limits.memory, 4 * GIB);
    ck_assert_ptr_nonnull(strstr(plan.limits.how, "sum"));
}
END_TEST

START_TEST(hard_limits_that_are_lower_already)
{
    where.nproc = (struct rlimit){ 40, 50 };
    where.data = (struct rlimit){ GIB, GIB };
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_userns);
    ck_assert_uint_eq(plan.limits.pids, 50);
    ck_assert_uint_eq(plan.limits.memory, GIB);
}
END_TEST

START_TEST(no_user_namespace)
{
    where.may_make_user = false;
    strcpy(where.user_why, "it is turned off");
    check();
    is_refused("it is turned off");
    ck_assert_ptr_nonnull(strstr(plan.problems[0], "--cgroup=PATH"));
}
END_TEST

START_TEST(may_go_without)
{
    where.may_make_user = false;
    options.may_lack = TRY_LIMITS;
    check();
    ck_assert_uint_eq(plan.problem_count, 0);
    ck_assert_uint_eq(plan.notice_count, 1);
    holds_nothing("--try=limits");
}
END_TEST

START_TEST(root_is_never_counted)
{
    machine.uid = 0;
    check();
    is_refused("no pids here");
    options.limits = LIMITS_USERNS;
    check();
    is_refused("uid 0");
    ck_assert_ptr_null(strstr(plan.problems[0], "no pids here"));
}
END_TEST

START_TEST(in_place_makes_no_group)
{
    machine.uid = 0;
    options.in_place = true;
    check();
    is_refused("TasksMax=");
}
END_TEST

START_TEST(wrong_requests)
{
    options.cgroup = "/x";
    options.limits = LIMITS_USERNS;
    ck_assert_int_eq(limits_check(&options, &machine, &plan, &error), -1);
    setup();
    options.memory = number(1);
    ck_assert_int_eq(limits_check(&options, &machine, &plan, &error), -1);
    setup();
    options.rlimits[0] = (struct options_rlimit){ RLIMIT_NPROC, "nproc", { 513, 513 }, false, false };
    options.rlimit_count = 1;
    ck_assert_int_eq(limits_check(&options, &machine, &plan, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--pids"));
    options.rlimits[0].limit = (struct rlimit){ 512, 512 };
    check();
    options.rlimits[0] = (struct options_rlimit){ RLIMIT_NPROC, "nproc", { 600, 0 }, true, false };
    ck_assert_int_eq(limits_check(&options, &machine, &plan, &error), -1);
}
END_TEST

/* --- what holds already ---------------------------------------------------------------------------------------- */

static void has_outer(uint64_t pids, uint64_t memory, uint64_t swap)
{
    where.outer = (struct limits_outer){ pids, memory, swap, LIMIT_NONE };
    strcpy(where.pids.group, "a.service");
    where.pids.found = where.pids.v2 = where.memory.found = where.memory.v2 = true;
}

START_TEST(unit_that_limits_already)
{
    has_outer(100, GIB, 0);
    check();
    ck_assert(plan.limits.backend == NULL && !plan.limits.off && plan.limits.by_cgroup && !plan.user_namespace);
    ck_assert_uint_eq(plan.limits.pids, 100);
    ck_assert_uint_eq(plan.limits.memory, GIB);
    ck_assert_ptr_nonnull(strstr(plan.limits.how, "already limited"));
    options.in_place = true;
    check();
    ck_assert(plan.limits.by_cgroup && plan.problem_count == 0);
}
END_TEST

/* Each of these is looser than what is asked for in one way. */
static const uint64_t looser[][3] = {
    { 513, GIB, 0 }, { LIMIT_NONE, GIB, 0 }, { 512, 4 * GIB + 4096, 0 }, { 512, LIMIT_NONE, 0 }, { 512, GIB, 4096 },
    { 512, GIB, LIMIT_NONE },
};

START_TEST(looser_outer_limits_do_not_do)
{
    has_outer(512, 4 * GIB, 0);
    check();
    ck_assert(plan.limits.by_cgroup);
    has_outer(looser[_i][0], looser[_i][1], looser[_i][2]);
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_userns);
    ck_assert(!plan.limits.by_cgroup);
}
END_TEST

START_TEST(swap_held_already)
{
    has_outer(512, GIB, LIMIT_NONE);
    where.swap_total = 0; /* there is none */
    check();
    ck_assert(plan.limits.by_cgroup);
    where.swap_total = GIB;
    where.outer.memory_and_swap = 4 * GIB; /* v1: the sum */
    check();
    ck_assert(plan.limits.by_cgroup);
    where.outer.memory_and_swap = 4 * GIB + 4096;
    check();
    ck_assert(!plan.limits.by_cgroup);
}
END_TEST

START_TEST(sandbox_in_a_sandbox)
{
    where.own_sandbox = true;
    has_outer(512, 4 * GIB, 0); /* half of the machine, as the outer one took it */
    machine.uid = 0;
    check();
    ck_assert(plan.limits.by_cgroup && plan.problem_count == 0);
    options.pids = number(100);
    check();
    is_refused("inside a sandbox");
}
END_TEST

START_TEST(sandbox_in_a_sandbox_by_user_namespace)
{
    where.nested_user = true;
    where.nproc = (struct rlimit){ 512, 512 };
    where.data = (struct rlimit){ 4 * GIB, 4 * GIB };
    where.may_make_user = false;
    check();
    ck_assert(plan.limits.backend == NULL && !plan.limits.off && !plan.user_namespace && plan.problem_count == 0);
    ck_assert_uint_eq(plan.limits.pids, 512);
    where.nproc.rlim_max = 513; /* the soft limit is no limit, but it can be lowered there */
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_userns);
    ck_assert(!plan.user_namespace);
    ck_assert_uint_eq(plan.limits.pids, 512);
    ck_assert_ptr_nonnull(strstr(plan.limits.how, "count along"));
    where.nproc.rlim_max = 512;
    where.nested_user = false;
    check();
    ck_assert_uint_eq(plan.problem_count, 1);
    where.nested_user = true;
    machine.uid = 0;
    check();
    ck_assert_uint_eq(plan.problem_count, 1);
}
END_TEST

START_TEST(scope_needs_what_it_needs)
{
    options.limits = LIMITS_SYSTEMD;
    check();
    is_refused(access("/run/systemd/system", F_OK) == 0 ? "cgroup v2" : "systemd does not run");
    where.own_sandbox = true;
    check();
    is_refused("inside a sandbox");
    options.in_place = true;
    check();
    is_refused("in place");
}
END_TEST

START_TEST(forced_means_forced)
{
    has_outer(1, 4096, 0);
    options.limits = LIMITS_USERNS;
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_userns);
    options.limits = LIMITS_CGROUP;
    check();
    is_refused("root");
}
END_TEST

START_TEST(share_of_what_the_outer_group_leaves)
{
    has_outer(LIMIT_NONE, GIB, LIMIT_NONE);
    check();
    ck_assert_uint_eq(plan.limits.memory, GIB / 2);
    options.memory = number(2 * GIB);
    check();
    ck_assert_uint_eq(plan.limits.memory, 2 * GIB);
    options.memory = percent(100);
    machine.memory = UINT64_MAX;
    where.outer.memory = LIMIT_NONE;
    check();
    ck_assert_uint_ge(plan.limits.memory, UINT64_MAX - 8192);
}
END_TEST

/* --- where a group is made, in a made-up v2 tree ---------------------------------------------------------------- */

static char top[64];

static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", top, name);
    for (char *slash = path + strlen(top) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        ck_assert(mkdir(path, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void setup_tree(void)
{
    setup();
    strcpy(top, "/tmp/sbx-limits.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    has_outer(LIMIT_NONE, LIMIT_NONE, LIMIT_NONE);
    where.swap_accounting = true;
    strcpy(where.pids.mount, top);
    strcpy(where.memory.mount, top);
    strcpy(where.memory.group, "a.service");
    put("cgroup.procs", "");
    put("a.service/cgroup.procs", "77\n");
    put("a.service/cgroup.events", "");
    put("a.service/cgroup.subtree_control", "");
    machine.uid = 0;
}

static void teardown_tree(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    ck_assert_int_eq(system(command), 0);
    forget_plan();
}

START_TEST(root_on_v2_has_a_directory_of_its_own)
{
    char expected[96];
    check();
    ck_assert_msg(plan.problem_count == 0, "%s", plan.problems[0]);
    ck_assert_ptr_eq(plan.limits.backend, &limits_cgroup);
    ck_assert(plan.limits.by_cgroup && !plan.user_namespace);
    ck_assert_uint_eq(plan.limits.parent_count, 1); /* both controllers in one */
    snprintf(expected, sizeof expected, "%s/sbx", top);
    ck_assert_str_eq(plan.limits.parents[0].directory, expected);
    ck_assert(plan.limits.parents[0].own);
    ck_assert_uint_eq(plan.limits.parents[0].controllers, CONTROLLER_PIDS | CONTROLLER_MEMORY);
    ck_assert_str_eq(plan.limits.parents[0].directory + plan.limits.parents[0].mount_length, "/sbx");
}
END_TEST

START_TEST(outer_limits_are_taken_along)
{
    where.outer.pids = 60;
    where.outer.memory = GIB;
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_cgroup);
    ck_assert_uint_eq(plan.limits.pids, 60);
    ck_assert_uint_eq(plan.limits.memory, GIB / 2);
    ck_assert_msg(strstr(plan.limits.how, "a.service") != NULL, "%s", plan.limits.how);
    options.pids = number(AMOUNT_MAX);
    options.memory = number(2 * GIB);
    check();
    ck_assert_uint_eq(plan.limits.pids, 60);
    ck_assert_uint_eq(plan.limits.memory, GIB);
}
END_TEST

START_TEST(namespace_root_with_processes)
{
    put("cgroup.events", "populated 1\n");
    put("cgroup.subtree_control", "cpu\n");
    put("cgroup.procs", "1\n");
    check();
    is_refused("holds processes itself");
    put("cgroup.subtree_control", "cpu memory pids\n");
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_cgroup);
    put("cgroup.subtree_control", "");
    put("cgroup.procs", "");
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_cgroup);
}
END_TEST

START_TEST(group_handed_over)
{
    char path[128], expected[128];
    put("b/cgroup.procs", "");
    put("b/cgroup.events", "");
    put("b/cgroup.subtree_control", "");
    machine.uid = getuid();
    snprintf(expected, sizeof expected, "%s/b", top);
    snprintf(path, sizeof path, "%s/b/", top);
    for (const char *const *asked = (const char *const[]){ path, "/b", "b", NULL }; *asked != NULL; asked++) {
        options.cgroup = *asked;
        check();
        ck_assert_msg(plan.problem_count == 0, "%s: %s", *asked, plan.problems[0]);
        ck_assert_ptr_eq(plan.limits.backend, &limits_cgroup);
        ck_assert_str_eq(plan.limits.parents[0].directory, expected);
        ck_assert(!plan.limits.parents[0].own);
    }
}
END_TEST

static const char *const bad_groups[] = { "..", "/../b", "b/../../x", "/none", "/a.service" };

START_TEST(group_that_cannot_be_had)
{
    options.cgroup = bad_groups[_i];
    check();
    is_refused("cgroup");
}
END_TEST

START_TEST(swap_that_cannot_be_counted)
{
    where.swap_accounting = false;
    check();
    is_refused("swap");
    where.swap_total = 0;
    check();
    ck_assert_ptr_eq(plan.limits.backend, &limits_cgroup);
    ck_assert_ptr_nonnull(strstr(plan.limits.how, "no swap"));
}
END_TEST

/* --- the backends at work --------------------------------------------------------------------------------------- */

/* What a sandbox leaves behind comes here, and can be waited for. */
static void become_subreaper(void)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
}

/* In a child: how many of `count` children can be there at once; they stay. */
static int fork_children(int count)
{
    int made = 0;
    for (int i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            setsid();
            pause();
            _exit(0);
        }
        made += child > 0;
    }
    return made;
}

static void touch(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(7);
    memset(memory, 1, bytes);
}

/* What a child that entered (or not) comes to. */
static int status_of(void (*run)(void), struct limits_group *group, bool enter)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (enter && plan.limits.backend->enter(&plan, group, &error) != 0)
            _exit(99);
        run();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void touch_much(void)
{
    touch(64 << 20);
}

static void touch_little(void)
{
    touch(4 << 20);
}

static void fork_many(void)
{
    _exit(fork_children(10));
}

/* The children of fork_many have their own session; nobody else ends them. */
static void end_outside(void)
{
    char path[64];
    for (int tries = 0; tries < 100; tries++) {
        snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        FILE *file = fopen(path, "r");
        int pid, seen = 0;
        while (file != NULL && fscanf(file, "%d", &pid) == 1) {
            kill(pid, SIGKILL);
            seen++;
        }
        if (file != NULL)
            fclose(file);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        if (seen == 0)
            return;
        usleep(1000);
    }
}

static bool real_group(struct limits_group *group)
{
    *group = (struct limits_group){ .count = 0 };
    machine.limits_where = NULL;
    machine.uid = getuid();
    options.limits = LIMITS_CGROUP;
    options.pids = number(5);
    options.memory = number(32 << 20);
    check();
    if (plan.limits.backend != &limits_cgroup) {
        printf("skip: a cgroup of its own for the test: %s\n", plan.problems[0]);
        return false;
    }
    return true;
}

START_TEST(cgroup_holds_and_ends)
{
    struct limits_group group;
    struct limits_usage usage;
    if (!real_group(&group))
        return;
    become_subreaper();
    ck_assert_int_eq(status_of(fork_many, &group, false), 10 << 8);
    ck_assert_int_eq(status_of(touch_much, &group, false), 0);
    end_outside();

    limits_sweep(&plan);
    ck_assert_msg(plan.limits.backend->make(&plan, &group, &error) == 0, "%s", error.text);
    ck_assert_uint_ge(group.count, 1);
    char kept[LIMITS_GROUPS_MAX][512];
    size_t count = group.count;
    for (size_t i = 0; i < count; i++) {
        snprintf(kept[i], sizeof kept[i], "%s", group.directories[i]);
        ck_assert_int_eq(fcntl(group.procs[i], F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(access(kept[i], F_OK), 0);
    }
    limits_sweep(&plan); /* its owner lives */
    ck_assert_int_eq(access(kept[0], F_OK), 0);

    ck_assert_int_eq(status_of(touch_little, &group, true), 0);
    int status = status_of(touch_much, &group, true);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%x", status);
    ck_assert_int_eq(status_of(fork_many, &group, true), 4 << 8); /* itself is one of five */
    plan.limits.backend->read(&plan, &group, &usage);
    ck_assert(usage.known);
    ck_assert_uint_ge(usage.pids_hits, 1);
    ck_assert_uint_ge(usage.oom_kills, 1);
    ck_assert_uint_ne(usage.oom_kills, UINT64_MAX);

    ck_assert_msg(plan.limits.backend->end(&plan, &group, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(group.count, 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_ne(access(kept[i], F_OK), 0);
    while (waitpid(-1, &status, 0) > 0)
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(cgroup_of_a_killed_supervisor_is_swept)
{
    struct limits_group group;
    if (!real_group(&group))
        return;
    become_subreaper();
    int told[2], status;
    ck_assert_int_eq(pipe(told), 0);
    pid_t supervisor = fork();
    if (supervisor == 0) {
        if (plan.limits.backend->make(&plan, &group, &error) != 0)
            _exit(1);
        pid_t child = fork();
        if (child == 0) {
            if (plan.limits.backend->enter(&plan, &group, &error) == 0)
                fork_children(3);
            if (write(told[1], group.directories[0], strlen(group.directories[0])) < 0)
                _exit(1);
            pause();
        }
        pause();
    }
    char path[512] = "";
    ck_assert_int_gt(read(told[0], path, sizeof path - 1), 0);
    limits_sweep(&plan);
    ck_assert_int_eq(access(path, F_OK), 0);
    kill(supervisor, SIGKILL);
    ck_assert_int_eq(waitpid(supervisor, &status, 0), supervisor);
    limits_sweep(&plan);
    ck_assert_int_ne(access(path, F_OK), 0);
    int ended = 0;
    while (waitpid(-1, &status, 0) > 0)
        ended += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    ck_assert_int_eq(ended, 4);
}
END_TEST

START_TEST(cgroup_that_is_there_already)
{
    struct limits_group group;
    char name[192], path[LIMITS_PATH_MAX + 200];
    if (!real_group(&group))
        return;
    const struct limits_parent *last = &plan.limits.parents[plan.limits.parent_count - 1];
    ck_assert_int_eq(group_name(name, sizeof name, plan.name, &error), 0);
    if (last->own && access(last->directory, F_OK) != 0)
        ck_assert_int_eq(mkdir(last->directory, 0755), 0);
    snprintf(path, sizeof path, "%s/%s", last->directory, name);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    int made = plan.limits.backend->make(&plan, &group, &error);
    /* Not taken, not removed; and what was made before it is gone. */
    struct stat about;
    int there = stat(path, &about);
    rmdir(path);
    if (last->own)
        rmdir(last->directory);
    ck_assert_int_eq(made, -1);
    ck_assert_int_eq(there, 0);
    ck_assert_uint_eq(group.count, 0);
    for (size_t i = 0; i < plan.limits.parent_count; i++) {
        snprintf(path, sizeof path, "%s/%s", plan.limits.parents[i].directory, name);
        ck_assert_int_ne(access(path, F_OK), 0);
    }
}
END_TEST

/* A user namespace as the launch makes it. */
static bool enter_user_namespace(void)
{
    char map[64];
    int length = snprintf(map, sizeof map, "%d %d 1", (int)getuid(), (int)getuid());
    if (unshare(CLONE_NEWUSER) != 0)
        return false;
    int file = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    bool written = file >= 0 && write(file, map, (size_t)length) == length;
    if (file >= 0)
        close(file);
    return written;
}

static void namespace_fork_many(void)
{
    struct limits_group group = { .count = 0 };
    struct error ignored;
    if (!enter_user_namespace())
        _exit(98);
    int before = fork_children(10);
    if (before != 10 || limits_userns.enter(&plan, &group, &ignored) != 0)
        _exit(97);
    _exit(fork_children(10));
}

static void namespace_touch_much(void)
{
    struct limits_group group = { .count = 0 };
    struct error ignored;
    if (!enter_user_namespace() || limits_userns.enter(&plan, &group, &ignored) != 0)
        _exit(97);
    touch_much();
}

START_TEST(user_namespace_holds)
{
    char why[256];
    if (getuid() == 0) {
        ck_assert_int_eq(setuid(65534), 0);
        ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0); /* else /proc/self stays root's */
    }
    if (!limits_probe_user_namespace(why, sizeof why)) {
        printf("skip: a user namespace: %s\n", why);
        return;
    }
    become_subreaper();
    plan.limits = (struct limits_plan){ .backend = &limits_userns, .pids = 14, .memory = 32 << 20, .swap = LIMIT_NONE };
    ck_assert_int_eq(status_of(touch_much, NULL, false), 0);
    ck_assert_int_eq(status_of(namespace_touch_much, NULL, false), 7 << 8);
    ck_assert_int_eq(status_of(namespace_fork_many, NULL, false), 3 << 8); /* itself, ten before */
    end_outside();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *choice = tcase_create("choice"), *tree = tcase_create("tree"), *work = tcase_create("work");
    tcase_add_checked_fixture(choice, setup, forget_plan);
    tcase_add_test(choice, off_is_off);
    tcase_add_test(choice, profile_none_with_a_limit);
    tcase_add_test(choice, user_without_cgroup);
    tcase_add_test(choice, hard_limits_that_are_lower_already);
    tcase_add_test(choice, no_user_namespace);
    tcase_add_test(choice, may_go_without);
    tcase_add_test(choice, root_is_never_counted);
    tcase_add_test(choice, in_place_makes_no_group);
    tcase_add_test(choice, wrong_requests);
    tcase_add_test(choice, unit_that_limits_already);
    tcase_add_loop_test(choice, looser_outer_limits_do_not_do, 0, sizeof looser / sizeof looser[0]);
    tcase_add_test(choice, swap_held_already);
    tcase_add_test(choice, sandbox_in_a_sandbox);
    tcase_add_test(choice, sandbox_in_a_sandbox_by_user_namespace);
    tcase_add_test(choice, scope_needs_what_it_needs);
    tcase_add_test(choice, forced_means_forced);
    tcase_add_test(choice, share_of_what_the_outer_group_leaves);
    suite_add_tcase(suite, choice);
    tcase_add_checked_fixture(tree, setup_tree, teardown_tree);
    tcase_add_test(tree, root_on_v2_has_a_directory_of_its_own);
    tcase_add_test(tree, outer_limits_are_taken_along);
    tcase_add_test(tree, namespace_root_with_processes);
    tcase_add_test(tree, group_handed_over);
    tcase_add_loop_test(tree, group_that_cannot_be_had, 0, sizeof bad_groups / sizeof bad_groups[0]);
    tcase_add_test(tree, swap_that_cannot_be_counted);
    suite_add_tcase(suite, tree);
    tcase_add_checked_fixture(work, setup, forget_plan);
    tcase_set_timeout(work, 60);
    tcase_add_test(work, cgroup_holds_and_ends);
    tcase_add_test(work, cgroup_of_a_killed_supervisor_is_swept);
    tcase_add_test(work, cgroup_that_is_there_already);
    tcase_add_test(work, user_namespace_holds);
    suite_add_tcase(suite, work);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
