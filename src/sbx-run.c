/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sbx-run: starts a program that is not trusted, confined.
 *
 *     argv + profile files -> options \
 *     kernel, user, surroundings       > plan -> launch (ordered steps) -> supervisor -> exit status
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine/descriptors.h"
#include "launch/supervise.h"
#include "plan/machine.h"
#include "plan/options.h"
#include "plan/plan-print.h"
#include "plan/plan.h"
#include "tell/words.h"

static int failed(const struct error *error)
{
    complain(error);
    return error->status;
}

/* `status`, once all that was printed has been taken. */
static int printed(int status)
{
    struct error error;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    error_set(&error, "cannot write to standard output: %s (give one that takes it)", strerror(errno));
    return failed(&error);
}

static int print_plan(const struct plan *plan, bool as_json)
{
    struct error error;
    return plan_print(plan, as_json, &error) == 0 ? 0 : failed(&error);
}

static void tell(char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        say("%s", lines[i]);
}

/* --check: all that this machine cannot hold of the plan, each with its remedy. */
static int check(const struct plan *plan)
{
    for (size_t i = 0; i < plan->problem_count; i++)
        printf("%s\n", plan->problems[i]);
    for (size_t i = 0; i < plan->notice_count; i++)
        printf("goes without: %s\n", plan->notices[i]);
    printf("limits: %s\n", plan->limits.how);
    if (plan->problem_count == 0)
        printf("the plan can be held here\n");
    return printed(plan->problem_count == 0 ? 0 : 1);
}

static int run(const struct plan *plan, const struct options *options, const struct machine *machine)
{
    if (plan->problem_count > 0) {
        for (size_t i = 0; i < plan->problem_count; i++) {
            struct error error;
            error_set(&error, "%s", plan->problems[i]);
            complain(&error);
        }
        return STATUS_FAILED;
    }
    tell(plan->notices, plan->notice_count);
    if (options->confined && plan->identity.uid == 0 && machine->stderr_is_terminal)
        say("it runs as root: without capabilities, but root's files are its own (--user=NAME is the better way)");
    return plan->in_place ? run_in_place(plan, options) : supervise(plan, options);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct machine machine;
    static struct plan plan;
    struct error error;
    if (descriptors_standard(&error) != 0 || options_read(&options, argc, argv, &error) != 0)
        return failed(&error);
    words_quiet(options.quiet);
    if (options.mode == MODE_HELP || options.mode == MODE_VERSION) {
        if (options.mode == MODE_HELP)
            options_print_help(stdout);
        else
            printf("sbx-run %s\n", SBX_VERSION);
        return printed(0);
    }
    if (machine_find(&machine, &error) != 0 || plan_make(&plan, &options, &machine, &error) != 0)
        return failed(&error);
    switch (options.mode) {
    case MODE_DRY_RUN:
    case MODE_DRY_RUN_JSON:
        return print_plan(&plan, options.mode == MODE_DRY_RUN_JSON);
    case MODE_CHECK:
        return check(&plan);
    default:
        return run(&plan, &options, &machine);
    }
}
