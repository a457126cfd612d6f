/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/condition.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 192
#define DEPTH_MAX 32
#define NAME_LENGTH_MAX 63
#define ARGUMENTS_MAX 6

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
    struct node nodes[NODES_MAX];
    struct condition_buffer *into;
    struct error *error;
};

struct value {
    uint64_t number;
    bool negative, absent; /* absent: the name has no value on this architecture */
    enum test_own own;
};

/* An argument as a comparison reads it. */
struct operand {
    uint8_t argument, bits;
    uint16_t family;
    uint64_t mask;
};

static int parse_either(struct parser *parser);
static int parse_value(struct parser *parser, const struct operand *operand, struct value *value);

/* ---- characters and words ---- */

__attribute__((format(printf, 3, 4)))
static int fail(struct parser *parser, const char *place, const char *format, ...)
{
    char why[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return error_set(parser->error, "column %zu: %s", (size_t)(place - parser->text) + 1, why);
}

static const char *string_at(const struct parser *parser, uint16_t offset)
{
    return parser->words->strings + offset;
}

static char peek(struct parser *parser)
{
    while (parser->at < parser->end && isspace((unsigned char)*parser->at))
        parser->at++;
    return parser->at < parser->end ? *parser->at : 0;
}

static bool accept(struct parser *parser, const char *token)
{
    size_t length = strlen(token);
    if (peek(parser) == 0 || (size_t)(parser->end - parser->at) < length ||
        memcmp(parser->at, token, length) != 0)
        return false;
    parser->at += length;
    return true;
}

/* The name or number at the cursor, which stays; its length, 0 when there is none. */
static size_t peek_name(struct parser *parser, char name[NAME_LENGTH_MAX + 1])
{
    size_t length = 0, left = isalnum((unsigned char)peek(parser)) || peek(parser) == '_'
                                  ? (size_t)(parser->end - parser->at) : 0;
    while (length < left && length < NAME_LENGTH_MAX &&
           (isalnum((unsigned char)parser->at[length]) || strchr("_-", parser->at[length]) != NULL))
        length++;
    memcpy(name, parser->at, length);
    name[length] = 0;
    return length;
}

static bool accept_word(struct parser *parser, const char *word)
{
    char name[NAME_LENGTH_MAX + 1];
    size_t length = peek_name(parser, name);
    if (strcmp(name, word) != 0)
        return false;
    parser->at += length;
    return true;
}

bool parse_number(const char *text, uint64_t *value)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno == 0 && *end == 0;
}

const struct constant *constant_find(const struct vocabulary *words, const char *name)
{
    size_t low = 0, high = words->constant_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, words->strings + words->constants[middle].name);
        if (order == 0)
            return &words->constants[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static uint64_t bits_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* ` (nearest: WORD)`, or nothing. */
static const char *nearest_note(const char *word, const char *const *known, size_t count, char note[96])
{
    const char *nearest = nearest_word(word, known, count);
    note[0] = 0;
    if (nearest != NULL)
        snprintf(note, 96, " (nearest: %s)", nearest);
    return note;
}

/* ---- values ---- */

static int fail_unknown_name(struct parser *parser, const struct operand *operand, const char *name)
{
    const struct vocabulary *words = parser->words;
    const char *known[1024];
    size_t count = 0;
    for (unsigned i = 0; i < words->constant_count && count < 1024; i++)
        if (words->lists[words->constants[i].list].family == operand->family)
            known[count++] = string_at(parser, words->constants[i].name);
    char note[96];
    return fail(parser, parser->at, "unknown name '%s'%s", name, nearest_note(name, known, count, note));
}

static int parse_named_value(struct parser *parser, const struct operand *operand, const char *name,
                             struct value *value)
{
    const struct constant *constant = constant_find(parser->words, name);
    if (constant == NULL)
        return fail_unknown_name(parser, operand, name);
    const char *family = string_at(parser, operand->family);
    const char *other = string_at(parser, parser->words->lists[constant->list].family);
    if (strcmp(family, other) != 0)
        return fail(parser, parser->at, *family == 0 ? "'%s' is a name of %s, this argument takes numbers only"
                                                     : "'%s' is a name of %s, not of %s", name, other, family);
    value->absent = (constant->arches & 1 << parser->arch) == 0;
    value->number = value->absent ? 0 : constant->value[parser->arch];
    return 0;
}

static int parse_simple_value(struct parser *parser, const struct operand *operand, struct value *value)
{
    *value = (struct value){0};
    if (accept(parser, "(")) {
        if (parse_value(parser, operand, value) < 0)
            return -1;
        return accept(parser, ")") ? 0 : fail(parser, parser->at, "')' expected");
    }
    if (accept_word(parser, "own")) {
        value->own = accept_word(parser, "uid") ? OWN_UID : accept_word(parser, "gid") ? OWN_GID : OWN_NONE;
        return value->own != OWN_NONE ? 0 : fail(parser, parser->at, "'uid' or 'gid' expected after 'own'");
    }
    if (accept(parser, "~")) {
        if (peek(parser) == '~' || parse_simple_value(parser, operand, value) < 0)
            return peek(parser) == '~' ? fail(parser, parser->at, "a value expected after '~'") : -1;
        if (value->negative || value->own != OWN_NONE)
            return fail(parser, parser->at, "'~' takes a number or a name");
        value->number = ~value->number & bits_mask(operand->bits);
        value->absent = false;
        return 0;
    }
    value->negative = accept(parser, "-");
    char name[NAME_LENGTH_MAX + 1];
    size_t length = peek_name(parser, name);
    if (length == 0)
        return fail(parser, parser->at, "a value expected");
    if (isdigit((unsigned char)name[0]) ? !parse_number(name, &value->number) : value->negative)
        return fail(parser, parser->at, "'%s' is no number", name);
    if (!isdigit((unsigned char)name[0]) && parse_named_value(parser, operand, name, value) < 0)
        return -1;
    parser->at += length;
    return 0;
}

/* Whether the value fits into what the kernel reads; a negative one becomes its two's complement there. */
static int fit_value(struct parser *parser, const struct operand *operand, const char *place, struct value *value)
{
    uint64_t readable = bits_mask(operand->bits);
    if (value->negative) {
        if (value->number > (readable >> 1) + 1)
            return fail(parser, place, "the value does not fit into %u bits", operand->bits);
        value->number = -value->number & readable;
    } else if (value->own == OWN_NONE && (value->number & ~readable) != 0) {
        return fail(parser, place, "the value does not fit into the %u bits that the kernel reads of this argument",
                    operand->bits);
    }
    return 0;
}

/* VALUE | VALUE ... */
static int parse_value(struct parser *parser, const struct operand *operand, struct value *value)
{
    const char *place = (peek(parser), parser->at);
    if (parser->depth >= DEPTH_MAX)
        return fail(parser, place, "nested too deep");
    parser->depth++;
    if (parse_simple_value(parser, operand, value) < 0 || fit_value(parser, operand, place, value) < 0)
        return -1;
    while (accept(parser, "|")) {
        struct value more;
        place = (peek(parser), parser->at);
        if (parse_simple_value(parser, operand, &more) < 0 || fit_value(parser, operand, place, &more) < 0)
            return -1;
        if (value->own != OWN_NONE || more.own != OWN_NONE)
            return fail(parser, place, "an own id cannot be joined by '|'");
        value->number |= more.number;
        value->absent = value->absent && more.absent;
    }
    value->negative = false;
    parser->depth--;
    return 0;
}

static int compare_values(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* The values become the test's: sorted, no one twice. */
static void store_values(struct parser *parser, struct test *test, const uint64_t *values, unsigned count)
{
    struct condition_buffer *into = parser->into;
    test->first_value = (uint16_t)into->value_count;
    for (unsigned i = 0; i < count; i++)
        if (i == 0 || values[i] != values[i - 1])
            into->values[into->value_count++] = values[i];
    test->value_count = (uint16_t)(into->value_count - test->first_value);
}

struct value_set {
    uint64_t values[CONDITION_VALUES_MAX];
    unsigned count, own; /* own: enum test_own, or-ed */
};

static int set_add(struct parser *parser, const struct operand *operand, const char *place, struct value_set *set,
                   const struct value *value)
{
    set->own |= value->own;
    if (value->own != OWN_NONE)
        return 0;
    if (value->absent)
        return 0;
    if ((value->number & ~operand->mask) != 0)
        return fail(parser, place, "0x%llx has bits outside the mask 0x%llx: it can never be equal",
                    (unsigned long long)value->number, (unsigned long long)operand->mask);
    if (set->count + parser->into->value_count >= CONDITION_VALUES_MAX)
        return fail(parser, place, "more than %d values", CONDITION_VALUES_MAX);
    set->values[set->count++] = value->number;
    return 0;
}

static int parse_listed_set(struct parser *parser, const struct operand *operand, struct value_set *set)
{
    const struct vocabulary *words = parser->words;
    char name[NAME_LENGTH_MAX + 1];
    size_t length = peek_name(parser, name);
    const char *known[64], *place = parser->at;
    unsigned list = 0;
    while (list < words->list_count && strcmp(name, string_at(parser, words->lists[list].name)) != 0)
        list++;
    if (list == words->list_count) {
        size_t count = words->list_count < 64 ? words->list_count : 64;
        for (size_t i = 0; i < count; i++)
            known[i] = string_at(parser, words->lists[i].name);
        char note[96];
        return fail(parser, place, "no list '%s'%s", name, nearest_note(name, known, count, note));
    }
    if (words->lists[list].family != operand->family)
        return fail(parser, place, "the list '%s' has no values of this argument", name);
    parser->at += length;
    for (unsigned i = 0; i < words->constant_count; i++) {
        const struct constant *constant = &words->constants[i];
        struct value value = {.number = constant->value[parser->arch],
                              .absent = (constant->arches & 1 << parser->arch) == 0};
        if (constant->list == list && set_add(parser, operand, place, set, &value) < 0)
            return -1;
    }
    return 0;
}

static int parse_set(struct parser *parser, const struct operand *operand, struct value_set *set)
{
    set->count = 0;
    set->own = OWN_NONE;
    if (!accept(parser, "{"))
        return parse_listed_set(parser, operand, set);
    do {
        struct value value;
        const char *place = (peek(parser), parser->at);
        if (parse_value(parser, operand, &value) < 0 || set_add(parser, operand, place, set, &value) < 0)
            return -1;
    } while (accept(parser, ","));
    return accept(parser, "}") ? 0 : fail(parser, parser->at, "',' or '}' expected");
}

/* ---- comparisons ---- */

static int new_node(struct parser *parser, enum node_kind kind, int left, int right)
{
    if (parser->node_count == NODES_MAX)
        return fail(parser, parser->at, "the condition is too long");
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
        known[i] = string_at(parser, parser->words->arguments[parser->row->first_argument + i].name);
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i == 0 ? "" : ", ", known[i]);
    }
    char note[96];
    return fail(parser, parser->at, "%s has no argument '%s'%s; it has %s", string_at(parser, parser->row->name),
                name, nearest_note(name, known, count, note), count == 0 ? "none" : list);
}

static int parse_operand(struct parser *parser, struct operand *operand)
{
    char name[NAME_LENGTH_MAX + 1];
    size_t length = peek_name(parser, name);
    if (length == 0)
        return fail(parser, parser->at, "an argument's name expected");
    const struct argument *arguments = &parser->words->arguments[parser->row->first_argument];
    unsigned index = 0, count = parser->row->argument_count;
    bool raw = length == 4 && memcmp(name, "raw", 3) == 0 && name[3] >= '0' && name[3] <= '5';
    bool numbered = raw || (length == 4 && memcmp(name, "arg", 3) == 0 && name[3] >= '0' && name[3] <= '5');
    while (index < count && strcmp(name, string_at(parser, arguments[index].name)) != 0)
        index++;
    if (index == count && numbered)
        index = (unsigned)(name[3] - '0');
    if (index >= count && !raw)
        return fail_unknown_argument(parser, name);
    parser->at += length;
    operand->argument = (uint8_t)index;
    operand->bits = raw ? 64 : arguments[index].bits;
    operand->family = index < count ? arguments[index].family : 0;
    operand->mask = bits_mask(operand->bits);
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
        if (accept(parser, relations[i].token))
            return relations[i].relation;
    const char *before = parser->at;
    if (accept_word(parser, "in"))
        return IN;
    if (accept_word(parser, "not")) {
        if (accept_word(parser, "in"))
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
    const char *place = (peek(parser), parser->at);
    if (peek(parser) == '-')
        return fail(parser, place, "order is unsigned: a negative number has no place in it");
    if (parse_value(parser, operand, &value) < 0)
        return -1;
    if (value.own != OWN_NONE)
        return fail(parser, place, "an own id can only be equal");
    if (value.absent)
        return fail(parser, place, "the name has no value on this architecture");
    *negated = relation == LESS || relation == AT_MOST;
    if (relation == MORE || relation == AT_MOST ? value.number >= operand->mask
                                                : value.number > operand->mask || value.number == 0)
        return fail(parser, place, "the comparison holds always or never");
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
        const char *place = (peek(parser), parser->at);
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
        qsort(set.values, set.count, sizeof *set.values, compare_values);
        store_values(parser, made, set.values, set.count);
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
            return fail(parser, parser->at, "a call has %d arguments", ARGUMENTS_MAX);
        if (parse_operand(parser, &operands[count]) < 0)
            return -1;
        count++;
    } while (accept(parser, ","));
    if (count == 1 && accept(parser, "&")) {
        struct value mask;
        const char *place = (peek(parser), parser->at);
        if (parse_value(parser, &operands[0], &mask) < 0)
            return -1;
        if (mask.own != OWN_NONE || (mask.number == 0 && !mask.absent))
            return fail(parser, place, "a mask is a number or names, and not 0");
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
        return fail(parser, parser->at, "a comparison expected (==, !=, <, <=, >, >=, in, not in, &)");
    return parse_comparison(parser, operands, count, relation);
}

/* ( condition ), or (ARGUMENT & MASK) RELATION ... */
static int parse_parenthesis(struct parser *parser)
{
    const char *inside = parser->at;
    int node = parse_either(parser);
    if (node < 0)
        return -1;
    if (!accept(parser, ")"))
        return fail(parser, parser->at, "')' expected");
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
    while (accept(parser, "("))
        ;
    if (parse_operand(parser, &operand) < 0)
        return -1;
    parser->at = resume;
    operand.mask = parser->nodes[node].test.mask;
    return parse_comparison(parser, &operand, 1, relation);
}

static int parse_single(struct parser *parser)
{
    if (parser->depth >= DEPTH_MAX)
        return fail(parser, parser->at, "nested too deep");
    parser->depth++;
    int node;
    if (accept(parser, "(")) {
        node = parse_parenthesis(parser);
    } else if (accept(parser, "!") || accept_word(parser, "not")) {
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
    while (node >= 0 && accept_word(parser, "and")) {
        int right = parse_single(parser);
        node = right < 0 ? -1 : new_node(parser, NODE_AND, node, right);
    }
    return node;
}

static int parse_either(struct parser *parser)
{
    int node = parse_both(parser);
    while (node >= 0 && accept_word(parser, "or")) {
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
        return fail(parser, parser->end, "more than %d comparisons", CONDITION_TESTS_MAX);
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
    if (peek(&parser) != 0 || parser.at != parser.end)
        return fail(&parser, parser.at, parser.nodes[node].bare
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

int condition_parse_value(const struct vocabulary *words, enum policy_arch arch, unsigned row, unsigned argument,
                          const char *text, uint64_t *value, bool *present, struct error *error)
{
    struct condition_buffer none = {.test_count = 0};
    struct error inner;
    struct parser parser = {.words = words, .arch = arch, .row = &words->rows[row], .text = text, .at = text,
                            .end = text + strlen(text), .into = &none, .error = &inner};
    const struct argument *read = &words->arguments[parser.row->first_argument + argument];
    struct operand operand = {.argument = (uint8_t)argument, .bits = read->bits, .family = read->family,
                              .mask = bits_mask(read->bits)};
    struct value parsed;
    if (parse_value(&parser, &operand, &parsed) < 0)
        return error_set(error, "%s", inner.text);
    if (peek(&parser) != 0 || parsed.own != OWN_NONE)
        return error_set(error, "one number or name expected");
    *value = parsed.number;
    *present = !parsed.absent;
    return 0;
}
