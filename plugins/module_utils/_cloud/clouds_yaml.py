# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""clouds.yaml -> the regions to connect to.

openstacksdk reads the configuration: its search path, secure.yaml, vendor profiles, per-region values.
"""

from __future__ import annotations

import json
import os
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.errors import ConfigError, InputError
from .._core.location import Location
from .._local.cache import FileCache, NoCache
from .._local.request_queue import Limit
from .auth import SharedAuth
from .connection import Region
from .sdk import make_config, read_yaml
from .settings import Settings, check_regions, malformed, profile_of
from .translate import translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack.config.cloud_region import CloudRegion
    from openstack.config.loader import OpenStackConfig

    from .._local.cache import Cache
    from .._local.cache_dogpile import DogpileStore


_DEFAULTS = dict.fromkeys(
    (
        "image_format",
        "image_status_code_retries",
        "baremetal_status_code_retries",
        "baremetal_introspection_status_code_retries",
    )
)
"""openstacksdk's defaults for every cloud (qcow2, 5), which would look like what the user configured."""


class Clouds:
    """The configured clouds. Reading the files is fast; `regions` may load a cloud's profile from the network."""

    def __init__(
        self,
        clouds_yaml: str | None = None,
        clouds_config: Mapping[str, Any] | None = None,
        api_timeout: float | None = None,
        limit: Limit | None = None,
        *,
        token_cache: bool = True,
    ) -> None:
        """From the file, from a mapping of the same form, or by the standard search path.

        Raises InputError if a file cannot be used or no cloud is configured. ``api_timeout`` (seconds) and ``limit``
        take precedence over those of the clouds. With ``token_cache`` tokens, discovery documents and microversions
        are shared with other processes.
        """
        self._api_timeout = api_timeout
        self._limit = limit or Limit()
        self._shared: dict[str, SharedAuth] = {}
        self._lock = threading.Lock()
        if clouds_config is not None:
            self._config = _from_mapping(clouds_config)
        elif clouds_yaml is not None:
            self._config = _from_file(Path(os.path.expanduser(clouds_yaml)), "clouds_yaml")  # noqa: PTH111 - no error without a home
        else:
            self._config = _from_search_path()
        _load_profiles(self._config)
        self._cache = _cache(self._config.cloud_config.get("cache")) if token_cache else NoCache()
        self._keys = {str(key): key for key in self._config.get_cloud_names()}

    @property
    def names(self) -> list[str]:
        return sorted(self._keys)

    def regions(self, cloud: str) -> list[Region]:
        """All regions of a cloud, in the order of its configuration; raises ConfigError if its entry cannot be used."""
        key = self._keys[cloud]
        try:
            check_regions(self._config.cloud_config["clouds"].get(key))
            names = [region["name"] for region in self._config._get_regions(key)]  # noqa: SLF001 - get_all() hides failures
            return [self._region(cloud, self._config.get_one(key, region_name=name)) for name in names]
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise malformed(cloud, self._config.cloud_config["clouds"].get(key), exc) from exc
        except Exception as exc:
            error = translate(exc)
            hint = error.hint if isinstance(error, ConfigError) else None
            why = "; ".join([*self._unknown_profile(key), error.message])
            raise ConfigError(f"cloud {cloud!r} cannot be configured: {why}", hint=hint) from exc

    def _unknown_profile(self, key: Any) -> list[str]:
        """What openstacksdk warns of, in its words, if the cloud has a vendor profile that it does not know.

        The settings of the profile are missing then, and their lack is the failure that it reports.
        """
        from openstack.config import vendors

        profile = profile_of(self._config.cloud_config["clouds"].get(key))
        if profile is None or "://" in profile:
            return []
        _path, file = self._config._load_vendor_file()  # noqa: SLF001 - the user's own profiles
        if profile in {*vendors.profiles(), *((file or {}).get("public-clouds") or {})}:
            return []
        return [f"Couldn't find the vendor profile {profile} for the cloud {key}"]

    def _region(self, cloud: str, config: CloudRegion) -> Region:
        settings = Settings.of(config, self._api_timeout)
        location = Location(cloud, settings.region, project=settings.project)
        cache = self._cache.of(settings.credentials_key, secret=settings.has_secret)
        return Region(location, settings, self._auth(settings, cache), cache, self._limit)

    def _auth(self, settings: Settings, cache: Cache) -> SharedAuth:
        """The SharedAuth of all regions, of whichever cloud entry, that authenticate with the same credentials."""
        plugin = settings.config.get_auth()
        if plugin is None:
            raise ConfigError("no authentication is configured")
        key = settings.credentials_key
        with self._lock:
            return self._shared.setdefault(key, SharedAuth(plugin, key, cache))


def _cache(section: Any) -> Cache | DogpileStore:
    """The cache that clouds.yaml configures: see `open_cache`, whose file only those load who configure one."""
    if section is None:
        return FileCache()
    from .._local.cache_dogpile import open_cache

    return open_cache(section)


def _load_profiles(config: OpenStackConfig) -> None:
    """Have openstacksdk read its vendor profiles here: threads would do it at the same time, without a lock."""
    from openstack.config import vendors

    entries = config.cloud_config["clouds"].values()
    if any(map(profile_of, entries)):
        vendors.profiles()


def _from_mapping(clouds: Mapping[str, Any]) -> OpenStackConfig:
    entries = clouds.get("clouds")
    if not isinstance(entries, dict) or not entries:
        raise InputError(
            "clouds_config: it has no clouds",
            hint="Give it the form of clouds.yaml: {clouds: {NAME: {auth: {...}, region_name: ...}}}.",
        )
    config = make_config(load_yaml_config=False, load_envvars=False, override_defaults=_DEFAULTS)
    config.cloud_config = {"clouds": entries, "cache": clouds.get("cache")}
    return config


def _from_file(path: Path, option: str) -> OpenStackConfig:
    _check_file(path, option)
    secure = [str(path.with_name(f"secure{ending}")) for ending in (".yaml", ".yml", ".json")]
    _check_secure(next(filter(os.path.lexists, secure), None))
    return _read_config(config_files=[str(path)], secure_files=secure, load_envvars=False)


def _from_search_path() -> OpenStackConfig:
    from openstack.config.loader import CONFIG_FILES, SECURE_FILES

    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    if named:
        _check_file(Path(named), "OS_CLIENT_CONFIG_FILE")
    else:
        found = next((path for path in CONFIG_FILES if os.access(path, os.F_OK)), None)
        if found:
            _check_file(Path(found), "clouds.yaml")
    secure = os.environ.get("OS_CLIENT_SECURE_FILE")
    if secure:
        _load(Path(secure), "OS_CLIENT_SECURE_FILE")
    else:  # what only administrators may read is not this user's
        _check_secure(next((path for path in SECURE_FILES if os.access(path, os.R_OK)), None))
    config = _read_config()
    if not (os.environ.get("OS_AUTH_URL") or os.environ.get("OS_AUTH_TYPE")):
        config.cloud_config["clouds"].pop(config.envvar_key, None)  # made of any variable that begins with OS_
    if config.config_filename is None and set(config.get_cloud_names()) <= {"defaults"}:
        raise InputError(
            "no cloud is configured: no clouds.yaml was found",
            hint=f"Write one to any of {', '.join(dict.fromkeys(p for p in CONFIG_FILES if p.endswith('.yaml')))}; "
            "or use clouds_yaml, clouds_config or the environment variable OS_CLIENT_CONFIG_FILE.",
        )
    return config


def _read_config(**kwargs: Any) -> OpenStackConfig:
    """openstacksdk's Python warnings are suppressed: they would go to standard error, amid an inventory's output."""
    from openstack.exceptions import ConfigException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make_config(override_defaults=_DEFAULTS, **kwargs)
    except (AttributeError, ConfigException, KeyError, TypeError, ValueError) as exc:
        raise InputError(
            f"the configuration of the clouds cannot be parsed: {exc}",
            hint="Correct clouds.yaml, or secure.yaml beside it.",
        ) from exc


def _check_secure(path: str | None) -> None:
    """Raise InputError where the file that would be used cannot be read or parsed."""
    if path:
        _load(Path(path), "secure.yaml")


def _check_file(path: Path, option: str) -> None:
    """Raise InputError for a file that cannot be read or parsed, or defines no clouds."""
    data = _load(path, option)
    if not isinstance(data, dict) or not isinstance(data.get("clouds"), dict) or not data["clouds"]:
        raise InputError(f"{option}: {path} defines no clouds", hint="It needs a mapping 'clouds' at its top.")


def _load(path: Path, option: str) -> Any:
    """The content of a file. Raises InputError for one that cannot be read or parsed: openstacksdk would skip it."""
    from yaml import YAMLError

    hint = "Correct the file, or the option or variable that names it."
    try:
        return json.loads(path.read_bytes()) if path.suffix == ".json" else read_yaml(path)
    except OSError as exc:
        raise InputError(f"{option}: {path} cannot be read: {exc.strerror}", hint=hint) from exc
    except (YAMLError, ValueError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = mark.line + 1 if mark else getattr(exc, "lineno", None)
        kind = "JSON" if path.suffix == ".json" else "YAML"
        raise InputError(
            f"{option}: {path} is not valid {kind}{f' at line {line}' if line else ''}", hint=hint
        ) from exc
