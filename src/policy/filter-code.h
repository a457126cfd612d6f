/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside src/policy: instructions, written from the end of the program to its start, so that every jump leads to
 * what stands already; and the search for a number among ranges. */
#ifndef SBX_POLICY_FILTER_CODE_H
#define SBX_POLICY_FILTER_CODE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a jump leads: a verdict, or an instruction that stands already. */
struct target {
    bool returns;
    uint32_t verdict;
    unsigned position;
};

/* One block of memory for a whole compilation: large arrays on the stack would cost more page faults, at the start
 * of a process, than the work on them takes. */
struct workspace {
    char scratch[1 << 16];
    struct sock_filter code[BPF_MAXINSNS];
};

struct emitter {
    struct workspace *space;
    size_t scratch_used;
    unsigned at;    /* the first instruction that stands */
    bool too_large; /* the program found no room: what was written is none */
    struct {
        uint32_t verdict;
        unsigned position;
    } returns[32]; /* the nearest return of each verdict */
    unsigned return_count;
};

/* Room for an array until scratch_used is set back to what it was; NULL when there is none: too_large is set. */
void *scratch_take(struct emitter *emitter, size_t count, size_t size);

struct target verdict_target(uint32_t verdict);
bool same_target(struct target a, struct target b);

/* Compares the accumulator; no instruction where both targets are the same. */
struct target emit_jump(struct emitter *emitter, unsigned operation, uint32_t k, struct target when_true,
                        struct target when_false);

/* Loads a word under a mask before `code`, which was written last and compares it; where nothing was written
 * because nothing depends on the word, it is not loaded. */
struct target emit_load(struct emitter *emitter, unsigned offset, uint32_t mask, struct target code);

/* What a range of numbers leads to; who searches knows what it means. */
struct goal {
    uint32_t kind, what;
};

/* From its start to the start of the next one. The first begins at 0, neighbours have other goals. */
struct range {
    uint32_t start;
    struct goal goal;
};

struct search {
    struct emitter *emitter;
    struct target (*resolve)(void *context, struct goal goal);
    void *context;
};

bool same_goal(struct goal a, struct goal b);

/* Puts a range behind `count` others; the count afterwards. */
unsigned add_range(struct range *ranges, unsigned count, uint32_t start, struct goal goal);

/* Code that finds the accumulator among the ranges. */
struct target search_ranges(const struct search *search, const struct range *ranges, unsigned count);

#endif
