/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell/whole-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char remedy[] = "name a file in a directory that can be written";

static const char *name_in_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int open_directory(const char *path)
{
    size_t length = (size_t)(name_in_directory(path) - path);
    char *directory = length > 0 ? strndup(path, length) : strdup(".");
    int descriptor = directory != NULL ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    free(directory);
    return descriptor;
}

static FILE *open_temporary(struct whole_file *file)
{
    unsigned random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random ||
        asprintf(&file->temporary, "%s.%08x", name_in_directory(file->path), random) < 0) {
        file->temporary = NULL;
        return NULL;
    }
    int descriptor = openat(file->directory, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *stream = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (descriptor >= 0 && stream == NULL) {
        close(descriptor);
        unlinkat(file->directory, file->temporary, 0);
    }
    return stream;
}

static void close_all(struct whole_file *file)
{
    free(file->temporary);
    file->temporary = NULL;
    if (file->directory >= 0)
        close(file->directory);
    file->directory = -1;
}

int whole_file_open(struct whole_file *file, const char *path, struct error *error)
{
    *file = (struct whole_file){ .path = path, .directory = open_directory(path) };
    struct stat status;
    int number = errno;
    if (file->directory >= 0 && fstatat(file->directory, name_in_directory(path), &status, 0) == 0 &&
        !S_ISREG(status.st_mode)) {
        close_all(file);
        return error_set(error, "cannot write %s: not a regular file (%s)", path, remedy);
    }
    if (file->directory >= 0 && *name_in_directory(path) != '\0') {
        file->stream = open_temporary(file);
        number = errno;
        if (file->stream != NULL)
            return 0;
    } else if (file->directory >= 0) {
        number = EISDIR;
    }
    close_all(file);
    return error_set(error, "cannot write %s: %s (%s)", path, strerror(number), remedy);
}

/* The program may have put another file under its name, to have that taken for ours. */
static bool is_the_same(const struct whole_file *file)
{
    struct stat open_one, named_one;
    return fstat(fileno(file->stream), &open_one) == 0 &&
           fstatat(file->directory, file->temporary, &named_one, AT_SYMLINK_NOFOLLOW) == 0 &&
           open_one.st_dev == named_one.st_dev && open_one.st_ino == named_one.st_ino;
}

/* It may have written into it too: beyond our end. */
static bool write_out(FILE *stream)
{
    long end;
    return fflush(stream) == 0 && !ferror(stream) && (end = ftell(stream)) >= 0 &&
           ftruncate(fileno(stream), end) == 0 && fsync(fileno(stream)) == 0;
}

int whole_file_commit(struct whole_file *file, struct error *error)
{
    if (!write_out(file->stream)) {
        error_set(error, "cannot write %s: %s (it is as it was before)", file->path, strerror(errno));
    } else if (!is_the_same(file)) {
        error_set(error, "cannot write %s: the temporary file beside it was taken away (name a file where the program "
                         "cannot write)", file->path);
    } else if (renameat(file->directory, file->temporary, file->directory, name_in_directory(file->path)) != 0) {
        error_set(error, "cannot write %s: %s (it is as it was before)", file->path, strerror(errno));
    } else {
        fclose(file->stream);
        close_all(file);
        return 0;
    }
    whole_file_drop(file);
    return -1;
}

void whole_file_drop(struct whole_file *file)
{
    if (file->temporary == NULL)
        return;
    if (is_the_same(file))
        unlinkat(file->directory, file->temporary, 0);
    fclose(file->stream);
    close_all(file);
}
