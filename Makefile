# Sluice's front door. `make demo` and `make test` are all the set-up there is on Debian 12 with a Swift 6 toolchain.

# Debian packages, named here and nowhere else. Sluice itself needs the first list; its tests, demo and bench the second too.
PACKAGES = pkg-config libavcodec-dev libavformat-dev libavfilter-dev libswscale-dev libswresample-dev \
  librubberband-dev libebur128-dev libzmq3-dev libegl-dev libgles-dev libzimg-dev libseccomp-dev libpango1.0-dev libass-dev libmd-dev libxxhash-dev
TEST_PACKAGES = ffmpeg sox gcc libc6-dev python3 python3-zmq python3-numpy spin \
  fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji
BENCH_PACKAGES = python3-venv gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-bad

PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS = sluice sluice-decoder sluice-renderer sluice-encoder sluice-audio
RELEASE = .build/release
# One run-time library inside each program: an installed Sluice needs no Swift.
RELEASE_FLAGS = -c release --static-swift-stdlib
FORMATTED = Package.swift Sources $(wildcard Tests)
VENV = .build/bench-venv

.PHONY: help deps test-deps toolchain build test demo install uninstall lint fmt fuzz chaos damage sanitize bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo                  install what is missing, build, render a grid of nine clips to out/demo.mp4"
	@echo "make test                  install what is missing, build, run every test"
	@echo "make build                 the optimised programs, in $(RELEASE)"
	@echo "make install PREFIX=$(PREFIX)"
	@echo "make fuzz                  mutated projects and .otio files, a hundred thousand and more, optimised"
	@echo "make chaos [KILLS=200] [SEED=1]   random kills of workers: always the same bytes"
	@echo "make damage [FILES=1000]  damaged media: no crash, no hang, clear lines"
	@echo "make sanitize             tests under ThreadSanitizer and AddressSanitizer"
	@echo "make lint | fmt            check, or mend, the format; lint checks layering, documents and names in comments, too"
	@echo "make bench [BENCH=grid]    measure against ffmpeg and others; tables go to docs/benchmarks.md"
	@echo "make clean"

# Installs those packages of $(1) that dpkg does not have; touches neither apt nor the network when there are none.
define install-packages
	@missing=""; for package in $(1); do \
	  dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	command -v apt-get >/dev/null || { echo "make: these Debian packages are needed, by other names elsewhere:$$missing" >&2; exit 69; }; \
	echo "installing:$$missing"; root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 update && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 install -y --no-install-recommends $$missing
endef

deps:
	$(call install-packages,$(PACKAGES))

test-deps:
	$(call install-packages,$(PACKAGES) $(TEST_PACKAGES))

toolchain:
	@command -v swift >/dev/null || { echo "make: no 'swift': get Swift 6 with" \
	  "'curl -O https://download.swift.org/swiftly/linux/swiftly-$$(uname -m).tar.gz && tar xf swiftly-*.tar.gz && ./swiftly init'" >&2; exit 69; }

build: toolchain deps
	swift build $(RELEASE_FLAGS)

# Debian's python3 goes first: it is the one that has the packages named above.
test: toolchain test-deps
	swift build --build-tests
	PATH="/usr/bin:$$PATH" swift test --skip-build

# In a build folder of its own: tests of an optimised build are compiled otherwise.
fuzz: toolchain test-deps
	PATH="/usr/bin:$$PATH" SLUICE_FUZZ_ROUNDS=$(or $(ROUNDS),30000) swift test -c release -Xswiftc -enable-testing \
	  --scratch-path .build/fuzz --filter FuzzTests

# Random kills, stops, attaches, detaches and lost messages, optimised; the seed is printed.
chaos: toolchain test-deps
	PATH="/usr/bin:$$PATH" SLUICE_CHAOS_KILLS=$(or $(KILLS),200) $(if $(SEED),SLUICE_CHAOS_SEED=$(SEED)) swift test -c release \
	  -Xswiftc -enable-testing --scratch-path .build/fuzz --filter ChaosTests

# A thousand damaged files of a dozen kinds.
damage: toolchain test-deps
	PATH="/usr/bin:$$PATH" SLUICE_DAMAGE_FILES=$(or $(FILES),1000) SLUICE_DAMAGE_SEED=$(or $(SEED),1) swift test -c release \
	  -Xswiftc -enable-testing --scratch-path .build/fuzz --filter MediaDamageFuzzTests

# The unit tests and those that kill workers, under ThreadSanitizer and AddressSanitizer, each in a build folder of its own.
SANITIZED = ControlBusTests|SharedRingTests|SupervisorTests|DecodeStageTests|EncodeStageTests|CompositingTests|AudioStageTests|AudioEngineTests|RecoveryTests|KillPointTests|LossTests|ChaosTests|GridTests|CutListTests|IntegrationTests.SoundTests
# The sanitizers' allocators hide the allocations that these count.
UNSANITIZED = AllocationTests
# The reports of all processes go into files: what they write to standard error is under test. Threads that nobody joins end with
# their program.
REPORTS = exitcode=0 halt_on_error=0 log_path=$(CURDIR)/.build/sanitize
sanitize: toolchain test-deps
	rm -rf .build/sanitize && mkdir -p .build/sanitize
	PATH="/usr/bin:$$PATH" TSAN_OPTIONS="suppressions=$(CURDIR)/Tools/sanitize/tsan.supp report_thread_leaks=0 $(REPORTS)/thread" \
	  swift test --sanitize=thread --scratch-path .build/tsan --filter '$(SANITIZED)' --skip '$(UNSANITIZED)'
	PATH="/usr/bin:$$PATH" ASAN_OPTIONS="detect_leaks=0 detect_stack_use_after_return=0 $(REPORTS)/address" \
	  swift test --sanitize=address --scratch-path .build/asan --filter '$(SANITIZED)' --skip '$(UNSANITIZED)'
	@! grep -h SUMMARY .build/sanitize/* 2>/dev/null || { echo "make: the reports are in .build/sanitize" >&2; exit 70; }

demo: toolchain
	$(call install-packages,$(PACKAGES) ffmpeg)
	swift build $(RELEASE_FLAGS)
	@SLUICE=$(RELEASE)/sluice Tools/demo

bench: toolchain test-deps
	$(call install-packages,$(BENCH_PACKAGES))
	swift build $(RELEASE_FLAGS)
	@[ -x $(VENV)/bin/python3 ] || /usr/bin/python3 -m venv $(VENV) || echo "bench: no virtual environment; Debian's ffmpeg only"
	@$(VENV)/bin/python3 -c 'import imageio_ffmpeg, moviepy' 2>/dev/null || $(VENV)/bin/python3 -m pip install -q imageio-ffmpeg moviepy \
	  || echo "bench: imageio-ffmpeg and moviepy cannot be installed; Debian's ffmpeg only"
	@if [ -x $(VENV)/bin/python3 ]; then python=$(VENV)/bin/python3; else python=python3; fi; \
	  $$python Tools/bench/run.py --sluice $(RELEASE)/sluice $(BENCH)

# Builds first, unless the programs are there already: `make build && sudo make install` does not build as root.
install:
	@[ -x $(RELEASE)/sluice ] || $(MAKE) build
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) RELEASE=$(RELEASE) PROGRAMS="$(PROGRAMS)" Tools/install

uninstall:
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) PROGRAMS="$(PROGRAMS)" Tools/install --remove

lint: toolchain deps
	$(call install-packages,python3)
	Tools/check-names
	Tools/check-project-docs
	swift format lint --strict --parallel --recursive $(FORMATTED)
	swift build --explicit-target-dependency-import-check error

fmt: toolchain
	swift format --in-place --parallel --recursive $(FORMATTED)

clean:
	rm -rf .build out
