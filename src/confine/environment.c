/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tell/json-text.h"

struct variables {
    const char **texts; /* NAME=VALUE */
    size_t count;
};

/* The name's length: variables without '=' (a hostile parent may pass them) are all name. */
static size_t name_length(const char *text)
{
    return strcspn(text, "=");
}

static void unset(struct variables *variables, const char *name)
{
    size_t length = name_length(name), kept = 0;
    for (size_t i = 0; i < variables->count; i++)
        if (name_length(variables->texts[i]) != length || strncmp(variables->texts[i], name, length) != 0)
            variables->texts[kept++] = variables->texts[i];
    variables->count = kept;
}

static void set(struct variables *variables, const char *text)
{
    unset(variables, text);
    variables->texts[variables->count++] = text;
}

/* Whether --clear-env and --keep-env let this one through. */
static bool passes(const struct options *options, const char *text)
{
    bool cleared = false;
    for (size_t i = 0; i < options->environment_count; i++) {
        const struct options_environment *change = &options->environment[i];
        if (change->change == ENVIRONMENT_KEEP && strlen(change->text) == name_length(text) &&
            strncmp(change->text, text, name_length(text)) == 0)
            return true;
        cleared |= change->change == ENVIRONMENT_KEEP || change->change == ENVIRONMENT_CLEAR;
    }
    return !cleared;
}

int environment_check(const struct options *options, const struct machine *machine, struct plan *plan,
                      struct error *error)
{
    enum { OF_USER = 3 };
    (void)machine;
    size_t found = 0;
    while (environ != NULL && environ[found] != NULL)
        found++;
    struct variables variables = { calloc(found + options->environment_count + OF_USER + 1, sizeof(char *)), 0 };
    if (variables.texts == NULL)
        return error_set(error, "cannot copy the environment: %s (free some memory)", strerror(errno));
    for (size_t i = 0; i < found; i++)
        if (passes(options, environ[i]))
            variables.texts[variables.count++] = environ[i];
    const struct plan_identity *identity = &plan->identity;
    if (identity->user_name != NULL) {
        char *home, *user, *logname;
        if (asprintf(&home, "HOME=%s", identity->home) < 0 || asprintf(&user, "USER=%s", identity->user_name) < 0 ||
            asprintf(&logname, "LOGNAME=%s", identity->user_name) < 0)
            return error_set(error, "cannot make the environment: out of memory (free some)");
        set(&variables, home);
        set(&variables, user);
        set(&variables, logname);
    }
    for (size_t i = 0; i < options->environment_count; i++) {
        if (options->environment[i].change == ENVIRONMENT_SET)
            set(&variables, options->environment[i].text);
        else if (options->environment[i].change == ENVIRONMENT_UNSET)
            unset(&variables, options->environment[i].text);
    }
    plan->envp = (char *const *)variables.texts;
    return 0;
}

void environment_print(const struct plan *plan, json_t *object)
{
    json_t *names = json_array();
    for (char *const *text = plan->envp; *text != NULL; text++)
        json_array_append_new(names, json_text_of(*text, name_length(*text)));
    json_object_set_new(object, "variables", names); /* names alone: values are often secrets */
}
