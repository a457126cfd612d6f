/* SPDX-License-Identifier: GPL-2.0-or-later */
/* minimize: settings of the policy that nobody would miss are taken out, line by line and word by word, until none is
 * left that could go. All other settings and the comments stay. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile.h"

/* `key = LIST` without one word; NULL: there are no more, or it was the only one. */
static char *without_word(const char *key, const char *value, size_t word)
{
    char *line = NULL, *list = strdup(value), *rest = list, *member;
    size_t size, index = 0, kept = 0;
    FILE *stream = list != NULL ? open_memstream(&line, &size) : NULL;
    if (stream != NULL) {
        fprintf(stream, "%s = ", key);
        while ((member = strsep(&rest, ",")) != NULL)
            if (index++ != word)
                fprintf(stream, "%s%s", kept++ == 0 ? "" : ",", member + strspn(member, " \t"));
        fclose(stream);
    }
    free(list);
    if (word < index && kept > 0)
        return line;
    free(line);
    return NULL;
}

/* Takes the line or one word out where the answers stay the same. True when something went. */
static bool shorten(struct lines *lines, size_t index)
{
    char key[32];
    const char *value;
    line_key(lines->line[index], key, &value);
    char *text = lines_join(lines, index, "#");
    bool gone = text != NULL && lines_same(lines, text);
    free(text);
    if (gone) {
        lines->line[index] = NULL;
        return true;
    }
    for (size_t word = 0; key_takes_list(key); word++) {
        char *shorter = without_word(key, value, word);
        if (shorter == NULL)
            return false;
        text = lines_join(lines, index, shorter);
        gone = text != NULL && lines_same(lines, text);
        free(text);
        if (gone) /* it is never longer than the line */
            strcpy(lines->line[index], shorter);
        free(shorter);
        if (gone)
            return true;
    }
    return false;
}

int verb_minimize(const struct request *request, struct error *error)
{
    struct lines lines;
    struct loaded loaded;
    struct destination output;
    char *text = profile_read_file(request->words[0], error);
    if (text == NULL || profile_load_text(&loaded, request->words[0], text, &request->subject, error) != 0) {
        free(text);
        return -1;
    }
    profile_unload(&loaded);
    int result = lines_read(&lines, request->words[0], text, error);
    free(text);
    if (result != 0)
        return -1;
    for (size_t i = lines.count; i-- > 0;) {
        char key[32];
        const char *value;
        while (lines.line[i] != NULL && key_is_policy(line_key(lines.line[i], key, &value)) && shorten(&lines, i))
            ;
    }
    text = lines_join(&lines, lines.count, NULL);
    lines_free(&lines);
    if (text == NULL)
        return error_set(error, "cannot minimize %s: %s (free some memory)", request->words[0], strerror(errno));
    result = destination_open(&output, request->output, error);
    if (result == 0) {
        fputs(text, output.stream);
        result = destination_close(&output, error);
    }
    free(text);
    return result;
}
