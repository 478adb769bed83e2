# Two commands on a fresh machine with Python 3.11+, pip and make:  make demo  |  make test
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

unexport PYTHONDONTWRITEBYTECODE  # where it is set, every process would compile the project anew

.PHONY: demo faults test test-postgres test-spark lint lint-sql quick-oracle quick-increments oracle truth calibrate incremental-proof bench bench-stats bench-marts clean help

help:
	@echo "make demo    install, simulate a business, build every mart, analyse, write the scorecard, say where it is"
	@echo "make test    install what tests need, run every check of the project"
	@echo "make oracle  compare every mart with the oracle beside the project, all seeds (slow, resumable)"
	@echo "make test-postgres  on a PostgreSQL of its own: the oracle's seeds 1-5, every table beside DuckDB's, increments, restarts, an erasure (slow, resumable)"
	@echo "make test-spark     on a Spark cluster of its own: the oracle's seeds 1-2, every table beside DuckDB's, increments, kills, publications (needs Java 17; slow, resumable)"
	@echo "make truth   do 95 % intervals hold the simulator's planted effects 95 % of the time? 200 seeds (slow, resumable)"
	@echo "make calibrate  do the statistics keep the error rates they promise? writes docs/calibration.md (minutes, resumable)"
	@echo "make incremental-proof  do increments end where a full refresh ends? 240 ways to cut and shuffle arrivals (slow, resumable)"
	@echo "make faults  kill, starve, damage and fuzz runs; is all that docs/faults.md promises true? (ten minutes a call, resumable)"
	@echo "make bench   what builds cost at size, beside the floors (EVENTS=1000000)"
	@echo "make bench-stats  the statistics' CPU beside that of known packages (WRITE=1: into docs/benchmarks.md)"
	@echo "make bench-marts  the experiments' sums beside the same by hand, and beside tea-tasting (WRITE=1, likewise)"
	@echo "make clean   remove what was built, and the demo's raw data (not your own raw files, nor the virtual environment)"

# The lock names every package, so pip has nothing to resolve; --no-deps also keeps out a parser that dbt does not need here.
$(BIN)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --requirement requirements.lock --editable .
	@touch $@

$(BIN)/.installed-dev: requirements-dev.lock pyproject.toml $(BIN)/.installed
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --requirement requirements-dev.lock
	@touch $@

demo: $(BIN)/.installed
	@$(BIN)/empathy-roi demo

lint: $(BIN)/.installed-dev
	$(BIN)/ruff check python_stats tests
	$(BIN)/mypy python_stats

# `dbt build` as users call it, with unit tests and all, of a small simulated business, without a warning; what it compiles is linted.
lint-sql: export EMPATHY_ROI_DATABASE = build/lint/lint.duckdb
lint-sql: export EMPATHY_ROI_RAW_LOCATION = build/lint/raw/{table}.parquet
lint-sql: $(BIN)/.installed-dev
	rm -f build/lint/lint.duckdb
	$(BIN)/python -m python_stats.simulation build/lint/raw --events 2000
	$(BIN)/dbt --quiet --warn-error build --target-path build/lint/target --log-path build/lint/logs
	rm -rf build/lint/target/compiled
	$(BIN)/dbt --quiet compile --select resource_type:model resource_type:analysis --target-path build/lint/target --log-path build/lint/logs
	$(BIN)/sqruff lint --parsing-errors build/lint/target/compiled

quick-oracle: $(BIN)/.installed-dev
	$(BIN)/python tests/oracle/run_oracle.py --quick

quick-increments: $(BIN)/.installed-dev
	$(BIN)/python tests/incremental/prove.py --quick

# Two at a time: most of each is dbt's, which uses one core.
test: $(BIN)/.installed-dev
	$(MAKE) --jobs 2 lint lint-sql quick-oracle quick-increments
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder  # the tests of a file share what they build

test-postgres: $(BIN)/.installed-dev
	$(BIN)/python tests/oracle/run_oracle.py --target postgres --seeds 1-5 --resume
	$(BIN)/python tests/incremental/prove.py --target postgres --rounds 1,4 --ways 12 --resume
	$(BIN)/python tests/faults/postgres_restart.py --quick
	$(BIN)/python tests/faults/postgres_forget.py

test-spark: .venv-spark/.installed
	.venv-spark/bin/python tests/oracle/run_oracle.py --target spark --seeds 1-2 --resume
	.venv-spark/bin/python tests/incremental/prove.py --target spark --rounds 1 --ways 6 --batches 3 --resume
	.venv-spark/bin/python tests/spark/cluster_checks.py
	.venv-spark/bin/python -m pytest -q tests/python/operations/test_spark_publication.py

oracle: $(BIN)/.installed-dev
	$(BIN)/python tests/oracle/run_oracle.py --resume

truth: $(BIN)/.installed-dev
	$(BIN)/python tests/benchmarks/planted_truth.py --resume

incremental-proof: $(BIN)/.installed-dev
	$(BIN)/python tests/incremental/prove.py --resume
	EMPATHY_ROI_ALL_TESTS=1 $(BIN)/pytest -n 2 --dist loadfile tests/python/marts/test_increments.py tests/python/marts/test_raw_files.py tests/python/marts/test_kept_*.py tests/python/marts/test_touched_*.py

faults: $(BIN)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m faults

EVENTS ?= 1000000
bench: $(BIN)/.installed-dev
	$(BIN)/python tests/benchmarks/scale.py --events $(EVENTS)

calibrate: $(BIN)/.installed-dev
	PYTHONPATH=tests $(BIN)/python -m calibration

# An environment of its own: Spark is half a gigabyte that nothing else needs.
.venv-spark/.installed: requirements-spark-cluster.lock pyproject.toml
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install -qq --disable-pip-version-check --no-deps --requirement requirements-spark-cluster.lock --editable .
	@touch $@

# An environment of its own: what is compared with never mixes with what is used.
.venv-bench/.installed: requirements-bench.lock pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install -qq --disable-pip-version-check --no-deps --requirement requirements-bench.lock --editable .
	@touch $@

bench-stats: .venv-bench/.installed
	.venv-bench/bin/python tests/benchmarks/statistics.py $(if $(WRITE),--write)

bench-marts: .venv-bench/.installed
	.venv-bench/bin/python tests/benchmarks/marts.py $(if $(WRITE),--write) $(BENCH)

# data/raw is where a user's own raw files lie by default: it goes only where the demo wrote it.
clean:
	rm -rf build out target logs data/empathy_roi.duckdb data/empathy_roi.duckdb.wal data/empathy_roi.duckdb.tmp
	if [ -f data/raw/_demo.json ]; then rm -rf data/raw; fi
	if [ -d data ]; then rmdir data 2> /dev/null || true; fi
