# Every job of this project is one word. `make help` lists them.
#
# One cargo profile (release) and one selection of crates (the whole workspace)
# serve all of them: build, lints, documentation and tests then share the one
# build of RocksDB, which takes 15 minutes on two cores.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

# rustup puts itself on the path of login shells only.
export PATH := $(PATH):$(HOME)/.cargo/bin
export CARGO_TARGET_DIR ?= $(CURDIR)/target

ALL := --release --workspace --locked

# How the tests build our own crates. With `make test TEST_BUILD=` they are those of
# demo and benches.
TEST_BUILD ?= --config .cargo/tests.toml
export TEST_BUILD

.PHONY: help setup build test check demo bench run soak soak-power soak-fuzz soak-differential soak-model soak-kills \
	test-format test-arrows test-lints test-docs test-cargo test-postgres test-reader test-zero-hub test-openapi test-stac soak-openapi soak-timing

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Install what build, tests and demo need (as root), or name it
	@scripts/setup build test demo

build: ## Build flisthub and hub-client into target/release
	@scripts/setup build
	cargo build $(ALL)

test: ## Formatting, lints, documentation, layering and all tests
	@scripts/setup build test
	@$(MAKE) --no-print-directory test-format test-arrows test-lints test-docs test-cargo test-postgres test-reader test-zero-hub test-openapi test-stac

test-format:
	cargo fmt --all --check

test-arrows:
	scripts/check-arrows --self-test
	scripts/check-arrows

test-lints:
	cargo clippy $(ALL) --all-targets -- -D warnings

test-docs:
	RUSTDOCFLAGS="-D warnings" cargo doc $(ALL) --no-deps

test-cargo:
	cargo $(TEST_BUILD) test $(ALL)

# The hub's tests again, with every catalog on a real PostgreSQL.
test-postgres:
	scripts/test-postgres

# The reader that was written from docs/flist-format.md alone, on real flists.
test-reader:
	scripts/test-reader

# 0-hub's README, walked with curl.
test-zero-hub:
	scripts/walk-0-hub

# The hub keeps to the document of its API, by schemathesis.
test-openapi:
	scripts/test-openapi

# The catalogue as pystac, pystac-client and GDAL see it.
test-stac:
	scripts/test-stac

check: test ## All of test, and the slower linters: licences, unused crates, spelling
	@scripts/setup check
	scripts/check-slow

soak: ## The long proofs of docs/testing.md: power cuts, fuzzing, model and races, kills
	@scripts/setup build test
	@$(MAKE) --no-print-directory soak-power soak-fuzz soak-model soak-kills soak-openapi soak-timing

# A cut takes a second or two.
soak-power:
	FLISTHUB_SOAK_ROUNDS="$${FLISTHUB_SOAK_ROUNDS:-500}" cargo test $(ALL) --test suite -- power::

soak-fuzz:
	scripts/fuzz

# So many random filters, against the crate `cql2`. It has 200 crates of its own, which nothing else builds.
soak-differential:
	cargo run --release --locked --manifest-path fuzz/differential/Cargo.toml \
		--target-dir "$(CARGO_TARGET_DIR)/differential" -- "$${FLISTHUB_SOAK_FILTERS:-200000}"

# So many sequences for each store, and so many rounds of each race.
soak-model:
	FLISTHUB_SOAK_CASES="$${FLISTHUB_SOAK_CASES:-10000}" cargo test $(ALL) --test suite -- model:: race::
	cargo test $(ALL) --test suite -- --ignored protocol::

# So many kills at any moment, and as many at named places.
soak-kills:
	FLISTHUB_SOAK_KILLS="$${FLISTHUB_SOAK_KILLS:-500}" cargo test $(ALL) --test suite -- crash_sweep::

# What time tells of what others have: figures, no verdict.
soak-timing:
	cargo test $(ALL) --test suite -- --ignored --nocapture timing_of_existence

# So many seconds.
soak-openapi:
	scripts/test-openapi "$${FLISTHUB_SOAK_SECONDS:-600}"

demo: ## Two Debian root filesystems through a hub and back, with a table
	@scripts/setup build demo
	cargo build $(ALL)
	@scripts/demo

bench: ## The measurements of docs/benchmarks.md, beside restic, borg and casync
	@scripts/setup build bench
	cargo build $(ALL)
	"$(CARGO_TARGET_DIR)/release/flisthub-bench"

run: ## Serve on 127.0.0.1:5555 with the data in ./data
	@scripts/setup build
	cargo build $(ALL)
	@scripts/run
