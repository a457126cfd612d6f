/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SECONDS: 11 */
/* Profile files. An input is the text itself, or, where its first byte is even, a row of words of the language. Each
 * error names a place, and what is read can be compiled. Files of others are not included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bpf.h"
#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static const char *const tokens[] = {
    "\n",
    " = ",
    "allow",
    "deny",
    "rule",
    "calls",
    "errno",
    "kill",
    "log",
    "unknown",
    "arch",
    "net",
    "net.netlink",
    "socket",
    "openat",
    "file.*",
    "all",
    ",",
    ":",
    " and ",
    " or ",
    "!",
    "(",
    ")",
    "domain",
    "raw0",
    "arg1",
    "==",
    "<=",
    " in ",
    "{",
    "}",
    "1",
    "0xffffffffffffffff",
    "EPERM",
    "default",
    "pids",
    "memory",
    "50%",
    "max",
    "rlimit",
    "nofile=5",
    "setenv",
    "A=B",
    "keep-cap",
    "chown",
    "timeout",
    "1s",
    "# x\n",
    "none",
    "include = none\n",
    "try",
    "landlock",
    "process.prctl:38",
    "= allow",
    "\t",
};

static char *from_words(const unsigned char *bytes, size_t length)
{
    char *text = calloc(1, length * 24 + 1);
    if (text == NULL)
        abort();
    for (size_t i = 1; i < length; i++)
        strcat(text, tokens[bytes[i] % (sizeof tokens / sizeof *tokens)]);
    return text;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    const struct policy_subject subject = {.arch = length % 3 == 0 ? POLICY_AARCH64 : POLICY_X86_64,
                                           .uid = length % 5 == 0 ? 0 : 7};
    struct error error = {.text = ""};
    struct loaded loaded;
    char *text = length > 0 && bytes[0] % 2 == 0 ? from_words(bytes, length > 200 ? 200 : length)
                                                 : strndup((const char *)bytes, length);
    if (text == NULL)
        abort();
    if (strchr(text, '/') == NULL && profile_load_text(&loaded, "input", text, &subject, &error) == 0) {
        if (!bpf_check(loaded.filter.code, loaded.filter.length))
            abort();
        profile_unload(&loaded);
    } else if (error.text[0] != '\0' && strncmp(error.text, "cannot ", 7) != 0) {
        abort();
    }
    free(text);
    return 0;
}
