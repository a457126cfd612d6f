/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch/child.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int child_prepare(const struct plan *plan, struct launch *launch, struct error *error)
{
    for (size_t i = 0; i < launch_step_count; i++)
        if (launch_steps[i].prepare != NULL && launch_steps[i].prepare(plan, launch, error) != 0)
            return -1;
    return 0;
}

/* Why exec failed, in words that name the remedy. The filter is in force: only stat may still be asked. */
static int exec_failed(const char *program, int number, struct error *error)
{
    struct stat status;
    bool there = stat(program, &status) == 0;
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        if (there)
            return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: its interpreter is missing "
                                    "(install what its first line or ELF header names)", program);
        return error_set_status(error, STATUS_NOT_FOUND, "cannot execute %s: %s (give the path of a program)", program,
                                strerror(number));
    case ENOEXEC:
        return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: neither a program of this machine "
                                "nor a script with a #! line (sbx-run -- sh %s runs a shell script)", program, program);
    case EACCES:
        return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: %s (%s)", program, strerror(number),
                                there && S_ISDIR(status.st_mode) ? "it is a directory" : "chmod +x, and let its user "
                                "enter every directory above it");
    case E2BIG:
        return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: %s (fewer or shorter arguments, "
                                "a smaller environment)", program, strerror(number));
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return error_set(error, "cannot execute %s: %s (raise the limit)", program, strerror(number));
    default:
        return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: %s (try it without sbx-run)",
                                program, strerror(number));
    }
}

int child_become_program(const struct plan *plan, struct launch *launch, struct error *error)
{
    for (size_t i = 0; i < launch_step_count; i++) {
        const struct step *step = &launch_steps[i];
        if (step->apply == NULL)
            continue;
        int done = step->apply(plan, launch, error);
        if (done < 0)
            return -1;
        if (done > 0 && launch->verbose && i + 1 < launch_step_count) /* the filter may refuse to write */
            say("%s: %s", step->name, step->does);
    }
    const uint64_t *token = launch->token.word;
    syscall(SYS_execve, plan->program, plan->argv, plan->envp, token[0], token[1], token[2]);
    return exec_failed(plan->program, errno, error);
}
