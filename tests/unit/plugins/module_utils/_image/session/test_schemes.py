# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which schemes are possible for a session, and which one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import (
    ImageCapabilities,
    ObjectStore,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.schemes import (
    SessionSchemes,
    survey_schemes,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.survey import survey_sessions
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.image_contexts import case
from tests.support.upload_session import DESIRED, SessionSite, content

STORE = ObjectStore(
    "https://swift", None, slo=True, slo_max_segments=None, slo_min_segment_size=None, tempurl_digests=("sha1",)
)


def offers(
    *methods: str, tasks: bool = False, signed: bool = True, store: bool = True, **survey: Any
) -> SessionSchemes:
    """The schemes of a Location with these import methods."""
    found = {"tasks": tasks, "object_store": store, **survey}
    context = case("north", ImageCapabilities(methods, ()), survey=found)
    swift = replace(STORE, tempurl_digests=STORE.tempurl_digests if signed else ())
    return SessionSchemes(context, swift if store else None, "" if store else "no catalog entry")


CHOICES: list[tuple[SessionSchemes, str | None, str]] = [
    (offers("web-download"), None, "swift because signed URLs need no credentials where the data is sent from"),
    (offers(tasks=True), None, "swift because signed URLs"),
    (
        offers(),
        None,
        "v2_put because the image service cannot import from the object store: the import method web-download is not ",
    ),
    (offers("web-download", signed=False), None, "v2_put because the object store has no signed URLs"),
    (offers("web-download", store=False), None, "v2_put because there is no object store: no catalog entry"),
    (offers("glance-direct"), "glance_direct", "glance_direct because the task asks for it"),
    (offers("web-download"), "v2_put", "v2_put because the task asks for it"),
    (offers(use_tasks=True, tasks=True), "v2_put", "v2_put because the task asks for it"),
]


@pytest.mark.parametrize(("schemes", "requested", "reason"), CHOICES)
def test_the_scheme_follows_from_the_capabilities(schemes: SessionSchemes, requested: str | None, reason: str) -> None:
    scheme, why = schemes.choose(requested)
    assert why.startswith(reason)
    assert reason.startswith(scheme)


@pytest.mark.parametrize(
    ("schemes", "requested", "possible"),
    [
        (offers("glance-direct"), "swift", "v2_put, glance_direct"),
        (offers("web-download"), "glance_direct", "swift, v2_put"),
        (offers(), "swift", "v2_put"),
    ],
)
def test_a_scheme_that_is_not_possible_is_refused(schemes: SessionSchemes, requested: str, possible: str) -> None:
    with pytest.raises(RefusedError, match=f"scheme {requested} is not possible here") as refused:
        schemes.choose(requested)
    assert refused.value.hint == f"Possible schemes: {possible}."


def test_tasks_that_take_no_urls_are_of_no_use() -> None:
    vendor = offers(use_tasks=True, tasks=True)
    assert vendor.imports == []
    with pytest.raises(RefusedError, match=r"swift: .*tasks do not take URLs here; v2_put: image_api_use_tasks"):
        vendor.choose(None)


def test_imports_by_preference() -> None:
    assert [scheme.NAME for scheme in offers("web-download", tasks=True).imports] == ["web_download", "swift_task"]
    assert [scheme.NAME for scheme in offers(tasks=True).imports] == ["swift_task"]
    assert offers("web-download", tasks=True, store=False).imports == []


def survey(site: SessionSite) -> SessionSchemes:
    def work(connection: Any) -> SessionSchemes:
        context = survey_sessions(connection, DESIRED).context(connection, DESIRED, content().fingerprint())
        site.clouds.counters.reset()
        return survey_schemes(connection, context)

    return site.ask(work)


def test_four_requests_ask_what_the_location_offers(site: SessionSite) -> None:
    site.region.glance.task_api.style = "upstream"
    found = survey(site)
    assert [scheme.NAME for scheme in found.imports] == ["web_download", "swift_task"]
    assert found.object_store
    assert site.clouds.counters.requests() == 4


def test_what_the_location_does_not_have(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    site = SessionSite(fake_openstack(), tmp_path)
    site.region.glance.import_methods = []
    found = survey(site)
    assert (found.object_store, found.imports) == (None, [])
    assert "object-store" in found.missing
    assert found.choose(None)[0] == "v2_put"


def test_a_busy_image_service_is_not_one_that_cannot_import(site: SessionSite) -> None:
    site.region.fault("GET", r"/info/import$", Answer(500))
    with pytest.raises(ServerError):
        survey(site)


def test_an_old_image_api_is_refused(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    site = SessionSite(fake_openstack(image_api="v1", object_store=True), tmp_path)
    for requested in (None, "v2_put", "swift", "glance_direct"):
        with pytest.raises(RefusedError, match=r"the image API is v1|glance-direct is not offered"):
            survey(site).choose(requested)
