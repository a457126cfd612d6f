# SPDX-License-Identifier: GPL-2.0-or-later
# sbx-policy(7): puts the tables of src/policy into its text.
#   awk -f manual.awk calls.tbl arguments.tbl features.tbl lists/... sbx-policy.7.in

BEGIN { FS = "\t" }

function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}

FNR == 1 { file = FILENAME; sub(/.*\//, "", file); head = FILENAME ~ /\.tbl$/ }
/^#/ && FILENAME !~ /\.in$/ { next }
head { head = 0; next }

file == "calls.tbl" {
    calls++
    name[calls] = $1; x86[calls] = $2; arm[calls] = $3; category[calls] = $4; verdict[calls] = $5
    condition[calls] = $6; errno[calls] = $7; features[calls] = $8; why[calls] = $9; row[$1] = calls
    count = split($8, word, " ")
    for (i = 1; i <= count && $8 != "-"; i++)
        opens[word[i]] = opens[word[i]] " " $1
    next
}
file == "arguments.tbl" { arguments[$1] = $2; next }
file == "features.tbl" {
    part[$1, $2] = $4; member[$1, $2] = $3
    if (index(opens[$1] " ", " " $2 " ") == 0)
        opens[$1] = opens[$1] " " $2
    next
}
FILENAME ~ /\/lists\// {
    values[file] = values[file] (values[file] == "" ? "" : ", ") $1
    if ($2 == "-") values[file] = values[file] " (aarch64)"
    next
}
FILENAME !~ /\.in$/ { next }

function print_calls(    i, last) {
    for (i = 1; i <= calls; i++) {
        if (category[i] != last) {
            print ".SS " category[i]
            last = category[i]
        }
        print ".TP\n.B " roff(name[i])
        text = x86[i] ", " arm[i] ": " verdict[i]
        if (condition[i] != "-") text = text " \\fI" roff(condition[i]) "\\fP"
        if (errno[i] != "-") text = text "; else " roff(errno[i])
        if (verdict[i] == "deny") text = x86[i] ", " arm[i] ": deny, " roff(errno[i])
        if (features[i] != "-") text = text " [" roff(features[i]) "]"
        print text "."
        # the reason stands once for calls that follow each other with the same one
        if (why[i] != "-" && why[i] != why[i - 1]) print toupper(substr(why[i], 1, 1)) roff(substr(why[i], 2)) "."
    }
}

function print_features(    sorted, count, i, j, words, total) {
    count = 0
    for (feature in opens) {
        for (i = ++count; i > 1 && sorted[i - 1] > feature; i--) sorted[i] = sorted[i - 1]
        sorted[i] = feature
    }
    for (i = 1; i <= count; i++) {
        feature = sorted[i]
        print ".TP\n.B " roff(feature)
        total = split(opens[feature], words, " ")
        line = ""
        for (j = 1; j <= total; j++) {
            line = line (line == "" ? "" : ", ") roff(words[j])
            if (((feature, words[j]) in part) && part[feature, words[j]] != "-")
                line = line " where \\fI" roff(part[feature, words[j]]) "\\fP"
            if (((feature, words[j]) in member) && member[feature, words[j]] != "-")
                line = line " (\\fB:\\fP\\fIVALUE\\fP is " member[feature, words[j]] ")"
        }
        print line
    }
}

function print_lists(    name, count, names, i) {
    count = split("ioctl ioctl-any-size ioctl-injecting prctl personality domain type", names, " ")
    for (i = 1; i <= count; i++)
        print ".TP\n.B " roff(names[i]) "\n" roff(values[names[i]])
}

function print_arguments(    i, list, count, words, j, bits) {
    for (i = 1; i <= calls; i++) {
        if (arguments[name[i]] == "-" || arguments[name[i]] == "?" || arguments[name[i]] == "") continue
        count = split(arguments[name[i]], list, /, */)
        line = "\\fB" roff(name[i]) "\\fP("
        for (j = 1; j <= count; j++) {
            split(list[j], words, /[ :]/)
            bits = words[1] == "mode" ? ":16" : words[1] ~ /^(int|unsigned|fd|dirfd|pid|uid|gid)$/ ? ":32" : ""
            line = line (j == 1 ? "" : ", ") roff(words[2]) bits
        }
        print line ")\n.br"
    }
}

/^@CALLS@$/ { print_calls(); next }
/^@FEATURES@$/ { print_features(); next }
/^@LISTS@$/ { print_lists(); next }
/^@ARGUMENTS@$/ { print_arguments(); next }
{ print }
