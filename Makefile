# The front door; the work is done by Meson, Ninja and the scripts in scripts/. `make` leaves the program at build/trellis.
#   make            set-up, user interface, release build          make fmt       format the C sources
#   make demo       a filled example mesh, served                   make lint      static checks alone
#   make test       everything a change must pass (<= 20 min)       make coverage  line coverage of the unit tests
#   make test-long  kill series, soak (<= 90 min)                   make fuzz      run the fuzz targets (FUZZ_SECONDS=60 each)
#   make test-fresh the whole on empty Debian 12 and 13 roots       make bench     measurements, each beside its yardstick
SHELL := /bin/bash
JOBS ?= $(shell nproc)
DEMO_ARGS ?= --serve
DEMO_DIR ?= demo
FUZZ_SECONDS ?= 60

.PHONY: all setup web demo test test-long test-fresh bench fmt lint coverage fuzz notice clean
all: setup web build/build.ninja
	@ninja -C build -j $(JOBS) $(if $(MAKE_TERMOUT),,--quiet) trellis # a terminal sees how far it is: the first time takes minutes

setup:
	@scripts/setup.sh --build

build/build.ninja:
	meson setup build

web: setup
	@scripts/build-web

demo: all
	build/trellis demo --dir $(DEMO_DIR) $(DEMO_ARGS)

test:
	@scripts/test.sh

test-long:
	@scripts/test.sh --long

test-fresh:
	@scripts/test-fresh.sh

bench: all
	@scripts/bench.sh

fmt:
	@git ls-files -z 'src/*.[ch]' 'tests/*.[ch]' 'fuzz/*.[ch]' 'bench/*.[ch]' | xargs -0 -r clang-format -i

lint:
	@scripts/test.sh --only lint

coverage:
	@scripts/setup.sh --coverage
	@[ -f build-cov/build.ninja ] || meson setup build-cov -Db_coverage=true -Dbuildtype=debug -Dfaults=true
	@meson test -C build-cov --suite unit --suite fuzz --quiet
	@gcovr --root . --object-directory build-cov --filter 'src/' --exclude-unreachable-branches --print-summary --html-details build-cov/coverage.html
	@echo "page: build-cov/coverage.html"

fuzz:
	@scripts/fuzz.sh $(FUZZ_SECONDS)

notice:
	@scripts/check-licences --write

clean:
	rm -rf build build-* web/dist
