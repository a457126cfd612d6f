/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent: runs commands in a test guest for its host, one connection a command.
 *   agent serve PORT                            in the guest, as root
 *   agent run PORT SECONDS USER COMMAND...      on the host: input, output, errors and status are the command's; SECONDS
 *                                               is how long the guest may take to answer at all
 * Frames both ways: a letter, four bytes of length (little endian), that many bytes. To the guest: U user, A argument, G go,
 * I input, E its end. Back: O output, R errors, S status. The guest is a throw-away machine of the tests: whoever reaches the
 * port is root there. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536, ARGUMENTS = 256 };

static void die(const char *what)
{
    fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
    exit(125);
}

static bool write_all(int to, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = write(to, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

static bool read_all(int from, void *bytes, size_t length)
{
    char *at = bytes;
    while (length > 0) {
        ssize_t got = read(from, at, length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        length -= (size_t)got;
    }
    return true;
}

static bool send_frame(int to, char letter, const void *bytes, size_t length)
{
    unsigned char head[5] = { (unsigned char)letter, (unsigned char)length, (unsigned char)(length >> 8),
                              (unsigned char)(length >> 16), (unsigned char)(length >> 24) };
    return write_all(to, head, sizeof head) && write_all(to, bytes, length);
}

/* The letter, 0 at the end or on nonsense. `bytes` has room for PIECE and a NUL. */
static char read_frame(int from, char *bytes, size_t *length)
{
    unsigned char head[5];
    if (!read_all(from, head, sizeof head))
        return 0;
    *length = head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
    if (*length > PIECE || !read_all(from, bytes, *length))
        return 0;
    bytes[*length] = '\0';
    return (char)head[0];
}

/* --- in the guest ------------------------------------------------------------------------------------------------ */

/* fgetpwent, not getpwnam: a static program must not load name service modules. */
static struct passwd *find_user(const char *name)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd *user = NULL;
    while (file != NULL && (user = fgetpwent(file)) != NULL && strcmp(user->pw_name, name) != 0)
        continue;
    return user;
}

static void become(const char *name)
{
    char line[256];
    struct passwd *user = find_user(name);
    if (user == NULL)
        die("no such user");
    clearenv();
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", user->pw_dir, 1);
    setenv("USER", name, 1);
    setenv("SHELL", "/bin/sh", 1);
    setenv("TERM", "dumb", 1);
    setenv("LANG", "C.UTF-8", 1);
    snprintf(line, sizeof line, "/run/user/%d", (int)user->pw_uid);
    struct stat about;
    if (stat(line, &about) == 0)
        setenv("XDG_RUNTIME_DIR", line, 1);
    if (chdir(user->pw_dir) != 0 && chdir("/") != 0)
        die("chdir");
    if (setgid(user->pw_gid) != 0 || setgroups(1, &user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        die("becoming the user");
}

/* Moves what is there from `from` into frames; false at its end. */
static bool forward(int from, int connection, char letter)
{
    static char piece[PIECE];
    ssize_t got = read(from, piece, sizeof piece);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    return got > 0 && send_frame(connection, letter, piece, (size_t)got);
}

static int child_status;
static pid_t child;
static bool child_ended;

static void look_at_child(void)
{
    int status;
    if (!child_ended && waitpid(child, &status, WNOHANG) == child) {
        child_ended = true;
        child_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

/* Until the command has ended and its output too, or nothing came any more: what it left in the background may hold the pipes. */
static void serve_streams(int connection, int input, int output, int errors)
{
    static char piece[PIECE + 1];
    size_t length;
    int idle = 0;
    while ((output >= 0 || errors >= 0 || !child_ended) && idle < 10) {
        struct pollfd polls[3] = { { connection, POLLIN, 0 }, { output, POLLIN, 0 }, { errors, POLLIN, 0 } };
        int ready = poll(polls, 3, 20);
        look_at_child();
        idle = ready == 0 && child_ended ? idle + 1 : 0;
        if (ready <= 0)
            continue;
        if (polls[0].revents != 0) {
            char letter = read_frame(connection, piece, &length);
            if (letter == 0) {
                kill(-child, SIGKILL); /* the host has gone */
                exit(0);
            }
            bool failed = letter == 'I' && input >= 0 && !write_all(input, piece, length);
            if (input >= 0 && (letter == 'E' || failed)) {
                close(input);
                input = -1;
            }
        }
        if (polls[1].revents != 0 && !forward(output, connection, 'O'))
            output = -1;
        if (polls[2].revents != 0 && !forward(errors, connection, 'R'))
            errors = -1;
    }
    unsigned char status = (unsigned char)child_status;
    send_frame(connection, 'S', &status, 1);
}

static void serve_one(int connection)
{
    static char piece[PIECE + 1];
    char *arguments[ARGUMENTS + 1], user[64] = "root", letter;
    size_t count = 0, length;
    while ((letter = read_frame(connection, piece, &length)) != 'G') {
        if (letter == 'U')
            snprintf(user, sizeof user, "%.63s", piece);
        else if (letter == 'A' && count < ARGUMENTS)
            arguments[count++] = strdup(piece);
        else
            exit(1);
    }
    arguments[count] = NULL;
    int in[2], out[2], errors[2];
    if (count == 0 || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0)
        exit(1);
    child = fork();
    if (child == 0) {
        setsid();
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(errors[1], 2);
        signal(SIGPIPE, SIG_DFL);
        become(user);
        execvp(arguments[0], arguments);
        die(arguments[0]);
    }
    close(in[0]);
    close(out[1]);
    close(errors[1]);
    serve_streams(connection, in[1], out[0], errors[0]);
    exit(0);
}

_Noreturn static void serve(int port)
{
    int yes = 1, listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 16) != 0)
        die("listen");
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) /* as pid 1 it also gets what others left */
            continue;
        struct pollfd polls = { listening, POLLIN, 0 };
        if (poll(&polls, 1, 200) <= 0)
            continue;
        int connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0)
            continue;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (fork() == 0) {
            close(listening);
            serve_one(connection);
        }
        close(connection);
    }
}

/* --- on the host ------------------------------------------------------------------------------------------------- */

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* The forwarded port accepts before the guest listens, and then closes: so that is no answer, and is tried again. */
static int run(int port, int seconds, char **words)
{
    static char piece[PIECE + 1];
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    time_t until = now() + seconds;
    bool input = true, answered = false;
    size_t length;
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
        bool sent = connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
                    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0 &&
                    send_frame(connection, 'U', words[0], strlen(words[0]));
        for (char **word = words + 1; sent && *word != NULL; word++)
            sent = send_frame(connection, 'A', *word, strlen(*word));
        sent = sent && send_frame(connection, 'G', "", 0);
        while (sent) {
            struct pollfd polls[2] = { { connection, POLLIN, 0 }, { input ? STDIN_FILENO : -1, POLLIN, 0 } };
            if (poll(polls, 2, -1) < 0)
                continue;
            if (polls[0].revents != 0) {
                char letter = read_frame(connection, piece, &length);
                if (letter == 0)
                    break;
                answered = true;
                if (letter == 'S')
                    return (unsigned char)piece[0];
                write_all(letter == 'O' ? STDOUT_FILENO : STDERR_FILENO, piece, length);
            }
            if (polls[1].revents != 0) {
                ssize_t got = read(STDIN_FILENO, piece, PIECE);
                answered = answered || got > 0; /* input is gone: no second try */
                input = got > 0;
                if (!send_frame(connection, input ? 'I' : 'E', piece, input ? (size_t)got : 0))
                    break;
            }
        }
        close(connection);
        if (answered || now() >= until) {
            fprintf(stderr, "agent: the guest does not answer\n");
            return 125;
        }
        input = true;
        nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
    }
}

int main(int count, char **words)
{
    if (count == 3 && strcmp(words[1], "serve") == 0)
        serve(atoi(words[2]));
    if (count >= 6 && strcmp(words[1], "run") == 0)
        return run(atoi(words[2]), atoi(words[3]), words + 4);
    fprintf(stderr, "usage: agent serve PORT | agent run PORT SECONDS USER COMMAND...\n");
    return 125;
}
