/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes: a file that is written whole, or a descriptor that sbx-run was given. */
#ifndef SBX_TELL_OUTPUT_H
#define SBX_TELL_OUTPUT_H

#include "tell/whole-file.h"

/* All zero: none. */
struct output {
    const char *value;      /* the caller's, kept; NULL: none is open */
    int descriptor;         /* own copy of fd:N, out of the program's reach; -1: a file */
    struct whole_file file;
};

/* `value`: FILE or fd:N; /dev/stdout, /dev/stderr and /dev/fd/N are what they name, not files to be replaced. Before
 * the start, so that what cannot be written stops it. 0, or -1 with the error. */
int output_open(struct output *output, const char *value, struct error *error);

/* All of it, and closes. After the end of all that the sandbox has started. 0, or -1 with the error, which leaves
 * sbx-run's status. */
int output_write(struct output *output, const char *text, size_t length, struct error *error);

/* Takes it back; does nothing when none is open. */
void output_drop(struct output *output);

#endif
