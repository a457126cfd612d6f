# SPDX-License-Identifier: GPL-2.0-or-later
# The words of the policy, each once: awk -f words.awk calls.tbl features.tbl

BEGIN { FS = "\t" }
function say(kind, word) { if (!((kind, word) in said)) print kind, word; said[kind, word] = 1 }
/^#/ || $1 == "syscall" || $1 == "feature" { next }
FILENAME ~ /features.tbl$/ { say("feature", $1); next }
{
    say("call", $1)
    say("category", $4)
    count = split($8, features, " ")
    for (i = 1; i <= count && $8 != "-"; i++)
        say("feature", features[i])
}
