# SPDX-License-Identifier: GPL-2.0-or-later
# The proof of the filter is one test program of several files; the bench of the filter uses its second engine.

PROOF_C := $(wildcard tests/unit/proof/*.c)
PROOF_O := $(PROOF_C:%.c=$(BUILD)/obj/%.o)

$(BUILD)/tests/proof: $(BUILD)/obj/tests/unit/proof.o $(PROOF_O) $(BUILD)/libsbx.a
	@mkdir -p '$(@D)'
	$(call quiet,LD)$(CC) $(CFLAGS) $(dynamic_link) -o '$@' $(filter %.o,$^) $(BUILD)/libsbx.a $(TEST_LIBRARIES)

$(BUILD)/obj/bench/filter.o: tests/bench/filter.c $(BUILD)/flags | setup-test $(GENERATED_H)
	$(call compile,-Itests/unit)

$(BUILD)/bench/filter: $(BUILD)/obj/bench/filter.o $(PROOF_O) $(BUILD)/libsbx.a
	@mkdir -p '$(@D)'
	$(call quiet,LD)$(CC) $(CFLAGS) $(dynamic_link) -o '$@' $(filter %.o,$^) $(BUILD)/libsbx.a $(TEST_LIBRARIES)

-include $(PROOF_O:.o=.d) $(BUILD)/obj/bench/filter.d
