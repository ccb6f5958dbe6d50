# The two commands: `make demo` and `make test`. Everything else is a part of them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build demo demo-down check test golden bench fuzz sim format clean

# A terminal's progress needs no compiler chatter; a failing build shows everything.
# Swift's runtime is linked in, since the agent runs on machines without Swift; the other programs likewise, so that the
# modules they share are built once.
SWIFT_BUILD := swift build -c release --static-swift-stdlib

help:
	@echo "make demo       build, start a lab on this machine, apply examples/jobs to it, test it, run a job"
	@echo "make demo-down  stop the lab; nothing is left behind"
	@echo "make test       every test: unit, golden, contract, lab (root)"
	@echo "make check      unit and golden tests, format and tidy: minutes, no root"
	@echo "make build      bin/cluster and bin/cluster-agent"
	@echo "make sim        the whole program over machines in memory, everything going wrong, SIM_SEEDS=10000 times"
	@echo "make bench      the benchmarks"
	@echo "make fuzz       hostile input for the spec reader, the wire format and the boot log, FUZZ_SECONDS=600 each"

setup:
	@scripts/setup

# So many tests at once: without a limit all of them begin, and have 1,700 files open. Foundation's Process then reads past
# the end of a folder's listing, now and then, and the test program dies (swift-corelibs-foundation, pull request 5472).
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH := 16

build: setup
	$(SWIFT_BUILD) --product cluster
	$(SWIFT_BUILD) --product cluster-agent
	@mkdir -p bin
	install -m 755 .build/release/cluster bin/cluster
	strip -o bin/cluster-agent .build/release/cluster-agent

demo: build
	scripts/demo

demo-down:
	@if [ -x bin/cluster ]; then bin/cluster lab down -f examples/jobs/cluster.yaml; else echo "nothing is built, so no lab is running"; fi

check: setup
	swift format lint --recursive --parallel --strict Package.swift Sources Tests
	swift test --parallel --skip RealHostTests --skip LabTests

test: build check
	@scripts/test-labs

# Rewrites golden files; read the diff before committing it.
golden: setup
	UPDATE_GOLDEN=1 swift test --skip RealHostTests --skip LabTests

# The part in a lab needs root, and some minutes.
bench: build
	$(SWIFT_BUILD) --product bench
	.build/release/bench plan
	.build/release/bench boots
	.build/release/bench record
	.build/release/bench journal
	.build/release/bench compare
	.build/release/bench sets
	scripts/bench-lab
	scripts/bench-gate --crashes 3 --stock 1 --latency --queued 10000

# Every seed is another site with other faults: docs/simulation.md.
SIM_SEEDS ?= 10000
sim: setup
	$(SWIFT_BUILD) --product cluster-sim
	.build/release/cluster-sim --seeds $(SIM_SEEDS) --jobs $$(nproc)

FUZZ_SECONDS ?= 600
fuzz: setup
	scripts/fuzz $(FUZZ_SECONDS)

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build bin
