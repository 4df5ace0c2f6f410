# For people and for CI alike: `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export STREAMWARDEN_CACHE ?= $(HOME)/.cache/streamwarden
ifdef CI
export CARGO_TARGET_DIR ?= $(STREAMWARDEN_CACHE)/target
endif
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
ONNXRUNTIME_VERSION := 1.24.4
# Whatever is built to be tested is linted as it is compiled.
LINTED := RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/tools/clippy-rustc.sh
export ORT_DYLIB_PATH ?= $(STREAMWARDEN_CACHE)/onnxruntime/$(ONNXRUNTIME_VERSION)/libonnxruntime.so.$(ONNXRUNTIME_VERSION)

.PHONY: help run flink test bench bench-explain setup setup-test fmt lint unit web-test train-test e2e deny lab dataset train text-model report \
    test-compose helm-test watch-test api-test chaos upgrade-test

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup ## Watch a cluster (FLINK=http://host:8081), or play the shipped incident as if live
	cargo build --release --package streamwarden
	exec $(TARGET_DIR)/release/streamwarden $(if $(FLINK),run --flink $(FLINK),demo) $(ARGS)

flink: setup ## A real Flink with a job that is sick on purpose; prints the URL to watch
	@tools/setup.sh java
	cargo build --release --package streamwarden-lab
	exec $(TARGET_DIR)/release/lab flink $(ARGS)

test: setup-test lint unit web-test api-test train-test e2e helm-test watch-test deny ## Everything: lints, units, properties, page in Chromium, real Flink and Kafka

setup: ## System packages (or their names), Rust, the onnxruntime library
	@tools/setup.sh build
	@tools/onnxruntime.sh $(ONNXRUNTIME_VERSION) "$(ORT_DYLIB_PATH)"

setup-test: setup
	@tools/setup.sh build java test

fmt: ## Format the code
	cargo fmt --all

lint: setup ## Formatting, clippy without warnings
	cargo fmt --all -- --check
	$(LINTED) cargo test --workspace --all-targets --no-run --quiet
	$(LINTED) cargo test --workspace --test e2e --test chaos --no-run --quiet

unit: setup-test ## Unit, property and service tests
	$(LINTED) RUST_TEST_THREADS=4 cargo test --workspace --quiet  # the service tests mostly wait: for rebalances, time limits, pages

web-test: setup-test ## The page in a real headless Chromium
	notifier/web/tests/run.sh

api-test: setup-test ## The API against its OpenAPI document, with whatever that allows and much that it does not
	$(LINTED) cargo test --workspace --quiet --no-run
	STREAMWARDEN_PROGRAM=$(abspath $(TARGET_DIR))/debug/streamwarden notifier/tests/schemathesis.sh

train-test: setup-test ## Tests of the training code
	training/test.sh

e2e: setup-test ## The whole line on real Flink and real Kafka
	$(LINTED) cargo test --workspace --test e2e -- --nocapture

test-compose: setup-test ## docker-compose.yml on a Docker engine of its own, nothing pulled (root only)
	deploy/docker/test/test.sh

helm-test: setup-test ## The Helm chart: lint, and Kubernetes' own schemas
	deploy/helm/test.sh

watch-test: setup-test ## Prometheus' rules and configuration, Grafana's provisioning
	deploy/prometheus/test.sh

chaos: setup-test ## 100 times kill -9 and worse on real Kafka and PostgreSQL; prints a report; docs/chaos.md
	STREAMWARDEN_CHAOS_KILLS=$${STREAMWARDEN_CHAOS_KILLS:-100} STREAMWARDEN_CHAOS_REPORT=$(abspath $(TARGET_DIR))/chaos-report.md \
	    $(LINTED) cargo test --workspace --test chaos -- --nocapture everything_is_killed
	rm -f $(TARGET_DIR)/chaos-faults.md
	STREAMWARDEN_CHAOS_FAULTS=$(abspath $(TARGET_DIR))/chaos-faults.md \
	    $(LINTED) cargo test --workspace --test chaos -- --nocapture --ignored --test-threads 1 --skip version_before

upgrade-test: setup-test ## Services of the version before (BEFORE=tag or commit) and of this one on the same topics
	BEFORE=$(BEFORE) tools/upgrade-test.sh

deny: setup ## Licences, bans and sources of all dependencies; known holes, where their database can be reached
	@tools/cargo-deny.sh check --hide-inclusion-graph licenses bans sources
	@if GIT_TERMINAL_PROMPT=0 timeout 30 git ls-remote --quiet https://github.com/RustSec/advisory-db HEAD > /dev/null 2>&1; then \
	    tools/cargo-deny.sh check --hide-inclusion-graph advisories; \
	else \
	    echo "advisories: not checked, github.com/RustSec/advisory-db cannot be reached" >&2; \
	fi

bench: setup ## Speed; figures with machine and date are in docs/benchmarks.md
	cargo bench --workspace --bench '*'

bench-explain: setup ## The error analyzer beside drain3: speed and grouping, on 200 MB
	cargo build --release --package streamwarden
	cargo build --release --package streamwarden-experience --example group_lines
	test -d $(STREAMWARDEN_CACHE)/drain3 || python3 -m venv $(STREAMWARDEN_CACHE)/drain3
	$(STREAMWARDEN_CACHE)/drain3/bin/pip install --quiet drain3==0.9.11
	$(STREAMWARDEN_CACHE)/drain3/bin/python tools/bench-explain.py --binary $(TARGET_DIR)/release/streamwarden \
		--grouper $(TARGET_DIR)/release/examples/group_lines --work $(STREAMWARDEN_CACHE) $(ARGS)

lab: setup ## Record every labelled incident that is missing (takes hours, resumable)
	@tools/setup.sh java
	cargo run --release --package streamwarden-lab -- run --missing

dataset: setup ## All tapes through the featurizer into Parquet (FEEDBACK=file RECORDED=folder: and what people said of theirs)
	cargo run --release --package streamwarden-lab -- dataset --out $(STREAMWARDEN_CACHE)/dataset \
	    $(if $(FEEDBACK),--feedback $(FEEDBACK) --recorded $(RECORDED))

train: dataset ## Three ONNX models from the dataset
	training/train.sh

text-model: setup ## The model of words, for failures that no rule knows; some minutes
	training/text.sh

report: ## Evaluation of the models on tapes that they were not trained on
	training/report.sh
