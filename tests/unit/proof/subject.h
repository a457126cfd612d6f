/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is judged: the filter that src/policy makes for a setup. */
#ifndef PROOF_SUBJECT_H
#define PROOF_SUBJECT_H

#include "cases.h"
#include "policy/filter.h"

/* Where the data files are: src/policy from the top of the tree. */
#define PROOF_DATA "src/policy"

extern const struct exec_token proof_token;

/* 0; 1 when sbx-run refuses the options (error says why); the filter is to be freed. */
int subject_build(const struct setup *setup, struct filter *filter, struct error *error);

/* Microseconds that settling and compiling take, once the options are read; -1 when they are refused. */
double subject_time(const struct setup *setup);

/* The judge's side of the same setup. */
int subject_judge(const struct judge *judge, const struct setup *setup, struct judge_policy *policy);

#endif
