# `make demo` and `make test` are the two commands of the README; both set everything up first.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SETUP_DONE := $(VENV)/.lock-installed
CLIP ?=
OUT := out/demo
PEERS := .venv-peers

.PHONY: setup demo test lint bench bench-peers docs-pictures soak clean

setup: $(SETUP_DONE)

# The copy of the lock file marks what is installed, so a second `make setup` does nothing.
$(SETUP_DONE): requirements.lock
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	cp requirements.lock $@

demo: setup
	$(PY) main.py demo $(if $(CLIP),"$(CLIP)") -o $(OUT)
	@QT_QPA_PLATFORM=offscreen $(PY) -m app.picture $(OUT)/demo.lin $(OUT)/window.png
	@echo "The demo's results are in $(OUT)/: demo.lin, overlay.mp4, coco.json, masks/, window.png"
	@if [ -z "$$CI" ] && [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(PY) main.py $(OUT)/demo.lin; fi

test: setup lint
	$(PY) -m pytest

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy main.py core app
	$(VENV)/bin/lint-imports

# Speed, as ratios against a named peer or bound in the same run; one JSON record a benchmark.
bench: setup
	$(PY) -m benchmarks

# Other ways to look at a face video beside ours, in one run; they live in an environment of their
# own, which takes 1.2 GB.
bench-peers: setup $(PEERS)/.lock-installed
	$(PY) -m benchmarks.peers --record

$(PEERS)/.lock-installed: benchmarks/peers/requirements.txt
	@test $$(df -Pk . | awk 'NR==2 {print $$4}') -gt 4000000 || \
		{ echo "The peers need 4 GB free here; make room and try again."; exit 2; }
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	cp $< $@

# The user guide's pictures, from the running program on rendered clips.
docs-pictures: setup
	test -d $(OUT)/demo.lin || $(PY) main.py demo -o $(OUT)
	$(PY) -m docs.guide_pictures --demo $(OUT)

# Long campaigns: fuzzing, kill -9, endurance. Hours, not minutes.
soak: setup
	$(PY) -m pytest -m soak --timeout=0

clean:
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache
