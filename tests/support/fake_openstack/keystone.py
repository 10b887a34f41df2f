# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Keystone v3: tokens by password and application credential, their catalog, version discovery."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import web

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.keystone_resources import KeystoneResources
from tests.support.fake_openstack.service import Call, Identity, Refusal, Route, Service, TokenCheck

DOMAIN = {"id": "default", "name": "Default"}
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
UNAUTHORIZED = "The request you have made requires authentication."


@dataclass(frozen=True)
class User:
    """Somebody with a password, an application credential, and a role on some projects (the first is the default)."""

    name: str
    password: str
    roles: tuple[str, ...]
    projects: tuple[str, ...]
    credential_id: str
    credential_secret: str


@dataclass(frozen=True)
class Token:
    """A token that was issued."""

    identity: Identity
    method: str
    issued: datetime
    expires: datetime


Catalog = Callable[[], Mapping[str, Mapping[str, str]]]
"""Returns the URL of every service type in every region: {type: {region: url}}, $(project_id)s for the project's id."""


class Keystone(Service):
    """The identity service of one cloud."""

    kind = "identity"

    def __init__(self, cloud: str, users: Sequence[User], catalog: Catalog, knobs: Knobs, counters: Counters) -> None:
        self.resources = KeystoneResources()
        super().__init__(cloud, "", knobs, counters)
        self.users = list(users)
        self.token_seconds = 3600.0
        self.access_rules: Sequence[Mapping[str, str]] = ()
        """What application credentials may do; services that are to heed it are given a fault."""
        self._catalog = catalog
        self._tokens: dict[str, Token] = {}
        self._made = 1
        self._populate()

    def _populate(self) -> None:
        """Let the resources be those that tokens are for."""
        self.resources.add("domains", **DOMAIN)
        for user in self.users:
            self.resources.add("users", id=self.user_id(user.name), name=user.name)
        for name in sorted({project for user in self.users for project in user.projects}):
            self.resources.add("projects", id=self.project_id(name), name=name)
        for name in sorted({role for user in self.users for role in user.roles}):
            self.resources.add("roles", id=_role_id(name), name=name)

    def routes(self) -> Sequence[Route]:
        """Return what Keystone answers."""
        return [
            Route("GET", "/", self._versions, public=True),
            Route("GET", "/v3", self._version, public=True),
            Route("GET", "/v3/", self._version, public=True),
            Route("POST", "/v3/auth/tokens", self._issue, public=True),
            Route("GET", "/v3/auth/tokens", self._show),
            Route("DELETE", "/v3/auth/tokens", self._revoke),
            Route("GET", "/v3/auth/projects", self._own_projects),
            *self.resources.routes(),
            Route("*", "/{other:.*}", self.not_found, public=True),
        ]

    def tokens(self) -> TokenCheck:
        """Return itself."""
        return self

    def identify(self, token: str | None) -> Identity | None:
        """Return who a token stands for, None if it is unknown, revoked or expired."""
        found = self._tokens.get(token or "")
        return found.identity if found is not None and found.expires > datetime.now(UTC) else None

    def revoke_all(self) -> None:
        """Make every token issued so far invalid."""
        self._tokens.clear()

    def rebuild(self) -> None:
        """Make all users and projects anew, with other ids; tokens issued so far are invalid."""
        self._made += 1
        self.revoke_all()
        for items in self.resources.items.values():
            items.clear()
        self._populate()

    def project_id(self, name: str) -> str:
        """Return the id of a project."""
        return self._id("project", name)

    def user_id(self, name: str) -> str:
        """Return the id of a user."""
        return self._id("user", name)

    def _id(self, kind: str, name: str) -> str:
        suffix = "" if self._made == 1 else f".{self._made}"
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind}.{name}.{self.cloud}{suffix}").hex

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Keystone shapes it."""
        title = HTTPStatus(refusal.status).phrase
        error = {"code": refusal.status, "message": refusal.message, "title": title}
        return json_reply({"error": error}, refusal.status, refusal.headers)

    def _description(self, call: Call) -> dict[str, Any]:
        return {
            "id": "v3.14",
            "status": "stable",
            "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": f"{call.base}/v3/"}],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
        }

    async def _versions(self, call: Call) -> Reply:
        return json_reply({"versions": {"values": [self._description(call)]}}, 300)

    async def _version(self, call: Call) -> Reply:
        return json_reply({"version": self._description(call)})

    async def _issue(self, call: Call) -> Reply:
        auth = await self._auth_request(call)
        methods = auth["identity"]["methods"]
        match methods:
            case ["password"]:
                user = self._by_password(auth["identity"])
                project = self._scope(user, auth.get("scope"))
            case ["application_credential"]:
                if "scope" in auth:
                    raise Refusal(401, "Application credentials cannot request a scope.")
                user = self._by_credential(auth["identity"])
                project = user.projects[0]
            case _:
                raise Refusal(401, UNAUTHORIZED)
        identity = Identity(
            user_id=self.user_id(user.name),
            user_name=user.name,
            project_id=self.project_id(project) if project else None,
            project_name=project,
            roles=user.roles if project else (),
        )
        now = datetime.now(UTC)
        token = Token(identity, methods[0], now, now + timedelta(seconds=self.token_seconds))
        name = "gAAAAA" + secrets.token_urlsafe(129)
        self._tokens[name] = token
        self.counters.issued_token()
        return json_reply(self._token_body(token), 201, {"X-Subject-Token": name, "Vary": "X-Auth-Token"})

    @staticmethod
    async def _auth_request(call: Call) -> dict[str, Any]:
        """Return the `auth` object of a request for a token if its shape is right."""
        try:
            body = await call.json()
        except ValueError:
            raise Refusal(400, "Malformed json in request body") from None
        match body:
            case {"auth": {"identity": {"methods": [str(), *_more]} as identity} as auth}:
                missing = [method for method in identity["methods"] if not isinstance(identity.get(method), dict)]
                if not missing:
                    return dict(auth)
                raise Refusal(
                    400,
                    f"Expecting to find {missing[0]} in identity. The server could not comply with "
                    "the request since it is either malformed or otherwise incorrect.",
                )
        raise Refusal(400, "Invalid input for field 'auth': 'identity' is a required property")

    def _by_password(self, identity: Mapping[str, Any]) -> User:
        asked = identity["password"].get("user")
        if not isinstance(asked, dict) or not ("id" in asked or ("name" in asked and "domain" in asked)):
            raise Refusal(400, "Expecting to find domain in user.")
        if not isinstance(asked.get("password"), str):
            raise Refusal(400, "'password' is a required property")
        for user in self.users:
            named = self.user_id(user.name) == asked.get("id") or (
                user.name == asked.get("name") and _is_default(asked)
            )
            if named and user.password == asked["password"]:
                return user
        raise Refusal(401, UNAUTHORIZED)

    def _by_credential(self, identity: Mapping[str, Any]) -> User:
        asked = identity["application_credential"]
        if not isinstance(asked.get("secret"), str) or "id" not in asked:
            raise Refusal(400, "'secret' and 'id' are required properties")
        for user in self.users:
            if user.credential_id == asked["id"] and user.credential_secret == asked["secret"]:
                return user
        raise Refusal(401, UNAUTHORIZED)

    def _scope(self, user: User, scope: Any) -> str | None:
        """Return the name of the project that a scope names, None for none."""
        if scope is None:
            return user.projects[0]
        if scope == "unscoped" or (isinstance(scope, dict) and "unscoped" in scope):
            return None
        project = scope.get("project") if isinstance(scope, dict) else None
        if not isinstance(project, dict) or not ("id" in project or ("name" in project and "domain" in project)):
            raise Refusal(400, "Expecting to find domain in project.")
        for name in user.projects:
            if self.project_id(name) == project.get("id") or (name == project.get("name") and _is_default(project)):
                return name
        raise Refusal(401, UNAUTHORIZED)

    def _token_body(self, token: Token) -> dict[str, Any]:
        who = token.identity
        body: dict[str, Any] = {
            "methods": [token.method],
            "user": {"domain": DOMAIN, "id": who.user_id, "name": who.user_name, "password_expires_at": None},
            "audit_ids": [secrets.token_urlsafe(16)],
            "issued_at": token.issued.strftime(TIME),
            "expires_at": token.expires.strftime(TIME),
        }
        if token.method == "application_credential":
            body["application_credential"] = {"id": "7", "name": "ci", "restricted": True}
            if self.access_rules:
                body["application_credential"]["access_rules"] = list(self.access_rules)
        if who.project_id is not None:
            body |= {
                "project": {"domain": DOMAIN, "id": who.project_id, "name": who.project_name},
                "is_domain": False,
                "roles": [{"id": _role_id(role), "name": role} for role in who.roles],
                "catalog": self._catalog_body(str(who.project_id)),
            }
        return {"token": body}

    def _catalog_body(self, project_id: str) -> list[dict[str, Any]]:
        names = {
            "identity": "keystone", "compute": "nova", "image": "glance", "object-store": "swift", "network": "neutron",
            "dns": "designate", "load-balancer": "octavia", "block-storage": "cinder", "orchestration": "heat",
        }  # fmt: skip
        return [
            {
                "id": uuid.uuid5(uuid.NAMESPACE_DNS, kind).hex,
                "type": kind,
                "name": names[kind],
                "endpoints": [
                    {
                        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{url}#{interface}").hex,
                        "interface": interface,
                        "region": region,
                        "region_id": region,
                        "url": url.replace("$(project_id)s", project_id),
                    }
                    for region, url in regions.items()
                    for interface in ("public", "internal", "admin")
                ],
            }
            for kind, regions in self._catalog().items()
        ]

    def _subject(self, request: web.Request) -> str:
        name = request.headers.get("X-Subject-Token", "")
        if self.identify(name) is None:
            raise Refusal(404, "Could not find token: The requested token is not known.")
        limited = self._tokens[name].method == "application_credential" and self.access_rules
        if limited and "OpenStack-Identity-Access-Rules" not in request.headers:
            raise Refusal(404, "Could not find token: it has access rules, which the service does not support.")
        return name

    async def _show(self, call: Call) -> Reply:
        name = self._subject(call.request)
        return json_reply(self._token_body(self._tokens[name]), headers={"X-Subject-Token": name})

    async def _own_projects(self, call: Call) -> Reply:
        (user,) = [user for user in self.users if user.name == call.me.user_name]
        return json_reply({"projects": [self._project(name) for name in user.projects]})

    def _project(self, name: str) -> dict[str, Any]:
        return {"id": self.project_id(name), "name": name, "domain_id": DOMAIN["id"], "enabled": True}

    async def _revoke(self, call: Call) -> Reply:
        del self._tokens[self._subject(call.request)]
        return Reply(204)


def _role_id(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_DNS, name).hex


def _is_default(named: Mapping[str, Any]) -> bool:
    """Say whether a user or project is named in the one domain there is."""
    domain = named["domain"]
    if not isinstance(domain, dict):
        raise Refusal(400, f"{domain!r} is not of type 'object'")
    return domain.get("id") == DOMAIN["id"] or domain.get("name") == DOMAIN["name"]
