/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A random call of a program with random memory, decoded into random room. The text is ended, fits, and is safe for a
 * terminal; the sanitizers look for the rest. */
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tell/decode.h"
#include "tell/words.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

struct input {
    uint8_t arch, room, number_high;
    uint8_t number;
    uint64_t arguments[6];
};

struct memory {
    const unsigned char *bytes;
    size_t length;
};

/* The rest of the input lies at address 4000, so that a page ends within it; sometimes less is given than is there. */
static ssize_t read_memory(void *context, uint64_t address, void *to, size_t length)
{
    const struct memory *memory = context;
    if (length == 0 || address / 4096 != (address + length - 1) / 4096 || length > 257)
        abort();
    if (address < 4000 || address - 4000 >= memory->length)
        return -1;
    size_t left = memory->length - (size_t)(address - 4000), got = length < left ? length : left;
    memcpy(to, memory->bytes + (address - 4000), got);
    return (ssize_t)got;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386, 0x1234};
    struct input input;
    if (length < sizeof input)
        return 0;
    memcpy(&input, bytes, sizeof input);
    struct memory memory = {bytes + sizeof input, length - sizeof input};
    const struct decode_memory reader = {read_memory, &memory};
    struct seccomp_data data = {.arch = arches[input.arch % 4],
                                .nr = (input.number | (input.number_high & 1) << 8)};
    if (input.number_high > 250)
        data.nr = (int)((unsigned)data.nr | (unsigned)input.number_high << 24);
    for (unsigned i = 0; i < 6; i++) /* many of them are pointers that can be read */
        data.args[i] = input.arguments[i] % 3 == 0 ? 4000 + input.arguments[i] % 256 : input.arguments[i];
    size_t size = input.room < 200 ? DECODE_TEXT_MAX : (size_t)(input.room - 200) * 4 + 1;
    char *text = malloc(size), *safe = malloc(4 * DECODE_TEXT_MAX + 1);
    if (text == NULL || safe == NULL)
        abort();
    size_t used = decode_call(&data, input.arch & 128 ? NULL : &reader, text, size);
    if (used >= size || strlen(text) != used)
        abort();
    words_escape(safe, text, used, NULL);
    if (strcmp(safe, text) != 0 || (size == DECODE_TEXT_MAX && text[used - 1] != ')'))
        abort();
    volatile uint64_t kind = decode_kind(&data);
    (void)kind;
    free(text);
    free(safe);
    return 0;
}
