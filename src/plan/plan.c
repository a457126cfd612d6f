/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine/privileges.h"
#include "confine/syscall-filter.h"
#include "launch/steps.h"

static void add_line(char **lines, size_t *count, const char *format, va_list arguments)
{
    if (*count == PLAN_LINES_MAX || vasprintf(&lines[*count], format, arguments) < 0)
        abort(); /* a plan that lost a problem would be a lie */
    ++*count;
}

void plan_problem(struct plan *plan, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_line(plan->problems, &plan->problem_count, format, arguments);
    va_end(arguments);
}

void plan_notice(struct plan *plan, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_line(plan->notices, &plan->notice_count, format, arguments);
    va_end(arguments);
}

bool plan_lacks(struct plan *plan, const struct options *options, enum options_try what, const char *format, ...)
{
    bool may_lack = (options->may_lack & what) != 0;
    va_list arguments;
    va_start(arguments, format);
    add_line(may_lack ? plan->notices : plan->problems, may_lack ? &plan->notice_count : &plan->problem_count, format,
             arguments);
    va_end(arguments);
    return may_lack;
}

/* DIRECTORY/NAME when it is a file; *found_useless remembers one that cannot be executed. */
static char *executable_in(const char *directory, size_t length, const char *name, bool *found_useless)
{
    char *path;
    struct stat status;
    if (asprintf(&path, "%.*s%s%s", (int)length, directory, length > 0 ? "/" : "./", name) < 0)
        return NULL;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        if (access(path, X_OK) == 0)
            return path;
        *found_useless = true;
    }
    free(path);
    return NULL;
}

/* As execvp(3) does it, in the caller's PATH whatever the program's will be. */
static int find_program(struct plan *plan, struct error *error)
{
    const char *name = plan->argv[0];
    const char *path = getenv("PATH"); /* decides which program, not how it is confined */
    if (*name == '\0')
        return error_set_status(error, STATUS_NOT_FOUND, "cannot start '': the name is empty (give a program)");
    plan->program = name;
    if (strchr(name, '/') != NULL)
        return 0;
    if (path == NULL || *path == '\0')
        path = "/usr/bin:/bin";
    bool useless = false;
    for (const char *place = path;; place++) {
        size_t length = strcspn(place, ":");
        char *found = executable_in(place, length, name, &useless);
        if (found != NULL) {
            plan->program = found;
            return 0;
        }
        place += length;
        if (*place == '\0')
            break;
    }
    if (useless)
        return error_set_status(error, STATUS_NOT_EXECUTABLE,
                                "cannot start %s: found in PATH, but not executable (chmod +x)", name);
    return error_set_status(error, STATUS_NOT_FOUND, "cannot start %s: not found in PATH (give its path: ./%s)", name,
                            name);
}

/* The sandbox is named after the program where no name is given; only what is harmless in a file's name is taken. */
static const char *derive_name(const char *program)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *slash = strrchr(program, '/');
    char *name = strndup(slash != NULL ? slash + 1 : program, 64);
    if (name == NULL)
        return "program";
    for (char *character = name; *character != '\0'; character++)
        if (strchr(good, *character) == NULL || (character == name && (*name == '.' || *name == '-')))
            *character = '_';
    return *name != '\0' ? name : "program";
}

static int make_relative_to_start(struct plan *plan, struct error *error)
{
    /* A relative member of PATH is meant from where sbx-run was started, not from --chdir. */
    if (plan->directory == NULL || plan->program == plan->argv[0] || plan->program[0] == '/')
        return 0;
    char *here = getcwd(NULL, 0), *path;
    if (here == NULL || asprintf(&path, "%s/%s", here, plan->program) < 0)
        return error_set(error, "cannot find the current directory: %s (enter one that is there)", strerror(errno));
    free(here);
    plan->program = path;
    return 0;
}

/* What needs somebody who stays. */
static void check_in_place(const struct options *options, struct plan *plan)
{
    if (options->in_place && options->stats != STATS_NONE)
        plan_problem(plan, "cannot tell --stats in place: no supervisor stays to tell them (leave --in-place out; in a unit "
                           "systemctl status does)");
    if (options->in_place && options->timeout_ms != 0)
        plan_problem(plan, "cannot hold --timeout in place: no supervisor stays to hold it (leave --in-place out; in a "
                           "unit RuntimeMaxSec= does it)");
}

int plan_make(struct plan *plan, const struct options *options, const struct machine *machine, struct error *error)
{
    static char *const no_program[] = { "(no program given)", NULL };
    bool named = options->command[0] != NULL;
    *plan = (struct plan){
        .profile = options->profile,
        .argv = named ? options->command : no_program,
        .program = no_program[0],
        .directory = options->directory,
        .new_session = options->new_session,
        .in_place = options->in_place,
        .die_with_parent = options->die_with_parent,
        .timeout_ms = options->timeout_ms,
        .kill_after_ms = options->kill_after_ms,
        .stats = options->stats,
        .privileges.no_new_privs = options->confined,
    };
    if (named && (find_program(plan, error) != 0 || make_relative_to_start(plan, error) != 0))
        return -1;
    plan->name = options->name != NULL ? options->name : derive_name(plan->program);
    /* Whom the program runs as decides rows of the policy, and both are asked by the checks that follow. */
    if (identity_check(options, machine, plan, error) != 0 || syscall_filter_settle(options, plan, error) != 0)
        return -1;
    for (size_t i = 0; i < launch_step_count; i++)
        if (launch_steps[i].check != NULL && launch_steps[i].check(options, machine, plan, error) != 0)
            return -1;
    check_in_place(options, plan);
    return 0;
}
