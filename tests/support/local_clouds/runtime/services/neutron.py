# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neutron."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from tests.support.local_clouds.runtime import http, sqlite
from tests.support.local_clouds.runtime.service import Here, Service

_DEFAULT_RULES_MIGRATION = "c33da356b165"


class Neutron(Service):
    """Neutron of one region."""

    imports = (
        "neutron.server.api",
        "neutron.db.migration.models.head",
        "neutron.plugins.ml2.plugin",
        "neutron.services.l3_router.l3_router_plugin",
        "neutron.api.v2.router",
        "keystonemiddleware.auth_token",
        http.MODULE,
    )
    databases = ("neutron",)

    def make_schema(self, database_urls: dict[str, str]) -> None:
        """From its models: its migrations do not run on SQLite.

        Of the rows that they insert a new cloud needs one set, the rules of a new security group.
        """
        from neutron.db.migration.models import head
        from neutron.db.models.securitygroup_default_rules import SecurityGroupDefaultRule
        from neutron_lib.db.standard_attr import StandardAttribute

        engine = sqlite.engine(database_urls["neutron"])
        head.get_metadata().create_all(engine)
        migration = _default_rules_migration()
        with engine.begin() as connection:
            for rule in migration.default_template_rules:
                attribute = StandardAttribute.__table__.insert().values(
                    resource_type=migration.table_name, description=rule.pop("description")
                )
                rule["standard_attr_id"] = connection.execute(attribute).inserted_primary_key[0]
                connection.execute(SecurityGroupDefaultRule.__table__.insert().values(rule))

    def serve(self, here: Here) -> None:
        """Serve its API."""
        os.environ.update(OS_NEUTRON_CONFIG_DIR=str(here.etc), OS_NEUTRON_CONFIG_FILES="neutron.conf")
        http.serve("neutron.wsgi.api", here, threads=8)


def _default_rules_migration() -> Any:
    """The module of the migration that has the default rules; its file name is no module name."""
    from neutron.db.migration import alembic_migrations

    versions = Path(alembic_migrations.__path__[0]) / "versions"
    path = next(versions.glob(f"*/expand/{_DEFAULT_RULES_MIGRATION}_*.py"))
    spec = importlib.util.spec_from_file_location("default_rules", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SERVICE = Neutron()
