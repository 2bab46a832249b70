# POSIX sh and GNU make 3.81 or later, so that it also works with what macOS brings along.

FUZZTIME ?= 60s
TIMEOUT  ?= 5m

# Every module of the tree but tools/, which holds nothing of ours to test.
MODULES := $(patsubst %/go.mod,%,$(sort $(shell find . -name go.mod -not -path './tools/*' -not -path '*/testdata/*')))

LINT := go tool -modfile='$(CURDIR)/tools/go.mod' golangci-lint

# $(call each,command) runs a command in every module and fails when it failed in any.
each = @status=0; for dir in $(MODULES); do \
		echo "== $$dir: $(1)"; \
		(cd "$$dir" && $(1)) || status=1; \
	done; exit $$status

.PHONY: help test lint fuzz bench quickstart

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s%s\n", $$1, $$2 }' Makefile

test: ## test every module with the race detector
	$(call each,go test -race -timeout $(TIMEOUT) ./...)

lint: ## gofmt, go vet and golangci-lint
	@echo "== gofmt -l ."; files=$$(gofmt -l .) && test -z "$$files" || { echo "not gofmt'ed: $$files"; exit 1; }
	$(call each,go vet ./... && $(LINT) run ./...)

fuzz: ## every fuzz target, one after the other, FUZZTIME each (60s)
	$(call each,sh '$(CURDIR)/tools/fuzz.sh' $(FUZZTIME))

bench: ## the benchmarks of every module
	$(call each,go test -run '^$$' -bench . -benchmem ./...)

quickstart: ## one job from end to end
	go run ./examples/quickstart
