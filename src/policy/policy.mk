# SPDX-License-Identifier: GPL-2.0-or-later
# The tables of the policy, made by a program that runs on the building machine.

POLICY_DATA := $(addprefix src/policy/,calls.tbl arguments.tbl features.tbl abis.tbl) $(sort $(wildcard src/policy/lists/*))
POLICY_MAKER := $(BUILD)/host/make-table
POLICY_MAKER_C := src/policy/make-table.c src/policy/condition.c src/tell/words.c

GENERATED_C += $(BUILD)/gen/policy-table.c
GENERATED_H += $(BUILD)/gen/policy-calls.h

$(POLICY_MAKER): $(POLICY_MAKER_C) src/policy/condition.h src/policy/table.h src/policy/policy.h src/tell/words.h
	@mkdir -p $(@D)
	$(HOSTCC) -std=gnu17 -O1 -D_GNU_SOURCE -Isrc -o $@ $(POLICY_MAKER_C)

$(BUILD)/gen/policy-calls.h: $(POLICY_MAKER) $(POLICY_DATA)
	@mkdir -p $(@D)
	$(POLICY_MAKER) src/policy $(BUILD)/gen/policy-table.c $@

$(BUILD)/gen/policy-table.c: $(BUILD)/gen/policy-calls.h
