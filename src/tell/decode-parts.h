/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside src/tell: what decode.c is put together from. */
#ifndef SBX_TELL_DECODE_PARTS_H
#define SBX_TELL_DECODE_PARTS_H

#include <stdbool.h>

#include "policy/policy.h"
#include "tell/decode.h"

/* A text of bounded size: what does not fit is left out, and "..." stands at its end. */
struct text {
    char *to;
    size_t used, room; /* room: without the bytes kept for "..." and the NUL */
    bool cut;
};

void text_start(struct text *text, char *to, size_t size); /* size at least 1 */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t text_end(struct text *text);

/* Families of names: those of the policy's lists and those of decode-names.tbl. */
enum family {
#define FAMILY(name, field) FAMILY_##name,
#define NAME(family, name, value)
#include "tell/decode-names.tbl"
#undef FAMILY
#undef NAME
    FAMILIES,
    FAMILY_NONE = FAMILIES
};

enum family names_family(const char *name); /* FAMILY_NONE: not known */

/* The value in the family's names, joined by `|`; as a number where it has none. */
void names_add(struct text *text, enum policy_arch arch, enum family family, uint64_t value);
bool names_add_one(struct text *text, enum policy_arch arch, enum family family, uint64_t value); /* false: no name */
void names_add_ioctl(struct text *text, enum policy_arch arch, uint32_t request);
void names_add_number(struct text *text, uint64_t value); /* large ones in hexadecimal */

void memory_add_pointer(struct text *text, uint64_t address);
/* A string that ends at its NUL, or one of `length` bytes. */
void memory_add_string(struct text *text, const struct decode_memory *memory, uint64_t address);
void memory_add_bytes(struct text *text, const struct decode_memory *memory, uint64_t address, uint64_t length);
void memory_add_sockaddr(struct text *text, const struct decode_memory *memory, uint64_t address, uint64_t length,
                         enum policy_arch arch);

#endif
