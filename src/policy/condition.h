/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The condition language, used by make-table for the tables and at run time for --rule:
 *
 *   condition   COMPARISON, joined by `and`, `or`, `!` (or `not`) and parentheses
 *   comparison  ARGUMENTS RELATION VALUE | ARGUMENTS in SET | ARGUMENTS not in SET | (ARGUMENT & VALUE)
 *   ARGUMENTS   ARGUMENT, or several with commas: it must hold for each
 *   ARGUMENT    a name of arguments.tbl or arg0..arg5: as many bits as the kernel reads of it;
 *               raw0..raw5: all 64 bits as they were passed; (ARGUMENT & VALUE) compares under a mask
 *   RELATION    == != < <= > >=: unsigned, as filters compare
 *   SET         {VALUE, VALUE...} or the name of a list
 *   VALUE       a number (0x, 0 for octal, - before it), a name of a list, several with `|`, ~VALUE, own uid, own gid
 *
 * A comparison that always or never holds is an error, so is a name of another argument's lists. A name that
 * has no value on this architecture is no bit in a mask and no member of a set. */
#ifndef SBX_POLICY_CONDITION_H
#define SBX_POLICY_CONDITION_H

#include "policy/table.h"

struct condition_buffer {
    struct test tests[CONDITION_TESTS_MAX];
    uint64_t values[CONDITION_VALUES_MAX]; /* tests name theirs by index */
    unsigned test_count, value_count;
};

/* The condition text[start..end) of the call `row` for one architecture. 0, or -1 with the error
 * `column N: WHY`, counted in the whole text. */
int condition_parse(const struct vocabulary *words, enum policy_arch arch, unsigned row, const char *text,
                    size_t start, size_t end, struct condition_buffer *into, struct error *error);

/* One value for one argument, with the same checks. 0, or -1 with the error `WHY`; *present is false when
 * this architecture has no value of that name. */
int condition_parse_value(const struct vocabulary *words, enum policy_arch arch, unsigned row, unsigned argument,
                          const char *text, uint64_t *value, bool *present, struct error *error);

/* The whole text is one unsigned number: decimal, 0x or 0 for octal. */
bool parse_number(const char *text, uint64_t *value);

/* ` (nearest: WORD)`, or nothing where none is near. */
#define NEAREST_NOTE_SIZE 96
const char *nearest_note(const char *word, const char *const *known, size_t count, char note[NEAREST_NOTE_SIZE]);

/* A name of a list, NULL when there is none. */
const struct constant *constant_find(const struct vocabulary *words, const char *name);

#endif
