/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge's reading of lists/ and of conditions. */
#include "judge.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
    char name[40], list[32];
    bool known[JUDGE_ARCHES];
    uint64_t value[JUDGE_ARCHES];
};

static struct word word_list[2048];
static unsigned word_count;

int judge_read_words(const char *directory)
{
    char path[512];
    snprintf(path, sizeof path, "%s/lists", directory);
    DIR *lists = opendir(path);
    if (lists == NULL)
        return -1;
    word_count = 0;
    for (struct dirent *entry; (entry = readdir(lists)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/lists/%s", directory, entry->d_name);
        FILE *file = fopen(path, "r");
        char line[256], first[64], second[64];
        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            struct word *word = &word_list[word_count];
            if (line[0] == '#' || sscanf(line, "%39s %63s %63s", word->name, first, second) != 3)
                continue;
            snprintf(word->list, sizeof word->list, "%.31s", entry->d_name);
            const char *texts[] = {first, second};
            for (unsigned arch = 0; arch < JUDGE_ARCHES; arch++) {
                word->known[arch] = texts[arch][0] != '-';
                word->value[arch] = word->known[arch] ? strtoull(texts[arch], NULL, 0) : 0;
            }
            word_count++;
        }
        if (file != NULL)
            fclose(file);
    }
    closedir(lists);
    return word_count > 100 ? 0 : -1;
}

static const struct word *find_word(const char *name)
{
    for (unsigned i = 0; i < word_count; i++)
        if (strcmp(word_list[i].name, name) == 0)
            return &word_list[i];
    return NULL;
}

bool judge_word(const char *text, unsigned arch, uint64_t *value)
{
    if (isdigit((unsigned char)*text)) {
        *value = strtoull(text, NULL, 0);
        return true;
    }
    const struct word *word = find_word(text);
    *value = word != NULL ? word->value[arch] : 0;
    return word != NULL && word->known[arch];
}

const char *judge_nth_word(const char *family, unsigned n)
{
    size_t length = strlen(family);
    unsigned count = 0;
    for (unsigned i = 0; i < word_count; i++)
        count += strncmp(word_list[i].list, family, length) == 0 && strchr("-", word_list[i].list[length]) != NULL;
    if (count == 0)
        return NULL;
    n %= count;
    for (unsigned i = 0; i < word_count; i++)
        if (strncmp(word_list[i].list, family, length) == 0 && strchr("-", word_list[i].list[length]) != NULL &&
            n-- == 0)
            return word_list[i].name;
    return NULL;
}

/* ---- conditions: tokens first, then one function a level ---- */

struct tokens {
    char text[256][40];
    unsigned count, at;
    const struct judge_row *row;
    unsigned arch;
    bool bad;
};

static void split(struct tokens *tokens, const char *text)
{
    static const char *const pairs[] = {"==", "!=", "<=", ">="};
    while (*text != 0 && tokens->count < 255) {
        size_t length = 0;
        if (isspace((unsigned char)*text)) {
            text++;
            continue;
        }
        if (isalnum((unsigned char)*text) || *text == '_')
            while (isalnum((unsigned char)text[length]) || text[length] == '_' ||
                   (text[length] == '-' && isalpha((unsigned char)text[length + 1])))
                length++;
        for (unsigned i = 0; length == 0 && i < 4; i++)
            if (strncmp(text, pairs[i], 2) == 0)
                length = 2;
        if (length == 0)
            length = 1;
        snprintf(tokens->text[tokens->count++], 40, "%.*s", (int)(length < 39 ? length : 39), text);
        text += length;
    }
    tokens->text[tokens->count][0] = 0;
}

static bool next_is(const struct tokens *tokens, const char *token)
{
    return strcmp(tokens->text[tokens->at], token) == 0;
}

static bool take(struct tokens *tokens, const char *token)
{
    if (!next_is(tokens, token))
        return false;
    tokens->at++;
    return true;
}

static struct expression *new_expression(int kind)
{
    struct expression *made = calloc(1, sizeof *made);
    made->kind = kind;
    return made;
}

static struct expression *join(int kind, struct expression *left, struct expression *right)
{
    struct expression *made = new_expression(kind);
    made->left = left;
    made->right = right;
    return made;
}

static uint64_t ones(unsigned width)
{
    return width == 64 ? ~UINT64_C(0) : (UINT64_C(1) << width) - 1;
}

static uint64_t read_value(struct tokens *tokens, unsigned width, bool *absent)
{
    uint64_t value = 0;
    bool all_absent = true;
    do {
        uint64_t part = 0;
        bool missing = false;
        if (take(tokens, "(")) {
            part = read_value(tokens, width, &missing);
            tokens->bad |= !take(tokens, ")");
        } else if (take(tokens, "~")) {
            judge_word(tokens->text[tokens->at++], tokens->arch, &part);
            part = ~part;
        } else if (take(tokens, "-")) {
            part = -strtoull(tokens->text[tokens->at++], NULL, 0);
        } else {
            const char *text = tokens->text[tokens->at++];
            missing = !judge_word(text, tokens->arch, &part);
            tokens->bad |= missing && find_word(text) == NULL;
        }
        value |= part & ones(width);
        all_absent = all_absent && missing;
    } while (take(tokens, "|"));
    *absent = all_absent;
    return value;
}

static void add_value(struct expression *to, uint64_t value)
{
    to->values = reallocarray(to->values, to->count + 1, sizeof *to->values);
    to->values[to->count++] = value;
}

static void read_member(struct tokens *tokens, struct expression *to)
{
    if (take(tokens, "own")) {
        to->own_uid |= next_is(tokens, "uid");
        to->own_gid |= next_is(tokens, "gid");
        tokens->at++;
        return;
    }
    bool absent;
    uint64_t value = read_value(tokens, to->width, &absent);
    if (!absent)
        add_value(to, value);
}

static void read_members(struct tokens *tokens, struct expression *to)
{
    if (take(tokens, "{")) {
        do
            read_member(tokens, to);
        while (take(tokens, ","));
        tokens->bad |= !take(tokens, "}");
        return;
    }
    const char *list = tokens->text[tokens->at++];
    unsigned before = to->count;
    for (unsigned i = 0; i < word_count; i++)
        if (strcmp(word_list[i].list, list) == 0 && word_list[i].known[tokens->arch])
            add_value(to, word_list[i].value[tokens->arch]);
    tokens->bad |= to->count == before;
}

/* What stands right of an argument; the argument itself is filled in already. */
static struct expression *read_relation(struct tokens *tokens, struct expression *at)
{
    bool negated = false, absent;
    if (take(tokens, "in") || (next_is(tokens, "not") && take(tokens, "not") && (negated = take(tokens, "in")))) {
        at->kind = IS_MEMBER;
        read_members(tokens, at);
    } else if (take(tokens, "==") || (negated = take(tokens, "!="))) {
        at->kind = IS_MEMBER;
        read_member(tokens, at);
    } else if (take(tokens, "<") || (negated = take(tokens, ">="))) {
        at->kind = IS_LESS;
        at->bound = read_value(tokens, at->width, &absent);
    } else if (take(tokens, ">") || (negated = take(tokens, "<="))) {
        at->kind = IS_MORE;
        at->bound = read_value(tokens, at->width, &absent);
    } else {
        at->kind = IS_ANY;
    }
    return negated ? join(IS_NOT, at, NULL) : at;
}

static struct expression *read_argument(struct tokens *tokens)
{
    struct expression *at = new_expression(IS_ANY);
    const char *name = tokens->text[tokens->at++];
    const struct judge_row *row = tokens->row;
    bool raw = strncmp(name, "raw", 3) == 0, found = false;
    for (unsigned i = 0; i < row->argument_count; i++)
        if (strcmp(row->arguments[i].name, name) == 0) {
            at->argument = i;
            found = true;
        }
    if (!found && (raw || strncmp(name, "arg", 3) == 0) && isdigit((unsigned char)name[3])) {
        at->argument = (unsigned)(name[3] - '0');
        found = true;
    }
    tokens->bad |= !found || at->argument > 5;
    at->width = raw || at->argument >= row->argument_count ? 64 : row->arguments[at->argument].width;
    at->mask = ones(at->width);
    return at;
}

static struct expression *read_or(struct tokens *tokens);

static struct expression *read_not(struct tokens *tokens)
{
    if (take(tokens, "!") || take(tokens, "not"))
        return join(IS_NOT, read_not(tokens), NULL);
    /* `(name & mask)` and `((...` look alike: a mask comes two tokens after the parenthesis */
    bool masked = next_is(tokens, "(") && strcmp(tokens->text[tokens->at + 2], "&") == 0;
    if (!masked && take(tokens, "(")) {
        struct expression *inside = read_or(tokens);
        tokens->bad |= !take(tokens, ")");
        return inside;
    }
    bool absent;
    if (masked) {
        tokens->at++;
        struct expression *at = read_argument(tokens);
        unsigned mark = tokens->at;
        take(tokens, "&");
        at->mask = read_value(tokens, at->width, &absent);
        if (take(tokens, ")"))
            return read_relation(tokens, at);
        tokens->at = mark - 2; /* (name & mask and ...) */
        tokens->at++;
        struct expression *inside = read_or(tokens);
        tokens->bad |= !take(tokens, ")");
        return inside;
    }
    struct expression *all[6];
    unsigned count = 0;
    do
        all[count++] = read_argument(tokens);
    while (count < 6 && take(tokens, ","));
    if (take(tokens, "&")) {
        all[0]->mask = read_value(tokens, all[0]->width, &absent);
        return all[0];
    }
    unsigned mark = tokens->at;
    struct expression *whole = NULL;
    for (unsigned i = 0; i < count; i++) {
        tokens->at = mark;
        struct expression *one = read_relation(tokens, all[i]);
        whole = whole == NULL ? one : join(IS_AND, whole, one);
    }
    return whole;
}

static struct expression *read_and(struct tokens *tokens)
{
    struct expression *left = read_not(tokens);
    while (take(tokens, "and"))
        left = join(IS_AND, left, read_not(tokens));
    return left;
}

static struct expression *read_or(struct tokens *tokens)
{
    if (tokens->bad || tokens->at >= tokens->count) {
        tokens->bad = true;
        return new_expression(IS_ANY);
    }
    struct expression *left = read_and(tokens);
    while (take(tokens, "or"))
        left = join(IS_OR, left, read_and(tokens));
    return left;
}

struct expression *judge_parse(const struct judge *judge, const struct judge_row *row, unsigned arch,
                               const char *text)
{
    (void)judge;
    static struct tokens tokens;
    memset(&tokens, 0, sizeof tokens);
    tokens.row = row;
    tokens.arch = arch;
    split(&tokens, text);
    struct expression *whole = read_or(&tokens);
    return tokens.bad || tokens.at != tokens.count ? NULL : whole;
}
