# make demo    a leaking Go service and overhang's report on it
# make test    builds everything and runs all tests
# make build   the program: build/release/overhang, and overhang-wide beside it
# make static  build/release/static/overhang, which needs no shared library: for containers
# make install   to /usr/local, or PREFIX=/opt; DESTDIR is honoured. With man page and completion
# make deb     a Debian package: build/release/package/overhang_*.deb
# make check   formatting, clang-tidy, layers, tests
# make test-arm64   a cross-built overhang, emulated: its unit tests, its reports against this one's (minutes)
# make accuracy  docs/ACCURACY.md's table, measured: a row per Go release
# make soak N=2000    so many random programs on the slice machine and for real (SEED=n repeats a run)
# make soak-unusual   heaps of unusual shape at full size (minutes, 8 GB of memory)
# make soak-busy N=500   programs at work, N images of each (minutes)
# make test-real   leaks of real projects, fetched through Go's module proxy
# make bench   against goref, viewcore and Go's own collector
# Each installs what it needs first (tools/setup).
BUILD := build/release
CMAKE_BUILD := cmake --build $(BUILD)
export CTEST_OUTPUT_ON_FAILURE := 1

.DEFAULT_GOAL := build
.PHONY: setup configure build static all demo test accuracy soak soak-busy soak-unusual test-arm64 test-real test-matrix check format bench installed install deb clean

setup:
	@tools/setup

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release --log-level=WARNING

build: configure
	@$(CMAKE_BUILD) --target overhang overhang-wide

static: configure
	@$(CMAKE_BUILD) --target static
	@echo "built: $(BUILD)/static/overhang, and overhang-wide beside it"

all: configure
	@$(CMAKE_BUILD)

demo: build
	@tools/demo $(BUILD)/overhang

test: all
	@tools/setup test
	@tools/run_tests $(BUILD)

accuracy: all
	@tools/accuracy $(BUILD)

soak: all
	@PATH="$$(tools/go env GOROOT)/bin:$$PATH" $(BUILD)/tests/e2e/machine_soak $(or $(N),2000) $(SEED)

soak-busy: all
	@tools/accuracy_busy $(BUILD) $(or $(N),500)

soak-unusual: all
	@PATH="$$(tools/go env GOROOT)/bin:$$PATH" $(BUILD)/tests/e2e/unusual_soak

test-arm64: all
	@tools/setup arm64
	@tools/test_arm64 $(BUILD)

test-real: all
	@tools/run_tests $(BUILD) -C Real -R e2e.real

test-matrix: all
	@tools/setup matrix
	@tools/test_matrix $(BUILD)

check: all
	@tools/setup check
	@tools/check_layers
	@tools/check_format
	@tools/check_tidy $(BUILD)
	@tools/run_tests --unless-passed $(BUILD)
	@echo "check: all good"

format:
	@tools/setup check
	@tools/check_format --fix

bench: build
	@bench/run $(BUILD)/overhang

installed: configure
	@$(CMAKE_BUILD) --target installed

install: installed
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

deb: installed
	@tools/setup deb
	@cd $(BUILD) && cpack -G DEB -B package >package.log || { cat package.log >&2; exit 1; }
	@rm -rf $(BUILD)/package/_CPack_Packages
	@ls $(BUILD)/package/*.deb

clean:
	rm -rf build
