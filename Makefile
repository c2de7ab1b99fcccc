# One word for each thing one does here. `make help` lists them.

CAPTURE := fixtures/demo/segment/capture.pcap
FLOWLABEL := $(or $(CARGO_TARGET_DIR),target)/release/flowlabel

.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

.PHONY: setup
setup: ## Install what the build needs from the system (Debian, Ubuntu)
	@scripts/setup

.PHONY: build
build: setup ## The release binary
	cargo build --locked --release

.PHONY: demo
demo: build ## Label a capture that ships with the source
	$(FLOWLABEL) read $(CAPTURE)

.PHONY: test
test: setup ## Everything CI checks (as root also live capture, in network namespaces)
	@[ "$$(id -u)" -ne 0 ] || scripts/setup iproute2 tmux libcap2-bin
	@[ "$$(id -u)" -ne 0 ] || scripts/setup chromium || echo 'no chromium: the HTML report is not tested in a browser'
	scripts/check-rust-version
	cargo fmt --all --check
	scripts/check-dependencies
	cargo clippy --locked --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --all-features --document-private-items
	cargo bench --locked --all-features --no-run --profile dev
	cargo test --locked --all-features --no-fail-fast
	$(MAKE) instructions

.PHONY: bench
bench: setup ## Measure (minutes)
	cargo bench --locked --all-features

CAPTURE_TO_COMPARE ?= $(or $(CARGO_TARGET_DIR),target)/mixed.pcap

.PHONY: compare
compare: build ## flowlabel beside its peers on one file (CAPTURE_TO_COMPARE=FILE), as ratios
	@scripts/setup python3 tcpdump tshark libndpi-bin nfdump argus-server softflowd
	@[ -e $(CAPTURE_TO_COMPARE) ] || benches/traffic mixed $(CAPTURE_TO_COMPARE) 1000000
	benches/compare $(FLOWLABEL) $(CAPTURE_TO_COMPARE)

.PHONY: loss
loss: build ## Packets lost by flowlabel and by tcpdump at rising rates (as root, in a network namespace)
	@scripts/setup python3 tcpdump iproute2 tcpreplay
	@[ -e $(CAPTURE_TO_COMPARE) ] || benches/traffic mixed $(CAPTURE_TO_COMPARE) 1000000
	benches/loss $(FLOWLABEL) $(CAPTURE_TO_COMPARE)

.PHONY: latency
latency: build ## How long after a flow's end its line comes, also on a saturated link (as root, in a network namespace)
	@scripts/setup python3 iproute2 tcpreplay
	@[ -e $(CAPTURE_TO_COMPARE) ] || benches/traffic mixed $(CAPTURE_TO_COMPARE) 1000000
	benches/latency $(FLOWLABEL) $(CAPTURE_TO_COMPARE)

.PHONY: instructions
instructions: build ## Hold the instructions per packet of the main paths against benches/instructions.csv
	@scripts/setup python3 valgrind
	benches/instructions $(FLOWLABEL)

FUZZ_SECONDS ?= 120

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZ_SECONDS (needs a nightly toolchain and cargo-fuzz)
	@scripts/setup python3
	fuzz/seeds
	for target in decode capture_file engine recognize announce; do \
		cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done

.PHONY: golden
golden: setup ## Write expect.ndjson of every fixture anew, to be read in review
	UPDATE_GOLDEN=1 cargo test --locked --test golden

.PHONY: fixtures
fixtures: setup ## Write the captures of all scenarios anew
	UPDATE_FIXTURES=1 cargo test --locked --test scenarios --test hostile

.PHONY: check-fixtures
check-fixtures: ## Hold fixtures and their golden files against tshark
	@scripts/setup tshark python3
	scripts/check-fixtures

POLICY := fixtures/demo/segment/policy.toml

.PHONY: readme-picture
readme-picture: build ## Record the demo again as docs/demo.svg, its audit as docs/audit.svg and the audit's page as docs/page.png
	@scripts/setup python3 chromium
	scripts/picture --columns 100 --output docs/demo.svg -- $(FLOWLABEL) read $(CAPTURE)
	scripts/picture --columns 100 --output docs/audit.svg -- $(FLOWLABEL) audit --policy $(POLICY) $(CAPTURE)
	@scratch=$$(mktemp -d) && { $(FLOWLABEL) audit --quiet --policy $(POLICY) $(CAPTURE) --report $$scratch/page.html > $$scratch/table || [ $$? -eq 1 ]; } && \
		chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir=$$scratch/profile --window-size=1180,1500 \
			--screenshot=docs/page.png file://$$scratch/page.html 2> $$scratch/log && rm -r $$scratch

.PHONY: advisories
advisories: ## Ask for advisories published since the snapshot in deny/advisories (needs the network)
	@scripts/setup git python3
	scripts/renew-advisories
