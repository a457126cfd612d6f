/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/json-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tell/words.h"

json_t *json_text(const char *text)
{
    return json_text_of(text, strlen(text));
}

json_t *json_text_of(const char *text, size_t length)
{
    size_t used = 0;
    json_t *value = json_stringn(text, length);
    if (value != NULL)
        return value;
    char *safe = malloc(4 * length + 1);
    if (safe == NULL)
        return NULL;
    for (size_t at = 0, size; at < length; at += size) {
        uint32_t code;
        size = words_character(text + at, length - at, &code);
        if (size == 0) {
            used += (size_t)sprintf(safe + used, "\\x%02x", (unsigned char)text[at]);
            size = 1;
        } else {
            memcpy(safe + used, text + at, size);
            used += size;
        }
    }
    value = json_stringn(safe, used);
    free(safe);
    return value;
}
