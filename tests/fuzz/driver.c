/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of libFuzzer, where there is none: random inputs, a number of seconds long. Half of each input are small or
 * all-ones words, because those are what interfaces have edges at.
 *
 *   FUZZER SECONDS SEED        the seed of a failure is told, and finds it again */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUT_MAX 1024

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static unsigned long seed;

static void tell_seed(void)
{
    fprintf(stderr, "failed with seed %lu\n", seed);
}

static void on_abort(int number)
{
    tell_seed();
    signal(number, SIG_DFL);
    raise(number);
}

static void fill(unsigned char *bytes, size_t length)
{
    static const unsigned char edges[] = {0, 1, 2, 16, 0x7f, 0x80, 0xc3, 0xfe, 0xff};
    unsigned short state[3] = {(unsigned short)seed, (unsigned short)(seed >> 16), (unsigned short)(seed >> 32)};
    for (size_t i = 0; i < length; i++) {
        long value = nrand48(state);
        bytes[i] = value & 1 ? (unsigned char)(value >> 8) : edges[(unsigned long)value / 256 % sizeof edges];
        if ((value >> 20) % 16 == 0 && i + 8 < length) { /* a small word */
            memset(bytes + i + 1, 0, 7);
            i += 7;
        }
    }
}

int main(int count, char **argument)
{
    if (count != 3) {
        fputs("usage: FUZZER SECONDS SEED\n", stderr);
        return 2;
    }
    time_t end = time(NULL) + atol(argument[1]);
    unsigned long runs = 0;
    seed = strtoul(argument[2], NULL, 10);
    signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(tell_seed);
    do {
        for (unsigned i = 0; i < 256; i++, runs++, seed++) {
            unsigned char *bytes = malloc(INPUT_MAX); /* exact, so that the sanitizer sees its end */
            size_t length = seed * 37 % INPUT_MAX;
            if (bytes == NULL || (bytes = realloc(bytes, length + 1)) == NULL)
                return 2;
            fill(bytes, length);
            LLVMFuzzerTestOneInput(bytes, length);
            free(bytes);
        }
    } while (time(NULL) < end);
    printf("%lu inputs\n", runs);
    return 0;
}
