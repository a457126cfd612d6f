/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/bpf.h"

#include <string.h>

/* An instruction that seccomp(2) knows, with every number in it in range; jumps are checked apart. */
static bool check_instruction(const struct sock_filter *instruction)
{
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return instruction->k % 4 == 0 && instruction->k < sizeof(struct seccomp_data);
    case BPF_LD | BPF_W | BPF_LEN: case BPF_LDX | BPF_W | BPF_LEN: case BPF_LD | BPF_IMM: case BPF_LDX | BPF_IMM:
    case BPF_MISC | BPF_TAX: case BPF_MISC | BPF_TXA: case BPF_RET | BPF_K: case BPF_RET | BPF_A:
    case BPF_ALU | BPF_ADD | BPF_K: case BPF_ALU | BPF_ADD | BPF_X: case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X: case BPF_ALU | BPF_MUL | BPF_K: case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_X: case BPF_ALU | BPF_AND | BPF_K: case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K: case BPF_ALU | BPF_OR | BPF_X: case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X: case BPF_ALU | BPF_LSH | BPF_X: case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_NEG:
        return true;
    case BPF_ALU | BPF_DIV | BPF_K:
        return instruction->k != 0;
    case BPF_ALU | BPF_LSH | BPF_K: case BPF_ALU | BPF_RSH | BPF_K:
        return instruction->k < 32;
    case BPF_LD | BPF_MEM: case BPF_LDX | BPF_MEM: case BPF_ST: case BPF_STX:
        return instruction->k < BPF_MEMWORDS;
    case BPF_JMP | BPF_JA: case BPF_JMP | BPF_JEQ | BPF_K: case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K: case BPF_JMP | BPF_JGE | BPF_X: case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X: case BPF_JMP | BPF_JSET | BPF_K: case BPF_JMP | BPF_JSET | BPF_X:
        return true;
    }
    return false;
}

bool bpf_check(const struct sock_filter *code, size_t length)
{
    if (length == 0 || length > BPF_MAXINSNS)
        return false;
    for (size_t i = 0; i < length; i++) {
        size_t left = length - i - 1;
        if (!check_instruction(&code[i]))
            return false;
        if (BPF_CLASS(code[i].code) != BPF_JMP)
            continue;
        if (BPF_OP(code[i].code) == BPF_JA ? code[i].k >= left : code[i].jt >= left || code[i].jf >= left)
            return false;
    }
    return BPF_CLASS(code[length - 1].code) == BPF_RET;
}

static uint32_t calculate(unsigned operation, uint32_t a, uint32_t b)
{
    switch (operation) {
    case BPF_ADD: return a + b;
    case BPF_SUB: return a - b;
    case BPF_MUL: return a * b;
    case BPF_DIV: return a / b;
    case BPF_AND: return a & b;
    case BPF_OR: return a | b;
    case BPF_XOR: return a ^ b;
    case BPF_LSH: return a << (b & 31);
    case BPF_RSH: return a >> (b & 31);
    default: return -a;
    }
}

static bool compare(unsigned operation, uint32_t a, uint32_t b)
{
    return operation == BPF_JEQ ? a == b : operation == BPF_JGE ? a >= b : operation == BPF_JGT ? a > b
                                                                                               : (a & b) != 0;
}

uint32_t bpf_run(const struct sock_filter *code, const struct seccomp_data *data, uint64_t *steps)
{
    uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};
    const struct sock_filter *at = code;
    uint64_t count = 0;
    for (;; at++) {
        uint32_t operand = BPF_SRC(at->code) == BPF_X ? x : at->k, loaded = at->k;
        count++;
        switch (BPF_CLASS(at->code)) {
        case BPF_LD: case BPF_LDX:
            if (BPF_MODE(at->code) == BPF_ABS)
                memcpy(&loaded, (const char *)data + at->k, sizeof loaded);
            else if (BPF_MODE(at->code) != BPF_IMM)
                loaded = BPF_MODE(at->code) == BPF_MEM ? memory[at->k] : (uint32_t)sizeof *data;
            *(BPF_CLASS(at->code) == BPF_LD ? &a : &x) = loaded;
            break;
        case BPF_ST: case BPF_STX:
            memory[at->k] = BPF_CLASS(at->code) == BPF_ST ? a : x;
            break;
        case BPF_ALU:
            if (BPF_OP(at->code) == BPF_DIV && operand == 0)
                return 0; /* the kernel ends such a program with 0 */
            a = calculate(BPF_OP(at->code), a, operand);
            break;
        case BPF_JMP:
            at += BPF_OP(at->code) == BPF_JA ? at->k : compare(BPF_OP(at->code), a, operand) ? at->jt : at->jf;
            break;
        case BPF_MISC:
            *(BPF_MISCOP(at->code) == BPF_TAX ? &x : &a) = BPF_MISCOP(at->code) == BPF_TAX ? a : x;
            break;
        case BPF_RET:
            if (steps != NULL)
                *steps += count;
            return BPF_RVAL(at->code) == BPF_A ? a : at->k;
        }
    }
}
