/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that are really made, under the filter and beside it. */
#ifndef PROOF_LIVE_H
#define PROOF_LIVE_H

#include "cases.h"

/* How many calls were made and how many of them were refused; failures are printed. -1: seccomp(2) does not
 * work here (why tells). x86_64 only. */
int live_compare(const struct judge *judge, unsigned *made, unsigned *refused, unsigned *failures);

#endif
