# `make help` lists what there is. Everything runs from a fresh clone: what is missing is installed by package name.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check conformance bench fmt lint layering dependencies docs deploy image slim release combinations

# More for the demo, for example `make demo DEMO="--fast"`.
DEMO ?=

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Request, use, change and remove a Redis on an emulated cloud; needs no account
	@scripts/install.sh redis-server
	cargo run --quiet -- demo $(DEMO)

test: ## All tests of the crate
	@scripts/install.sh redis-server zsh fish
	scripts/test.sh

combinations: ## Tests of the builds with one cloud alone, and with none
	scripts/combinations.sh

check: fmt layering lint docs dependencies ## Format, layers, lints of every feature combination, docs, dependencies

# For example `make conformance PYTEST="-k sandbox"`.
PYTEST ?=

conformance: ## The driver against others' emulators, the sandbox against boto3 and Google's clients
	scripts/conformance.sh $(PYTEST)

bench: slim ## Benchmarks: what is shipped, the driver under load, deciding without a cloud
	cargo bench --bench '*'

slim: ## Only the part of `bench` about what is shipped: size, start and memory of each binary
	scripts/slim.py

# For example `make release FEATURES=gcp`.
FEATURES ?= aws,gcp,azure
release: ## The binary as it is shipped, for the clouds in FEATURES
	FEATURES="$(FEATURES)" scripts/release.sh

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

image: ## Build the image on a stand-in base, and run it as a cluster would; needs root
	scripts/image.sh
