/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside src/policy: the parser of conditions. What it reads of a text is in two files: values and the sets that
 * they make (condition-value.c), comparisons and what joins them (condition.c). */
#ifndef SBX_POLICY_CONDITION_PARSER_H
#define SBX_POLICY_CONDITION_PARSER_H

#include "policy/condition.h"

#define CONDITION_NODES_MAX 192
#define CONDITION_DEPTH_MAX 32
#define CONDITION_NAME_MAX 63

enum node_kind { NODE_TEST, NODE_AND, NODE_OR, NODE_NOT };

struct node {
    enum node_kind kind;
    bool bare; /* (ARGUMENT & MASK) alone: a relation may follow */
    uint8_t left, right;
    struct test test;
};

struct parser {
    const struct vocabulary *words;
    enum policy_arch arch;
    const struct row *row;
    const char *text, *at, *end;
    unsigned depth, node_count;
    struct node nodes[CONDITION_NODES_MAX];
    struct condition_buffer *into;
    struct error *error;
};

/* An argument as a comparison reads it. */
struct operand {
    uint8_t argument, bits;
    uint16_t family; /* string: whose lists name its values */
    uint64_t mask;
};

struct value {
    uint64_t number;
    bool negative, absent; /* absent: the name has no value on this architecture */
    enum test_own own;
};

struct value_set {
    uint64_t values[CONDITION_VALUES_MAX];
    unsigned count, own; /* own: enum test_own, or-ed */
};

/* Sets the error `column N: WHY` and returns -1. */
int parser_fail(struct parser *parser, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The next character that is no blank, 0 at the end; the cursor stands on it then. */
char parser_peek(struct parser *parser);
bool parser_accept(struct parser *parser, const char *token);
/* The name or number at the cursor, which stays; its length, 0 when there is none. */
size_t parser_peek_name(struct parser *parser, char name[CONDITION_NAME_MAX + 1]);
bool parser_accept_word(struct parser *parser, const char *word);
const char *parser_string(const struct parser *parser, uint16_t offset);

uint64_t operand_bits(unsigned bits); /* a mask of so many */

/* VALUE | VALUE ...: fits into what the kernel reads; a negative one is its two's complement there. */
int parse_value(struct parser *parser, const struct operand *operand, struct value *value);
/* {VALUE, ...} or the name of a list. */
int parse_set(struct parser *parser, const struct operand *operand, struct value_set *set);
/* A value of a set must be possible under the operand's mask. */
int set_add(struct parser *parser, const struct operand *operand, const char *place, struct value_set *set,
            const struct value *value);
/* The values become the test's, sorted, none twice. */
void set_store(struct parser *parser, struct value_set *set, struct test *test);

#endif
