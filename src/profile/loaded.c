/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile, read and compiled, whichever kind it is. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/profile-file.h"
#include "policy/bpf.h"
#include "policy/oci-filter.h"
#include "policy/remedy.h"
#include "profile/profile.h"

#define FILE_SIZE_MAX (1 << 20)

uint32_t profile_audit_arch(enum policy_arch arch)
{
    return arch == POLICY_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
}

const char *profile_arch_name(enum policy_arch arch)
{
    return arch == POLICY_X86_64 ? "x86_64" : "aarch64";
}

bool profile_arch_named(const char *name, enum policy_arch *arch)
{
    *arch = strcmp(name, "x86_64") == 0 ? POLICY_X86_64 : POLICY_AARCH64;
    return strcmp(name, profile_arch_name(*arch)) == 0;
}

char *profile_read_file(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    char *text = NULL;
    size_t length = 0;
    ssize_t got = 0;
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        error_set(error, "cannot read %s: %s (name a readable file)", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        error_set(error, "cannot read %s: not a regular file (name one)", path);
    else if ((text = malloc(FILE_SIZE_MAX + 1)) == NULL)
        error_set(error, "cannot read %s: %s (free some memory)", path, strerror(errno));
    while (text != NULL && length <= FILE_SIZE_MAX &&
           (got = read(descriptor, text + length, FILE_SIZE_MAX + 1 - length)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    if (text != NULL && (got < 0 || length > FILE_SIZE_MAX || memchr(text, '\0', length) != NULL)) {
        error_set(error, "cannot read %s: %s (name a file of text)", path,
                  got < 0 ? strerror(errno) : length > FILE_SIZE_MAX ? "larger than 1 MiB" : "a NUL byte is in it");
        free(text);
        text = NULL;
    }
    if (text != NULL)
        text[length] = '\0';
    if (descriptor >= 0)
        close(descriptor);
    return text;
}

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Of the settings that were collected. A profile without a filter allows every call. */
static int compile(struct loaded *loaded, const struct policy_subject *subject, struct error *error)
{
    loaded->subject = *subject;
    loaded->subject.kept_capabilities |= loaded->options.kept_capabilities;
    loaded->policy = policy_settle(loaded->options.policy, &loaded->subject, error);
    if (loaded->policy == NULL)
        return -1;
    if (policy_has_filter(loaded->policy))
        return filter_compile(loaded->policy, NULL, &loaded->filter, error);
    loaded->filter.code = malloc(sizeof *loaded->filter.code);
    if (loaded->filter.code == NULL)
        return error_set(error, "cannot make the filter: %s (free some memory)", strerror(errno));
    loaded->filter.code[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    loaded->filter.length = 1;
    return 0;
}

static int start(struct loaded *loaded, const char *name, struct error *error)
{
    *loaded = (struct loaded){.name = name, .options = {.confined = true, .kill_after_ms = 5000}};
    loaded->options.policy = policy_settings_new();
    return loaded->options.policy != NULL
               ? 0
               : error_set(error, "cannot read %s: %s (free some memory)", name, strerror(errno));
}

/* --audit is an option of the whole until the plan is made. */
static int finish(struct loaded *loaded, const struct policy_subject *subject, struct error *error)
{
    if (loaded->options.oci_count > 0)
        return error_set(
            error, "cannot judge %s: it includes an OCI profile, which is a filter of its own (name the JSON alone)",
            loaded->name);
    if (loaded->options.audit && policy_settings_add(loaded->options.policy, POLICY_AUDIT, NULL, error) != 0)
        return -1;
    return compile(loaded, subject, error);
}

int profile_load_text(struct loaded *loaded, const char *name, const char *text, const struct policy_subject *subject,
                      struct error *error)
{
    if (start(loaded, name, error) != 0)
        return -1;
    loaded->text = strdup(text);
    if (loaded->text == NULL)
        error_set(error, "cannot read %s: %s (free some memory)", name, strerror(errno));
    else if (profile_apply_text(&loaded->options, name, loaded->text, true, error) == 0 &&
             finish(loaded, subject, error) == 0)
        return 0;
    profile_unload(loaded);
    return -1;
}

static int load_oci(struct loaded *loaded, const char *path, const struct policy_subject *subject, struct error *error)
{
    *loaded = (struct loaded){.name = path, .subject = *subject, .oci = oci_profile_read(path, error)};
    if (loaded->oci != NULL &&
        oci_filter_build(loaded->oci, subject->arch, subject->kept_capabilities, false, &loaded->filter, error) == 0)
        return 0;
    profile_unload(loaded);
    return -1;
}

int profile_load(struct loaded *loaded, const char *name, const struct policy_subject *subject, struct error *error)
{
    const char *about, *built_in;
    for (size_t i = 0; (built_in = profile_built_in(i, &about)) != NULL; i++) {
        if (strcmp(name, built_in) != 0)
            continue;
        if (start(loaded, name, error) == 0 && profile_apply(&loaded->options, name, true, error) == 0 &&
            finish(loaded, subject, error) == 0)
            return 0;
        profile_unload(loaded);
        return -1;
    }
    if (ends_in(name, ".json"))
        return load_oci(loaded, name, subject, error);
    if (strchr(name, '/') == NULL && access(name, F_OK) != 0) { /* a name that is none: said as sbx-run says it */
        struct options none = {.policy = NULL};
        *loaded = (struct loaded){.name = name};
        return profile_apply(&none, name, true, error);
    }
    char *text = profile_read_file(name, error);
    if (text == NULL) {
        *loaded = (struct loaded){.name = name};
        return -1;
    }
    int result = profile_load_text(loaded, name, text, subject, error);
    free(text);
    return result;
}

void profile_unload(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->options.oci_count; i++)
        oci_profile_free(loaded->options.oci[i]);
    for (size_t i = 0; i < loaded->options.environment_count; i++)
        if (loaded->options.environment[i].change == ENVIRONMENT_KEEP) /* a copy; the others point into the text */
            free((char *)loaded->options.environment[i].text);
    policy_settings_free(loaded->options.policy);
    policy_free(loaded->policy);
    oci_profile_free(loaded->oci);
    filter_free(&loaded->filter);
    free(loaded->text);
    *loaded = (struct loaded){.name = loaded->name};
}

uint32_t profile_verdict(const struct loaded *loaded, const struct seccomp_data *data)
{
    return bpf_run(loaded->filter.code, data, NULL);
}

bool profile_remedy(const struct loaded *loaded, const struct seccomp_data *data, struct remedy *remedy)
{
    const struct remedy_caller caller = {.effective = loaded->subject.kept_capabilities, .keepable = UINT64_MAX};
    if (loaded->oci == NULL)
        remedy_find(loaded->options.policy, &loaded->subject, &caller, data, remedy);
    return loaded->oci == NULL;
}
