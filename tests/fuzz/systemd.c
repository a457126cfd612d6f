/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SECONDS: 8 */
/* Units of systemd. An input is the text itself, or, where its first byte is even, a row of words of the language. What
 * is imported can be read again, and an error leaves nothing written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static const char *const tokens[] = {
    "\n",
    "[Service]\n",
    "[Unit]\n",
    "SystemCallFilter=",
    "~",
    "@system-service",
    "@mount",
    " ",
    "read",
    "time",
    "exit",
    "mkdir:ENOSPC",
    "read:kill",
    "\\\n",
    "SystemCallErrorNumber=",
    "EPERM",
    "kill",
    "RestrictAddressFamilies=",
    "AF_UNIX",
    "AF_LOCAL",
    "none",
    "MemoryDenyWriteExecute=yes",
    "TasksMax=",
    "infinity",
    "20%",
    "5",
    "MemoryMax=1G",
    "AmbientCapabilities=",
    "CAP_CHOWN",
    "# x\n",
    "ProtectSystem=strict\n",
    "=",
    ";",
};

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    const struct policy_subject subject = {.arch = length % 3 == 0 ? POLICY_AARCH64 : POLICY_X86_64, .uid = 7};
    struct error error = {.text = ""};
    char *text = calloc(1, length * 32 + 1), *out = NULL;
    size_t size;
    FILE *stream = open_memstream(&out, &size);
    if (text == NULL || stream == NULL)
        abort();
    if (length > 0 && bytes[0] % 2 == 0)
        for (size_t i = 1; i < length && i < 200; i++)
            strcat(text, tokens[bytes[i] % (sizeof tokens / sizeof *tokens)]);
    else
        memcpy(text, bytes, length);
    words_quiet(1);
    int result = import_systemd("input", text, &subject, stream, &error);
    fclose(stream);
    if ((result == 0) != (*out != '\0') || (result != 0 && strncmp(error.text, "cannot ", 7) != 0))
        abort();
    free(text);
    free(out);
    return 0;
}
