# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openstacksdk's configuration, without importing the rest of the library.

Its top-level package imports the proxies and resources of all services, some 500 modules, which takes longer than
all else that a task does at its start. Only the configuration is used here, and it needs none of them. It is loaded in
a tenth of the time, and without a search of all installed packages.
"""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, distribution
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openstack.config.loader import OpenStackConfig

_PLUGINS = {"password", "token", "v3password", "v3token", "v3applicationcredential"}
"""The auth plugins of nearly all clouds; keystoneauth1 contains them."""

_lock = threading.Lock()


def postpone_services() -> None:
    """Make the package `openstack` run its own code only when an attribute is first used that this code defines.

    Its submodules can be imported as usual, before and after. Nothing happens if the package is already imported.
    """
    if "openstack" in sys.modules:
        return
    spec = find_spec("openstack")
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        return
    package, load = module_from_spec(spec), spec.loader.exec_module

    def attribute(name: str) -> Any:
        """Look up an attribute that the package does not have yet (PEP 562)."""
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


def make_config(**kwargs: Any) -> OpenStackConfig:
    """An OpenStackConfig of these arguments that threads can share.

    If openstacksdk renames the two methods that are overridden, it only becomes slower.
    """
    from openstack.config.loader import OpenStackConfig
    from yaml import YAMLError

    class Config(OpenStackConfig):
        def _load_yaml_json_file(self, filelist: list[str]) -> Any:
            """The first file, if `read_yaml` can read it; openstacksdk handles the rest."""
            with suppress(OSError, ValueError, YAMLError):
                path = next((path for path in filelist if Path(path).exists()), "")
                if path.endswith((".yaml", ".yml")):
                    return path, read_yaml(Path(path))
            return super()._load_yaml_json_file(filelist)

        def _get_auth_loader(self, config: dict[str, Any]) -> Any:
            """Load common plugins without stevedore, which reads the entry points of all installed packages.

            It caches them in a file for each search path. A module has a new search path on each run, because Ansible
            runs it from an archive of its own.
            """
            with _lock:  # else each thread reads them
                plugin = _plugins().get(config["auth_type"])
                return plugin.load()() if plugin else super()._get_auth_loader(config)

    return Config(**kwargs)


def read_yaml(path: Path) -> Any:
    """Parse a file, with PyYAML's C loader if available; raises OSError, UnicodeDecodeError and YAMLError."""
    import yaml

    with path.open(encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


@cache
def _plugins() -> dict[str, EntryPoint]:
    entry_points = distribution("keystoneauth1").entry_points.select(group="keystoneauth1.plugin")
    return {entry_point.name: entry_point for entry_point in entry_points if entry_point.name in _PLUGINS}
