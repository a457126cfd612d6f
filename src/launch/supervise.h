/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor: starts the program as a child, behaves as if it were not there, ends what is left. */
#ifndef SBX_LAUNCH_SUPERVISE_H
#define SBX_LAUNCH_SUPERVISE_H

#include "plan/plan.h"

/* Runs the program of the plan to its end; the exit status that sbx-run shall have. */
int supervise(const struct plan *plan, const struct options *options);

/* Becomes the program; returns only when that failed, with the exit status. */
int run_in_place(const struct plan *plan, const struct options *options);

#endif
