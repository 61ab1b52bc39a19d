# What to build, prove and measure; `make help` lists it. The scripts behind
# the targets can be run by hand as well.

.PHONY: build help demo test exhaustive parity format lint race cross fuzz bench clean

build: ## the commands, bin/nf and bin/nfbench (the default target)
	@scripts/build
	@echo "make help lists what else there is."

help: ## this list
	@echo "make, or make TARGET:"
	@sed -n 's/^\([a-z]*\):[^#]*## /\1|/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "  %-10s %s\n", $$1, $$2 }'

demo: ## set-up and the main job in a minute: train, score, sample and plot two moons (NO_INSTALL=1: install nothing)
	@scripts/install-openblas
	@scripts/build
	bin/nf demo --out demo-out

test: ## every test, on every matmul and kernel tier that this machine has
	@scripts/test

exhaustive: ## every elementwise kernel on all 2^32 float32, resumable (FUNCTIONS=Exp,Log chooses)
	@scripts/exhaustive

parity: ## the same bytes from every kernel tier, worker count, batch size and processor
	@scripts/parity

format: ## a reader in numpy recomputes nf's scores from the model file (needs python3-numpy)
	@scripts/check-format

lint: ## gofmt, go vet for several systems, staticcheck
	@scripts/lint

# What the race detector need not see: the kernels start no goroutine, the examples
# none of their own, and these compute in one. Of the conformance tests those of one
# feature remain, which run beside each other.
SERIAL = ^TestConformance$$/.*/(D=7|accuracy)|^TestGridConformance$$|^TestNeverNaN$$|^TestMaskedBits$$|^TestBits$$|^TestManyRows$$|^TestWrongUsage$$|^TestWrongEnvironment$$|^TestHelpAndVersion$$|^TestImportRefuses$$

# A program under the race detector sleeps a second before it ends, and the tests
# of the commands start hundreds.
race: ## the tests under the race detector (needs a C compiler)
	GORACE=atexit_sleep_ms=20 go test -race -short -timeout 30m -skip '$(SERIAL)' $$(go list ./... | grep -v -e /kernels -e /examples)

cross: ## the tests of the numbers on other processors, under qemu
	@scripts/cross

fuzz: ## each fuzz target for FUZZTIME (30s)
	@scripts/fuzz

bench: ## the benchmarks, as go test prints them (BENCH=regexp chooses)
	go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem ./...

clean: ## removes what the targets above write
	rm -rf bin demo-out exhaustive-out
