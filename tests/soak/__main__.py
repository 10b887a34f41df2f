# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run thousands of random operations on stand-in clouds under random faults, and check every result."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from tests.soak.report import page, tables
from tests.soak.soak import soak


def main() -> None:
    """Run the soak that the command line asks for; exits with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, help="begin no more operations after that")
    parser.add_argument("--workers", type=int, default=3, help="processes that work at once (default: 3)")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="chooses everything (default: a random one)")
    parser.add_argument("--docs", type=Path, help="write what happened to this page")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    seconds = options.minutes and options.minutes * 60
    done = soak(options.operations, options.workers, options.seed, seconds)
    print(tables(done))
    for leak in done.tally.leaks:
        print(f"LEAK {leak}")
    if options.docs:
        options.docs.write_text(page(done))
    sys.exit(bool(done.tally.wrong or done.tally.leaks))


if __name__ == "__main__":
    main()
