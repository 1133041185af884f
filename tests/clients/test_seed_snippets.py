"""The snippets of the tutorial that started this project, word for word, in every release.

What each release is expected to do is the table of the product reference, section 1.5.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Repo
from clients.conftest import MakeClient
from clients.environments import HUB_RELEASES, NEWEST
from clients.hub import Hub, Person

SNIPPET_A: Final = """\
from huggingface_hub import hf_hub_download
hf_hub_download(repo_id="google/flan-t5-large", filename="config.json")
"""
SNIPPET_D: Final = """\
from huggingface_hub import HfApi, HfFolder
import os
os.environ["HUGGING_FACE_HUB_TOKEN"] = "your_token_here"
api = HfApi()
"""
SNIPPET_E: Final = """\
from huggingface_hub import hf_hub_download, notebook_login, upload_file
notebook_login()
hf_hub_download(repo_id="username/repo_name", filename="file.txt")
upload_file(path_or_fileobj="path/to/your/file", path_in_repo="filename.txt", \
repo_type="dataset", repo_id="username/repo_name")
"""
WITH_HF_FOLDER: Final = tuple(one for one in HUB_RELEASES if one.startswith("0."))
WITHOUT_HF_FOLDER: Final = tuple(one for one in HUB_RELEASES if not one.startswith("0."))

FLAN: Final = Repo("model", "google/flan-t5-large")
CONFIG: Final = json.dumps({"model_type": "t5", "d_model": 1024}).encode()
MODEL: Final = Repo("model", "username/repo_name")
DATASET: Final = Repo("dataset", "username/repo_name")
FILE: Final = b"the file of the tutorial\n"
_UPLOADING: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    repo, kind, path, source = sys.argv[1:]
    api.create_repo(repo, repo_type=kind, exist_ok=True)
    if path:
        api.upload_file(
            path_or_fileobj=source.encode(), path_in_repo=path, repo_id=repo, repo_type=kind
        )
"""


@pytest.fixture
def username(hub: Hub, client: MakeClient) -> Person:
    """Fill the hub as the tutorial assumes it; return its user called `username`."""
    google, username = hub.user("google"), hub.user("username")
    filled = client(NEWEST, person=username).run(
        """
        import sys
        from huggingface_hub import HfApi
        print(HfApi().repo_exists(sys.argv[1], repo_type="dataset"))
        """,
        DATASET.name,
    )
    if filled.stdout.strip() == "False":
        seeding = client(NEWEST, person=google)
        seeding.run(_UPLOADING, FLAN.name, "model", "config.json", CONFIG.decode())
        seeding = client(NEWEST, person=username)
        seeding.run(_UPLOADING, MODEL.name, "model", "file.txt", FILE.decode())
        seeding.run(_UPLOADING, DATASET.name, "dataset", "", "")
    return username


def downloaded(home: Path, repo: Repo, path: str) -> bytes:
    """Return the file that a client put into its cache."""
    folder = f"{repo.kind}s--{repo.name.replace('/', '--')}"
    found = list((home / "huggingface" / "hub" / folder / "snapshots").glob(f"*/{path}"))
    assert len(found) == 1, f"{path} is in the cache {len(found)} times"
    return found[0].read_bytes()


@pytest.mark.usefixtures("username")
@pytest.mark.parametrize("release", HUB_RELEASES)
def test_snippet_a_downloads_a_public_file_without_an_account(
    release: str, client: MakeClient
) -> None:
    stranger = client(release)
    stranger.run(SNIPPET_A)
    assert downloaded(stranger.home, FLAN, "config.json") == CONFIG


@pytest.mark.parametrize("release", HUB_RELEASES)
def test_snippet_b_the_exported_token_says_who_calls(
    release: str, client: MakeClient, username: Person
) -> None:
    machine = client(release, variables={"HUGGING_FACE_HUB_TOKEN": username.token_read})
    said = machine.run("from huggingface_hub import HfApi; print(HfApi().whoami()['name'])")
    assert said.stdout.strip() == "username"


@pytest.mark.parametrize("release", WITH_HF_FOLDER)
def test_snippet_d_a_token_set_in_python_is_used(
    release: str, client: MakeClient, username: Person
) -> None:
    snippet = SNIPPET_D.replace("your_token_here", username.token_read)
    said = client(release).run(snippet + "print(api.whoami()['name'])\n")
    assert said.stdout.strip() == "username"


@pytest.mark.parametrize("release", WITHOUT_HF_FOLDER)
def test_snippet_d_cannot_be_imported_since_hf_folder_is_gone(
    release: str, client: MakeClient
) -> None:
    refused = client(release).run(SNIPPET_D, fails=True)
    assert "ImportError" in refused.stderr
    assert "HfFolder" in refused.stderr


@pytest.mark.parametrize("release", HUB_RELEASES)
def test_snippet_e_downloads_from_the_model_and_uploads_to_the_dataset(
    release: str,
    client: MakeClient,
    api: Callable[[Person | None], Api],
    username: Person,
) -> None:
    machine = client(release, person=username)
    source = machine.home / "path" / "to" / "your" / "file"
    source.parent.mkdir(parents=True)
    source.write_text(f"uploaded by {release}\n")

    machine.run(SNIPPET_E)

    assert downloaded(machine.home, MODEL, "file.txt") == FILE
    hub_says = api(username)
    assert hub_says.content(DATASET, "filename.txt") == source.read_bytes()
    newest = hub_says.json(f"{DATASET.api}/commits/main")[0]
    assert newest["title"] == "Upload filename.txt with huggingface_hub"
    assert [author["user"] for author in newest["authors"]] == ["username"]
    assert "filename.txt" not in hub_says.paths(MODEL)


@pytest.mark.usefixtures("username")
def test_upload_to_a_repo_that_does_not_exist_names_it(
    client: MakeClient, username: Person
) -> None:
    machine = client(NEWEST, person=username)
    refused = machine.run(
        """
        from huggingface_hub import upload_file
        upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="username/not-there")
        """,
        fails=True,
    )
    assert "RepositoryNotFoundError" in refused.stderr
    assert "username/not-there" in refused.stderr
