/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff: two profiles, verdict by verdict. */
#include "profile/profile.h"
#include "tell/decode.h"

int verb_diff(const struct request *request, struct error *error)
{
    struct loaded a, b;
    unsigned differences = 0;
    if (profile_load(&a, request->words[0], &request->subject, error) != 0)
        return -1;
    if (profile_load(&b, request->words[1], &request->subject, error) != 0) {
        profile_unload(&a);
        return -1;
    }
    for (unsigned row = 0; row < policy_table.words.row_count; row++) {
        struct seccomp_data where;
        char call[DECODE_TEXT_MAX], before[VERDICT_TEXT_MAX], after[VERDICT_TEXT_MAX];
        uint32_t verdicts[ROW_VERDICTS_MAX];
        if (profile_same_row(&a.filter, &b.filter, request->subject.arch, row, &where))
            continue;
        bool whole = profile_row_verdicts(&a.filter, request->subject.arch, row, verdicts) == 1 &&
                     profile_row_verdicts(&b.filter, request->subject.arch, row, verdicts) == 1;
        if (!whole)
            decode_call(&where, NULL, call, sizeof call);
        printf("%s: %s -> %s\n", whole ? table_string(profile_row(row)->name) : call,
               verdict_text(profile_verdict(&a, &where), before), verdict_text(profile_verdict(&b, &where), after));
        differences++;
    }
    if (differences == 0)
        printf("the same verdicts on %s\n", profile_arch_name(request->subject.arch));
    else
        printf("%u calls differ on %s\n", differences, profile_arch_name(request->subject.arch));
    profile_unload(&a);
    profile_unload(&b);
    return differences == 0 ? 0 : PROFILE_DIFFERS;
}
