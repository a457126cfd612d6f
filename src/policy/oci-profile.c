/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/oci-profile.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "policy/table.h"

#define FILE_SIZE_MAX (1 << 20)
#define RULES_MAX 4096
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* What is read, and where in it: for the errors. */
struct reading {
    const char *name;
    int rule; /* from 1; 0: the profile itself */
    struct error *error;
};

__attribute__((format(printf, 3, 4)))
static int refuse(const struct reading *reading, const char *remedy, const char *format, ...)
{
    char why[400], place[32] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (reading->rule > 0)
        snprintf(place, sizeof place, ", rule %d", reading->rule);
    return error_set(reading->error, "cannot read %s%s: %s (%s)", reading->name, place, why, remedy);
}

struct word {
    const char *name;
    uint32_t value;
};

static const struct word actions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW}, {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD}, {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS}, {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE}, {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
};
static const struct word comparisons[] = {
    {"SCMP_CMP_NE", OCI_NE}, {"SCMP_CMP_LT", OCI_LT}, {"SCMP_CMP_LE", OCI_LE}, {"SCMP_CMP_EQ", OCI_EQ},
    {"SCMP_CMP_GE", OCI_GE}, {"SCMP_CMP_GT", OCI_GT}, {"SCMP_CMP_MASKED_EQ", OCI_MASKED_EQ},
};
static const struct word flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC}, {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0}, /* speaks of a listener: there is none */
};

static int read_word(const struct reading *reading, const json_t *json, const struct word *words, size_t count,
                     const char *what, uint32_t *value)
{
    const char *text = json_string_value(json), *known[16];
    if (text == NULL)
        return refuse(reading, "write a name in quotes", "%s is missing or no string", what);
    for (size_t i = 0; i < count; i++) {
        known[i] = words[i].name;
        if (strcmp(text, words[i].name) == 0) {
            *value = words[i].value;
            return 0;
        }
    }
    if (strcmp(text, "SCMP_ACT_NOTIFY") == 0)
        return refuse(reading, "give the rule another action", "SCMP_ACT_NOTIFY needs an agent that answers");
    const char *near = nearest_word(text, known, count);
    char remedy[160];
    snprintf(remedy, sizeof remedy, "%s%s", near != NULL ? "did you mean " : "one of libseccomp's names is wanted",
             near != NULL ? near : "");
    return refuse(reading, remedy, "unknown %s '%.60s'", what, text);
}

/* The number of an errno: as a number, or Podman's name beside it, which must be the same. */
static int read_errno(const struct reading *reading, const json_t *number, const json_t *name, uint32_t *value)
{
    if (number != NULL && !json_is_null(number)) {
        if (!json_is_integer(number) || json_integer_value(number) < 0 || json_integer_value(number) > 4095)
            return refuse(reading, "write a number from 0 to 4095", "its errno is none");
        *value = (uint32_t)json_integer_value(number);
    }
    const char *text = json_string_value(name);
    if (text == NULL || *text == '\0')
        return 0;
    const struct vocabulary *words = &policy_table.words;
    for (unsigned i = 0; i < words->constant_count; i++) {
        const struct constant *constant = &words->constants[i];
        if (strcmp(table_string(words->lists[constant->list].name), "errno") != 0 ||
            strcmp(text, table_string(constant->name)) != 0)
            continue;
        if (number != NULL && !json_is_null(number) && *value != constant->value[0])
            return refuse(reading, "keep the one that is meant", "errno %s is not %u", text, *value);
        *value = (uint32_t)constant->value[0];
        return 0;
    }
    return refuse(reading, "write its number", "unknown errno '%.40s'", text);
}

static int read_action(const struct reading *reading, const json_t *object, const char *key, const char *number,
                       const char *name, uint32_t *verdict)
{
    uint32_t data = 1; /* EPERM, where none is given: as runc and crun have it */
    if (read_word(reading, json_object_get(object, key), actions, LENGTH(actions), key, verdict) != 0 ||
        read_errno(reading, json_object_get(object, number), json_object_get(object, name), &data) != 0)
        return -1;
    if (*verdict == SECCOMP_RET_ERRNO || *verdict == SECCOMP_RET_TRACE)
        *verdict |= data;
    return 0;
}

/* ---- numbers above 2^63 ---- */

static bool is_large(const char *digits, size_t length)
{
    char copy[24];
    if (length < 19 || length > 20)
        return false;
    snprintf(copy, sizeof copy, "%.*s", (int)length, digits);
    errno = 0;
    return strtoull(copy, NULL, 10) > INT64_MAX && errno == 0;
}

char *oci_numbers_quoted(const char *text, size_t length, size_t *quoted_length)
{
    char *quoted = NULL;
    FILE *stream = open_memstream(&quoted, quoted_length);
    bool in_string = false;
    for (size_t i = 0; stream != NULL && i < length;) {
        size_t digits = 0;
        if (in_string && text[i] == '\\' && i + 1 < length) {
            fwrite(text + i, 1, 2, stream);
            i += 2;
            continue;
        }
        in_string ^= text[i] == '"';
        while (!in_string && i + digits < length && text[i + digits] >= '0' && text[i + digits] <= '9')
            digits++;
        bool part = digits > 0 &&
                    ((i > 0 && strchr("-+.eE", text[i - 1]) != NULL && text[i - 1] != '\0') ||
                     (i + digits < length && text[i + digits] != '\0' && strchr(".eE", text[i + digits]) != NULL));
        if (!part && is_large(text + i, digits))
            fprintf(stream, "\"u%.*s\"", (int)digits, text + i);
        else
            fwrite(text + i, 1, digits > 0 ? digits : 1, stream);
        i += digits > 0 ? digits : 1;
    }
    return stream != NULL && fclose(stream) == 0 ? quoted : NULL;
}

char *oci_numbers_plain(const char *text)
{
    char *plain = strdup(text), *to = plain;
    for (const char *at = text; plain != NULL && *at != '\0';) {
        size_t digits = strncmp(at, "\"u", 2) == 0 ? strspn(at + 2, "0123456789") : 0;
        bool number = digits > 0 && at[2 + digits] == '"';
        size_t length = number ? digits : 1;
        memcpy(to, number ? at + 2 : at, length);
        to += length;
        at += number ? digits + 3 : 1;
    }
    if (plain != NULL)
        *to = '\0';
    return plain;
}

json_t *oci_number(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_sprintf("u%llu", (unsigned long long)value);
}

static int read_value(const struct reading *reading, const json_t *object, const char *key, uint64_t *value)
{
    const json_t *json = json_object_get(object, key);
    *value = 0;
    if (json == NULL || json_is_null(json))
        return 0;
    const char *large = json_string_value(json);
    if (large != NULL && large[0] == 'u' && is_large(large + 1, strspn(large + 1, "0123456789"))) {
        *value = strtoull(large + 1, NULL, 10);
        return 0;
    }
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return refuse(reading, "write a whole number from 0", "%s of an argument is no such number", key);
    *value = (uint64_t)json_integer_value(json);
    return 0;
}

static int read_arguments(const struct reading *reading, const json_t *list, struct oci_rule *rule)
{
    if (list == NULL || json_is_null(list))
        return 0;
    if (!json_is_array(list) || json_array_size(list) > LENGTH(rule->arguments))
        return refuse(reading, "write a list of at most 12", "args is no such list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct oci_argument *argument = &rule->arguments[i];
        uint32_t comparison;
        uint64_t index;
        if (!json_is_object(item))
            return refuse(reading, "write {\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}",
                          "an argument is no object");
        if (read_value(reading, item, "index", &index) != 0 ||
            read_value(reading, item, "value", &argument->value) != 0 ||
            read_value(reading, item, "valueTwo", &argument->value_two) != 0 ||
            read_word(reading, json_object_get(item, "op"), comparisons, LENGTH(comparisons), "op", &comparison) != 0)
            return -1;
        if (index > 5)
            return refuse(reading, "a call has the arguments 0 to 5", "there is no argument %llu",
                          (unsigned long long)index);
        argument->index = (uint8_t)index;
        argument->comparison = (uint8_t)comparison;
    }
    rule->argument_count = json_array_size(list);
    return 0;
}

static int read_capability(const struct reading *reading, const char *name, uint64_t *set)
{
    cap_value_t value;
    if (cap_from_name(name, &value) != 0 || value > 63)
        return refuse(reading, "names are in capabilities(7)", "unknown capability '%.40s'", name);
    *set |= UINT64_C(1) << value;
    return 0;
}

static int read_condition(const struct reading *reading, const json_t *object, struct oci_condition *condition)
{
    const json_t *caps = json_object_get(object, "caps"), *arches = json_object_get(object, "arches");
    const char *kernel = json_string_value(json_object_get(object, "minKernel"));
    if (object == NULL || json_is_null(object))
        return 0;
    if (!json_is_object(object) || (caps != NULL && !json_is_array(caps) && !json_is_null(caps)) ||
        (arches != NULL && !json_is_array(arches) && !json_is_null(arches)))
        return refuse(reading, "write {\"caps\": [...], \"arches\": [...]}", "includes or excludes is no such object");
    for (size_t i = 0; i < json_array_size(caps); i++) {
        const char *name = json_string_value(json_array_get(caps, i));
        if (read_capability(reading, name != NULL ? name : "", &condition->capabilities) != 0)
            return -1;
    }
    condition->has_arches = json_array_size(arches) > 0;
    for (size_t i = 0; i < json_array_size(arches); i++) {
        const char *name = json_string_value(json_array_get(arches, i));
        if (name == NULL)
            return refuse(reading, "write names in quotes", "arches has what is no string");
        condition->arches |= strcmp(name, "amd64") == 0   ? 1 << POLICY_X86_64
                             : strcmp(name, "arm64") == 0 ? 1 << POLICY_AARCH64
                                                          : 0;
    }
    unsigned major, minor;
    char rest;
    if (kernel != NULL && (sscanf(kernel, "%5u.%5u%c", &major, &minor, &rest) != 2))
        return refuse(reading, "write \"4.8\"", "minKernel '%.20s' is no version", kernel);
    if (kernel != NULL)
        condition->kernel = major << 16 | minor;
    return 0;
}

static int read_names(const struct reading *reading, const json_t *object, struct oci_rule *rule)
{
    const json_t *list = json_object_get(object, "names"), *one = json_object_get(object, "name");
    size_t count = json_is_array(list) ? json_array_size(list) : json_is_string(one) ? 1 : 0;
    if (count == 0)
        return refuse(reading, "write \"names\": [\"read\"]", "it names no call");
    rule->names = calloc(count, sizeof *rule->names);
    if (rule->names == NULL)
        return refuse(reading, "free some memory", "%s", strerror(errno));
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_is_array(list) ? json_array_get(list, i) : one);
        if (name == NULL || *name == '\0' || strlen(name) > 64)
            return refuse(reading, "write names in quotes", "a name is none");
        rule->names[i] = strdup(name);
        if (rule->names[i] == NULL)
            return refuse(reading, "free some memory", "%s", strerror(errno));
        rule->name_count = i + 1;
    }
    return 0;
}

static int read_rule(const struct reading *reading, const json_t *object, struct oci_rule *rule)
{
    static const char *const keys[] = {"names",    "name",     "action",   "args", "comment",
                                       "includes", "excludes", "errnoRet", "errno"};
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return refuse(reading, "write {\"names\": [...], \"action\": \"...\"}", "it is no object");
    json_object_foreach((json_t *)object, key, value) {
        size_t known = 0;
        while (known < LENGTH(keys) && strcmp(key, keys[known]) != 0)
            known++;
        const char *near = nearest_word(key, keys, LENGTH(keys));
        if (known == LENGTH(keys))
            return refuse(reading, near != NULL ? near : "leave it out", "unknown key '%.40s'", key);
    }
    if (read_names(reading, object, rule) != 0 ||
        read_action(reading, object, "action", "errnoRet", "errno", &rule->verdict) != 0 ||
        read_arguments(reading, json_object_get(object, "args"), rule) != 0 ||
        read_condition(reading, json_object_get(object, "includes"), &rule->includes) != 0)
        return -1;
    return read_condition(reading, json_object_get(object, "excludes"), &rule->excludes);
}

static void read_architecture(struct oci_profile *profile, const char *name)
{
    if (name == NULL)
        return;
    profile->arches |= strcmp(name, "SCMP_ARCH_X86_64") == 0    ? 1 << POLICY_X86_64
                       : strcmp(name, "SCMP_ARCH_AARCH64") == 0 ? 1 << POLICY_AARCH64
                                                                : 0;
    profile->x86 |= strcmp(name, "SCMP_ARCH_X86") == 0;
    profile->x32 |= strcmp(name, "SCMP_ARCH_X32") == 0;
}

static int read_architectures(const struct reading *reading, const json_t *root, struct oci_profile *profile)
{
    const json_t *flat = json_object_get(root, "architectures"), *map = json_object_get(root, "archMap");
    if (json_array_size(flat) > 0 && json_array_size(map) > 0)
        return refuse(reading, "keep one of them, as Docker wants it", "it has both architectures and archMap");
    for (size_t i = 0; i < json_array_size(flat); i++)
        read_architecture(profile, json_string_value(json_array_get(flat, i)));
    for (size_t i = 0; i < json_array_size(map); i++) {
        const json_t *item = json_array_get(map, i), *below = json_object_get(item, "subArchitectures");
        read_architecture(profile, json_string_value(json_object_get(item, "architecture")));
        for (size_t j = 0; j < json_array_size(below); j++)
            read_architecture(profile, json_string_value(json_array_get(below, j)));
    }
    if (json_array_size(flat) == 0 && json_array_size(map) == 0)
        profile->arches = (1 << TABLE_ARCHES) - 1;
    if (profile->arches == 0)
        return refuse(reading, "SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64", "it is for no architecture that is known here");
    return 0;
}

static int read_profile(struct reading *reading, const json_t *root, struct oci_profile *profile)
{
    const json_t *list = json_object_get(root, "syscalls"), *flag_list = json_object_get(root, "flags");
    if (!json_is_object(root))
        return refuse(reading, "write { \"defaultAction\": ... }", "it is no object");
    bool alone =
        json_object_get(root, "defaultAction") == NULL && list == NULL && json_object_get(root, "action") != NULL;
    profile->verdict = SECCOMP_RET_ERRNO | EPERM;
    if (!alone &&
        read_action(reading, root, "defaultAction", "defaultErrnoRet", "defaultErrno", &profile->verdict) != 0)
        return -1;
    if (list != NULL && !json_is_array(list) && !json_is_null(list))
        return refuse(reading, "write \"syscalls\": [...]", "syscalls is no list");
    if (json_object_get(root, "listenerPath") != NULL)
        return refuse(reading, "remove it", "listenerPath needs an agent that answers");
    for (size_t i = 0; i < json_array_size(flag_list); i++) {
        uint32_t flag;
        if (read_word(reading, json_array_get(flag_list, i), flags, LENGTH(flags), "flag", &flag) != 0)
            return -1;
        profile->flags |= flag;
    }
    if (read_architectures(reading, root, profile) != 0)
        return -1;
    size_t count = alone ? 1 : json_array_size(list);
    if (count > RULES_MAX)
        return refuse(reading, "use fewer", "more than %d rules", RULES_MAX);
    profile->rules = calloc(count + 1, sizeof *profile->rules);
    if (profile->rules == NULL)
        return refuse(reading, "free some memory", "%s", strerror(errno));
    for (size_t i = 0; i < count; i++) {
        reading->rule = (int)i + 1;
        profile->rule_count = i + 1;
        if (read_rule(reading, alone ? root : json_array_get(list, i), &profile->rules[i]) != 0)
            return -1;
    }
    return 0;
}

struct oci_profile *oci_profile_parse(const char *text, size_t length, const char *name, struct error *error)
{
    struct reading reading = {.name = name, .error = error};
    json_error_t where;
    size_t quoted_length;
    char *quoted = oci_numbers_quoted(text, length, &quoted_length);
    if (quoted == NULL) {
        refuse(&reading, "free some memory", "%s", strerror(errno));
        return NULL;
    }
    json_t *root = json_loadb(quoted, quoted_length, JSON_REJECT_DUPLICATES, &where);
    free(quoted);
    if (root == NULL) {
        error_set(error, "cannot read %s:%d:%d: %s (it must be JSON)", name, where.line, where.column, where.text);
        return NULL;
    }
    struct oci_profile *profile = calloc(1, sizeof *profile);
    if (profile == NULL) {
        refuse(&reading, "free some memory", "%s", strerror(errno));
    } else if (read_profile(&reading, root, profile) != 0) {
        oci_profile_free(profile);
        profile = NULL;
    }
    json_decref(root);
    return profile;
}

struct oci_profile *oci_profile_read(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    struct oci_profile *profile = NULL;
    char *text = NULL;
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        error_set(error, "cannot read %s: %s (name a readable file)", path, strerror(errno));
    else if (!S_ISREG(status.st_mode) || status.st_size > FILE_SIZE_MAX)
        error_set(error, "cannot read %s: no regular file of at most 1 MiB (name one)", path);
    else if ((text = malloc(FILE_SIZE_MAX + 1)) == NULL)
        error_set(error, "cannot read %s: %s (free some memory)", path, strerror(errno));
    if (text != NULL) {
        size_t length = 0;
        ssize_t got;
        while (length <= FILE_SIZE_MAX && (got = read(descriptor, text + length, FILE_SIZE_MAX + 1 - length)) != 0) {
            if (got < 0 && errno != EINTR)
                break;
            length += got > 0 ? (size_t)got : 0;
        }
        if (got < 0 || length > FILE_SIZE_MAX)
            error_set(error, "cannot read %s: %s (name a readable file)", path,
                      got < 0 ? strerror(errno) : "larger than 1 MiB");
        else
            profile = oci_profile_parse(text, length, path, error);
        free(text);
    }
    if (descriptor >= 0)
        close(descriptor);
    return profile;
}

void oci_profile_free(struct oci_profile *profile)
{
    if (profile == NULL)
        return;
    for (size_t i = 0; profile->rules != NULL && i < profile->rule_count; i++) {
        for (size_t j = 0; j < profile->rules[i].name_count; j++)
            free(profile->rules[i].names[j]);
        free(profile->rules[i].names);
    }
    free(profile->rules);
    free(profile);
}

static unsigned this_kernel(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;
    return uname(&name) == 0 && sscanf(name.release, "%5u.%5u", &major, &minor) == 2 ? major << 16 | minor : 0;
}

bool oci_rule_applies(const struct oci_rule *rule, enum policy_arch arch, uint64_t capabilities)
{
    const struct oci_condition *in = &rule->includes, *out = &rule->excludes;
    if ((out->arches >> arch & 1) != 0 || (in->has_arches && (in->arches >> arch & 1) == 0))
        return false;
    if ((out->capabilities & capabilities) != 0 || (in->capabilities & ~capabilities) != 0)
        return false;
    return (in->kernel == 0 || this_kernel() >= in->kernel) && (out->kernel == 0 || this_kernel() < out->kernel);
}

bool oci_rule_compares_twice(const struct oci_rule *rule)
{
    unsigned seen = 0, twice = 0;
    for (size_t i = 0; i < rule->argument_count; i++) {
        twice |= seen & 1u << rule->arguments[i].index;
        seen |= 1u << rule->arguments[i].index;
    }
    return twice != 0;
}
