/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --learn=FILE: the smallest profile that would have let this run pass. */
#ifndef SBX_TELL_LEARN_H
#define SBX_TELL_LEARN_H

#include "tell/explain.h"
#include "tell/whole-file.h"

struct learn {
    struct whole_file file;
    char *before; /* what FILE has already; NULL: it is new */
};

/* Before the start: reads what FILE has and makes sure that it can be written. 0, or -1 with the error. */
int learn_open(struct learn *learn, const char *path, struct error *error);

/* Writes FILE: what it had, and a line for each kind of call that is new. 0, or -1 with the error. */
int learn_write(struct learn *learn, const struct plan *plan, const struct explain *explain, struct error *error);

#endif
