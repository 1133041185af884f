"""Names are found in any case, and every page leads to the address that their owner writes."""

from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.buckets import bucket_of
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import organization
from fixtures.shown_repos import Scene, staged
from strata.core.names import RepoType


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Fill a hub that no test of this module changes."""
    folder: Path = tmp_path_factory.mktemp("spelt") / "data"
    clock = FrozenClock()
    there = staged(build_test_hub(folder, clock=clock), clock)
    created(there.hub, there.owner, "Glue", RepoType.DATASET)
    bucket_of(there.hub, there.owner, "Traces")
    organization(there.hub, "li-wei", "Acme")
    created(there.hub, made(there.hub, "Ada-L", password=None), "Secret", private=True)
    return there


@pytest.mark.parametrize(
    "path",
    [
        "/li-wei",
        "/li-wei/flan-t5-large",
        "/li-wei/flan-t5-large/tree/main",
        "/li-wei/flan-t5-large/tree/main/docs",
        "/li-wei/flan-t5-large/blob/main/load.py?plain=1",
        "/li-wei/flan-t5-large/commits/main",
        "/li-wei/flan-t5-large/commit/main",
        "/li-wei/flan-t5-large/branches",
        "/li-wei/flan-t5-large/tags",
        "/li-wei/flan-t5-large/discussions",
        "/li-wei/flan-t5-large/discussions?status=closed",
        "/li-wei/flan-t5-large/discussions/new",
        "/li-wei/flan-t5-large/discussions/1",
        "/li-wei/flan-t5-large/discussions/1/commits",
        "/li-wei/flan-t5-large/discussions/1/files",
        "/li-wei/flan-t5-large/settings",
        "/li-wei/flan-t5-large/settings/storage",
        "/li-wei/flan-t5-large/settings/publishers",
        "/li-wei/flan-t5-large/settings/collaborators",
        "/li-wei/flan-t5-large/settings/access-requests",
        "/datasets/li-wei/Glue",
        "/datasets/li-wei/Glue/settings",
        "/buckets/li-wei/Traces",
        "/buckets/li-wei/Traces/settings",
        "/Acme",
        "/organizations/Acme/settings",
        "/organizations/Acme/settings/members",
        "/organizations/Acme/settings/tokens",
        "/organizations/Acme/settings/account",
        "/organizations/Acme/settings/audit",
    ],
)
def test_every_page_leads_to_the_name_as_its_owner_writes_it(scene: Scene, path: str) -> None:
    owner = scene.visitor(scene.owner)
    assert owner.get(path).status_code == 200
    for name in ("li-wei", "flan-t5-large", "Glue", "Traces", "Acme"):
        if f"/{name}" in path:
            led = owner.get(path.replace(f"/{name}", f"/{name.upper()}"))
            assert (led.status_code, led.headers.get("location")) == (307, path)


def test_nobody_is_led_to_what_is_hidden_from_them(scene: Scene) -> None:
    for path in ("/ada-l/secret", "/ada-l/secret/tree/main", "/ada-l/SECRET/discussions"):
        answer = scene.visitor(scene.owner).get(path)
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


def test_a_form_that_is_refused_is_shown_where_it_was_sent(scene: Scene) -> None:
    refused = scene.visitor(scene.owner).post(
        "/organizations/ACME/settings", {"full_name": "x" * 500, "visibility": "public"}
    )
    assert refused.status_code == 400
