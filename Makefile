# make build    the program, tuned for this machine, at .build/release/ingot
# make test     all tests; the last lines give the counts
# make demo     builds, then does the main job on the bundled checkpoint and proves each step
# make demo-real  the same on a real model, SmolLM2-135M (fetches 95 MB)
# make bench    against the tools it replaces: make bench PEERS=DIR (see Benchmarks/README.md)
# make trials   acceptance trials against the same tools, slow: make trials PEERS=DIR (see Trials/README.md)
# make loading  GGUFs of every architecture in llama.cpp: make loading PEERS=DIR (see Trials/README.md)
# make lint     formatting and the rules of who may import whom
# make faults   failing disks, signals, damaged files: needs root, takes six minutes
# make fuzz     readers with mutated files, by libFuzzer: make fuzz TARGET=gguf SECONDS=600 (see docs/fuzzing.md)
# make engines-test  parts by Slurm and Ray with a killed worker: needs root, slurm-wlm, munge, PYTHON=one with Ray
# make setup    what a build needs, installed when missing
# make install  the program of make build, manual and completions, into PREFIX (default: /usr/local); DESTDIR is put before it
# make uninstall  removes them
# make package  tarball, Debian package and Python wheel in dist: one program for any x86-64, tuned builds for newer ones
# make package-test  makes the packages and tries them as a user would
# make clean    removes what was built
#
# PORTABLE=1    build for any machine of this kind; the output of the program is the same to the byte

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

TUNING := $(if $(PORTABLE),,-Xcc -march=native)
# The Swift libraries go into the program, except on macOS, where they belong to the system. Symbols stay out (32 MB), and so does
# code that nothing uses, unless the libraries' symbols are exported: each start would relocate it.
STATIC := $(if $(filter Darwin,$(shell uname)),,--static-swift-stdlib -Xlinker -s -Xlinker --gc-sections -Xlinker --no-export-dynamic)

# Types are asked for by their accessors, not by name: a name is looked up in all conformances of the program, at each start.
START := -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors

PREFIX ?= /usr/local
DIST ?= dist
PACKAGED := .build/package/programs

.PHONY: setup build test demo demo-real bench trials loading faults fuzz engines-test lint install uninstall package package-test clean

setup:
	@scripts/setup.sh

build: setup
	swift build -c release --product ingot $(TUNING) $(STATIC) $(START)

# Tests check every bound and every overflow in a debug build, and run the debug program. Where the arithmetic is, that build
# is optimized (see Package.swift), for whole conversions would take most of the time.
test: export INGOT_OPTIMIZE = 1
test: setup
	swift build --build-tests
	swift test --skip-build --disable-xctest --parallel

demo: build
	scripts/demo.sh

demo-real: build
	scripts/demo-real.sh

bench: build
	@test -n "$(PEERS)" || { echo 'name the folder of the peers: make bench PEERS=DIR (see Benchmarks/README.md)' >&2; exit 64; }
	Benchmarks/compare_with_peers.sh $(PEERS) $(WORK)
	cd Benchmarks && swift build -c release $(TUNING)
	cd Benchmarks && $(PEERS)/venv/bin/python compare_with_libgguf.py .build/release/codec-benchmark

# One case of each; NAMES="llama qwen2" tries some architectures only.
TRIAL = $(PEERS)/venv/bin/python -m Trials
trials: build
	@test -n "$(PEERS)" || { echo 'name the folder of the peers: make trials PEERS=DIR (see Trials/README.md)' >&2; exit 64; }
	$(TRIAL).held_out.conversions $(PEERS) .build/release/ingot --cases 1 $(NAMES)
	$(TRIAL).held_out.logits .build/release/ingot --cases 1 $(NAMES)
	$(TRIAL).partitions .build/release/ingot
	$(TRIAL).held_out.texts $(PEERS) .build/release/ingot --cases 20 $(NAMES)
	$(TRIAL).held_out.vocabularies $(PEERS) .build/release/ingot --cases 20
	$(TRIAL).held_out.json_vocabularies $(PEERS) .build/release/ingot --cases 20
	$(TRIAL).verification.false_alarms $(PEERS) .build/release/ingot --recipes few $(addprefix wide-,$(NAMES))
	$(TRIAL).verification.missed_faults $(PEERS) .build/release/ingot --candidates F32,Q8_0 $(addprefix wide-,$(NAMES))

loading: build
	@test -n "$(PEERS)" || { echo 'name the folder of the peers: make loading PEERS=DIR (see Trials/README.md)' >&2; exit 64; }
	$(TRIAL).loading.trial $(PEERS) .build/release/ingot $(NAMES)

# The debug program, where every overflow traps. SEED, CASES, KILLS and INTERRUPTS change the run.
faults: setup
	swift build --product ingot
	scripts/faults.sh .build/debug/ingot

# All targets for a minute each, unless TARGET, SECONDS or RUNS say otherwise; SANITIZE=address checks the C libraries too.
fuzz: setup
	SECONDS_EACH=$(or $(SECONDS),60) RUNS=$(RUNS) SANITIZE=$(SANITIZE) Fuzz/run.sh $(TARGET)

# Slurm and Ray are really started, so this is not part of the tests.
engines-test: build
	scripts/engines.sh .build/release/ingot

# The same build as that of the tests, so that it is done once.
lint: export INGOT_OPTIMIZE = 1
lint: setup
	swift format lint --strict --recursive Sources Tests Plugins Fuzz/Targets Fuzz/Sources Package.swift Fuzz/Package.swift
	scripts/check-imports.sh

# Without a dependency on build: who installs is often root, who builds is not.
install:
	@test -x .build/release/ingot || { echo 'nothing to install yet: run make build' >&2; exit 2; }
	scripts/packaging/tree.sh .build/release/ingot "$(DESTDIR)$(PREFIX)"

uninstall:
	scripts/packaging/untree.sh "$(DESTDIR)$(PREFIX)"

package: setup
	scripts/packaging/build.sh $(PACKAGED)
	python3 scripts/packaging/archives.py $(PACKAGED) $(DIST)

package-test: package
	scripts/packaging/test.sh $(PACKAGED) $(DIST)

clean:
	swift package clean
	rm -rf demo $(DIST) .build/package*
