"""Run the command line as ``python -m analytic_models``."""

from analytic_models.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
