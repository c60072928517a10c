# Two commands do everything: `make up` runs the platform, `make test` proves it.
# Both install what they lack, and both can be run again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export SQLX_OFFLINE ?= true

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/saasodoo
ARGS ?=

KILLS ?= 200
PURCHASES ?= 50

.PHONY: help up build test chaos bench queries rootfs

help: ## Shows the commands.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

up: ## Runs the platform and buys a demo instance. ARGS="--data DIR --listen 127.0.0.1:PORT --no-demo"
	scripts/install-packages run
	cargo build --release --bin saasodoo
	scripts/make-odoo-rootfs 19.0 "$(CACHE)"
	exec target/release/saasodoo up $(ARGS)

build: ## Builds the release binary.
	scripts/install-packages run
	cargo build --release --bin saasodoo

test: ## Formatting, lints, documents, and every test, on a real PostgreSQL and a real Odoo.
	scripts/install-packages test
	scripts/make-odoo-rootfs 19.0 "$(CACHE)"
	scripts/test

chaos: ## Kills parts of a platform while customers buy. KILLS=200 PURCHASES=50 ARGS="--seed N"
	scripts/install-packages test
	scripts/make-odoo-rootfs 19.0 "$(CACHE)"
	cargo build --release --bin saasodoo --bin chaos
	exec target/release/chaos --kills $(KILLS) --purchases $(PURCHASES) $(ARGS)

bench: ## Measures a platform beside the floors of this machine, and writes docs/benchmarks.md.
	scripts/install-packages test
	scripts/make-odoo-rootfs 19.0 "$(CACHE)"
	cargo build --release --bin saasodoo --bin bench
	exec target/release/bench --root-file-system "$(CACHE)/odoo-19.0" $(ARGS)

queries: ## Checks every query against a real PostgreSQL and writes .sqlx anew.
	scripts/with-postgres scripts/prepare-queries

rootfs: ## Makes the Odoo root file system, if it is not there.
	scripts/make-odoo-rootfs 19.0 "$(CACHE)"
