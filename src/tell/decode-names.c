/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/table.h"
#include "tell/decode-parts.h"

#define ALL_BITS UINT64_MAX
#define ALL_OF_INT UINT32_MAX /* -1, where flags are asked for and not given */
#define MEASURE(text) _Static_assert(sizeof text <= 32, "a longer name needs more room");

#define FAMILY(name, field)
#define NAME(family, name, value) MEASURE(#name)
#include "tell/decode-names.tbl"
#undef FAMILY
#undef NAME

/* No pointers: the program is position independent, and each would be a relocation at every start. */
static const struct {
    char name[16];
    uint64_t field;
} families[] = {
#define FAMILY(name, field) {#name, field},
#define NAME(family, name, value)
#include "tell/decode-names.tbl"
#undef FAMILY
#undef NAME
};

static const struct {
    uint32_t value;
    uint8_t family;
    char name[32];
} names[] = {
#define FAMILY(name, field)
#define NAME(family, name, value) {value, FAMILY_##family, #name},
#include "tell/decode-names.tbl"
#undef FAMILY
#undef NAME
};

void text_start(struct text *text, char *to, size_t size)
{
    *text = (struct text){.to = to, .room = size > 4 ? size - 4 : 0};
    to[0] = 0;
}

void text_add(struct text *text, const char *format, ...)
{
    if (text->cut)
        return;
    char piece[4 * 256 + 64]; /* the longest: a string of 256 bytes, all escaped */
    va_list arguments;
    va_start(arguments, format);
    int printed = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    size_t length = printed < 0 ? 0 : (size_t)printed < sizeof piece ? (size_t)printed : sizeof piece - 1;
    if (length > text->room - text->used) {
        text->cut = true;
        length = text->room - text->used;
        while (length > 0 && (piece[length] & 0xc0) == 0x80) /* no half character */
            length--;
    }
    memcpy(text->to + text->used, piece, length);
    text->used += length;
}

size_t text_end(struct text *text)
{
    if (text->cut && text->room > 0) {
        memcpy(text->to + text->used, "...", 3);
        text->used += 3;
    }
    text->to[text->used] = 0;
    return text->used;
}

enum family names_family(const char *name)
{
    for (unsigned i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].name, name) == 0)
            return (enum family)i;
    return FAMILY_NONE;
}

/* A walk through the names of a family: first those of the policy, then those of this file. */
struct walk {
    enum policy_arch arch;
    enum family family;
    uint16_t of_policy; /* the family as the policy's lists have it; TABLE_NONE: they do not */
    unsigned next;
    const char *name;
    uint64_t value;
    bool main; /* of the family's own list, not of one beside it (AF_UNIX, not AF_LOCAL) */
};

static struct walk walk_start(enum policy_arch arch, enum family family)
{
    const struct vocabulary *words = &policy_table.words;
    struct walk walk = {.arch = arch, .family = family, .of_policy = TABLE_NONE};
    for (unsigned i = 0; i < words->list_count; i++)
        if (strcmp(table_string(words->lists[i].family), families[family].name) == 0)
            walk.of_policy = words->lists[i].family;
    if (walk.of_policy == TABLE_NONE)
        walk.next = words->constant_count;
    return walk;
}

static bool walk_next(struct walk *walk)
{
    const struct vocabulary *words = &policy_table.words;
    for (; walk->next < words->constant_count; walk->next++) {
        const struct constant *constant = &words->constants[walk->next];
        const struct list *list = &words->lists[constant->list];
        if (list->family != walk->of_policy || (constant->arches & 1u << walk->arch) == 0)
            continue;
        walk->name = table_string(constant->name);
        walk->value = constant->value[walk->arch];
        walk->main = list->name == list->family;
        walk->next++;
        return true;
    }
    for (; walk->next - words->constant_count < sizeof names / sizeof *names; walk->next++) {
        unsigned index = walk->next - words->constant_count;
        if (names[index].family != walk->family)
            continue;
        walk->name = names[index].name;
        walk->value = names[index].value;
        walk->main = true;
        walk->next++;
        return true;
    }
    return false;
}

/* The name of this value; of several the one that every program may use. */
static const char *find_exact(enum policy_arch arch, enum family family, uint64_t value)
{
    const char *found = NULL;
    for (struct walk walk = walk_start(arch, family); walk_next(&walk);) {
        if (walk.value != value || (found != NULL && !walk.main))
            continue;
        found = walk.name;
        if (walk.main)
            break;
    }
    return found;
}

/* The name that takes most of these flags, and no other; of equal ones that of the lowest, as strace has it. */
static const char *find_largest(enum policy_arch arch, enum family family, uint64_t flags, uint64_t *taken)
{
    const char *found = NULL;
    *taken = 0;
    for (struct walk walk = walk_start(arch, family); walk_next(&walk);) {
        int more = __builtin_popcountll(walk.value) - __builtin_popcountll(*taken);
        if ((walk.value & ~flags) != 0 || more < 0 || (more == 0 && walk.value >= *taken))
            continue;
        *taken = walk.value;
        found = walk.name;
    }
    return found;
}

void names_add_number(struct text *text, uint64_t value)
{
    text_add(text, value > UINT32_MAX ? "0x%llx" : "%llu", (unsigned long long)value);
}

bool names_add_one(struct text *text, enum policy_arch arch, enum family family, uint64_t value)
{
    const char *name = find_exact(arch, family, value);
    if (name != NULL)
        text_add(text, "%s", name);
    return name != NULL;
}

void names_add_ioctl(struct text *text, enum policy_arch arch, uint32_t request)
{
    static const char *const directions[] = {"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"};
    const uint32_t without_size = 0xc000ffff;
    if (names_add_one(text, arch, FAMILY_ioctl, request))
        return;
    /* Numbers that carry the size of a structure that grows stand in the lists with none. */
    const char *name = request < 0x10000 ? NULL : find_exact(arch, FAMILY_ioctl, request & without_size);
    if (name != NULL)
        text_add(text, "%s", name);
    else if (request < 0x10000)
        text_add(text, "0x%x", request);
    else
        text_add(text, "_IOC(%s, 0x%x, 0x%x, 0x%x)", directions[request >> 30], request >> 8 & 0xff, request & 0xff,
                 request >> 16 & 0x3fff);
}

void names_add(struct text *text, enum policy_arch arch, enum family family, uint64_t value)
{
    uint64_t field = families[family].field, flags = value & ~field, taken;
    if (field == ALL_BITS || value == 0) {
        if (!names_add_one(text, arch, family, value))
            text_add(text, value < 0x10000 ? "%llu" : "0x%llx", (unsigned long long)value);
        return;
    }
    if (value == ALL_OF_INT || value == UINT64_MAX) {
        text_add(text, "0x%llx", (unsigned long long)value);
        return;
    }
    const char *between, *name = field == 0 ? NULL : find_exact(arch, family, value & field);
    if (name != NULL)
        text_add(text, "%s", name);
    else if ((value & field) != 0)
        text_add(text, "0x%llx", (unsigned long long)(value & field));
    between = name != NULL || (value & field) != 0 ? "|" : "";
    while (flags != 0 && (name = find_largest(arch, family, flags, &taken)) != NULL) {
        text_add(text, "%s%s", between, name);
        flags &= ~taken;
        between = "|";
    }
    if (flags != 0)
        text_add(text, "%s0x%llx", between, (unsigned long long)flags);
}
