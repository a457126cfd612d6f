/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC /* Linux 5.11 */
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

int descriptors_standard(struct error *error)
{
    for (;;) {
        int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0)
            return error_set(error, "cannot open /dev/null: %s (it must be there, and a descriptor free)",
                             strerror(errno));
        if (descriptor > 2) {
            close(descriptor); /* gone whatever it answers */
            return 0;
        }
        if (fcntl(descriptor, F_SETFD, 0) != 0)
            return error_set(error, "cannot keep descriptor %d: %s (open 0, 1 and 2 before the start)", descriptor,
                             strerror(errno));
    }
}

int descriptors_check(const struct options *options, const struct machine *machine, struct plan *plan,
                      struct error *error)
{
    (void)machine;
    plan->kept_descriptors = options->kept_descriptors;
    plan->kept_descriptor_count = options->kept_descriptor_count;
    for (size_t i = 0; i < plan->kept_descriptor_count; i++)
        if (fcntl(plan->kept_descriptors[i], F_GETFD) < 0)
            return error_set(error, "cannot keep descriptor %d: it is not open (open it before: %d<FILE)",
                             plan->kept_descriptors[i], plan->kept_descriptors[i]);
    return 0;
}

int descriptors_apply(const struct plan *plan, struct launch *launch, struct error *error)
{
    (void)launch;
    /* Marked, not closed: the table is shared with the supervisor until exec. */
    if (syscall(SYS_close_range, 3U, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0)
        return error_set(error, "cannot close the descriptors above 2: %s (Linux 5.11 is the first that can)",
                         strerror(errno));
    for (size_t i = 0; i < plan->kept_descriptor_count; i++)
        if (fcntl(plan->kept_descriptors[i], F_SETFD, 0) != 0)
            return error_set(error, "cannot keep descriptor %d: %s (leave --keep-fd out)", plan->kept_descriptors[i],
                             strerror(errno));
    return 1;
}

void descriptors_print(const struct plan *plan, json_t *object)
{
    json_t *kept = json_array();
    for (int standard = 0; standard <= 2; standard++)
        json_array_append_new(kept, json_integer(standard));
    for (size_t i = 0; i < plan->kept_descriptor_count; i++)
        if (plan->kept_descriptors[i] > 2)
            json_array_append_new(kept, json_integer(plan->kept_descriptors[i]));
    json_object_set_new(object, "descriptors kept", kept);
}
