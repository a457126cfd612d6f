/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/filter-code.h"

#include <linux/bpf_common.h>
#include <string.h>

#define REACH_MAX 250    /* of 255: room for the two instructions that a jump may bring with it */
#define LINEAR_RANGES 7  /* up to three single values are compared one after the other */

void *scratch_take(struct emitter *emitter, size_t count, size_t size)
{
    size_t start = (emitter->scratch_used + 7) & ~(size_t)7;
    if (count > (sizeof emitter->space->scratch - start) / size) {
        emitter->too_large = true;
        return NULL;
    }
    emitter->scratch_used = start + count * size;
    return emitter->space->scratch + start;
}

static unsigned emit(struct emitter *emitter, unsigned code, uint32_t k, unsigned jt, unsigned jf)
{
    if (emitter->at == 0) {
        emitter->too_large = true;
        return 0;
    }
    emitter->space->code[--emitter->at] =
        (struct sock_filter){.code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k};
    return emitter->at;
}

struct target verdict_target(uint32_t verdict)
{
    return (struct target){.returns = true, .verdict = verdict};
}

static struct target code_target(unsigned position)
{
    return (struct target){.position = position};
}

bool same_target(struct target a, struct target b)
{
    return a.returns == b.returns && (a.returns ? a.verdict == b.verdict : a.position == b.position);
}

/* A return of the verdict that is near enough; a new one when there is none. */
static unsigned reach_return(struct emitter *emitter, uint32_t verdict)
{
    unsigned i = 0;
    while (i < emitter->return_count && emitter->returns[i].verdict != verdict)
        i++;
    if (i < emitter->return_count && emitter->returns[i].position - emitter->at <= REACH_MAX)
        return emitter->returns[i].position;
    unsigned position = emit(emitter, BPF_RET | BPF_K, verdict, 0, 0);
    if (i < sizeof emitter->returns / sizeof *emitter->returns) {
        emitter->returns[i].verdict = verdict;
        emitter->returns[i].position = position;
        if (i == emitter->return_count)
            emitter->return_count++;
    }
    return position;
}

/* The target as the position of an instruction near enough for a conditional jump. */
static unsigned reach(struct emitter *emitter, struct target target)
{
    if (target.returns)
        return reach_return(emitter, target.verdict);
    unsigned distance = target.position - emitter->at;
    return distance <= REACH_MAX ? target.position : emit(emitter, BPF_JMP | BPF_JA, distance, 0, 0);
}

struct target emit_jump(struct emitter *emitter, unsigned operation, uint32_t k, struct target when_true,
                               struct target when_false)
{
    if (same_target(when_true, when_false))
        return when_true;
    unsigned positions[2];
    positions[0] = reach(emitter, when_true);
    positions[1] = reach(emitter, when_false);
    return code_target(emit(emitter, BPF_JMP | operation | BPF_K, k, positions[0] - emitter->at,
                            positions[1] - emitter->at));
}

struct target emit_load(struct emitter *emitter, unsigned offset, uint32_t mask, struct target code)
{
    if (code.returns || code.position != emitter->at)
        return code; /* nothing looks at it */
    if (mask != UINT32_MAX)
        emit(emitter, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    return code_target(emit(emitter, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0));
}

bool same_goal(struct goal a, struct goal b)
{
    return a.kind == b.kind && a.what == b.what;
}

/* One number between two ranges that lead to the same place: one comparison takes it out. 0: there is none. */
static unsigned find_island(const struct range *ranges, unsigned count)
{
    for (unsigned i = 1; i + 1 < count; i++)
        if (ranges[i + 1].start - ranges[i].start == 1 && same_goal(ranges[i - 1].goal, ranges[i + 1].goal))
            return i;
    return 0;
}

struct target search_ranges(const struct search *search, const struct range *ranges, unsigned count)
{
    if (count == 1)
        return search->resolve(search->context, ranges[0].goal);
    unsigned island = count <= LINEAR_RANGES ? find_island(ranges, count) : 0;
    if (island != 0) {
        struct range rest[LINEAR_RANGES];
        memcpy(rest, ranges, island * sizeof *rest);
        memcpy(rest + island, ranges + island + 2, (count - island - 2) * sizeof *rest);
        struct target others = search_ranges(search, rest, count - 2);
        struct target match = search->resolve(search->context, ranges[island].goal);
        return emit_jump(search->emitter, BPF_JEQ, ranges[island].start, match, others);
    }
    unsigned middle = count / 2;
    struct target high = search_ranges(search, ranges + middle, count - middle);
    struct target low = search_ranges(search, ranges, middle);
    return emit_jump(search->emitter, BPF_JGE, ranges[middle].start, high, low);
}

unsigned add_range(struct range *ranges, unsigned count, uint32_t start, struct goal goal)
{
    if (count > 0 && same_goal(ranges[count - 1].goal, goal))
        return count;
    if (count > 0 && ranges[count - 1].start == start)
        count--;
    ranges[count] = (struct range){start, goal};
    return count + 1;
}
