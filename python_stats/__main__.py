"""`python -m python_stats` is `empathy-roi`."""

from python_stats.cli import main

if __name__ == "__main__":
    main()
