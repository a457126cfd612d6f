/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside src/policy: what policy_settings_add() made of the options, for policy_settle(). Everything is an
 * index into the tables, nothing is text any more. */
#ifndef SBX_POLICY_SETTINGS_H
#define SBX_POLICY_SETTINGS_H

#include "policy/table.h"

enum selector {
    SELECT_ROW,      /* one call */
    SELECT_PART,     /* one call where a condition holds */
    SELECT_FEATURE,  /* what a feature names */
    SELECT_CATEGORY, /* a category: allowing takes its rows as the table has them */
    SELECT_EVERY,    /* everything in a category, or in all of them */
};

enum action { ACTION_ALLOW, ACTION_LOG, ACTION_REFUSE /* with the row's own errno */, ACTION_VERDICT };

struct setting {
    uint8_t selector, action;
    uint16_t index;                   /* of the row, feature or category; TABLE_NONE: all categories */
    uint16_t condition[TABLE_ARCHES]; /* of SELECT_PART; TABLE_NONE: not on this architecture */
    uint32_t verdict;                 /* of ACTION_VERDICT: SECCOMP_RET_* with its data */
};

struct policy_settings {
    bool open, audit;
    uint8_t abis;     /* 1 << enum table_abi */
    uint32_t unknown; /* verdict of numbers that the table does not have */
    bool has_base;    /* --calls: of every call without a setting; default is no base */
    uint8_t base_action;
    uint32_t base_verdict;
    unsigned added; /* settings of any kind */

    struct setting *list;
    unsigned count, room;
    /* conditions that came with settings; numbered on from those of policy_table */
    struct condition *conditions;
    unsigned condition_count, condition_room;
    struct test *tests;
    unsigned test_count, test_room;
    uint64_t *values;
    unsigned value_count, value_room;
};

#endif
