/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan-print.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launch/steps.h"
#include "tell/json-text.h"

static json_t *text_list(char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_text(texts[i]));
    return list;
}

static const char *end_in_words(enum plan_end end)
{
    switch (end) {
    case END_NONE:
        return "only the program itself is waited for";
    case END_SCOPE:
        return "all that it started is killed at once, from inside a Landlock signal scope";
    case END_GROUP:
        return "its cgroup is killed until it is empty";
    case END_NAMESPACE:
        return "its pid namespace is ended";
    case END_CHILDREN:
        return "what is left is killed as far as it is found: no guarantee";
    }
    return "";
}

json_t *plan_describe(const struct plan *plan)
{
    json_t *object = json_object();
    size_t argc = 0;
    while (plan->argv[argc] != NULL)
        argc++;
    json_object_set_new(object, "name", json_text(plan->name));
    json_object_set_new(object, "profile", json_text(plan->profile));
    json_object_set_new(object, "program", json_text(plan->program));
    json_object_set_new(object, "arguments", text_list(plan->argv, argc));
    json_object_set_new(object, "supervised", json_boolean(!plan->in_place));
    json_t *steps = json_array();
    for (size_t i = 0; i < launch_step_count; i++) {
        const struct step *step = &launch_steps[i];
        if (step->print == NULL)
            continue;
        json_t *entry = json_object(), *settings = json_object();
        step->print(plan, settings);
        json_object_set_new(entry, "step", json_string(step->name));
        json_object_set_new(entry, "does", json_string(step->does));
        json_object_set_new(entry, "why here", json_string(step->why));
        json_object_set_new(entry, "settings", settings);
        json_array_append_new(steps, entry);
    }
    json_object_set_new(object, "steps", steps);
    json_object_set_new(object, "end", json_string(end_in_words(plan->end)));
    json_object_set_new(object, "notices", text_list(plan->notices, plan->notice_count));
    json_object_set_new(object, "problems", text_list(plan->problems, plan->problem_count));
    return object;
}

/* Arguments and paths are hostile text to a terminal. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            printf("\\x%02x", (unsigned char)*text);
        else
            putchar(*text);
}

static void print_value(const json_t *value)
{
    size_t index;
    json_t *member;
    if (json_is_string(value))
        print_text(json_string_value(value));
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", stdout);
    else if (json_is_array(value) && json_array_size(value) == 0)
        fputs("none", stdout);
    json_array_foreach(value, index, member)
    {
        fputs(index > 0 ? " " : "", stdout);
        print_value(member);
    }
}

static void print_lines(const json_t *lines, const char *heading)
{
    size_t index;
    json_t *line;
    json_array_foreach(lines, index, line)
    {
        printf("%s: ", heading);
        print_value(line);
        putchar('\n');
    }
}

static void print_words(json_t *object)
{
    static const char *const heads[] = { "program", "arguments", "name", "profile", "supervised" };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        printf("%-28s ", heads[i]);
        print_value(json_object_get(object, heads[i]));
        putchar('\n');
    }
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(object, "steps"), index, step)
    {
        const char *key;
        json_t *value;
        printf("\n%s: %s\n", json_string_value(json_object_get(step, "step")),
               json_string_value(json_object_get(step, "does")));
        json_object_foreach(json_object_get(step, "settings"), key, value)
        {
            printf("  %-26s ", key);
            print_value(value);
            putchar('\n');
        }
    }
    printf("\nat the end: %s\n", json_string_value(json_object_get(object, "end")));
    print_lines(json_object_get(object, "notices"), "notice");
    print_lines(json_object_get(object, "problems"), "problem");
}

int plan_print(const struct plan *plan, bool as_json, struct error *error)
{
    json_t *object = plan_describe(plan);
    if (as_json)
        json_dumpf(object, stdout, JSON_INDENT(2));
    else
        print_words(object);
    json_decref(object);
    if (as_json)
        putchar('\n');
    if (fflush(stdout) != 0 || ferror(stdout))
        return error_set(error, "cannot print the plan: %s (give a standard output that can be written)",
                         strerror(errno));
    return 0;
}
