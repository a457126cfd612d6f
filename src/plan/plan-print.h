/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan in words (--dry-run) and as JSON (--dry-run=json), both from the print functions of the steps. */
#ifndef SBX_PLAN_PLAN_PRINT_H
#define SBX_PLAN_PLAN_PRINT_H

#include <jansson.h>

#include "plan/plan.h"

/* The plan as an object of the caller. */
json_t *plan_describe(const struct plan *plan);

/* On standard output. 0, or -1 with the error. */
int plan_print(const struct plan *plan, bool as_json, struct error *error);

#endif
