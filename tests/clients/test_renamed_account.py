"""Somebody takes another username: what was made under the old one goes on working (S-011)."""

import re
from pathlib import Path
from typing import Final

import pytest
from httpx import Client

from clients.api import Repo, speaking_as
from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.git import address, machine
from clients.hub import Hub, Person
from clients.ssh_hubs import options, ssh_hub, trust, with_key
from clients.visits import browser
from fixtures.keys import SshPair, ran, ssh_pair

pytestmark = pytest.mark.slow

OLD, NEW = Repo("model", "ana/thing"), Repo("model", "anna/thing")
UPLOAD: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    api.create_repo(sys.argv[1], private=True)
    api.upload_file(path_or_fileobj=b"hello", path_in_repo="a.txt", repo_id=sys.argv[1])
"""
DOWNLOAD: Final = """
    import json, sys
    from huggingface_hub import HfApi, hf_hub_download
    api, repo = HfApi(), sys.argv[1]
    read = open(hf_hub_download(repo, "a.txt")).read()
    print(json.dumps([api.whoami()["name"], api.model_info(repo).id, read]))
"""


def test_what_was_made_before_goes_on_under_both_names(
    start_hub: StartHub, client: MakeClient, tmp_path: Path
) -> None:
    hub, port = ssh_hub(start_hub)
    ana, pair = hub.user("ana"), ssh_pair(tmp_path / "keys")
    with_key(hub, "ana", pair)
    client(NEWEST, person=ana, endpoint=hub.url).run(UPLOAD, OLD.name)
    renames(hub, ana)

    with speaking_as(hub.url, ana) as api:  # with the token of before
        leads_on(api.web, "/api/models/{}/thing", "/{}/thing/resolve/main/a.txt")
    for repo in (OLD, NEW):
        reader = client(NEWEST, person=ana, endpoint=hub.url)  # with an empty cache
        assert reader.value(DOWNLOAD, repo.name) == ["anna", NEW.name, "hello"]
    pushed_over_http(hub, ana, tmp_path / "laptop")
    pushed_over_ssh(pair, tmp_path, port)
    with speaking_as(hub.url, ana) as api:
        listed = api.web.get(f"/api/models/{NEW.name}/tree/main").json()
    written = [f"{way}-{name}.txt" for way in ("http", "ssh") for name in ("ana", "anna")]
    assert {one["path"] for one in listed} >= {"a.txt", *written}
    hub.require_clean_log()


def renames(hub: Hub, ana: Person) -> None:
    """Take the other name on the page; pages lead on from now."""
    with browser(hub.url) as here:
        here.log_in(ana.name, ana.password)
        done = here.submit("/settings/account", "/settings/account/username", username="anna")
        assert (done.status_code, done.headers["location"]) == (303, "/settings/account")
        leads_on(here.web, "/{}", "/{}/thing", "/{}/thing/tree/main")


def leads_on(web: Client, *places: str) -> None:
    """What is asked for under the old name is found under the new one."""
    for place in places:
        answer = web.get(place.format("ana"), follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, place.format("anna"))


def owner(repo: Repo) -> str:
    return repo.name.partition("/")[0]


def pushed_over_http(hub: Hub, ana: Person, home: Path) -> None:
    git = machine(home, ana)
    for repo in (OLD, NEW):
        clone = git.clone(address(hub, repo, ana))
        assert (clone / "a.txt").read_text() == "hello"
        (clone / f"http-{owner(repo)}.txt").write_text("x")
        git.commit(clone, f"By {repo.name}")
        git.git("push", "origin", "main", within=clone)


def pushed_over_ssh(pair: SshPair, folder: Path, port: int) -> None:
    known = folder / "known_hosts"
    trust(known, port)
    command = " ".join(["ssh", *options(pair, known, port)])
    git = ["git", "-c", f"core.sshCommand={command}", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    greeted = ran("ssh", *options(pair, known, port), "-T", "git@127.0.0.1")
    assert re.match("Hi anna,", greeted)
    for repo in (OLD, NEW):
        clone = folder / f"ssh-{owner(repo)}"
        ran(*git, "clone", "-q", f"git@127.0.0.1:{repo.name}", str(clone))
        (clone / f"ssh-{owner(repo)}.txt").write_text("x")
        ran(*git, "-C", str(clone), "add", "--all")
        ran(*git, "-C", str(clone), "commit", "-q", "-m", f"By {repo.name}")
        ran(*git, "-C", str(clone), "push", "-q", "origin", "HEAD:main")
