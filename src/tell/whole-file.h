/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are written whole or not at all: a temporary one beside it, renamed at the end.
 *
 * The program may be able to write in that directory. So the directory is held open, the temporary file is written
 * after all of the sandbox has ended, and it takes the file's place only while it is still the one that was opened. */
#ifndef SBX_TELL_WHOLE_FILE_H
#define SBX_TELL_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "tell/words.h"

struct whole_file {
    const char *path;  /* the caller's, kept */
    int directory;     /* that it is in */
    char *temporary;   /* its name there; NULL: none is open */
    FILE *stream;
};

/* Opens before the start, so that a file which cannot be written stops it. 0, or -1 with the error. */
int whole_file_open(struct whole_file *file, const char *path, struct error *error);

/* Puts it in the place of the old one. 0, or -1 with the error: the old one is as it was then. */
int whole_file_commit(struct whole_file *file, struct error *error);

/* Takes it back; does nothing when none is open. */
void whole_file_drop(struct whole_file *file);

#endif
