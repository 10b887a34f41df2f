# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings in a cloud's entry in clouds.yaml, parsed once: the one place that reads its keys.

openstacksdk has already merged the entry with the vendor's profile, secure.yaml and the region's own values.
"""

from __future__ import annotations

import json
import math
import os
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.errors import ConfigError
from .._core.location import Project
from .._core.retry import BUSY, Policy, Rule
from .._core.text import SECRET_KEY, keep_secret
from .._local.request_queue import Limit
from .service_types import all_types, official_type
from .urls import is_url, keystone_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openstack.config.cloud_region import CloudRegion

DEFAULT_API_TIMEOUT = 30.0
"""Seconds."""

DEFAULT_ANSWER_LIMIT_MIB = 64
"""A thousand servers take some six."""
MOST_MIB = 1 << 20

_OPTIONS = ("service_type", "service_name", "interface", "region_name", "endpoint_override", "endpoint")
_LIMITS = ("rate_limit", "concurrency")
_MAX_LIMIT = 1e9
_SECRET = re.compile(r"pass|secret|token$", re.IGNORECASE)
"""Options whose values only the user knows, unlike some that `SECRET_KEY` masks, as ``access_token_endpoint``."""
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_OWN_ENDPOINTS = ("_endpoint", "_endpoint_override", "_region_name")
_RETRIES = ("status_code_retries", "connect_retries", "status_code_retry_delay", "connect_retry_delay")
_STATUSES = "retriable_status_codes"
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

LONGEST_PAUSE = 8.0
"""Seconds between two attempts at a request, at the most, unless clouds.yaml or the service asks for more."""


@dataclass(frozen=True)
class Settings:
    """The entry of one region. A setting that is missing is None, or has its default."""

    config: CloudRegion = field(repr=False)
    """openstacksdk's object, for what only it can compute."""
    region: str | None
    project: Project
    """As far as the auth section names it."""
    auth_url: str
    """Empty if the auth section has none."""
    credentials_key: str = field(repr=False)
    """All that authentication depends on, secrets included. Entries with equal keys can share a token."""
    has_secret: bool
    """Whether a password, a token or the like is among it, so that nobody else knows all of it."""
    verify: bool | str
    """Whether to verify certificates, or the file of trusted authorities."""
    cert: Any
    """The client certificate, in the form of requests."""
    api_timeout: float
    """Seconds for one request."""
    answer_limit: int
    """Bytes of an answer that is read as a whole: ``answer_limit_mib``."""
    image_format: str | None
    """The disk_format of uploads."""
    image_api_use_tasks: bool
    image_api_version: str | None
    upload_properties: Mapping[str, str]
    """Custom properties for uploaded images, from ``disable_vendor_agent``: they disable the vendor's agent."""

    @classmethod
    def of(cls, config: CloudRegion, api_timeout: float | None = None) -> Settings:
        """Parse and check the entry; ``api_timeout`` takes precedence over its own. Raises ConfigError.

        This also checks what the libraries would report only at the first request, less clearly.
        """
        entry, auth = config.config, config.get_auth_args()
        verify, cert = config.get_requests_verify_args()
        keep_secret(*(value for key, value in auth.items() if SECRET_KEY.search(key)))
        credentials = [entry.get("auth_type"), auth, (verify, cert)]
        version = entry.get("image_api_version")
        settings = cls(
            config=config,
            region=config.get_region_name() or None,
            project=Project(
                auth.get("project_id") or auth.get("tenant_id"),
                auth.get("project_name") or auth.get("tenant_name"),
                auth.get("project_domain_id"),
                auth.get("project_domain_name"),
            ),
            auth_url=auth.get("auth_url") or "",
            credentials_key=json.dumps(credentials, sort_keys=True, default=str),
            has_secret=any(value for key, value in auth.items() if _SECRET.search(key)),
            verify=_trusted(verify),
            cert=cert,
            api_timeout=_api_timeout(api_timeout or entry.get("api_timeout") or DEFAULT_API_TIMEOUT),
            answer_limit=_answer_limit(entry.get("answer_limit_mib")),
            image_format=entry.get("image_format"),
            image_api_use_tasks=str(entry.get("image_api_use_tasks")).lower() == "true",
            image_api_version=str(version) if version else None,
            upload_properties={str(k): str(v) for k, v in (entry.get("disable_vendor_agent") or {}).items()},
        )
        if entry.get("auth_type") == "password" and auth.get("password") is None:
            raise ConfigError("its auth section has no password")
        if settings.auth_url and not is_url(settings.auth_url):
            raise ConfigError(f"auth_url {settings.auth_url!r} is not an https or http URL")
        check_limits(entry)
        check_retries(entry)
        for path in (verify, *(cert if isinstance(cert, tuple) else [cert])):
            if isinstance(path, str) and not Path(path).exists():
                raise ConfigError(f"the certificate or key file {path} does not exist")
        return settings

    @property
    def identity(self) -> str:
        """Who asks which Keystone, for which project, as configured. Holds no secret, and outlives a new password."""
        auth = self.config.get_auth_args()
        return json.dumps({k: auth[k] for k in auth if not SECRET_KEY.search(k)}, sort_keys=True, default=str)

    @property
    def account_key(self) -> str:
        """All by which Keystone identifies and authenticates the user, secrets included: the same on every machine."""
        auth = self.config.get_auth_args()
        return json.dumps([self.config.config.get("auth_type"), auth], sort_keys=True, default=str)

    @property
    def keystone(self) -> str:
        """The Keystone that the region belongs to. Two entries with the same one may list the same resources.

        An entry without Keystone shares none with any other entry.
        """
        return keystone_root(self.auth_url) or f"none of {self.config.name}"

    @property
    def has_own_endpoints(self) -> bool:
        """Whether the entry names endpoints, or regions of services, so that the catalog need not have its region."""
        entry = self.config.config
        return any(value and key.replace("-", "_").endswith(_OWN_ENDPOINTS) for key, value in entry.items())

    @property
    def image_api(self) -> str:
        """The major version of the image API to use, "1" or "2"."""
        return "1" if (self.image_api_version or "2").partition(".")[0] == "1" else "2"

    def interface(self, service_type: str) -> str:
        """Which of a service's endpoints to use: public, internal or admin."""
        interface = self.config.get_interface(service_type)
        return interface if isinstance(interface, str) else "public"

    def service(self, service_type: str) -> dict[str, Any]:
        """The arguments of keystoneauth1's adapter for a service.

        openstacksdk can compute them, but copies its table of all services for each, a quarter of the work for a
        Location. So it is used only if the entry has an option for this service, or if the auth section may have an
        endpoint.
        """
        config = self.config
        names = [name.replace("-", "_") for name in all_types(service_type)]
        own = any(f"{name}_{option}" in config.config for name in names for option in _OPTIONS)
        if own or config.config.get("auth_type") == "none" or service_type == "identity":
            return {
                "service_type": config.get_service_type(service_type),
                "service_name": config.get_service_name(service_type),
                "interface": config.get_interface(service_type),
                "region_name": config.get_region_name(service_type) or None,
                "endpoint_override": config.get_endpoint(service_type),
            }
        return {
            "service_type": official_type(service_type),
            "service_name": None,
            "interface": config.get_interface(),
            "region_name": self.region,
            "endpoint_override": None,
        }

    def limit(self, service_type: str) -> Limit:
        """The entry's limit for a service; see `configured_limit`."""
        return configured_limit(self.config.config, service_type)

    def retries(self, service_type: str) -> Policy:
        """How often requests to a service are repeated; see `configured_retries`."""
        return configured_retries(self.config.config, service_type)


def _trusted(verify: Any) -> bool | str:
    """What requests would trust by the environment, which it does not read with this collection's session.

    Raises ConfigError if that does not exist.
    """
    variable = next((name for name in _BUNDLES if os.environ.get(name)), None)
    if verify is not True or variable is None:
        trusted: bool | str = verify
        return trusted
    if not Path(os.environ[variable]).exists():
        raise ConfigError(
            f"{variable} in the environment names {os.environ[variable]}, which does not exist",
            hint=f"Correct {variable}, or name the file of trusted authorities as cacert in the cloud's entry in "
            "clouds.yaml.",
        )
    return os.environ[variable]


def _api_timeout(value: Any) -> float:
    try:
        timeout = float(value)
    except (OverflowError, TypeError, ValueError):
        timeout = 0.0
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise ConfigError(f"api_timeout must be a number of seconds greater than zero, not {value!r}")
    return timeout


def configured_limit(entry: Mapping[str, Any], service_type: str) -> Limit:
    """An entry's limit for a service, by openstacksdk's keys or by numbers for all services.

    For compute, in order of precedence: ``compute_rate_limit: 5``, ``rate_limit: {compute: 5}``, ``rate_limit: 5``;
    likewise with ``concurrency``.
    """
    rate, concurrency = (_limit(entry, key, service_type) for key in _LIMITS)
    return Limit(None if rate is None else float(rate), None if concurrency is None else int(concurrency))


def _answer_limit(value: Any) -> int:
    try:
        mebibytes = DEFAULT_ANSWER_LIMIT_MIB if value is None else int(value)
    except (TypeError, ValueError):
        mebibytes = 0
    if not 0 < mebibytes < MOST_MIB:
        raise ConfigError(f"answer_limit_mib must be a whole number greater than zero, not {value!r}")
    return mebibytes << 20


def check_regions(entry: Any) -> None:
    """Raise ConfigError for ``regions`` of a cloud's entry that are no list: openstacksdk takes letters of a text."""
    if not isinstance(entry, dict) or isinstance(entry.get("regions", []), list):
        return
    regions = entry["regions"]
    hint = f"Write regions: [{regions}] in its entry." if isinstance(regions, str) else "Name its regions, or omit it."
    raise ConfigError("regions must be a list", hint=hint)


def profile_of(entry: Any) -> str | None:
    """The vendor profile that a cloud's entry names, by name or URL; None for an entry without one."""
    profile = (entry.get("profile") or entry.get("cloud")) if isinstance(entry, dict) else None
    return profile if isinstance(profile, str) else None


def malformed(cloud: str, entry: Any, exc: Exception) -> ConfigError:
    """The error of an entry that openstacksdk does not check, by what it breaks in there."""
    unexpected = _UNEXPECTED.search(str(exc))
    if not unexpected:
        return ConfigError(f"the entry of cloud {cloud!r} is malformed: {type(exc).__name__}: {exc}")
    auth_type = entry.get("auth_type") if isinstance(entry, dict) else None
    hint = "Correct the name, or set the auth_type that takes it."
    if unexpected[1].startswith("application_credential_"):
        hint = "Set auth_type: v3applicationcredential in the cloud's entry, beside auth."
    what = f"{unexpected[1]}, which auth_type {auth_type or 'password'} does not take"
    return ConfigError(f"the auth section of cloud {cloud!r} has {what}", hint=hint)


def check_limits(entry: Mapping[str, Any]) -> None:
    """Raise ConfigError for a limit that is not a number greater than zero."""
    for key, value in entry.items():
        for end in _LIMITS:
            if key == end or key.endswith(f"_{end}"):
                for limit in value.values() if isinstance(value, dict) else [value]:
                    _check_limit(key, limit, whole=end == "concurrency")


def configured_retries(entry: Mapping[str, Any], service_type: str) -> Policy:
    """How often requests to a service are repeated, by the keys that openstacksdk passes to keystoneauth1.

    For compute, in order of precedence: ``compute_status_code_retries: 5``, ``status_code_retries: 5``, and likewise
    with the others. Without them a service that is busy is asked again until the deadline.
    """
    code_retries, connect_retries, code_delay, connect_delay = (
        _of_service(entry, key, service_type) for key in _RETRIES
    )
    busy = Rule(math.inf if code_retries is None else int(code_retries) + 1, _seconds(code_delay))
    statuses = _statuses(_of_service(entry, _STATUSES, service_type))
    connect = None
    if connect_retries is not None or connect_delay is not None:
        attempts = Policy.attempts if connect_retries is None else int(connect_retries) + 1
        connect = Rule(attempts, _seconds(connect_delay))
    return Policy(busy=busy, statuses=statuses, connect=connect, longest=LONGEST_PAUSE)


def _of_service(entry: Mapping[str, Any], key: str, service_type: str) -> Any:
    if not any(name.endswith(key) for name in entry):
        return None
    names = [f"{name.replace('-', '_')}_{key}" for name in all_types(service_type)]
    return next((entry[name] for name in (*names, key) if entry.get(name) is not None), None)


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def _statuses(value: Any) -> tuple[int, ...]:
    """A list, or a text with commas, as openstacksdk takes it."""
    if value is None:
        return BUSY
    return tuple(int(status) for status in (value.split(",") if isinstance(value, str) else value))


def check_retries(entry: Mapping[str, Any]) -> None:
    """Raise ConfigError for a key of `configured_retries` that cannot be used."""
    for key, value in entry.items():
        if value is None or not key.endswith((*_RETRIES, _STATUSES)):
            continue
        try:
            if key.endswith(_STATUSES):
                usable = bool(_statuses(value)) or value == []
            else:
                usable = 0 <= (float if key.endswith("_delay") else int)(value) < _MAX_LIMIT
        except (TypeError, ValueError):
            usable = False
        if not usable:
            kind = "a list of HTTP statuses" if key.endswith(_STATUSES) else "a number, zero or more"
            raise ConfigError(f"{key} must be {kind}, not {value!r}")


def _check_limit(key: str, limit: Any, *, whole: bool) -> None:
    try:
        number = 1.0 if limit is None else float(limit)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < _MAX_LIMIT or (whole and number % 1):
        kind = "whole number" if whole else "number"
        raise ConfigError(f"{key} must be a {kind} greater than zero, not {limit!r}")


def _limit(entry: Mapping[str, Any], key: str, service_type: str) -> Any:
    if not any(name == key or name.endswith(f"_{key}") for name in entry):
        return None
    types = all_types(service_type)
    general = entry.get(key)
    of_services = general if isinstance(general, dict) else dict.fromkeys(types, general)
    values = [entry.get(f"{name.replace('-', '_')}_{key}") for name in types] + [
        of_services.get(name) for name in types
    ]
    return next((value for value in values if value is not None), None)
