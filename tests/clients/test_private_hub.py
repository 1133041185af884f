"""A private hub, and one that is being maintained, as real clients meet them (product S-001)."""

from pathlib import Path
from typing import Final

from clients.client import Client
from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.git import machine
from strata.access.policy.persons import MEMBERS_ONLY

WORK: Final = """
    import json
    from huggingface_hub import HfApi, snapshot_download
    api = HfApi()
    api.create_repo("ana/open", exist_ok=True)
    api.upload_file(path_or_fileobj=b"words", path_in_repo="a.txt", repo_id="ana/open")
    api.upload_file(path_or_fileobj=b"x" * 11_000_000, path_in_repo="b.bin", repo_id="ana/open")
    from pathlib import Path
    folder = Path(snapshot_download("ana/open"))
    print(json.dumps([(folder / "a.txt").read_text(), (folder / "b.bin").stat().st_size]))
"""
ASK: Final = """
    import json
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    def told(act):
        try:
            act()
        except HfHubHTTPError as error:
            return [type(error).__name__, error.response.status_code, str(error)]
    print(json.dumps([
        told(lambda: HfApi().model_info("ana/open")),
        told(lambda: HfApi().dataset_info("ana/open")),
    ]))
"""


def test_members_work_as_ever_and_nobody_else_sees_anything(
    start_hub: StartHub, client: MakeClient, tmp_path: Path
) -> None:
    hub = start_hub({"STRATA_PRIVATE": "true"})
    ana = hub.user("ana")
    assert client(NEWEST, person=ana, endpoint=hub.url).value(WORK) == ["words", 11_000_000]
    for said in told(client(NEWEST, endpoint=hub.url)):
        # Over https the client says RepositoryNotFoundError: it looks for that in the address.
        assert (said[:2], MEMBERS_ONLY in str(said[2])) == (["HfHubHTTPError", 401], True)
    git = machine(tmp_path / "git")
    git.git("ls-remote", f"{hub.url}/ana/open", fails=True)
    known = f"{hub.url}/ana/open".replace("://", f"://ana:{ana.token_read}@")
    assert "refs/heads/main" in git.git("ls-remote", known)

    hub.cli("maintenance", "on", "--minutes", "7")
    # Lists and uploads wait for as long as they are told, and go on; others say it.
    for said in told(client(NEWEST, person=ana, endpoint=hub.url)):
        assert (said[1], "This site is being maintained." in str(said[2])) == (503, True)
    hub.cli("maintenance", "off")
    assert client(NEWEST, person=ana, endpoint=hub.url).value(WORK) == ["words", 11_000_000]


def told(client: Client) -> list[list[str | int]]:
    """What the errors of both questions say: their type, the status and the message."""
    answers = client.value(ASK)
    assert isinstance(answers, list)
    return answers
