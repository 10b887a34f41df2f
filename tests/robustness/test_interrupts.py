# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a process that scatters work: neither threads that hang nor an interrupt keep it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.run_module import PROMPT

PROGRAM = """
import sys, threading
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.scatter import InterruptError, Limits, scatter

def say(text):
    print(text + "\\n", end="", flush=True)  # in one piece: others print too

def work(item, deadline):
    say(f"begun {item}")
    if item == "fine":
        return item
    if item == "stubborn":
        threading.Event().wait(60)
    try:
        while True:
            deadline.sleep(0.02)
    finally:
        say(f"cleaned up {item}")

timeout, grace = map(float, sys.argv[1:3])
for outcome in scatter(sys.argv[3:], work, Limits(10, timeout, grace)):
    say(f"{outcome.item} {outcome.error.kind if outcome.error else 'done'}")
"""


@contextmanager
def program(timeout: float, grace: float, *items: str) -> Iterator[subprocess.Popen[str]]:
    """A process that does the work on these items, which has begun."""
    command = [sys.executable, "-c", PROGRAM, str(timeout), str(grace), *items]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert {process.stdout.readline() for _item in items} == {f"begun {item}\n" for item in items}
            yield process
        finally:
            process.kill()


def test_threads_that_hang_do_not_hold_the_exit() -> None:
    with program(1.0, 0.1, "fine", "stubborn") as process:
        output, errors = process.communicate(timeout=PROMPT)
    assert (process.returncode, output, errors) == (0, "fine done\nstubborn timeout\n", "")


def test_an_interrupt_lets_work_clean_up_and_ends_the_process() -> None:
    with program(60, 1.0, "polite", "stubborn") as process:
        process.send_signal(2)
        output, errors = process.communicate(timeout=PROMPT)
    assert output == "cleaned up polite\n"
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0


def test_an_interrupt_does_not_wait_when_all_have_cleaned_up() -> None:
    with program(60, 60, "polite", "decent") as process:
        process.send_signal(2)
        output, _errors = process.communicate(timeout=PROMPT)
    assert sorted(output.splitlines()) == ["cleaned up decent", "cleaned up polite"]


def test_a_second_interrupt_ends_the_process_at_once() -> None:
    with program(60, 60, "polite", "stubborn") as process:
        process.send_signal(2)
        assert process.stdout is not None
        assert process.stdout.readline() == "cleaned up polite\n"
        process.send_signal(2)
        process.communicate(timeout=PROMPT)
    assert process.returncode != 0
