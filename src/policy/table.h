/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What make-table makes of calls.tbl, arguments.tbl, features.tbl, abis.tbl and lists/: constant, without a
 * pointer or a relocation in it, so that a start pays nothing for it.
 *
 * Strings are offsets into policy_table.strings (table_string()), everything else is an index. */
#ifndef SBX_POLICY_TABLE_H
#define SBX_POLICY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

#define TABLE_ARCHES 2 /* enum policy_arch */
#define TABLE_NONE 0xffffu
#define CHAIN_ALLOW 0u /* the chain that allows a call: make-table makes it first */

/* One comparison of one argument. The tests of a condition refer to each other: the first one decides, then
 * the one named by its answer, until that is CONDITION_TRUE or CONDITION_FALSE; always to a later one. */
enum test_operation {
    TEST_IN,       /* argument & mask is one of the values */
    TEST_ANY_BIT,  /* argument & mask is not 0 */
    TEST_AT_LEAST, /* argument & mask >= value, unsigned */
};
enum test_own { OWN_NONE, OWN_UID = 1, OWN_GID = 2 }; /* values more: the ids that the program starts with */
enum { CONDITION_TRUE = 254, CONDITION_FALSE = 255, CONDITION_TESTS_MAX = 64, CONDITION_VALUES_MAX = 512 };

struct test {
    uint64_t mask; /* never beyond the bits that the kernel reads of this argument */
    uint16_t first_value, value_count; /* sorted, no value twice */
    uint8_t argument, operation, own, when_true, when_false;
};

struct condition {
    uint16_t first_test, test_count;
};

/* A decision is a chain of clauses: the first whose condition holds gives the verdict, or leads on to another
 * chain. The last one has no condition. */
struct clause {
    uint32_t verdict;   /* SECCOMP_RET_*, with its data */
    uint16_t condition; /* TABLE_NONE: always */
    uint16_t chain;     /* go on there; TABLE_NONE: the verdict is given */
    uint16_t next;      /* when the condition does not hold */
};

enum row_kind { ROW_ALLOW, ROW_DENY, ROW_RESTRICT, ROW_CAPABILITY, ROW_UNLESS_ROOT };

struct row {
    uint16_t name, why, condition_text, errno_text;
    int16_t number[TABLE_ARCHES]; /* -1: the architecture has none */
    uint8_t category, kind;
    uint8_t capability;       /* of ROW_CAPABILITY */
    bool by_name_only;        /* no category refuses it: a process cannot even end without it */
    uint16_t errno_value;     /* what a refusal of the whole call answers; EPERM for allowed rows */
    uint16_t first_argument, argument_count;
    uint16_t first_opening;   /* in openings_by_row */
    uint16_t opening_count;
    struct {
        uint16_t condition; /* TABLE_NONE: none */
        uint16_t standing;  /* chain: when no capability is kept; unless-root rows: for others than root */
        uint16_t refusal;   /* chain: the errnos alone */
    } arch[TABLE_ARCHES];
};

struct argument {
    uint16_t name;
    uint8_t bits;   /* that the kernel reads: 16, 32 or 64 */
    uint8_t type;   /* enum argument_type */
    uint16_t family; /* string: whose lists name its values; "" none */
};

enum argument_type { ARGUMENT_NUMBER, ARGUMENT_SIGNED, ARGUMENT_ID, ARGUMENT_FD, ARGUMENT_DIRFD, ARGUMENT_MODE,
                     ARGUMENT_POINTER, ARGUMENT_PATH, ARGUMENT_SOCKADDR };

struct feature {
    uint16_t name; /* category.feature */
    uint8_t category;
    uint16_t first_opening, opening_count;
};

/* What a feature opens in one row. */
struct opening {
    uint16_t feature, row;
    uint16_t condition[TABLE_ARCHES]; /* TABLE_NONE: all that the row's own condition keeps shut */
    uint8_t member;                   /* the argument that `feature:VALUE` compares; 255: takes no members */
};

struct category {
    uint16_t name, first_row, row_count;
};

/* A call of a foreign ABI that the machine can run too, under the rules of a row. */
struct alias {
    uint16_t name, number, row;
    uint16_t refusal;  /* row TABLE_NONE: this errno */
    bool rearranged;   /* the arguments stand elsewhere: a row that looks at them refuses it */
};

enum table_abi { ABI_X86, ABI_X32, TABLE_ABIS };

struct constant {
    uint16_t name, list;
    uint8_t arches; /* 1 << enum policy_arch: where it has a value */
    uint64_t value[TABLE_ARCHES];
};

struct list {
    uint16_t name, family; /* family: the name up to its first '-' */
};

/* The names that conditions are written in. make-table fills one from the text files. */
struct vocabulary {
    const char *strings;
    const struct row *rows;
    const struct argument *arguments;
    const struct list *lists;
    const struct constant *constants; /* sorted by name */
    uint16_t row_count, list_count, constant_count;
};

struct policy_table {
    struct vocabulary words;
    const uint16_t *rows_by_name; /* row numbers in the order of names */
    const uint16_t *row_of_number[TABLE_ARCHES];
    const struct test *tests;
    const uint64_t *values;
    const struct condition *conditions;
    const struct clause *clauses;
    const struct category *categories;
    const struct feature *features; /* sorted by name */
    const struct opening *openings; /* in the order of features */
    const uint16_t *openings_by_row;
    const struct alias *aliases[TABLE_ABIS]; /* sorted by number */
    uint16_t alias_count[TABLE_ABIS];
    uint16_t number_count[TABLE_ARCHES];
    uint16_t test_count, value_count, condition_count, clause_count;
    uint16_t category_count, feature_count, opening_count;
};

extern const struct policy_table policy_table; /* generated */

static inline const char *table_string(uint16_t offset)
{
    return policy_table.words.strings + offset;
}

#endif
