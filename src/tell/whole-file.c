/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/whole-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char remedy[] = "name a file in a directory that can be written";

int whole_file_open(struct whole_file *file, const char *path, struct error *error)
{
    *file = (struct whole_file){ .path = path };
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, "cannot write %s: not a regular file (%s)", path, remedy);
    if (asprintf(&file->temporary, "%s.XXXXXX", path) < 0) {
        file->temporary = NULL;
        return error_set(error, "cannot write %s: out of memory (free some)", path);
    }
    int descriptor = mkostemp(file->temporary, O_CLOEXEC);
    mode_t mask = umask(0);
    umask(mask);
    if (descriptor >= 0 && fchmod(descriptor, 0666 & ~mask) == 0 && (file->stream = fdopen(descriptor, "w")) != NULL)
        return 0;
    error_set(error, "cannot write %s: %s (%s)", path, strerror(errno), remedy);
    if (descriptor >= 0) {
        close(descriptor);
        unlink(file->temporary);
    }
    free(file->temporary);
    file->temporary = NULL;
    return -1;
}

int whole_file_commit(struct whole_file *file, struct error *error)
{
    bool written = fflush(file->stream) == 0 && !ferror(file->stream) && fsync(fileno(file->stream)) == 0;
    int number = errno;
    if (written && rename(file->temporary, file->path) == 0) {
        fclose(file->stream);
        free(file->temporary);
        file->temporary = NULL;
        return 0;
    }
    error_set(error, "cannot write %s: %s (it is as it was before)", file->path, strerror(written ? errno : number));
    whole_file_drop(file);
    return -1;
}

void whole_file_drop(struct whole_file *file)
{
    if (file->temporary == NULL)
        return;
    fclose(file->stream);
    unlink(file->temporary);
    free(file->temporary);
    file->temporary = NULL;
}
