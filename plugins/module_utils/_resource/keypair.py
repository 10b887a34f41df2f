# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One key pair for all Locations: the public key that one of them has, or a new one that is generated once.

It is generated here: Nova no longer does so, and would make another one at each Location.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from .._cloud.cleanup import CLEANUP_TIMEOUT
from .._cloud.connection import Connection
from .._core.errors import ConflictError, InputError, OaktreeError
from .._core.retry import PERHAPS_DONE
from .._core.scatter import InterruptError, Limits
from .._run.ensure import Member, ensure
from .._run.gather import each
from .apply import apply_step, ensure_resource, step_of
from .desired import same
from .survey import survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.scatter import Outcome
    from .._run.ensure import Change
    from .._run.gather import Result, Target
    from .apply import ResourceStep
    from .plan import Found
    from .wanted import Wanted

_LONGEST = 64 * 1024
"""The most bytes that are read of a key file."""
_WITHDRAWAL = 5.0
"""Seconds in which a key pair is deleted whose private key nobody gets: an interrupted run is to end soon."""


def public_key_at(path: str) -> str:
    """The public key in a file. Raises InputError."""
    return _read("public_key_path", path).decode("utf-8", "replace").strip()


def ensure_keypair(
    target: Target, wanted: Wanted, private_key_path: str | None, *, check_mode: bool
) -> list[Result[Change]]:
    """Bring every selected Location to the same key pair; see `ensure_resource`.

    Without a public key in ``wanted``, it is that of the private key in the file, else that of the Locations that have
    the key pair, else a new one, once all have answered or failed: one that is slow may have the key pair. The private
    key of a new one is written to the file, or else is in the first result. A new key pair is deleted again, where it
    was created, if nobody gets its private key. Raises InputError for a file that cannot be used, and InterruptError.
    """
    if wanted.state == "absent" or wanted.attributes.get("public_key"):
        return ensure_resource(target, wanted, check_mode=check_mode)
    if private_key_path and os.path.lexists(private_key_path):
        known = _public_key_of(_read("private_key_path", private_key_path))
        return ensure_resource(target, _with_key(wanted, known), check_mode=check_mode)
    if wanted.attributes.get("type", "ssh") != "ssh":
        raise InputError("type: a certificate cannot be generated", hint="Give it as public_key.")
    new = _NewKey(wanted, private_key_path)
    shared: list[str] = []
    """The public key that a Location has, as soon as one is known."""

    def plan(members: Sequence[Member[Found]]) -> list[tuple[Connection, ResourceStep | OaktreeError]]:
        there = {member.connection: str(_key_of(member.survey)) for member in members if _key_of(member.survey)}
        shared[:] = shared or list(there.values())[:1]
        if any(not same(shared[0], key) for key in there.values()):
            error = _several(wanted, there)
            return [(member.connection, error.copied()) for member in members]
        keyed = _with_key(wanted, shared[0]) if shared else wanted
        return [(member.connection, step_of(_with_values(member, keyed), keyed, target.timeout)) for member in members]

    def apply(connection: Connection, step: ResourceStep) -> Change:
        if "public_key" not in step.wanted.attributes:
            step = replace(step, wanted=_with_key(step.wanted, new.public(connection)))
        return apply_step(connection, step)

    try:
        results = ensure(
            target,
            lambda connection: survey(connection, wanted),
            plan,
            apply,
            check_mode=check_mode,
            cleanup=CLEANUP_TIMEOUT + 5.0,
            group_by=lambda _connection: None,
            waits_for_all=lambda members: not (shared or any(_key_of(member.survey) for member in members)),
        )
        return new.handed_out(results)
    except KeyboardInterrupt as interrupt:
        outcomes = interrupt.outcomes if isinstance(interrupt, InterruptError) else ()
        raise InterruptError([*outcomes, *new.withdrawn()]) from interrupt


def _with_key(wanted: Wanted, public_key: str) -> Wanted:
    return replace(wanted, attributes={**wanted.attributes, "public_key": public_key})


def _with_values(member: Member[Found], wanted: Wanted) -> Member[Found]:
    return replace(member, survey=replace(member.survey, values=wanted.values))


def _key_of(found: Found) -> Any:
    return found.item.get("public_key") if found.item else None


def _several(wanted: Wanted, there: dict[Connection, str]) -> ConflictError:
    places = "; ".join(sorted(f"{connection.location} has {key[:60]}" for connection, key in there.items()))
    return ConflictError(
        f"{wanted.subject} is not the same everywhere: {places}",
        hint="Give the public_key that all shall have, and replace: true, or delete the others.",
    )


class _NewKey:
    """A key pair that is generated when the first Location needs it; its private key exists once."""

    def __init__(self, wanted: Wanted, path: str | None) -> None:
        self._wanted = wanted
        self._path = path
        self._lock = Lock()
        self._public = ""
        self._private = ""
        self._given: list[Connection] = []
        """The Locations that may have the public key."""

    def public(self, connection: Connection) -> str:
        """The public key, for a Location. Raises InputError where the private key cannot be written."""
        with self._lock:
            if not self._public:
                public, private = _generated()
                if self._path:
                    _write(self._path, private)
                self._public, self._private = public, private
            self._given.append(connection)
            return self._public

    def handed_out(self, results: list[Result[Change]]) -> list[Result[Change]]:
        """The results: the first that has changed gets the private key, unless a file has it.

        If no Location got the key pair, it goes: a file is removed. Where an answer was lost, a Location may have it
        nevertheless: the file stays for the next run, or without one the key pair is withdrawn.
        """
        if not self._private:
            return results
        for at, result in enumerate(results):
            change = result.value
            if change and change.changed:
                if not self._path:
                    output = {"resource": {**change.output["resource"], "private_key": self._private}}
                    results[at] = replace(result, value=replace(change, output=output))
                return results
        given = {connection.location.name for connection in self._given}
        if not any(isinstance(result.error, PERHAPS_DONE) for result in results if result.location.name in given):
            if self._path:
                Path(self._path).unlink()
            return results
        left = {outcome.item.location.name: outcome.error for outcome in self.withdrawn() if outcome.error}
        for result in results:
            if result.error and result.location.name in left:
                result.error.add_residue(left[result.location.name].residue[-1])
        return results

    def withdrawn(self) -> list[Outcome[Connection, None]]:
        """Delete the key pair where it was created, unless a file has the private key: then the next run goes on.

        Returns an outcome, with residue, for each Location that may keep it. Another interrupt ends this.
        """
        if self._path or not self._given:
            return []
        connections = [Connection(connection.region) for connection in self._given]  # those of the run are cancelled
        try:
            outcomes = each(connections, self._withdraw, Limits(len(connections), _WITHDRAWAL))
        except InterruptError as interrupt:
            outcomes = list(interrupt.outcomes)
        left = [outcome for outcome in outcomes if outcome.error]
        for outcome in left:
            if outcome.error:
                outcome.error.add_residue(
                    f"{self._wanted.subject} could not be removed: {outcome.error.message}. The next run does not "
                    "remove it either: nobody has its private key, so delete it"
                )
        return left

    def _withdraw(self, connection: Connection) -> None:
        gone = replace(self._wanted, state="absent")
        found = survey(connection, gone)
        if not same(self._public, _key_of(found)):
            return
        step = step_of(Member(connection, found), gone, _WITHDRAWAL)
        if isinstance(step, OaktreeError):
            raise step
        apply_step(connection, step)


def _generated() -> tuple[str, str]:
    """A new public and private key, as OpenSSH has them."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return public.decode(), private.decode()


def _public_key_of(private: bytes) -> str:
    """The public key of a private one. Raises InputError, which shows nothing of it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    load = (
        serialization.load_ssh_private_key if b"OPENSSH PRIVATE KEY" in private else serialization.load_pem_private_key
    )
    try:
        key = load(private, None).public_key()
        return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    except (TypeError, UnsupportedAlgorithm, ValueError):
        raise InputError(
            "private_key_path: the file is there, and holds no private key that can be read without a passphrase",
            hint="Give public_key or public_key_path, or another path.",
        ) from None


def _read(option: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{option}: {path} is not a regular file")
            return file.read(_LONGEST)
    except OSError as exc:
        raise InputError(f"{option}: {path} cannot be read: {exc.strerror}") from exc


def _write(path: str, private: str) -> None:
    """Write a file that was not there, for its owner only."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write(private)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise InputError(f"private_key_path: {path} cannot be written: {exc.strerror}") from exc
