# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openstacksdk without what nobody here uses of it.

Its top-level package imports the proxies and resources of all services, some 500 modules, which takes longer than
all else that a task does at its start. The configuration, which is all that we use, needs none of them.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec, module_from_spec
from typing import Any


def postpone_services() -> None:
    """Have the package `openstack` run its own code when somebody first asks it for something that only this defines.

    Its submodules can be imported as ever, before and after. Nothing happens where it is already imported.
    """
    if "openstack" in sys.modules:
        return
    spec = find_spec("openstack")
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        return
    package, load = module_from_spec(spec), spec.loader.exec_module

    def attribute(name: str) -> Any:
        """Find what the package does not have yet (PEP 562)."""
        try:
            return importlib.import_module(f"openstack.{name}")
        except ModuleNotFoundError as exc:
            if exc.name != f"openstack.{name}":
                raise
        load(package)
        if vars(package).get("__getattr__") is attribute:
            del vars(package)["__getattr__"]
        return getattr(package, name)

    vars(package)["__getattr__"] = attribute
    sys.modules["openstack"] = package
