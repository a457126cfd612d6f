/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/profile-file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILE_SIZE_MAX (1 << 20)
#define INCLUDE_DEPTH_MAX 8

/* What is in force when nothing else is asked for. `try` here and nowhere else: a kernel without memory-deny-
 * write-execute (before 6.3) or Landlock scopes (before 6.12) still gets a start, and the user is told. */
static const char default_profile[] =
    "try = mdwe,scopes\n"
    "pids = 512\n"
    "memory = 50%\n"
    "swap = 0\n";

static const char *const built_in[] = { "default", "none" };

static int apply_name(struct options *options, const char *name, bool base, int depth, struct error *error);

/* A line of a profile; positions are counted from 1 for people. */
struct place {
    const char *file;
    const void *source; /* tells one reading of a file from another */
    int line;
};

static int at(const struct place *place, const char *line, const char *position, struct error *error)
{
    struct error inner = *error;
    const char *text = inner.text;
    if (strncmp(text, "cannot ", 7) == 0)
        text += 7;
    return error_set(error, "cannot apply %s:%d:%d: %s", place->file, place->line, (int)(position - line) + 1, text);
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

/* One line. `first` is still true until a setting was seen: an include there is the base. */
static int apply_line(struct options *options, char *line, const struct place *place, bool *first, bool base, int depth,
                      struct error *error)
{
    const char *start = line;
    char *key = trim(line);
    if (*key == '\0' || *key == '#')
        return 0;
    char *sign = strchr(key, '=');
    if (sign == NULL) {
        error_set(error, "read '%s': no '=' in it (write `key = value`; a comment starts with #)", key);
        return at(place, start, key, error);
    }
    *sign = '\0';
    key = trim(key);
    char *value = trim(sign + 1);
    bool include = strcmp(key, "include") == 0;
    if (*first && !include && base && apply_name(options, "default", true, depth + 1, error) != 0)
        return -1;
    bool include_base = base && *first;
    *first = false;
    if (include)
        return apply_name(options, value, include_base, depth + 1, error) == 0 ? 0 : at(place, start, value, error);
    if (options_set(options, key, value, place->source, error) == 0)
        return 0;
    bool about_key = error->status == STATUS_FAILED && strstr(error->text, "no such option") != NULL;
    return at(place, start, about_key ? key : value, error);
}

/* `text` is changed and must live as long as the options. */
static int apply_text(struct options *options, const char *file, char *text, bool base, int depth, struct error *error)
{
    struct place place = { .file = file, .source = text };
    bool first = true;
    while (text != NULL) {
        char *line = strsep(&text, "\n");
        place.line++;
        if (apply_line(options, line, &place, &first, base, depth, error) != 0)
            return -1;
    }
    if (first && base)
        return apply_name(options, "default", true, depth + 1, error);
    return 0;
}

/* The whole file as a string that is kept for the life of the process, or NULL with the error. */
static char *read_file(const char *path, struct error *error)
{
    static const char remedy[] = "name a readable file of `key = value` lines";
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        error_set(error, "cannot open profile %s: %s (%s)", path, strerror(errno), remedy);
        if (descriptor >= 0)
            close(descriptor);
        return NULL;
    }
    char *text = NULL;
    if (!S_ISREG(status.st_mode)) {
        error_set(error, "cannot read profile %s: not a regular file (%s)", path, remedy);
    } else if (status.st_size > PROFILE_SIZE_MAX) {
        error_set(error, "cannot read profile %s: larger than 1 MiB (%s)", path, remedy);
    } else if ((text = malloc(PROFILE_SIZE_MAX + 1)) == NULL) {
        error_set(error, "cannot read profile %s: %s (free some memory)", path, strerror(errno));
    } else {
        size_t length = 0;
        ssize_t got;
        while ((got = read(descriptor, text + length, PROFILE_SIZE_MAX + 1 - length)) > 0 ||
               (got < 0 && errno == EINTR))
            length += got > 0 ? (size_t)got : 0;
        if (got < 0 || length > PROFILE_SIZE_MAX || memchr(text, '\0', length) != NULL) {
            error_set(error, "cannot read profile %s: %s (%s)", path,
                      got < 0 ? strerror(errno) : "too large or with a NUL byte", remedy);
            free(text);
            text = NULL;
        } else {
            text[length] = '\0';
        }
    }
    close(descriptor);
    return text;
}

/* Options point into the texts of profiles for the life of the process. NULL stays NULL. */
static char *keep(char *text)
{
    static struct kept {
        struct kept *next;
        char *text;
    } *all;
    struct kept *kept = text != NULL ? malloc(sizeof *kept) : NULL;
    if (kept == NULL)
        return text;
    *kept = (struct kept){ all, text };
    all = kept;
    return text;
}

static int apply_default(struct options *options, int depth, struct error *error)
{
    char *text = keep(strdup(default_profile));
    if (text == NULL)
        return error_set(error, "cannot read profile default: %s (free some memory)", strerror(errno));
    return apply_text(options, "default", text, false, depth, error);
}

/* A profile of Docker or Podman says what system calls do and nothing else: as the base it takes the place of the policy,
 * what else the default has stays. */
static int apply_oci(struct options *options, const char *path, bool base, int depth, struct error *error)
{
    if (options->oci_count == OPTIONS_OCI_MAX)
        return error_set(error, "cannot apply %s: more than %d OCI profiles (each is a filter more)", path, OPTIONS_OCI_MAX);
    struct oci_profile *profile = oci_profile_read(path, error);
    if (profile == NULL)
        return -1;
    options->oci[options->oci_count++] = profile;
    if (!base)
        return 0;
    policy_settings_open(options->policy);
    return apply_default(options, depth, error);
}

static bool is_json(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') != NULL && length > 5 && strcmp(name + length - 5, ".json") == 0;
}

static int apply_name(struct options *options, const char *name, bool base, int depth, struct error *error)
{
    if (depth > INCLUDE_DEPTH_MAX)
        return error_set(error, "cannot include %s: more than %d profiles deep (is there a circle?)", name,
                         INCLUDE_DEPTH_MAX);
    if (strcmp(name, "none") == 0) {
        if (base) {
            options->confined = false;
            policy_settings_open(options->policy);
        }
        return 0;
    }
    if (strcmp(name, "default") == 0)
        return apply_default(options, depth, error);
    if (is_json(name))
        return apply_oci(options, name, base, depth, error);
    if (strchr(name, '/') == NULL) {
        const char *near = nearest_word(name, built_in, sizeof built_in / sizeof *built_in);
        return error_set(error, "cannot find profile '%s': no such profile (%s%s; a file is written with a slash: ./%s)",
                         name, near != NULL ? "did you mean " : "there are default and none",
                         near != NULL ? near : "", name);
    }
    char *text = keep(read_file(name, error));
    return text == NULL ? -1 : apply_text(options, name, text, base, depth, error);
}

const char *profile_built_in(size_t index, const char **about)
{
    static const char *const lines[] = {
        "the policy of calls.tbl; 512 processes, half of the memory, no swap; no capability",
        "nothing: every call allowed, no limit, no protection",
    };
    _Static_assert(sizeof lines / sizeof *lines == sizeof built_in / sizeof *built_in, "a line for each");
    if (index >= sizeof built_in / sizeof *built_in)
        return NULL;
    *about = lines[index];
    return built_in[index];
}

int profile_apply_text(struct options *options, const char *file, char *text, bool base, struct error *error)
{
    return apply_text(options, file, text, base, 0, error);
}

int profile_apply(struct options *options, const char *name, bool base, struct error *error)
{
    return apply_name(options, name, base, 0, error);
}
