/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcgroup-cost ROUNDS: what libcgroup itself takes to make and to remove the groups of one sandbox, without anything of sbx-run.
 * Each round is a process of its own, as each start is: the first calls cost several times the later ones. */
#include <errno.h>
#include <libcgroup.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 1000, PARTS = 3 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

struct result {
    int error;
    char what[64];
    double parts[PARTS];
};

/* One round; 0, or libcgroup's error with its name in *what. */
static int round_of(const char *name, double *parts, const char **what)
{
    double start = now();
    int error = cgroup_init();
    *what = "cgroup_init";
    if (error)
        return error;
    parts[0] = now() - start;
    start = now();
    struct cgroup *group = cgroup_new_cgroup(name);
    struct cgroup_controller *pids = cgroup_add_controller(group, "pids"), *memory = cgroup_add_controller(group, "memory");
    *what = "cgroup_add_controller";
    if (!pids || !memory)
        return ECGFAIL;
    cgroup_add_value_uint64(pids, "pids.max", 512);
    cgroup_add_value_uint64(memory, access("/sys/fs/cgroup/cgroup.controllers", F_OK) ? "memory.limit_in_bytes" : "memory.max", 1 << 30);
    *what = "cgroup_create_cgroup";
    error = cgroup_create_cgroup(group, 1);
    if (!error) {
        parts[1] = now() - start;
        start = now();
        *what = "cgroup_delete_cgroup_ext";
        error = cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_IGNORE_MIGRATION);
        parts[2] = now() - start;
    }
    cgroup_free(&group);
    return error;
}

int main(int argc, char **argv)
{
    static double values[PARTS][ROUNDS_MAX];
    struct result *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    static const char *const names[PARTS] = {"cgroup_init", "create two groups", "delete them"};
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    char name[64];
    if (rounds < 1 || rounds > ROUNDS_MAX || result == MAP_FAILED)
        return 2;
    snprintf(name, sizeof name, "sbx-bench-%d", getpid());
    for (int round = 0; round < rounds; round++) {
        pid_t child = fork();
        if (!child) {
            const char *what = "";
            result->error = round_of(name, result->parts, &what);
            snprintf(result->what, sizeof result->what, "%s", what);
            _exit(0);
        }
        if (child < 0 || waitpid(child, NULL, 0) != child)
            return 1;
        if (result->error) {
            printf("libcgroup's own cost: cannot be measured here: %s: %s\n", result->what, cgroup_strerror(result->error));
            return 0; /* an ordinary user has no group to make */
        }
        for (int part = 0; part < PARTS; part++)
            values[part][round] = result->parts[part];
    }
    double sum = 0;
    printf("libcgroup's own cost, us:");
    for (int part = 0; part < PARTS; part++) {
        qsort(values[part], (size_t)rounds, sizeof(double), ascending);
        printf(" %s %.0f,", names[part], values[part][rounds / 2]);
        sum += values[part][rounds / 2];
    }
    printf(" in all %.0f\n", sum);
    return 0;
}
