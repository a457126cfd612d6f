/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make: a profile from categories, features and whatever else a profile can say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"

static bool begins(const char *setting, const char *key)
{
    size_t length = strlen(key);
    return strncmp(setting, key, length) == 0 && setting[length] == '=';
}

static bool gives(const struct request *request, const char *key)
{
    for (size_t i = 0; i < request->setting_count; i++)
        if (begins(request->settings[i], key))
            return true;
    return false;
}

static void write_settings(FILE *stream, const struct request *request)
{
    fputs("# made by: sbx-profile make", stream);
    for (size_t i = 0; i < request->setting_count; i++)
        fprintf(stream, " --%s", request->settings[i]);
    fputc('\n', stream);
    for (size_t i = 0; i < request->setting_count; i++)
        if (begins(request->settings[i], "include")) /* decides the base, so it stands first */
            fprintf(stream, "include = %s\n", strchr(request->settings[i], '=') + 1);
    /* What is allowed by name is all that is allowed; without that, the default is what is changed. */
    if (gives(request, "allow") && !gives(request, "calls") && !gives(request, "include"))
        fputs("calls = deny\n", stream);
    for (size_t i = 0; i < request->setting_count; i++) {
        const char *setting = request->settings[i], *sign = strchr(setting, '=');
        if (!begins(setting, "include"))
            fprintf(stream, "%.*s = %s\n", (int)(sign - setting), setting, sign + 1);
    }
}

int verb_make(const struct request *request, struct error *error)
{
    struct loaded loaded;
    struct destination output;
    char *text = NULL;
    size_t size;
    if (request->setting_count == 0)
        return error_set(error, "cannot make a profile: no setting (sbx-profile make --allow=file,process,memory)");
    for (size_t i = 0; i < request->setting_count; i++)
        if (strpbrk(request->settings[i], "\n\r") != NULL)
            return error_set(error, "cannot make a profile: a line break in a setting (write each on its own)");
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return error_set(error, "cannot make a profile: %s (free some memory)", strerror(errno));
    write_settings(stream, request);
    int result =
        fclose(stream) == 0 ? 0 : error_set(error, "cannot make a profile: %s (free some memory)", strerror(errno));
    if (result == 0 && (result = profile_load_text(&loaded, "the profile", text, &request->subject, error)) == 0)
        profile_unload(&loaded);
    if (result == 0 && (result = destination_open(&output, request->output, error)) == 0) {
        fputs(text, output.stream);
        result = destination_close(&output, error);
    }
    free(text);
    return result;
}
