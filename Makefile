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
# Inlining copies components into every screen that uses them, and it makes libraries larger that do their work once
# per page, per request or at the start: 6 MB of the program for no time that can be felt.
COLD := github.com/wakebell/wakebell/internal/web github.com/wakebell/wakebell/internal/api github.com/wakebell/wakebell/internal/cli \
	github.com/danielgtaylor/huma github.com/alexflint github.com/prometheus google.golang.org github.com/antlr4-go \
	cel.dev/cel-go/parser cel.dev/cel-go/checker github.com/yuin/goldmark github.com/microcosm-cc github.com/go-pdf \
	github.com/emersion/go-imap github.com/emersion/go-message github.com/rickar
SMALL := $(foreach package,$(COLD),-gcflags '$(package)/...=-l')
TOOLS := bin/tools/.built

.PHONY: help run build test browser screenshots lint format generate assets bench verify clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: build ## start the demo company on http://127.0.0.1:8080, data in ./data
	$(BIN) demo --data $(DATA) --listen $(LISTEN)

build: assets ## build bin/wakebell
	@mkdir -p bin
	go build -trimpath -ldflags '-s -w' $(SMALL) -o $(BIN) ./cmd/wakebell

test: build lint ## everything: lint, size, freshness of generated files, all tests on SQLite and PostgreSQL, and in a browser
	@scripts/size.sh $(BIN)
	@scripts/fresh.sh
	scripts/postgres.sh go test $(TESTFLAGS) $(PACKAGES)
	@$(MAKE) --no-print-directory browser

browser: build ## the tests in Chromium; BROWSER=room runs the files with that word in their name
	@scripts/browser.sh npm run --silent check:browser
	scripts/browser.sh node tests/browser/run.mjs $(BROWSER)

screenshots: build ## take the pictures of the README anew, from the demo company
	NEED_PNGQUANT=1 scripts/browser.sh node tests/browser/screenshots.mjs

lint: $(TOOLS) ## gofumpt, go vet, staticcheck
	@unformatted=$$(bin/tools/gofumpt -l .); \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted, run make format:"; echo "$$unformatted"; exit 1; \
	fi
	go vet $(PACKAGES)
	bin/tools/staticcheck $(PACKAGES)

format: $(TOOLS) ## gofumpt all files
	bin/tools/gofumpt -w .

generate: $(TOOLS) ## make generated files anew
	@bin/tools/templ generate -path internal/web -log-level error
	@go generate ./...

# The browser's part: style, scripts, font and icons, bundled and compressed into internal/web/dist. Without npm the
# server is built all the same; its pages then say how to build them.
ASSETS := internal/web/dist/manifest.json
assets: ## build style and scripts of the screens (needs Node.js)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(ASSETS); \
	else echo "npm is not installed: the screens will look plain. Install Node.js 20 and run make assets."; fi

node_modules/.built: package.json package-lock.json .npmrc
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(ASSETS): node_modules/.built $(wildcard internal/web/assets/* internal/web/assets/css/*)
	npm run --silent check
	npm run --silent build

bench: build ## benchmarks: packages, then the whole server (see docs/design/performance.md)
	scripts/postgres.sh go test -run '^$$' -bench . -p 1 -timeout 2h $(PACKAGES)
	go test -run '^$$' -bench Verify -benchtime 1x -cpu 1 -timeout 2h ./internal/app
	scripts/bench.sh
	scripts/bench-notice.sh
	scripts/bench-mail.sh

verify: build ## recompute the ledger in ./data and compare everything with it
	$(BIN) verify --data $(DATA)

clean: ## remove what was built (not the data)
	rm -rf bin node_modules
	find internal/web/dist -type f ! -name .keep -delete

# The tools have a module of their own, so that they add nothing to the product.
$(TOOLS): tools/go.mod tools/go.sum
	@mkdir -p bin/tools
	GOBIN=$(CURDIR)/bin/tools go -C tools install tool
	@touch $@
