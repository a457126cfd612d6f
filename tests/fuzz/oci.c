/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SECONDS: 11 */
/* OCI profiles. An input is the text itself, or, where its first byte is even, a row of words of the language, so that
 * random bytes come far into it too. What is read is made into a filter and imported: that it answers alike is checked
 * in there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bpf.h"
#include "policy/oci-filter.h"
#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static const char *const rules[] = {
    "\"names\":[\"read\",\"time\"]",
    "\"names\":[\"socket\"]",
    "\"names\":[\"exit\",\"none\"]",
    "\"name\":\"clone\"",
    "\"action\":\"SCMP_ACT_ALLOW\"",
    "\"action\":\"SCMP_ACT_ERRNO\"",
    "\"action\":\"SCMP_ACT_KILL\"",
    "\"errnoRet\":38",
    "\"args\":[{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]",
    "\"args\":[{\"index\":1,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_LE\"}]",
    "\"args\":[{\"index\":1,\"value\":0,\"op\":\"SCMP_CMP_GE\"},{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_NE\"}]",
    "\"args\":[{\"index\":0,\"value\":255,\"valueTwo\":256,\"op\":\"SCMP_CMP_MASKED_EQ\"}]",
    "\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}",
    "\"excludes\":{\"arches\":[\"amd64\"]}",
    "\"includes\":{\"minKernel\":\"4.8\"}",
    "},{",
    "\"comment\":\"\\u0000\"",
    "\"args\":null",
};

/* {"defaultAction": ..., "syscalls": [{ WORD, WORD }, { WORD ... }]} */
static char *from_words(const unsigned char *bytes, size_t length)
{
    char *text = NULL;
    size_t size;
    bool first = true;
    FILE *stream = open_memstream(&text, &size);
    fprintf(stream, "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[{", (bytes[0] & 2) != 0 ? "ERRNO" : "ALLOW");
    for (size_t i = 1; i < length && i < 60; i++) {
        const char *word = rules[bytes[i] % (sizeof rules / sizeof *rules)];
        bool next = word[0] == '}';
        fprintf(stream, "%s%s", first || next ? "" : ",", word);
        first = next;
    }
    fputs("}]}", stream);
    fclose(stream);
    return text;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    struct error error = {.text = ""};
    bool words = length > 0 && bytes[0] % 2 == 0;
    char *made = words ? from_words(bytes, length) : NULL;
    const char *text = words ? made : (const char *)bytes;
    words_quiet(1);
    struct oci_profile *profile = oci_profile_parse(text, words ? strlen(made) : length, "input", &error);
    if (profile == NULL && strncmp(error.text, "cannot read input", 17) != 0)
        abort();
    for (int arch = 0; profile != NULL && arch < TABLE_ARCHES; arch++) {
        struct policy_subject subject = {.arch = (enum policy_arch)arch,
                                         .kept_capabilities = length % 2 != 0 ? UINT64_MAX : 0};
        char *out = NULL;
        size_t size;
        FILE *stream = open_memstream(&out, &size);
        if (stream == NULL)
            abort();
        int result = import_oci(profile, "input", &subject, stream, &error);
        fclose(stream);
        if ((result == 0) != (*out != '\0')) /* nothing of it, or all */
            abort();
        free(out);
    }
    oci_profile_free(profile);
    free(made);
    return 0;
}
