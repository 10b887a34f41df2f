# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors and warnings of the collection -> those that Ansible shows for a plugin."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.utils.display import Display

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import LIBRARIES


def require_libraries() -> None:
    """Raise AnsibleError with a clear message if a library that every plugin needs is missing."""
    for library, package in LIBRARIES:
        if importlib.util.find_spec(library) is None:
            raise AnsibleError(missing_required_lib(package))


@contextmanager
def plugin_errors(error_class: type[AnsibleError], display: Display) -> Iterator[None]:
    """Raise errors of the collection as errors of Ansible's class, and show its warnings in any case."""
    try:
        yield
    except OaktreeError as error:  # "from None": Ansible would append the message of the cause
        raise error_class(error.summary) from None
    finally:
        for text in private_files.warnings():
            display.warning(text)
