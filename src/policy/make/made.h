/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of make-table alone: the tables while they are made. They are written out as they stand. */
#ifndef SBX_POLICY_MAKE_MADE_H
#define SBX_POLICY_MAKE_MADE_H

#include <stdio.h>

#include "policy/table.h"

#define ROWS_MAX 1024
#define LENGTH(array) (sizeof(array) / sizeof *(array))

extern char strings[60000];
extern struct row rows[ROWS_MAX];
extern struct argument arguments[6 * ROWS_MAX];
extern struct list lists[64];
extern struct constant constants[4096];
extern struct test tests[2048];
extern uint64_t values[4096];
extern struct condition conditions[1024];
extern struct clause clauses[1024];
extern struct category categories[32];
extern struct feature features[128];
extern struct opening openings[1024];
extern uint16_t openings_by_row[1024], rows_by_name[ROWS_MAX], row_of_number[TABLE_ARCHES][ROWS_MAX];
extern struct alias aliases[TABLE_ABIS][1024];
extern uint16_t alias_count[TABLE_ABIS], number_count[TABLE_ARCHES];
extern unsigned string_length, argument_count, test_count, value_count, condition_count, clause_count;
extern unsigned category_count, feature_count, opening_count;
extern struct vocabulary words;

/* Prints the line that is read and ends the program. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* The index, when an array of that size has it. */
uint16_t checked(unsigned index, size_t size, const char *what);
/* Calls `take` for each line of a table: columns split at tabs, comments and the head line left out. */
void read_table(const char *directory, const char *file, unsigned columns, bool has_head, void (*take)(char **column));
uint16_t intern(const char *text); /* its offset in strings */
unsigned find_row(const char *name);
uint16_t find_constant(const char *name, const char *family);

void read_abis(const char *directory);

/* The table as constant C, and the rows' names as a header. */
void write_table(FILE *out);
void write_calls(FILE *out);

#endif
