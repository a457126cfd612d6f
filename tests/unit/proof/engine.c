/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* libseccomp takes minutes for a thousand rules of one call */
enum { BOXES_MAX = 3000, RULES_MAX = 650, LITERALS_MAX = 48, MARKER = 0xd1ce };

/* ---- boxes: for each argument some bits that are given ---- */

struct box {
    uint64_t mask[6], value[6];
};

struct boxes {
    struct box *box;
    unsigned count;
    bool too_many;
};

static void add_box(struct boxes *boxes, const struct box *box)
{
    if (boxes->count == BOXES_MAX) {
        boxes->too_many = true;
        return;
    }
    boxes->box = reallocarray(boxes->box, boxes->count + 1, sizeof *box);
    boxes->box[boxes->count++] = *box;
}

/* The part of the box where the argument has these bits; nothing when it has others. */
static void narrow(struct boxes *into, const struct box *box, unsigned argument, uint64_t mask, uint64_t value)
{
    struct box made = *box;
    if (((box->value[argument] ^ value) & box->mask[argument] & mask) != 0)
        return;
    made.mask[argument] |= mask;
    made.value[argument] |= value & mask;
    add_box(into, &made);
}

/* The parts where argument & mask is below (above) the bound: equal to it from the top down to one bit. */
static void narrow_order(struct boxes *into, const struct box *box, const struct expression *at, bool below)
{
    uint64_t seen = 0;
    for (unsigned bit = 64; bit-- > 0;) {
        uint64_t one = UINT64_C(1) << bit;
        bool bound = (at->bound & one) != 0, free = (at->mask & one) != 0;
        if (bound && below)
            narrow(into, box, at->argument, seen | (at->mask & one), at->bound & seen);
        if (!bound && !below && free)
            narrow(into, box, at->argument, seen | one, (at->bound & seen) | one);
        if (bound && !free)
            return; /* the bit is never set there: all is below */
        seen |= at->mask & one;
    }
}

static void take_values(const struct judge_policy *policy, const struct expression *at, uint64_t *values,
                        unsigned *count)
{
    *count = 0;
    for (unsigned i = 0; i < at->count + 2; i++) {
        uint64_t value = i < at->count ? at->values[i] : i == at->count ? policy->subject.uid : policy->subject.gid;
        if ((i == at->count && !at->own_uid) || (i == at->count + 1 && !at->own_gid) || (value & ~at->mask) != 0)
            continue;
        unsigned before = 0;
        while (before < *count && values[before] != value)
            before++;
        if (before == *count)
            values[(*count)++] = value;
    }
}

/* The part of the box where the argument has not these bits: one box a bit that differs. */
static void exclude(struct boxes *into, const struct box *box, unsigned argument, uint64_t mask, uint64_t value)
{
    uint64_t seen = 0;
    if (((box->value[argument] ^ value) & box->mask[argument] & mask) != 0) {
        add_box(into, box);
        return;
    }
    for (uint64_t left = mask & ~box->mask[argument]; left != 0; left &= left - 1) {
        uint64_t one = left & -left;
        narrow(into, box, argument, seen | one, (value & seen) | (~value & one));
        seen |= one;
    }
}

static struct boxes intersect(const struct judge_policy *policy, struct boxes from, const struct expression *at,
                              bool wanted);

static struct boxes copy_boxes(const struct boxes *from)
{
    struct boxes copy = {.too_many = from->too_many};
    for (unsigned i = 0; i < from->count; i++)
        add_box(&copy, &from->box[i]);
    return copy;
}

/* Left, and right without left: no box twice. */
static struct boxes unite(const struct judge_policy *policy, struct boxes from, const struct expression *at,
                          bool wanted)
{
    struct boxes copy = copy_boxes(&from);
    struct boxes left = intersect(policy, copy, at->left, wanted);
    struct boxes rest = intersect(policy, intersect(policy, from, at->left, !wanted), at->right, wanted);
    for (unsigned i = 0; i < rest.count; i++)
        add_box(&left, &rest.box[i]);
    left.too_many |= rest.too_many;
    free(rest.box);
    return left;
}

static struct boxes intersect_leaf(const struct judge_policy *policy, struct boxes from,
                                   const struct expression *at, bool wanted)
{
    static uint64_t values[1024];
    struct boxes made = {.too_many = from.too_many};
    unsigned count;
    if (at->kind != IS_MEMBER) {
        for (unsigned i = 0; i < from.count; i++) {
            if (at->kind == IS_LESS || at->kind == IS_MORE) {
                narrow_order(&made, &from.box[i], at, (at->kind == IS_LESS) == wanted);
                if (!wanted)
                    narrow(&made, &from.box[i], at->argument, at->mask, at->bound);
            } else if (wanted) {
                exclude(&made, &from.box[i], at->argument, at->mask, 0);
            } else {
                narrow(&made, &from.box[i], at->argument, at->mask, 0);
            }
        }
        free(from.box);
        return made;
    }
    take_values(policy, at, values, &count);
    if (wanted) {
        for (unsigned i = 0; i < from.count; i++)
            for (unsigned value = 0; value < count; value++)
                narrow(&made, &from.box[i], at->argument, at->mask, values[value]);
        free(from.box);
        return made;
    }
    for (unsigned value = 0; value < count && !from.too_many; value++) {
        struct boxes next = {.too_many = from.too_many};
        for (unsigned i = 0; i < from.count; i++)
            exclude(&next, &from.box[i], at->argument, at->mask, values[value]);
        free(from.box);
        from = next;
    }
    return from;
}

static struct boxes intersect(const struct judge_policy *policy, struct boxes from, const struct expression *at,
                              bool wanted)
{
    if (from.too_many || from.count == 0)
        return from;
    if (at->kind == IS_NOT)
        return intersect(policy, from, at->left, !wanted);
    if (at->kind != IS_AND && at->kind != IS_OR)
        return intersect_leaf(policy, from, at, wanted);
    if ((at->kind == IS_AND) == wanted)
        return intersect(policy, intersect(policy, from, at->left, wanted), at->right, wanted);
    return unite(policy, from, at, wanted);
}

/* ---- a row as a list: in this case that verdict, else the next ---- */

struct step {
    const struct expression *when[2]; /* both; NULL: always */
    bool wanted[2];
    uint32_t verdict;
};

struct steps {
    struct step step[LITERALS_MAX];
    unsigned count;
};

static void add_step(struct steps *steps, const struct expression *first, bool wanted,
                     const struct expression *second, uint32_t verdict)
{
    if (steps->count < LITERALS_MAX)
        steps->step[steps->count++] = (struct step){{first, second}, {wanted, true}, verdict};
}

static void add_refusals(struct steps *steps, const struct judge_policy *policy, const struct judge_row *row,
                         const struct expression *when, bool wanted)
{
    for (unsigned i = row->exception_count; i-- > 0;)
        add_step(steps, when, wanted, row->exceptions[i].when[policy->subject.arch],
                 SECCOMP_RET_ERRNO | row->exceptions[i].value);
    add_step(steps, when, wanted, NULL, SECCOMP_RET_ERRNO | row->errno_value);
}

static bool capability_kept(const struct judge_policy *policy, const struct judge_row *row)
{
    char name[40] = "CAP_";
    uint64_t number;
    if (strncmp(row->verdict, "cap:", 4) != 0)
        return false;
    strncat(name, row->verdict + 4, sizeof name - 5);
    return judge_word(name, 0, &number) && (policy->subject.capabilities & UINT64_C(1) << number) != 0;
}

static void add_default(struct steps *steps, const struct judge_policy *policy, const struct judge_row *row,
                        uint32_t allowed)
{
    const struct expression *condition = row->condition[policy->subject.arch];
    if (strcmp(row->verdict, "allow") == 0 || capability_kept(policy, row) ||
        (strcmp(row->verdict, "unless-root") == 0 && policy->subject.uid != 0)) {
        add_step(steps, NULL, true, NULL, allowed);
        return;
    }
    if (condition != NULL)
        add_step(steps, condition, true, NULL, allowed);
    add_refusals(steps, policy, row, NULL, true);
}

static void add_answer(struct steps *steps, const struct judge_policy *policy, const struct judge_row *row,
                       const struct layer *layer, const struct expression *when, bool wanted)
{
    if (layer->does == DOES_REFUSE && layer->kind != LAYER_WHOLE)
        add_refusals(steps, policy, row, when, wanted);
    else
        add_step(steps, when, wanted, NULL,
                 layer->does == DOES_ALLOW ? SECCOMP_RET_ALLOW : layer->does == DOES_LOG ? SECCOMP_RET_LOG
                 : layer->does == DOES_REFUSE ? SECCOMP_RET_ERRNO | row->errno_value : layer->answer);
}

static void list_row(const struct judge_policy *policy, unsigned index, struct steps *steps)
{
    const struct judge_row *row = &policy->judge->rows[index];
    const struct expression *condition = row->condition[policy->subject.arch];
    for (unsigned i = policy->rows[index].count; i-- > 0;) {
        const struct layer *layer = &policy->rows[index].layers[i];
        switch (layer->kind) {
        case LAYER_WHOLE:
            add_answer(steps, policy, row, layer, NULL, true);
            return;
        case LAYER_DEFAULT:
        case LAYER_DEFAULT_LOGGED:
            add_default(steps, policy, row, layer->kind == LAYER_DEFAULT ? SECCOMP_RET_ALLOW : SECCOMP_RET_LOG);
            return;
        case LAYER_PART:
            add_answer(steps, policy, row, layer, layer->when, true);
            break;
        case LAYER_SHUT:
            if (condition == NULL || layer->does == DOES_ALLOW) {
                add_answer(steps, policy, row, layer, NULL, true);
                return;
            }
            add_answer(steps, policy, row, layer, condition, false);
            if (layer->does == DOES_LOG)
                add_step(steps, NULL, true, NULL, SECCOMP_RET_ALLOW);
            break;
        }
    }
}

/* Where the step decides: its own part without that of the steps before it. */
static struct boxes step_boxes(const struct judge_policy *policy, const struct steps *steps, unsigned number)
{
    struct boxes boxes = {.count = 0};
    add_box(&boxes, &(struct box){.mask = {0}});
    for (unsigned i = 0; i < 2; i++)
        if (steps->step[number].when[i] != NULL)
            boxes = intersect(policy, boxes, steps->step[number].when[i], steps->step[number].wanted[i]);
    for (unsigned before = 0; before < number; before++) {
        const struct step *step = &steps->step[before];
        if (step->when[0] != NULL && step->when[1] != NULL) {
            struct expression right = {.kind = IS_NOT, .left = (struct expression *)step->when[0]};
            struct expression both = {.kind = IS_AND, .right = (struct expression *)step->when[1],
                                      .left = step->wanted[0] ? (struct expression *)step->when[0] : &right};
            boxes = intersect(policy, boxes, &both, false);
        } else if (step->when[0] != NULL || step->when[1] != NULL) {
            unsigned which = step->when[0] != NULL ? 0 : 1;
            boxes = intersect(policy, boxes, step->when[which], !step->wanted[which]);
        }
    }
    return boxes;
}

/* ---- libseccomp ---- */

static uint32_t audited(const struct judge_policy *policy, uint32_t verdict)
{
    return !policy->audit || verdict == SECCOMP_RET_ALLOW || verdict == (SECCOMP_RET_ERRNO | ENOSYS)
               ? verdict : SECCOMP_RET_LOG;
}

static int add_rule(scmp_filter_ctx context, int call, uint32_t verdict, const struct box *box)
{
    struct scmp_arg_cmp comparisons[6];
    unsigned count = 0;
    for (unsigned i = 0; i < 6; i++)
        if (box->mask[i] != 0)
            comparisons[count++] = SCMP_CMP64(i, SCMP_CMP_MASKED_EQ, box->mask[i], box->value[i]);
    return seccomp_rule_add_array(context, verdict, call, count, comparisons);
}

/* 0, 1: libseccomp cannot say it; -1. otherwise: the verdict that the epilogue has to give; whole: it is never
 * asked, the call is always allowed. */
static int add_row(scmp_filter_ctx context, const struct judge_policy *policy, unsigned index,
                   struct engine_filter *filter, uint32_t *otherwise, bool *whole)
{
    const struct judge_row *row = &policy->judge->rows[index];
    int call = seccomp_syscall_resolve_name(row->name), number = row->number[policy->subject.arch];
    struct steps steps = {.count = 0};
    list_row(policy, index, &steps);
    if (steps.count == LITERALS_MAX)
        return 1;
    unsigned last = 0;
    while (last < steps.count && (steps.step[last].when[0] != NULL || steps.step[last].when[1] != NULL))
        last++;
    *otherwise = audited(policy, steps.step[last].verdict);
    bool native = seccomp_arch_native() == (policy->subject.arch == JUDGE_X86_64 ? SCMP_ARCH_X86_64
                                                                                 : SCMP_ARCH_AARCH64);
    if (call == __NR_SCMP_ERROR && native)
        call = number;
    if (call == __NR_SCMP_ERROR) {
        filter->left_out[number] = last > 0;
        return 0;
    }
    *whole = last == 0 && *otherwise == SECCOMP_RET_ALLOW;
    if (*whole)
        return seccomp_rule_add_array(context, SCMP_ACT_ALLOW, call, 0, NULL) == 0 && ++filter->rules != 0 ? 0 : -1;
    int status = 0;
    for (unsigned i = 0; i < last && status == 0; i++) {
        uint32_t verdict = audited(policy, steps.step[i].verdict);
        if (verdict == *otherwise)
            continue;
        struct boxes boxes = step_boxes(policy, &steps, i);
        status = boxes.too_many || filter->rules + boxes.count > RULES_MAX;
        for (unsigned box = 0; box < boxes.count && status == 0; box++, filter->rules++)
            if (add_rule(context, call, verdict, &boxes.box[box]) < 0)
                status = 1;
        free(boxes.box);
    }
    return status;
}

/* ---- the epilogue: a search by number, written from its end ---- */

struct epilogue {
    struct sock_filter code[2048];
    unsigned at;
    struct {
        uint32_t verdict;
        unsigned position;
    } returns[64];
    unsigned return_count;
};

struct span {
    uint32_t start, verdict;
};

static unsigned put(struct epilogue *epilogue, unsigned code, uint32_t k, unsigned jt, unsigned jf)
{
    if (epilogue->at == 0)
        return 0;
    epilogue->code[--epilogue->at] = (struct sock_filter){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, k};
    return epilogue->at;
}

static unsigned put_return(struct epilogue *epilogue, uint32_t verdict)
{
    unsigned i = 0;
    while (i < epilogue->return_count && epilogue->returns[i].verdict != verdict)
        i++;
    if (i == epilogue->return_count || epilogue->returns[i].position - epilogue->at > 200) {
        epilogue->returns[i].verdict = verdict;
        epilogue->returns[i].position = put(epilogue, BPF_RET | BPF_K, verdict, 0, 0);
        if (i == epilogue->return_count && i < 63)
            epilogue->return_count++;
        return epilogue->at;
    }
    return epilogue->returns[i].position;
}

static unsigned near(struct epilogue *epilogue, unsigned position)
{
    return position - epilogue->at > 240 ? put(epilogue, BPF_JMP | BPF_JA, position - epilogue->at, 0, 0) : position;
}

static unsigned put_search(struct epilogue *epilogue, const struct span *spans, unsigned count)
{
    if (count == 1)
        return put_return(epilogue, spans[0].verdict);
    unsigned high = put_search(epilogue, spans + count / 2, count - count / 2);
    unsigned low = put_search(epilogue, spans, count / 2);
    high = near(epilogue, high);
    low = near(epilogue, low);
    return put(epilogue, BPF_JMP | BPF_JGE | BPF_K, spans[count / 2].start, high - epilogue->at,
               low - epilogue->at);
}

/* Numbers that never come here go with their neighbours. */
static void make_epilogue(struct epilogue *epilogue, const uint32_t *by_number, const bool *taken, uint32_t unknown)
{
    struct span spans[JUDGE_NUMBERS + 4];
    unsigned count = 0;
    for (unsigned number = 0; number < JUDGE_NUMBERS; number++) {
        if (taken[number] || (count > 0 && spans[count - 1].verdict == by_number[number]))
            continue;
        spans[count] = (struct span){count == 0 ? 0 : number, by_number[number]};
        count++;
    }
    if (spans[count - 1].verdict != unknown)
        spans[count++] = (struct span){JUDGE_NUMBERS, unknown};
    spans[count++] = (struct span){0x40000000, SECCOMP_RET_KILL_PROCESS};
    spans[count++] = (struct span){UINT32_MAX, SECCOMP_RET_ERRNO | ENOSYS};
    epilogue->at = sizeof epilogue->code / sizeof *epilogue->code;
    epilogue->return_count = 0;
    unsigned start = put_search(epilogue, spans, count);
    if (start != epilogue->at)
        put(epilogue, BPF_JMP | BPF_JA, start - epilogue->at, 0, 0);
    put(epilogue, BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
}

static int export(scmp_filter_ctx context, struct engine_filter *filter, const struct epilogue *epilogue)
{
    int file = memfd_create("filter", MFD_CLOEXEC);
    if (file < 0 || seccomp_export_bpf(context, file) != 0)
        return -1;
    off_t size = lseek(file, 0, SEEK_END);
    unsigned length = (unsigned)size / sizeof(struct sock_filter);
    unsigned tail = sizeof epilogue->code / sizeof *epilogue->code - epilogue->at;
    filter->code = calloc(length + tail, sizeof *filter->code);
    if (pread(file, filter->code, (size_t)size, 0) != size)
        return -1;
    close(file);
    for (unsigned i = 0; i < length; i++)
        if (filter->code[i].code == (BPF_RET | BPF_K) && filter->code[i].k == (SECCOMP_RET_TRACE | MARKER))
            filter->code[i] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, length - i - 1};
    memcpy(filter->code + length, epilogue->code + epilogue->at, tail * sizeof *filter->code);
    filter->length = length + tail;
    if (filter->length <= BPF_MAXINSNS)
        return 0;
    free(filter->code);
    return 1;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int engine_build(const struct judge_policy *policy, bool tree, struct engine_filter *filter)
{
    static struct epilogue epilogue;
    uint32_t by_number[JUDGE_NUMBERS];
    bool taken[JUDGE_NUMBERS] = {false};
    memset(filter, 0, sizeof *filter);
    double start = now();
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRACE(MARKER));
    uint32_t arch = policy->subject.arch == JUDGE_X86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64;
    seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    int status = 0;
    if (arch != seccomp_arch_native())
        status = seccomp_arch_add(context, arch) | seccomp_arch_remove(context, seccomp_arch_native());
    if (tree)
        status |= seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (unsigned number = 0; number < JUDGE_NUMBERS; number++)
        by_number[number] = policy->unknown;
    for (unsigned row = 0; row < policy->judge->row_count && status == 0; row++) {
        int number = policy->judge->rows[row].number[policy->subject.arch];
        if (number < 0)
            continue;
        status = add_row(context, policy, row, filter, &by_number[number], &taken[number]);
    }
    if (status == 0) {
        make_epilogue(&epilogue, by_number, taken, policy->unknown);
        status = export(context, filter, &epilogue);
    }
    seccomp_release(context);
    filter->seconds = now() - start;
    return status;
}
