"""Journey J22: an upload that does not fit, by every way in; asking for more; getting it."""

import json
import os
import re
from pathlib import Path
from typing import Final

import pytest

from clients.api import Repo, speaking_as
from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.git import address, machine
from clients.proxy import counting

MB: Final = 1024 * 1024
SMALL: Final = {"STRATA_QUOTAS_PUBLIC_BYTES": str(MB), "STRATA_QUOTAS_PRIVATE_BYTES": str(MB)}
REFUSAL: Final = r"This would use 2\.0 MiB but only 1\.0 MiB is left of 1\.0 MiB of public storage"
CREATE: Final = """
    import sys
    from huggingface_hub import HfApi
    HfApi().create_repo(sys.argv[1])
"""
UPLOAD: Final = """
    import sys
    from huggingface_hub import HfApi
    HfApi().upload_file(path_or_fileobj=sys.argv[2], path_in_repo=sys.argv[3], repo_id=sys.argv[1])
"""


@pytest.mark.parametrize("variables", [{}, {"HF_HUB_DISABLE_XET": "1"}], ids=["xet", "lfs"])
def test_an_upload_that_does_not_fit_is_refused_until_there_is_room(
    start_hub: StartHub, client: MakeClient, variables: dict[str, str]
) -> None:
    hub = start_hub(SMALL)
    ana, repo = hub.user("ana"), "ana/big"
    big = os.urandom(2 * MB)
    with counting(hub.port) as proxy:
        uploader = client(NEWEST, person=ana, endpoint=proxy.url, variables=variables)
        (uploader.home / "big.bin").write_bytes(big)
        uploader.run(CREATE, repo)
        proxy.sent_since_last_asked()
        refused = uploader.run(UPLOAD, repo, "big.bin", "big.bin", fails=True)
        assert re.search(REFUSAL, refused.stderr)
        assert "413" in refused.stderr
        assert proxy.sent_since_last_asked() < MB // 4  # nothing of the file was sent
        hub.cli("plan", "create", "Pro", f"public_bytes={3 * MB}")
        hub.cli("plan", "assign", "ana", "Pro")
        uploader.run(UPLOAD, repo, "big.bin", "big.bin")
        assert proxy.sent_since_last_asked() > 2 * MB
    uploader = client(NEWEST, person=ana, endpoint=hub.url, variables=variables)
    (uploader.home / "big.bin").write_bytes(big)
    # The same bytes under another name, and in another repo, take no more room.
    uploader.run(UPLOAD, repo, "big.bin", "again.bin")
    uploader.run(CREATE, "ana/copy")
    uploader.run(UPLOAD, "ana/copy", "big.bin", "big.bin")
    rows = json.loads(hub.cli("plan", "show", "ana", "--json"))
    used = {row["quota"]: row["used"] for row in rows}
    assert used["public_bytes"] == 2 * MB
    hub.cli("plan", "withdraw", "ana")
    (uploader.home / "small.bin").write_bytes(os.urandom(2000))
    late = uploader.run(UPLOAD, repo, "small.bin", "small.bin", fails=True)
    assert "only 0 B is left" in late.stderr
    hub.cli("doctor")


def test_git_is_refused_with_the_same_words_before_anything_is_sent(
    start_hub: StartHub, tmp_path: Path
) -> None:
    hub = start_hub(SMALL)
    ana, repo = hub.user("ana"), Repo("model", "ana/pushed")
    with speaking_as(hub.url, ana) as api:
        api.create(repo)
    git = machine(tmp_path / "laptop", ana)
    clone = git.clone(address(hub, repo, ana))
    (clone / "big.bin").write_bytes(os.urandom(2 * MB))
    git.git("lfs", "track", "*.bin", within=clone)
    git.commit(clone, "Big")
    said = git.git("push", "origin", "main", within=clone, fails=True)
    assert re.search(REFUSAL, " ".join(said.split()))
    hub.cli("plan", "override", "ana", "public_bytes", str(3 * MB), "--days", "1")
    git.git("push", "origin", "main", within=clone)


def test_more_uploads_at_once_than_fit_do_not_pass_together(
    start_hub: StartHub, client: MakeClient
) -> None:
    hub = start_hub({**SMALL, "STRATA_QUOTAS_PUBLIC_BYTES": str(2_500_000)})
    ana = hub.user("ana")
    uploader = client(NEWEST, person=ana, endpoint=hub.url)
    for number in range(4):
        (uploader.home / f"{number}.bin").write_bytes(os.urandom(MB))
        uploader.run(CREATE, f"ana/repo-{number}")
    running = [
        uploader.start(UPLOAD, f"ana/repo-{number}", f"{number}.bin", "w.bin")
        for number in range(4)
    ]
    passed = 0
    for one in running:
        said = one.communicate(timeout=120)[0]
        passed += one.returncode == 0
        assert one.returncode == 0 or "is left of 2.4 MiB" in said
    assert passed == 2
    hub.cli("doctor")
