"""People, organizations, likes and storage through the unmodified clients."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from clients.api import Api, Repo, shown
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.hub import Hub, Organization, Person

As = Callable[[Person | None], Api]
Json = Any

OVERVIEWS: Final = """
    import json, sys
    from huggingface_hub import HfApi
    api = HfApi()
    person, org = api.get_user_overview(sys.argv[1]), api.get_organization_overview(sys.argv[2])
    print(json.dumps({
        "person": [person.username, person.user_type, person.num_models, person.num_likes,
                   person.num_followers, person.is_following, [o.name for o in person.orgs]],
        "org": [org.name, org.fullname, org.num_users, org.num_models, org.num_followers],
        "avatar": person.avatar_url,
        "members": sorted(u.username for u in api.list_organization_members(sys.argv[2])),
        "followers": [u.username for u in api.list_user_followers(sys.argv[1])],
        "following": [u.username for u in api.list_user_following(sys.argv[3])],
        "fans": [u.username for u in api.list_organization_followers(sys.argv[2])],
    }))
"""
LIKES: Final = """
    import json, sys
    from huggingface_hub import HfApi
    api = HfApi()
    liked = api.list_liked_repos(sys.argv[2] if len(sys.argv) > 2 else None)
    likers = [u.username for u in api.list_repo_likers(sys.argv[1])]
    print(json.dumps([liked.user, liked.total, liked.models, liked.datasets, likers]))
"""
UNLIKE: Final = """
    import sys
    from huggingface_hub import HfApi
    HfApi().unlike(sys.argv[1], repo_type="dataset")
"""
UNLIKE_MISSING: Final = """
    from huggingface_hub import HfApi
    from huggingface_hub.utils import RepositoryNotFoundError
    try:
        HfApi().unlike("missing_repo_id")
    except RepositoryNotFoundError:
        print('"missing"')
"""
CREATE: Final = """
    import json, sys
    from huggingface_hub import HfApi
    api = HfApi()
    repo = api.create_repo(sys.argv[1])
    orgs = {org["name"]: org["roleInOrg"] for org in api.whoami()["orgs"]}
    print(json.dumps([api.model_info(repo.repo_id).private, orgs]))
"""
STORAGE: Final = """
    import json, sys
    from huggingface_hub import HfApi
    repos = HfApi().list_user_repos(*sys.argv[1:])
    print(json.dumps([[r.id, r.type, r.visibility, r.storage, r.storage_percent] for r in repos]))
"""


@pytest.fixture
def organization(hub: Hub) -> Organization:
    return hub.organization("people", "read", "contributor")


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_overviews_and_lists_of_people(
    hub: Hub, api: As, client: MakeClient, organization: Organization
) -> None:
    admin, fan = organization.members["admin"], hub.user("people-fan")
    api(admin).create(Repo("model", f"{admin.name}/open"))
    api(admin).create(Repo("model", f"{admin.name}/closed"), private=True)
    for address in (f"/api/users/{admin.name}/follow", "/api/organizations/people/follow"):
        answer = api(fan).web.post(address)
        assert answer.status_code == 200, shown(answer)
    names = (admin.name, organization.name, fan.name)
    seen: Json = client(NEWEST, person=fan).value(OVERVIEWS, *names)
    assert seen["person"] == [admin.name, "user", 1, 0, 1, True, ["people"]]
    assert seen["org"][:3] == ["people", "people", 3]
    assert seen["org"][4] == 1
    assert seen["avatar"].startswith(f"{hub.url}/avatars/")
    assert api(None).web.get(seen["avatar"]).headers["Content-Type"] == "image/svg+xml"
    assert seen["members"] == ["people-admin", "people-contributor", "people-read"]
    assert seen["followers"] == seen["fans"] == [fan.name]
    assert seen["following"] == [admin.name]
    own: Json = client(NEWEST, person=admin).value(OVERVIEWS, *names)
    assert own["person"][2] == 2


@pytest.mark.parametrize("release", [NEWEST, "1.0.1", "0.36.2"])
def test_likes_are_listed_and_taken_back(
    release: str, hub: Hub, api: As, client: MakeClient
) -> None:
    owner, fan = hub.user("people-owner"), hub.user(f"people-likes-{release.replace('.', '-')}")
    model, rows = (Repo(kind, f"{fan.name}/liked") for kind in ("model", "dataset"))
    api(fan).create(model)
    api(fan).create(rows, private=True)
    for repo in (model, rows):
        assert api(fan).web.post(f"{repo.api}/like").status_code == 200
    machine, others = client(release, person=fan), client(release, person=owner)
    assert machine.value(LIKES, model.name) == [
        fan.name, 2, [model.name], [rows.name], [fan.name]
    ]  # fmt: skip
    # The private one is nobody else's business.
    assert others.value(LIKES, model.name, fan.name) == [
        fan.name, 1, [model.name], [], [fan.name]
    ]  # fmt: skip
    machine.run(UNLIKE, rows.name)
    assert machine.value(LIKES, model.name) == [fan.name, 1, [model.name], [], [fan.name]]
    assert machine.value(UNLIKE_MISSING) == "missing"


def test_an_organization_decides_what_new_repos_are(hub: Hub, client: MakeClient) -> None:
    admin = hub.user("people-private-admin")
    hub.cli("org", "create", "PeoplePrivate", "--admin", admin.name, "--visibility", "private")
    machine = client(NEWEST, person=admin)
    assert machine.value(CREATE, "PeoplePrivate/fresh") == [True, {"PeoplePrivate": "admin"}]


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_storage_lists(hub: Hub, api: As, client: MakeClient, organization: Organization) -> None:
    keeper = hub.user("people-keeper")
    machine = client(NEWEST, person=keeper)
    upload = """
        import sys
        from huggingface_hub import HfApi
        api = HfApi()
        for name, size in (("small", 1_000_000), ("large", 3_000_000)):
            repo = api.create_repo(name, private=name == "large").repo_id
            content = bytes(size)
            api.upload_file(repo_id=repo, path_or_fileobj=content, path_in_repo="w.bin")
    """
    machine.run(upload)
    assert machine.value(STORAGE) == [
        [f"{keeper.name}/large", "model", "private", 3_000_000, 75.0],
        [f"{keeper.name}/small", "model", "public", 1_000_000, 25.0],
    ]
    listed = machine.program("hf", "repos", "ls", "--search", "large", "--format", "json")
    assert [row["id"] for row in json.loads(listed.stdout)] == [f"{keeper.name}/large"]
    reader = organization.members["read"]
    api(organization.members["admin"]).create(Repo("dataset", "people/rows"), private=True)
    within: Json = client(NEWEST, person=reader).value(STORAGE, "people")
    assert ["people/rows", "dataset", "private", 0, 0.0] in [
        [*row[:4], float(row[4])] for row in within
    ]
    client(NEWEST, person=keeper).run(STORAGE, "people", fails=True)
