/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/condition-parser.h"

/* ---- characters and words ---- */

int parser_fail(struct parser *parser, const char *place, const char *format, ...)
{
    char why[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return error_set(parser->error, "column %zu: %s", (size_t)(place - parser->text) + 1, why);
}

const char *parser_string(const struct parser *parser, uint16_t offset)
{
    return parser->words->strings + offset;
}

char parser_peek(struct parser *parser)
{
    while (parser->at < parser->end && isspace((unsigned char)*parser->at))
        parser->at++;
    return parser->at < parser->end ? *parser->at : 0;
}

bool parser_accept(struct parser *parser, const char *token)
{
    size_t length = strlen(token);
    if (parser_peek(parser) == 0 || (size_t)(parser->end - parser->at) < length ||
        memcmp(parser->at, token, length) != 0)
        return false;
    parser->at += length;
    return true;
}

size_t parser_peek_name(struct parser *parser, char name[CONDITION_NAME_MAX + 1])
{
    size_t length = 0, left = isalnum((unsigned char)parser_peek(parser)) || parser_peek(parser) == '_'
                                  ? (size_t)(parser->end - parser->at) : 0;
    while (length < left && length < CONDITION_NAME_MAX &&
           (isalnum((unsigned char)parser->at[length]) || strchr("_-", parser->at[length]) != NULL))
        length++;
    memcpy(name, parser->at, length);
    name[length] = 0;
    return length;
}

bool parser_accept_word(struct parser *parser, const char *word)
{
    char name[CONDITION_NAME_MAX + 1];
    size_t length = parser_peek_name(parser, name);
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

uint64_t operand_bits(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

const char *nearest_note(const char *word, const char *const *known, size_t count, char note[NEAREST_NOTE_SIZE])
{
    const char *nearest = nearest_word(word, known, count);
    note[0] = 0;
    if (nearest != NULL)
        snprintf(note, NEAREST_NOTE_SIZE, " (nearest: %s)", nearest);
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
            known[count++] = parser_string(parser, words->constants[i].name);
    char note[NEAREST_NOTE_SIZE];
    return parser_fail(parser, parser->at, "unknown name '%s'%s", name, nearest_note(name, known, count, note));
}

static int parse_named_value(struct parser *parser, const struct operand *operand, const char *name,
                             struct value *value)
{
    const struct constant *constant = constant_find(parser->words, name);
    if (constant == NULL)
        return fail_unknown_name(parser, operand, name);
    const char *family = parser_string(parser, operand->family);
    const char *other = parser_string(parser, parser->words->lists[constant->list].family);
    if (strcmp(family, other) != 0)
        return parser_fail(parser, parser->at, *family == 0 ? "'%s' is a name of %s, this argument takes numbers only"
                                                     : "'%s' is a name of %s, not of %s", name, other, family);
    value->absent = (constant->arches & 1 << parser->arch) == 0;
    value->number = value->absent ? 0 : constant->value[parser->arch];
    return 0;
}

static int parse_simple_value(struct parser *parser, const struct operand *operand, struct value *value)
{
    *value = (struct value){0};
    if (parser_accept(parser, "(")) {
        if (parse_value(parser, operand, value) < 0)
            return -1;
        return parser_accept(parser, ")") ? 0 : parser_fail(parser, parser->at, "')' expected");
    }
    if (parser_accept_word(parser, "own")) {
        value->own = parser_accept_word(parser, "uid")   ? OWN_UID
                     : parser_accept_word(parser, "gid") ? OWN_GID
                                                         : OWN_NONE;
        return value->own != OWN_NONE ? 0 : parser_fail(parser, parser->at, "'uid' or 'gid' expected after 'own'");
    }
    if (parser_accept(parser, "~")) {
        if (parser_peek(parser) == '~' || parse_simple_value(parser, operand, value) < 0)
            return parser_peek(parser) == '~' ? parser_fail(parser, parser->at, "a value expected after '~'") : -1;
        if (value->negative || value->own != OWN_NONE)
            return parser_fail(parser, parser->at, "'~' takes a number or a name");
        value->number = ~value->number & operand_bits(operand->bits);
        value->absent = false;
        return 0;
    }
    value->negative = parser_accept(parser, "-");
    char name[CONDITION_NAME_MAX + 1];
    size_t length = parser_peek_name(parser, name);
    if (length == 0)
        return parser_fail(parser, parser->at, "a value expected");
    if (isdigit((unsigned char)name[0]) ? !parse_number(name, &value->number) : value->negative)
        return parser_fail(parser, parser->at, "'%s' is no number", name);
    if (!isdigit((unsigned char)name[0]) && parse_named_value(parser, operand, name, value) < 0)
        return -1;
    parser->at += length;
    return 0;
}

/* Whether the value fits into what the kernel reads; a negative one becomes its two's complement there. */
static int fit_value(struct parser *parser, const struct operand *operand, const char *place, struct value *value)
{
    uint64_t readable = operand_bits(operand->bits);
    if (value->negative) {
        if (value->number > (readable >> 1) + 1)
            return parser_fail(parser, place, "the value does not fit into %u bits", operand->bits);
        value->number = -value->number & readable;
    } else if (value->own == OWN_NONE && (value->number & ~readable) != 0) {
        return parser_fail(parser, place, "the value does not fit into the %u bits that the kernel reads of this "
                                          "argument", operand->bits);
    }
    return 0;
}

int parse_value(struct parser *parser, const struct operand *operand, struct value *value)
{
    const char *place = (parser_peek(parser), parser->at);
    if (parser->depth >= CONDITION_DEPTH_MAX)
        return parser_fail(parser, place, "nested too deep");
    parser->depth++;
    if (parse_simple_value(parser, operand, value) < 0 || fit_value(parser, operand, place, value) < 0)
        return -1;
    while (parser_accept(parser, "|")) {
        struct value more;
        place = (parser_peek(parser), parser->at);
        if (parse_simple_value(parser, operand, &more) < 0 || fit_value(parser, operand, place, &more) < 0)
            return -1;
        if (value->own != OWN_NONE || more.own != OWN_NONE)
            return parser_fail(parser, place, "an own id cannot be joined by '|'");
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

void set_store(struct parser *parser, struct value_set *set, struct test *test)
{
    struct condition_buffer *into = parser->into;
    qsort(set->values, set->count, sizeof *set->values, compare_values);
    test->first_value = (uint16_t)into->value_count;
    for (unsigned i = 0; i < set->count; i++)
        if (i == 0 || set->values[i] != set->values[i - 1])
            into->values[into->value_count++] = set->values[i];
    test->value_count = (uint16_t)(into->value_count - test->first_value);
}

int set_add(struct parser *parser, const struct operand *operand, const char *place, struct value_set *set,
                   const struct value *value)
{
    set->own |= value->own;
    if (value->own != OWN_NONE)
        return 0;
    if (value->absent)
        return 0;
    if ((value->number & ~operand->mask) != 0)
        return parser_fail(parser, place, "0x%llx has bits outside the mask 0x%llx: it can never be equal",
                    (unsigned long long)value->number, (unsigned long long)operand->mask);
    if (set->count + parser->into->value_count >= CONDITION_VALUES_MAX)
        return parser_fail(parser, place, "more than %d values", CONDITION_VALUES_MAX);
    set->values[set->count++] = value->number;
    return 0;
}

static int parse_listed_set(struct parser *parser, const struct operand *operand, struct value_set *set)
{
    const struct vocabulary *words = parser->words;
    char name[CONDITION_NAME_MAX + 1];
    size_t length = parser_peek_name(parser, name);
    const char *known[64], *place = parser->at;
    unsigned list = 0;
    while (list < words->list_count && strcmp(name, parser_string(parser, words->lists[list].name)) != 0)
        list++;
    if (list == words->list_count) {
        size_t count = words->list_count < 64 ? words->list_count : 64;
        for (size_t i = 0; i < count; i++)
            known[i] = parser_string(parser, words->lists[i].name);
        char note[NEAREST_NOTE_SIZE];
        return parser_fail(parser, place, "no list '%s'%s", name, nearest_note(name, known, count, note));
    }
    if (words->lists[list].family != operand->family)
        return parser_fail(parser, place, "the list '%s' has no values of this argument", name);
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

int parse_set(struct parser *parser, const struct operand *operand, struct value_set *set)
{
    set->count = 0;
    set->own = OWN_NONE;
    if (!parser_accept(parser, "{"))
        return parse_listed_set(parser, operand, set);
    do {
        struct value value;
        const char *place = (parser_peek(parser), parser->at);
        if (parse_value(parser, operand, &value) < 0 || set_add(parser, operand, place, set, &value) < 0)
            return -1;
    } while (parser_accept(parser, ","));
    return parser_accept(parser, "}") ? 0 : parser_fail(parser, parser->at, "',' or '}' expected");
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
                              .mask = operand_bits(read->bits)};
    struct value parsed;
    if (parse_value(&parser, &operand, &parsed) < 0)
        return error_set(error, "%s", inner.text);
    if (parser_peek(&parser) != 0 || parsed.own != OWN_NONE)
        return error_set(error, "one number or name expected");
    *value = parsed.number;
    *present = !parsed.absent;
    return 0;
}
