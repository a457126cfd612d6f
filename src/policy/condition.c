/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "policy/condition-parser.h"

#define ARGUMENTS_MAX 6

static int parse_either(struct parser *parser);

static int new_node(struct parser *parser, enum node_kind kind, int left, int right)
{
    if (parser->node_count == CONDITION_NODES_MAX)
        return parser_fail(parser, parser->at, "the condition is too long");
    parser->nodes[parser->node_count] =
        (struct node){.kind = kind, .left = (uint8_t)left, .right = (uint8_t)right};
    return (int)parser->node_count++;
}

static int fail_unknown_argument(struct parser *parser, const char *name)
{
    const char *known[ARGUMENTS_MAX];
    size_t count = parser->row->argument_count;
    char list[160] = "";
    for (size_t i = 0; i < count; i++) {
        known[i] = parser_string(parser, parser->words->arguments[parser->row->first_argument + i].name);
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i == 0 ? "" : ", ", known[i]);
    }
    char note[NEAREST_NOTE_SIZE];
    return parser_fail(parser, parser->at, "%s has no argument '%s'%s; it has %s",
                       parser_string(parser, parser->row->name), name, nearest_note(name, known, count, note),
                       count == 0 ? "none" : list);
}

static int parse_operand(struct parser *parser, struct operand *operand)
{
    char name[CONDITION_NAME_MAX + 1];
    size_t length = parser_peek_name(parser, name);
    if (length == 0)
        return parser_fail(parser, parser->at, "an argument's name expected");
    const struct argument *arguments = &parser->words->arguments[parser->row->first_argument];
    unsigned index = 0, count = parser->row->argument_count;
    bool raw = length == 4 && memcmp(name, "raw", 3) == 0 && name[3] >= '0' && name[3] <= '5';
    bool numbered = raw || (length == 4 && memcmp(name, "arg", 3) == 0 && name[3] >= '0' && name[3] <= '5');
    while (index < count && strcmp(name, parser_string(parser, arguments[index].name)) != 0)
        index++;
    if (index == count && numbered)
        index = (unsigned)(name[3] - '0');
    if (index >= count && !raw)
        return fail_unknown_argument(parser, name);
    parser->at += length;
    operand->argument = (uint8_t)index;
    operand->bits = raw ? 64 : arguments[index].bits;
    operand->family = index < count ? arguments[index].family : 0;
    operand->mask = operand_bits(operand->bits);
    return 0;
}

enum relation { EQUAL, NOT_EQUAL, LESS, AT_MOST, MORE, AT_LEAST, IN, NOT_IN, NO_RELATION };

static enum relation accept_relation(struct parser *parser)
{
    static const struct {
        const char *token;
        enum relation relation;
    } relations[] = {{"==", EQUAL}, {"!=", NOT_EQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"<", LESS}, {">", MORE}};
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (parser_accept(parser, relations[i].token))
            return relations[i].relation;
    const char *before = parser->at;
    if (parser_accept_word(parser, "in"))
        return IN;
    if (parser_accept_word(parser, "not")) {
        if (parser_accept_word(parser, "in"))
            return NOT_IN;
        parser->at = before;
    }
    return NO_RELATION;
}

/* A bound becomes `at least`; *negated when the test must be turned round. */
static int parse_bound(struct parser *parser, const struct operand *operand, enum relation relation,
                       struct value_set *set, bool *negated)
{
    struct value value;
    const char *place = (parser_peek(parser), parser->at);
    if (parser_peek(parser) == '-')
        return parser_fail(parser, place, "order is unsigned: a negative number has no place in it");
    if (parse_value(parser, operand, &value) < 0)
        return -1;
    if (value.own != OWN_NONE)
        return parser_fail(parser, place, "an own id can only be equal");
    if (value.absent)
        return parser_fail(parser, place, "the name has no value on this architecture");
    *negated = relation == LESS || relation == AT_MOST;
    if (relation == MORE || relation == AT_MOST ? value.number >= operand->mask
                                                : value.number > operand->mask || value.number == 0)
        return parser_fail(parser, place, "the comparison holds always or never");
    set->values[0] = value.number + (relation == MORE || relation == AT_MOST);
    set->count = 1;
    set->own = OWN_NONE;
    return 0;
}

/* What stands right of the relation, for all operands: a node. */
static int parse_comparison(struct parser *parser, const struct operand *operands, unsigned count,
                            enum relation relation)
{
    struct value_set set = {.count = 0};
    bool negated = relation == NOT_EQUAL || relation == NOT_IN;
    const char *begin = parser->at;
    int node = -1;
    for (unsigned i = 0; i < count; i++) { /* read once for each: their widths may differ */
        parser->at = begin;
        struct value value;
        const char *place = (parser_peek(parser), parser->at);
        enum test_operation operation = TEST_IN;
        set.count = 0;
        set.own = OWN_NONE;
        if (relation == IN || relation == NOT_IN) {
            if (parse_set(parser, &operands[i], &set) < 0)
                return -1;
        } else if (relation == EQUAL || relation == NOT_EQUAL) {
            if (parse_value(parser, &operands[i], &value) < 0 ||
                set_add(parser, &operands[i], place, &set, &value) < 0)
                return -1;
        } else {
            operation = TEST_AT_LEAST;
            if (parse_bound(parser, &operands[i], relation, &set, &negated) < 0)
                return -1;
        }
        int test = new_node(parser, NODE_TEST, 0, 0);
        if (test < 0)
            return -1;
        struct test *made = &parser->nodes[test].test;
        *made = (struct test){.mask = operands[i].mask, .argument = operands[i].argument,
                              .operation = (uint8_t)operation, .own = (uint8_t)set.own};
        set_store(parser, &set, made);
        if (negated && (test = new_node(parser, NODE_NOT, test, 0)) < 0)
            return -1;
        if ((node = node < 0 ? test : new_node(parser, NODE_AND, node, test)) < 0)
            return -1;
    }
    return node;
}

/* ARGUMENT & MASK, or ARGUMENTS RELATION ... */
static int parse_arguments(struct parser *parser)
{
    struct operand operands[ARGUMENTS_MAX];
    unsigned count = 0;
    do {
        if (count == ARGUMENTS_MAX)
            return parser_fail(parser, parser->at, "a call has %d arguments", ARGUMENTS_MAX);
        if (parse_operand(parser, &operands[count]) < 0)
            return -1;
        count++;
    } while (parser_accept(parser, ","));
    if (count == 1 && parser_accept(parser, "&")) {
        struct value mask;
        const char *place = (parser_peek(parser), parser->at);
        if (parse_value(parser, &operands[0], &mask) < 0)
            return -1;
        if (mask.own != OWN_NONE || (mask.number == 0 && !mask.absent))
            return parser_fail(parser, place, "a mask is a number or names, and not 0");
        int node = new_node(parser, NODE_TEST, 0, 0);
        if (node < 0)
            return -1;
        parser->nodes[node].bare = true;
        parser->nodes[node].test = (struct test){.mask = mask.number, .argument = operands[0].argument,
                                                 .operation = TEST_ANY_BIT};
        return node;
    }
    enum relation relation = accept_relation(parser);
    if (relation == NO_RELATION)
        return parser_fail(parser, parser->at, "a comparison expected (==, !=, <, <=, >, >=, in, not in, &)");
    return parse_comparison(parser, operands, count, relation);
}

/* ( condition ), or (ARGUMENT & MASK) RELATION ... */
static int parse_parenthesis(struct parser *parser)
{
    const char *inside = parser->at;
    int node = parse_either(parser);
    if (node < 0)
        return -1;
    if (!parser_accept(parser, ")"))
        return parser_fail(parser, parser->at, "')' expected");
    if (!parser->nodes[node].bare)
        return node;
    const char *after = parser->at;
    enum relation relation = accept_relation(parser);
    if (relation == NO_RELATION) {
        parser->at = after;
        return node;
    }
    struct operand operand;
    const char *resume = parser->at;
    parser->at = inside;
    while (parser_accept(parser, "("))
        ;
    if (parse_operand(parser, &operand) < 0)
        return -1;
    parser->at = resume;
    operand.mask = parser->nodes[node].test.mask;
    return parse_comparison(parser, &operand, 1, relation);
}

static int parse_single(struct parser *parser)
{
    if (parser->depth >= CONDITION_DEPTH_MAX)
        return parser_fail(parser, parser->at, "nested too deep");
    parser->depth++;
    int node;
    if (parser_accept(parser, "(")) {
        node = parse_parenthesis(parser);
    } else if (parser_accept(parser, "!") || parser_accept_word(parser, "not")) {
        node = parse_single(parser);
        if (node >= 0)
            node = new_node(parser, NODE_NOT, node, 0);
    } else {
        node = parse_arguments(parser);
    }
    parser->depth--;
    return node;
}

static int parse_both(struct parser *parser)
{
    int node = parse_single(parser);
    while (node >= 0 && parser_accept_word(parser, "and")) {
        int right = parse_single(parser);
        node = right < 0 ? -1 : new_node(parser, NODE_AND, node, right);
    }
    return node;
}

static int parse_either(struct parser *parser)
{
    int node = parse_both(parser);
    while (node >= 0 && parser_accept_word(parser, "or")) {
        int right = parse_both(parser);
        node = right < 0 ? -1 : new_node(parser, NODE_OR, node, right);
    }
    return node;
}

/* ---- from the tree to tests that name their successors ---- */

/* Writes from the end: each target is written before what leads to it. The place of the first test, or -1. */
static int thread(struct parser *parser, int node, int when_true, int when_false, unsigned *place)
{
    const struct node *at = &parser->nodes[node];
    int right;
    switch (at->kind) {
    case NODE_NOT:
        return thread(parser, at->left, when_false, when_true, place);
    case NODE_AND:
        right = thread(parser, at->right, when_true, when_false, place);
        return right < 0 ? -1 : thread(parser, at->left, right, when_false, place);
    case NODE_OR:
        right = thread(parser, at->right, when_true, when_false, place);
        return right < 0 ? -1 : thread(parser, at->left, when_true, right, place);
    case NODE_TEST:
        break;
    }
    if (*place == 0)
        return parser_fail(parser, parser->end, "more than %d comparisons", CONDITION_TESTS_MAX);
    struct test *test = &parser->into->tests[--*place];
    *test = at->test;
    test->when_true = (uint8_t)when_true;
    test->when_false = (uint8_t)when_false;
    return (int)*place;
}

int condition_parse(const struct vocabulary *words, enum policy_arch arch, unsigned row, const char *text,
                    size_t start, size_t end, struct condition_buffer *into, struct error *error)
{
    struct parser parser = {.words = words, .arch = arch, .row = &words->rows[row], .text = text,
                            .at = text + start, .end = text + end, .into = into, .error = error};
    into->test_count = into->value_count = 0;
    int node = parse_either(&parser);
    if (node < 0)
        return -1;
    if (parser_peek(&parser) != 0 || parser.at != parser.end)
        return parser_fail(&parser, parser.at, parser.nodes[node].bare
                    ? "write a mask in parentheses before a relation: (ARGUMENT & MASK) == VALUE"
                    : "'and', 'or' or the end expected");
    unsigned place = CONDITION_TESTS_MAX;
    if (thread(&parser, node, CONDITION_TRUE, CONDITION_FALSE, &place) < 0)
        return -1;
    into->test_count = CONDITION_TESTS_MAX - place;
    memmove(into->tests, into->tests + place, into->test_count * sizeof *into->tests);
    for (unsigned i = 0; i < into->test_count; i++) {
        struct test *test = &into->tests[i];
        if (test->when_true < CONDITION_TESTS_MAX)
            test->when_true = (uint8_t)(test->when_true - place);
        if (test->when_false < CONDITION_TESTS_MAX)
            test->when_false = (uint8_t)(test->when_false - place);
    }
    return 0;
}
