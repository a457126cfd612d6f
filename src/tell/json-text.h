/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SBX_TELL_JSON_TEXT_H
#define SBX_TELL_JSON_TEXT_H

#include <jansson.h>

/* A JSON string of any bytes: what is no UTF-8, which JSON strings must be, goes as \xNN. NULL: out of memory. */
json_t *json_text(const char *text);
json_t *json_text_of(const char *text, size_t length);

#endif
