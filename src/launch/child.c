/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch/child.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

int child_prepare(const struct plan *plan, struct launch *launch, struct error *error)
{
    for (size_t i = 0; i < launch_step_count; i++)
        if (launch_steps[i].prepare != NULL && launch_steps[i].prepare(plan, launch, error) != 0)
            return -1;
    return 0;
}

/* What can be known of the program before the filter refuses to look, or to take memory: for the words when exec fails.
 * From the filter on no call is made but execve and exit, since one that is refused would wait for a supervisor who
 * waits for exec. */
struct program_file {
    bool there, is_directory;
    char capabilities[256]; /* that the file asks for, by their names */
};

static void name_capabilities(uint64_t set, char *names, size_t size)
{
    for (int capability = 0; capability < 64; capability++) {
        char *name = (set >> capability & 1) != 0 ? cap_to_name(capability) : NULL;
        size_t length = strlen(names);
        if (name != NULL)
            snprintf(names + length, size - length, "%s%s", length > 0 ? "," : "",
                     strncmp(name, "cap_", 4) == 0 ? name + 4 : name);
        cap_free(name);
    }
}

static struct program_file look_at_program(const char *path)
{
    struct stat status;
    struct program_file file = { .there = stat(path, &status) == 0 };
    struct vfs_cap_data data;
    ssize_t length = file.there ? getxattr(path, XATTR_NAME_CAPS, &data, sizeof data) : -1;
    file.is_directory = file.there && S_ISDIR(status.st_mode);
    if (length >= (ssize_t)XATTR_CAPS_SZ_2)
        name_capabilities((uint64_t)le32toh(data.data[1].permitted) << 32 | le32toh(data.data[0].permitted),
                          file.capabilities, sizeof file.capabilities);
    return file;
}

/* ping(8) and its like ask by the file for capabilities that the sandbox has dropped; the kernel refuses to execute
 * them with less. */
static int capabilities_missing(const char *program, const char *names, struct error *error)
{
    return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: its file asks for the capabilities %s, which "
                            "the sandbox has not (as root: --keep-cap=%s)", program, names, names);
}

/* Why exec failed, in words that name the remedy. */
static int exec_failed(const char *program, const struct program_file *file, int number, struct error *error)
{
    bool there = file->there;
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
                                file->is_directory ? "it is a directory" : "chmod +x, and let its user "
                                "enter every directory above it");
    case E2BIG:
        return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: %s (fewer or shorter arguments, "
                                "a smaller environment)", program, strerror(number));
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return error_set(error, "cannot execute %s: %s (raise the limit)", program, strerror(number));
    case EPERM:
        if (file->capabilities[0] != '\0')
            return capabilities_missing(program, file->capabilities, error);
        __attribute__((fallthrough));
    default:
        return error_set_status(error, STATUS_NOT_EXECUTABLE, "cannot execute %s: %s (try it without sbx-run)",
                                program, strerror(number));
    }
}

int child_become_program(const struct plan *plan, struct launch *launch, struct error *error)
{
    struct program_file file = { 0 };
    for (size_t i = 0; i < launch_step_count; i++) {
        const struct step *step = &launch_steps[i];
        if (step->apply == NULL)
            continue;
        if (i + 1 == launch_step_count)
            file = look_at_program(plan->program);
        int done = step->apply(plan, launch, error);
        if (done < 0)
            return -1;
        if (done > 0 && launch->verbose && i + 1 < launch_step_count) /* the filter may refuse to write */
            say("%s: %s", step->name, step->does);
    }
    const uint64_t *token = launch->token.word;
    syscall(SYS_execve, plan->program, plan->argv, plan->envp, token[0], token[1], token[2]);
    return exec_failed(plan->program, &file, errno, error);
}
