# Wakebell. `make help` lists what can be done.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# One static binary: no C compiler, no C library.
export CGO_ENABLED := 0

DATA   ?= ./data
LISTEN ?= 127.0.0.1:8080
# Extra flags for go test, for example TESTFLAGS='-run TestImports -v'.
TESTFLAGS ?= -timeout 30m
PACKAGES  ?= ./...

BIN   := bin/wakebell
TOOLS := bin/tools/.built

.PHONY: help run build test lint format generate bench verify clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: build ## start the demo company on http://127.0.0.1:8080, data in ./data
	$(BIN) demo --data $(DATA) --listen $(LISTEN)

build: ## build bin/wakebell
	@mkdir -p bin
	go build -trimpath -ldflags '-s -w' -o $(BIN) ./cmd/wakebell

test: lint ## everything: lint, freshness of generated files, all tests on SQLite and PostgreSQL
	@scripts/fresh.sh
	scripts/postgres.sh go test $(TESTFLAGS) $(PACKAGES)

lint: $(TOOLS) ## gofumpt, go vet, staticcheck
	@unformatted=$$(bin/tools/gofumpt -l .); \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted, run make format:"; echo "$$unformatted"; exit 1; \
	fi
	go vet $(PACKAGES)
	bin/tools/staticcheck $(PACKAGES)

format: $(TOOLS) ## gofumpt all files
	bin/tools/gofumpt -w .

generate: ## make generated files anew
	@go generate ./...

bench: build ## benchmarks: packages, then the whole server (see docs/design/performance.md)
	go test -run '^$$' -bench . -benchmem $(PACKAGES)
	scripts/bench.sh

verify: build ## recompute the ledger in ./data and compare everything with it
	$(BIN) verify --data $(DATA)

clean: ## remove what was built (not the data)
	rm -rf bin

# The tools have a module of their own, so that they add nothing to the product.
$(TOOLS): tools/go.mod tools/go.sum
	@mkdir -p bin/tools
	GOBIN=$(CURDIR)/bin/tools go -C tools install tool
	@touch $@
