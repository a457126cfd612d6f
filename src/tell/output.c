/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 10000 /* for a reader of a descriptor that does not block */

/* The number that `text` is wholly, or -1. */
static int read_number(const char *text)
{
    int number = 0;
    if (*text == '\0' || strlen(text) > 6)
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        number = 10 * number + *text - '0';
    }
    return number;
}

/* Whether a descriptor is meant; then its number, -1 when it is none. */
static bool names_descriptor(const char *value, int *number)
{
    static const char *const before[] = { "fd:", "/dev/fd/", "/proc/self/fd/" };
    if (strcmp(value, "/dev/stdout") == 0 || strcmp(value, "/dev/stderr") == 0) {
        *number = strcmp(value, "/dev/stdout") == 0 ? STDOUT_FILENO : STDERR_FILENO;
        return true;
    }
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (strncmp(value, before[i], strlen(before[i])) == 0) {
            *number = read_number(value + strlen(before[i]));
            return true;
        }
    return false;
}

static int open_descriptor(struct output *output, int number, struct error *error)
{
    int flags = number >= 0 ? fcntl(number, F_GETFL) : -1;
    if (number < 0)
        return error_set(error, "cannot write to %s: no number of a descriptor (fd:3)", output->value);
    if (flags < 0)
        return error_set(error, "cannot write to %s: it is not open (open it: %d>FILE)", output->value, number);
    if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0)
        return error_set(error, "cannot write to %s: it is open for reading only (open it: %d>FILE)", output->value,
                         number);
    output->descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3);
    if (output->descriptor < 0)
        return error_set(error, "cannot write to %s: %s (raise the limit of descriptors)", output->value,
                         strerror(errno));
    return 0;
}

int output_open(struct output *output, const char *value, struct error *error)
{
    int number, opened;
    *output = (struct output){ .value = value, .descriptor = -1 };
    if (names_descriptor(value, &number))
        opened = open_descriptor(output, number, error);
    else
        opened = whole_file_open(&output->file, value, error);
    if (opened != 0)
        output->value = NULL;
    return opened;
}

static bool write_all(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd ready = { .fd = descriptor, .events = POLLOUT };
            if (poll(&ready, 1, PATIENCE_MS) > 0)
                continue;
            errno = ETIMEDOUT;
            return false;
        }
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return true;
}

int output_write(struct output *output, const char *text, size_t length, struct error *error)
{
    int result = 0;
    if (output->descriptor < 0) {
        fwrite(text, 1, length, output->file.stream); /* an error of it is found by the commit */
        result = whole_file_commit(&output->file, error);
    } else if (!write_all(output->descriptor, text, length)) {
        result = error_set(error, "cannot write to %s: %s (is its reader gone?)", output->value, strerror(errno));
    }
    output_drop(output);
    return result;
}

void output_drop(struct output *output)
{
    if (output->value == NULL)
        return;
    if (output->descriptor >= 0)
        close(output->descriptor);
    else
        whole_file_drop(&output->file);
    output->value = NULL;
}
