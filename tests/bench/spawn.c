/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spawn ROUNDS: what whole processes cost. Reads lines `NAME<TAB>WORD<TAB>WORD...`; starts each command and waits for its end, round
 * after round, all of them once a round (so that what else the machine does hits all alike), and prints the medians: whole, over the
 * first line's, and against the line named by the environment's AGAINST. A command that does not end with 0 is said and left out. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, WORDS_MAX = 32, LINE_BYTES = 1024, ROUNDS_MAX = 10000, WARM_UP = 5 };

struct command {
    char line[LINE_BYTES];
    char *name, *words[WORDS_MAX];
    double *microseconds;
    double median, tenth, ninetieth;
};

extern char **environ;
static posix_spawn_file_actions_t silent;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* The wait status, or -1 where the program cannot be started. */
static int once(struct command *command, double *took)
{
    pid_t child;
    int status;
    double start = now();
    if (posix_spawnp(&child, command->words[0], &silent, NULL, command->words, environ) || waitpid(child, &status, 0) != child)
        return -1;
    *took = now() - start;
    return status;
}

static int parse(struct command *command)
{
    command->line[strcspn(command->line, "\n")] = 0;
    char *tab = strchr(command->line, '\t'), *rest;
    int count = 0;
    if (!tab)
        return -1;
    *tab = 0;
    command->name = command->line;
    for (char *word = strtok_r(tab + 1, "\t", &rest); word && count < WORDS_MAX - 1; word = strtok_r(NULL, "\t", &rest))
        command->words[count++] = word;
    return count ? 0 : -1;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print_table(struct command *commands, int count, int rounds)
{
    const char *against = getenv("AGAINST");
    double reference = 0;
    for (int i = 0; i < count; i++) {
        qsort(commands[i].microseconds, (size_t)rounds, sizeof(double), ascending);
        commands[i].median = commands[i].microseconds[rounds / 2];
        commands[i].tenth = commands[i].microseconds[rounds / 10];
        commands[i].ninetieth = commands[i].microseconds[rounds * 9 / 10];
        if (against && !strcmp(commands[i].name, against))
            reference = commands[i].median;
    }
    printf("%-44s %9s %9s %9s %9s %8s\n", "us, whole process", "median", "10%", "90%", "over bare", "ratio");
    for (int i = 0; i < count; i++) {
        struct command *c = &commands[i];
        printf("%-44s %9.0f %9.0f %9.0f %9.0f", c->name, c->median, c->tenth, c->ninetieth, c->median - commands[0].median);
        if (reference > 0)
            printf(" %8.2f", c->median / reference);
        putchar('\n');
    }
    if (reference > 0)
        printf("ratio: median against \"%s\"\n", against);
}

int main(int argc, char **argv)
{
    static struct command commands[COMMANDS_MAX];
    int count = 0, rounds = argc > 1 ? atoi(argv[1]) : 0;
    double took;
    if (rounds < 1 || rounds > ROUNDS_MAX)
        return 2;
    posix_spawn_file_actions_init(&silent);
    posix_spawn_file_actions_addopen(&silent, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&silent, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&silent, 2, "/dev/null", O_WRONLY, 0);
    while (count < COMMANDS_MAX && fgets(commands[count].line, LINE_BYTES, stdin)) {
        struct command *command = &commands[count];
        if (parse(command))
            continue;
        int status = once(command, &took);
        if (status) {
            printf("%s: cannot be run here (status %d), left out\n", command->name, status < 0 ? 127 : WEXITSTATUS(status));
            memset(command, 0, sizeof *command);
            continue;
        }
        command->microseconds = calloc((size_t)rounds, sizeof(double));
        if (!command->microseconds)
            return 1;
        count++;
    }
    for (int round = -WARM_UP; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            /* What a launcher leaves to the kernel (namespaces, groups) is taken down later, and would count for the
             * next one. */
            nanosleep(&(struct timespec){ .tv_nsec = 4000000 }, NULL);
            if (once(&commands[i], &commands[i].microseconds[round < 0 ? 0 : round])) {
                printf("%s: failed in round %d\n", commands[i].name, round);
                return 1;
            }
        }
    if (!count)
        return 1;
    print_table(commands, count, rounds);
    return 0;
}
