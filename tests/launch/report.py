# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py report FILE EXPRESSION: the expression over the report `r`, one line of JSON; a key twice or text behind it fails.
report.py metrics FILE: the samples of a Prometheus text file, a line of JSON each, as strictly read as its specification has it."""
import json
import re
import sys


def no_key_twice(pairs):
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "\\": "\\", '"': '"'}[m.group(1)], text)


def samples(text):
    assert text.endswith("\n") and "\r" not in text
    types, helped, seen, ended, last = {}, set(), set(), set(), None
    for line in text.split("\n")[:-1]:
        if line.startswith("# "):
            kind, name, rest = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)", line).groups()
            if name != last:
                assert name not in ended, "a metric in two places: " + name
                ended.add(last)
                last = name
            if kind == "HELP":
                assert name not in helped and name not in types
                helped.add(name)
            else:
                assert name not in types and rest in ("counter", "gauge"), line
                assert (rest == "counter") == name.endswith("_total"), line
                types[name] = rest
            continue
        name, labels, value = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[n"\\])*",?)*)\} '
                                           r"([0-9]+(?:\.[0-9]+)?)", line).groups()
        assert name == last and name in types, line
        pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', labels)
        assert ",".join('%s="%s"' % pair for pair in pairs) == labels, labels
        assert (name, labels) not in seen, "a sample twice: " + line
        seen.add((name, labels))
        yield {"name": name, "value": float(value), **{key: unescape(text) for key, text in pairs}}


what, file = sys.argv[1:3]
data = open(file, "rb").read().decode()
if what == "report":
    r = json.loads(data, object_pairs_hook=no_key_twice)
    print(json.dumps(eval(sys.argv[3], {"r": r}), ensure_ascii=True))
else:
    for sample in samples(data):
        print(json.dumps(sample))
