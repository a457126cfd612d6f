/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For Kubernetes, as YAML of three documents: a SeccompProfile of the Security Profiles Operator, a ConfigMap that
 * carries the Localhost profile, and a pod that uses it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"

/* A name that Kubernetes takes: lower case letters, digits and '-', a letter or digit at both ends. */
static void object_name(const char *path, char name[64])
{
    const char *slash = strrchr(path, '/');
    size_t length = 0;
    for (const char *at = slash != NULL ? slash + 1 : path; *at != '\0' && *at != '.' && length < 50; at++) {
        char character = (char)tolower((unsigned char)*at);
        bool good = (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
        if (good || length > 0)
            name[length++] = good ? character : '-';
    }
    while (length > 0 && name[length - 1] == '-')
        length--;
    name[length] = '\0';
    if (length == 0)
        strcpy(name, "sbx");
}

/* A value: an integer, or its digits. */
static void write_number(const char *key, const json_t *number, FILE *stream)
{
    if (json_is_string(number))
        fprintf(stream, "      %s: %s\n", key, json_string_value(number) + 1);
    else if (number != NULL)
        fprintf(stream, "      %s: %lld\n", key, (long long)json_integer_value(number));
}

static void write_rule(const json_t *rule, FILE *stream)
{
    const json_t *number = json_object_get(rule, "errnoRet"), *list = json_object_get(rule, "args"), *item;
    size_t index;
    fprintf(stream, "  - action: %s\n", json_string_value(json_object_get(rule, "action")));
    if (number != NULL)
        fprintf(stream, "    errnoRet: %lld\n", (long long)json_integer_value(number));
    if (list != NULL)
        fputs("    args:\n", stream);
    json_array_foreach(list, index, item) {
        fprintf(stream, "    - index: %lld\n      op: %s\n",
                (long long)json_integer_value(json_object_get(item, "index")),
                json_string_value(json_object_get(item, "op")));
        write_number("value", json_object_get(item, "value"), stream);
        write_number("valueTwo", json_object_get(item, "valueTwo"), stream);
    }
    fputs("    names:\n", stream);
    json_array_foreach(json_object_get(rule, "names"), index, item)
        fprintf(stream, "    - %s\n", json_string_value(item));
}

static void write_manifest(const json_t *root, const char *name, FILE *stream)
{
    const json_t *rule;
    size_t index;
    fprintf(stream,
            "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nmetadata:\n  name: %s\n"
            "spec:\n  defaultAction: %s\n  architectures:\n  - %s\n  syscalls:\n",
            name, json_string_value(json_object_get(root, "defaultAction")),
            json_string_value(json_array_get(json_object_get(root, "architectures"), 0)));
    json_array_foreach(json_object_get(root, "syscalls"), index, rule)
        write_rule(rule, stream);
}

static void write_map(const json_t *root, const char *name, FILE *stream)
{
    char *text = oci_text(root), *rest = text, *line;
    fprintf(stream, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s-seccomp\ndata:\n  %s.json: |\n", name,
            name);
    while ((line = strsep(&rest, "\n")) != NULL)
        fprintf(stream, "    %s\n", line);
    free(text);
}

int export_k8s(const struct loaded *loaded, FILE *stream, struct error *error)
{
    char name[64];
    json_t *root = oci_document(loaded, false, error); /* the operator's schema has no defaultErrnoRet */
    if (root == NULL)
        return -1;
    object_name(loaded->name, name);
    fprintf(stream,
            "# The first document is for the Security Profiles Operator: kubectl apply -f FILE. Without the operator "
            "the\n"
            "# JSON of the second goes to /var/lib/kubelet/seccomp/%s.json of each node, and a pod names it as the "
            "third does.\n",
            name);
    write_manifest(root, name, stream);
    write_map(root, name, stream);
    fprintf(stream,
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: %s-example\nspec:\n  securityContext:\n    "
            "seccompProfile:\n"
            "      type: Localhost\n      localhostProfile: %s.json # of the operator: operator/%s.json\n"
            "  containers:\n  - name: main\n    image: busybox\n    command: [\"sleep\", \"60\"]\n"
            "    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities:\n        drop: "
            "[\"ALL\"]\n",
            name, name, name);
    json_decref(root);
    return 0;
}
