"""Rate limits as real clients meet them: understood, waited for, and out of an upload's way."""

from pathlib import Path
from typing import Final

import pytest

from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.git import machine

SMALL: Final = {"STRATA_RATES_API": "3", "STRATA_RATES_ANONYMOUS_GIT": "1"}
REFUSED: Final = """
    import json
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import parse_ratelimit_headers
    api, told = HfApi(), []
    for _ in range(4):
        try:
            api.model_info("ana/nothing")
        except HfHubHTTPError as error:
            seen = parse_ratelimit_headers(error.response.headers)
            told.append([error.response.status_code, seen.resource_type, seen.remaining,
                         seen.limit, seen.window_seconds, seen.reset_in_seconds <= 300])
            said = str(error)
    print(json.dumps({"told": told, "said": said}))
"""
MANY_FILES: Final = """
    import json, sys
    from huggingface_hub import CommitOperationAdd, HfApi, snapshot_download
    api, repo = HfApi(), "ana/many"
    api.create_repo(repo)
    files = [CommitOperationAdd(f"part-{n:04}.txt", str(n).encode()) for n in range(1300)]
    api.create_commit(repo, files, commit_message="Many files")
    folder = snapshot_download(repo, max_workers=8)
    from pathlib import Path
    print(json.dumps(len(list(Path(folder).glob("part-*.txt")))))
"""
DEFAULTS: Final = {
    "STRATA_RATES_API": "1000",
    "STRATA_RATES_RESOLVERS": "5000",
    "STRATA_RATES_TRANSFERS": "50000",
}


@pytest.mark.parametrize("release", ["1.19.0", NEWEST])
def test_the_client_reads_the_limit_from_the_answer(
    start_hub: StartHub, client: MakeClient, release: str
) -> None:
    hub = start_hub(SMALL)
    seen = client(release, person=hub.user("ana"), endpoint=hub.url).value(REFUSED)
    assert isinstance(seen, dict)
    assert seen["told"] == [
        [404, "api", 2, 3, 300, True],
        [404, "api", 1, 3, 300, True],
        [404, "api", 0, 3, 300, True],
        [429, "api", 0, 3, 300, True],
    ]
    assert "429" in seen["said"]


def test_git_says_why_it_was_refused(start_hub: StartHub, tmp_path: Path) -> None:
    hub = start_hub(SMALL)
    git = machine(tmp_path / "laptop")
    git.git("ls-remote", f"{hub.url}/ana/nothing", fails=True)
    said = git.git("ls-remote", f"{hub.url}/ana/nothing", fails=True)
    assert "Too many requests" in said or "429" in said


def test_one_person_fetches_1300_files_within_the_defaults(
    start_hub: StartHub, client: MakeClient
) -> None:
    hub = start_hub(DEFAULTS)
    assert client(NEWEST, person=hub.user("ana"), endpoint=hub.url).value(MANY_FILES) == 1300
