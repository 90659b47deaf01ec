# Targets for people. Each one does its own set-up; `make help` lists them.
# On two cores a first `make test` takes some minutes, most of it compiling.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS         := $(CURDIR)/.tools
SQLC          := $(TOOLS)/sqlc-v1.31.1
GOLANGCI      := $(TOOLS)/golangci-lint-v2.15.0
GOFUMPT       := $(TOOLS)/gofumpt-v0.12.0
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS       := -X github.com/speedlayer/speedlayer/kursapp/internal/app.version=$(VERSION)
TEST_FLAGS    ?= -race -shuffle=on

.PHONY: help demo build test test-long bench bench-once bench-check bench-peers bench-queue bench-sessions bench-limits bench-memory deps-redis lint fmt generate check-generated deps go vuln clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}'

demo: web-if-node build ## Run the whole product on 127.0.0.1:8000 with nothing installed but Go
	@exec bin/kursapp demo

build: go ## Build bin/kursapp
	@go build -ldflags '$(LDFLAGS)' -o bin/kursapp ./kursapp

SHOTS         ?= bin/screenshots
.PHONY: web web-check web-if-node screenshots

web: ## Build the dashboard into the binary's source (needs Node 20.19 or newer); does nothing where nothing changed
	@kursapp/web/build.sh

# The build has checked the types already, and left behind what is weighed.
web-check: web ## Lint, type-check, test and weigh the dashboard
	cd kursapp/web && npx biome check . && npx vitest run && node scripts/size.mjs

web-if-node:
	@if command -v node >/dev/null && command -v npm >/dev/null; then kursapp/web/build.sh || echo "The dashboard could not be built; everything else works."; \
	else echo "The dashboard is left out, because Node is missing. Everything else works; 'make web' says more."; fi

screenshots: go deps web ## Write pictures of every view of the dashboard to SHOTS, default bin/screenshots (3 minutes)
	@mkdir -p $(SHOTS)
	E2E_RUN=pictures.mjs E2E_OUT=$(abspath $(SHOTS)) go test -count=1 -run '^TestDashboard$$' ./test/browser

test: go deps check-generated web-check ## Build, vet, check generated code, run all tests with -race on real Redis, PostgreSQL and Chromium
	go build ./...
	go vet ./...
	go test $(TEST_FLAGS) -timeout 15m ./...
	$(MAKE) --no-print-directory bench-once bench-check

test-long: go deps ## The longer attacks: every race and fault test three times over, with more rounds
	SPEEDLAYER_LONG=1 go test $(TEST_FLAGS) -count=3 -timeout 60m ./cache ./session ./ratelimit ./queue ./outbox/... ./internal/... ./test/...

bench: go deps ## Run all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

bench-once: ## Run every benchmark once, so that none rots
	@go test -run '^$$' -bench . -benchtime 1x ./cache ./session ./ratelimit ./queue ./outbox/... ./internal/... ./kursapp/internal/app ./kursapp/internal/httpapi > /dev/null
	@echo "every benchmark ran once"

bench-check: ## Vet, build and test bench/, and run each of its benchmarks once
	cd bench && go vet ./... && go build ./...
	cd bench && go test -timeout 5m -bench . -benchtime 1x ./...

bench-peers: go deps-redis ## Measure beside other libraries and write the tables of docs/benchmarks.md (8 minutes)
	cd bench && go run ./cmd/report -out ../docs/benchmarks.md

bench-queue: go deps ## Measure queue and outbox beside others and write their tables of docs/benchmarks.md (15 minutes)
	cd bench && go run ./cmd/queuereport -out ../docs/benchmarks.md

bench-sessions: go deps-redis ## Measure session beside others and write its tables of docs/benchmarks.md (10 minutes)
	cd bench && go run ./cmd/sessionreport -out ../docs/benchmarks.md

bench-limits: go deps-redis ## Measure ratelimit beside others and write its tables of docs/benchmarks.md (7 minutes)
	cd bench && go run ./cmd/limitreport -out ../docs/benchmarks.md

bench-memory: go deps-redis ## Ten million keys through a local tier of 32 MiB, into docs/benchmarks.md (minutes)
	cd bench && go run ./cmd/memory -out ../docs/benchmarks.md

lint: go $(GOLANGCI) ## Run golangci-lint and gofumpt
	$(GOLANGCI) run ./...
	cd bench && $(GOLANGCI) run ./...

fmt: go $(GOFUMPT) ## Format the Go code
	$(GOFUMPT) -w $$(git ls-files '*.go' | grep -v /dbsqlc/)

generate: go $(SQLC) ## Regenerate the code that sqlc writes, and the dashboard's types from the API (needs Node)
	cd kursapp && $(SQLC) generate
	kursapp/web/install.sh
	cd kursapp/web && npm run --silent types

# The dashboard's types are looked at where Node is.
check-generated: go $(SQLC)
	@cd kursapp && $(SQLC) diff || { echo "generated code is out of date: run 'make generate' and commit"; exit 1; }
	@if command -v node >/dev/null && command -v npm >/dev/null; then kursapp/web/install.sh && cd kursapp/web && npm run --silent types -- --check; fi

deps: ## Install redis-server, PostgreSQL, sqlite3, curl, a C compiler, Node and Chromium where apt may, else say what to install
	@test/deps.sh

deps-redis:
	@test/deps.sh redis

go:
	@command -v go >/dev/null || { echo "Go is missing. Install Go 1.26 or newer: https://go.dev/doc/install"; exit 1; }

vuln: go ## Check the dependencies for known vulnerabilities (asks the Go vulnerability database)
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

clean: ## Remove what the other targets built
	rm -rf bin .tools kursapp/web/node_modules kursapp/web/.build
	find kursapp/internal/webui/dist -mindepth 1 ! -name .keep -delete

# Tools are built once, under a name that carries their version.
$(SQLC):
	@echo "building sqlc (once, some minutes)"
	@mkdir -p $(TOOLS)/tmp && CGO_ENABLED=0 GOBIN=$(TOOLS)/tmp go install github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1 && mv $(TOOLS)/tmp/sqlc $@

$(GOLANGCI):
	@echo "building golangci-lint (once, some minutes)"
	@mkdir -p $(TOOLS)/tmp && GOBIN=$(TOOLS)/tmp go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 && mv $(TOOLS)/tmp/golangci-lint $@

$(GOFUMPT):
	@mkdir -p $(TOOLS)/tmp && GOBIN=$(TOOLS)/tmp go install mvdan.cc/gofumpt@v0.12.0 && mv $(TOOLS)/tmp/gofumpt $@
