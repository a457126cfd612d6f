/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters with one mistake in them, to see whether the proof notices. */
#ifndef PROOF_MUTANTS_H
#define PROOF_MUTANTS_H

#include "judge.h"

struct mutant_count {
    unsigned instructions, rows; /* noticed */
    unsigned alike;              /* answer every call as before: nothing to notice */
    unsigned missed;             /* answer a call differently, and no case showed it; printed */
};

/* Makes `wanted` mutants that change a verdict, four of five by one instruction, the others by one field of the
 * table that the filter is made from. */
struct mutant_count mutants_try(const struct judge *judge, uint64_t seed, unsigned wanted);

#endif
