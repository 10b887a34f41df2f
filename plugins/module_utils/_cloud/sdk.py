# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openstacksdk's configuration, loaded quickly.

The top-level package imports the proxies and resources of all services, some 500 modules, which takes longer than
all other work at the start of a task. The configuration, which is all that this collection uses, needs none of them.
It is read in a tenth of the time, and without a search through all installed packages.
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
    from types import ModuleType

    from openstack.config.loader import OpenStackConfig

_PLUGINS = {"password", "token", "v3password", "v3token", "v3applicationcredential"}
"""The auth plugins that nearly all clouds use, all of which are part of keystoneauth1."""

_lock = threading.Lock()
_loading = threading.RLock()
_begun: list[ModuleType] = []
"""The postponed packages whose code runs, or has run."""


def postpone_services() -> None:
    """Defer the code of the package `openstack` until something that it defines itself is first used.

    Its submodules can be imported as usual, before and after. If the package is already imported, nothing changes.

    For the process of a module only, which belongs to this collection: this puts a package of our making into
    `sys.modules`, which other collections in the process of ansible-playbook or ansible-inventory must not find there.
    """
    _postpone("openstack", with_submodules=True)


def postpone_unused() -> None:
    """Defer likewise what the libraries import although few tasks use it, or none.

    keystoneauth1 needs netaddr for addresses in the bodies of requests, openstacksdk jsonpatch and jmespath for
    resources, and requests charset_normalizer for texts of unknown encoding.
    """
    for name in ("netaddr", "jsonpatch", "jmespath", "charset_normalizer"):
        package = _postpone(name)
        if package and name == "charset_normalizer":
            with suppress(ImportError):  # without it requests, which compares the version, loads the rest
                vars(package)["__version__"] = importlib.import_module(f"{name}.version").__version__


def _postpone(name: str, *, with_submodules: bool = False) -> ModuleType | None:
    """The package, or module, whose code is deferred; None where it is imported already, or cannot be found.

    An attribute may also be a submodule ``with_submodules``, which does not load the package.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return None
    package, load = module_from_spec(spec), spec.loader.exec_module

    def attribute(of_package: str) -> Any:
        """An attribute that the package does not have yet (PEP 562)."""
        if with_submodules:
            try:
                return importlib.import_module(f"{name}.{of_package}")
            except ModuleNotFoundError as exc:
                if exc.name != f"{name}.{of_package}":
                    raise
        with _loading:
            if vars(package).get("__getattr__") is attribute:
                if package in _begun:  # by this thread: the package asks for what it is about to import
                    raise AttributeError(f"module {name!r} has no attribute {of_package!r}")
                _begun.append(package)
                try:
                    load(package)
                except BaseException:
                    _begun.remove(package)
                    raise
                if vars(package).get("__getattr__") is attribute:
                    del vars(package)["__getattr__"]
        return getattr(package, of_package)

    vars(package)["__getattr__"] = attribute
    sys.modules[name] = package
    return package


def make_config(**kwargs: Any) -> OpenStackConfig:
    """An OpenStackConfig of these arguments that threads can share.

    If a release of openstacksdk renames the two methods that are faster here, the configuration only loads more slowly.
    """
    from openstack.config.loader import OpenStackConfig
    from yaml import YAMLError

    class Config(OpenStackConfig):
        def _load_yaml_json_file(self, filelist: list[str]) -> Any:
            """The first file, if `read_yaml` can read it; openstacksdk handles all other cases."""
            with suppress(OSError, ValueError, YAMLError):
                path = next((path for path in filelist if Path(path).exists()), "")
                if path.endswith((".yaml", ".yml")):
                    return path, read_yaml(Path(path))
            return super()._load_yaml_json_file(filelist)

        def _get_auth_loader(self, config: dict[str, Any]) -> Any:
            """The loader of a common plugin without stevedore, which reads the metadata of all installed packages.

            Stevedore caches that in a file for each search path, but every run of a module, from an archive of its
            own, has another search path.
            """
            with _lock:  # else each thread reads them
                plugin = _plugins().get(config["auth_type"])
                return plugin.load()() if plugin else super()._get_auth_loader(config)

    return Config(**kwargs)


def read_yaml(path: Path) -> Any:
    """The content of the file, by PyYAML's C loader if available; raises OSError, UnicodeDecodeError and YAMLError."""
    import yaml

    with path.open(encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


@cache
def _plugins() -> dict[str, EntryPoint]:
    entry_points = distribution("keystoneauth1").entry_points.select(group="keystoneauth1.plugin")
    return {entry_point.name: entry_point for entry_point in entry_points if entry_point.name in _PLUGINS}
