# `make help` lists what there is. Everything runs from a fresh clone: what is missing is installed by package name.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check conformance bench fmt lint layering dependencies docs deploy image

# More for the demo, for example `make demo DEMO="--fast"`.
DEMO ?=

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Request, use, change and remove a Redis on an emulated cloud; needs no account
	@scripts/install-redis.sh
	cargo run --quiet -- demo $(DEMO)

test: ## All tests of the crate
	@scripts/install-redis.sh
	scripts/test.sh

check: fmt layering lint docs dependencies ## Format, layers, lints of every feature combination, docs, dependencies

# For example `make conformance PYTEST="-k sandbox"`.
PYTEST ?=

conformance: ## The driver against others' emulators, the sandbox against boto3 and Google's clients
	scripts/conformance.sh $(PYTEST)

bench: ## Benchmarks (criterion)
	cargo bench --bench '*'

fmt: ## Only the formatting part of `check`
	cargo fmt --all --check

layering: ## Only the layering part of `check`
	scripts/layering.sh

lint: ## Only the lints part of `check`
	scripts/lint.sh

docs: ## Only the documentation part of `check`
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps

dependencies: ## Only the dependencies part of `check`: bans, licences, sources, unused, slim builds
	scripts/dependencies.sh

deploy: ## What deploy/ holds: manifests, definitions, registrations, Terraform
	scripts/deploy.sh

image: ## Build the image on stand-in bases, and run it as a cluster would; needs root
	scripts/image.sh
