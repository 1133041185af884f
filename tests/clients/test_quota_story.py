"""Journey J22: an upload that does not fit, by every way in; asking for more; getting it."""

import json
import os
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from clients.api import Repo, speaking_as
from clients.conftest import MakeClient, StartHub
from clients.environments import NEWEST
from clients.git import GitMachine, address, machine
from clients.hub import Hub, Person
from clients.pages import LANGUAGES, Browsing, Language
from clients.proxy import counting
from fixtures.browsers import chromium, settle

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


WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "log in": "Log In",
        "full": "2.0 MiB of 1.0 MiB",
        "none": "0 B of 1.0 MiB",
        "room": "2.0 MiB of 3.0 MiB",
        "free": r"\d (B|KiB) of 3\.0 MiB",
        "ask": "Request upgrade",
        "waits": "Your request waits for an answer.",
        "approved": "Your last request was approved.",
        "mail": "More room for ana",
        "chosen": "Delete the chosen files",
    },
    "zh-CN": {
        "log in": "登录",
        "full": "2.0 MiB / 1.0 MiB",
        "none": "0 B / 1.0 MiB",
        "room": "2.0 MiB / 3.0 MiB",
        "free": r"\d (B|KiB) / 3\.0 MiB",
        "ask": "申请扩容",
        "waits": "你的申请正在等待处理",
        "approved": "你上一次的申请已通过。",
        "mail": "ana 的扩容申请已通过",
        "chosen": "删除所选文件",
    },
}
# What @huggingface/hub asks in a browser before it sends a file.
ASK_FIRST: Final = """
    async ([address, token, size]) => {
        const answer = await fetch(address, {
            method: "POST",
            headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
            body: JSON.stringify({ files: [{ path: "big.bin", size, sample: "" }] }),
        });
        return [answer.status, (await answer.json()).error ?? ""];
    }
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quota_refuses_is_raised_on_request_and_freed(
    start_hub: StartHub, client: MakeClient, tmp_path: Path, language: Language
) -> None:
    hub = start_hub({})
    ana, words = hub.user("ana"), WORDS[language]
    hub.cli("plan", "override", "ana", "public_bytes", str(MB))
    uploader = client(NEWEST, person=ana, endpoint=hub.url)
    (uploader.home / "big.bin").write_bytes(os.urandom(2 * MB))
    uploader.run(CREATE, "ana/big")
    git, clone = _cloned(hub, ana, tmp_path / "laptop", uploader.home / "big.bin")
    with chromium() as browser:
        context = browser.new_context(locale=language, viewport={"width": 1320, "height": 860})
        here = Browsing(context.new_page(), hub.url, language)
        _log_in(here, ana, words)
        here.open("/settings/billing")
        assert words["none"] in here.page.inner_text("main")
        status, by_browser = here.page.evaluate(
            ASK_FIRST, ["/api/models/ana/big/preupload/main", ana.token_write, 2 * MB]
        )
        by_api = uploader.run(UPLOAD, "ana/big", "big.bin", "big.bin", fails=True).stderr
        by_git = " ".join(git.git("push", "origin", "main", within=clone, fails=True).split())
        assert status == 413
        here.forgive(413)
        assert re.match(REFUSAL, by_browser)
        assert by_browser in by_api
        assert by_browser in by_git
        _ask_and_grant(hub, here, words)
        uploader.run(UPLOAD, "ana/big", "big.bin", "big.bin")
        git.git("pull", "--rebase", "-X", "ours", "origin", "main", within=clone)
        git.git("push", "origin", "main", within=clone)
        here.open("/settings/billing")
        assert words["approved"] in here.page.inner_text("main")
        assert words["room"] in here.page.inner_text("main")
        _free(hub, here, words)
    uploader.run(UPLOAD, "ana/big", "big.bin", "again.bin")
    hub.cli("doctor")


def _cloned(hub: Hub, ana: Person, home: Path, file: Path) -> tuple[GitMachine, Path]:
    """A clone of ana/big with one commit, of a large file, that was not pushed."""
    git = machine(home, ana)
    clone = git.clone(address(hub, Repo("model", "ana/big"), ana))
    (clone / "big.bin").write_bytes(file.read_bytes())
    git.git("lfs", "track", "*.bin", within=clone)
    git.commit(clone, "Big")
    return git, clone


def _log_in(here: Browsing, ana: Person, words: dict[str, str]) -> None:
    here.open("/login")
    here.page.get_by_label(re.compile(r"username|用户名", re.IGNORECASE)).fill(ana.name)
    here.page.locator("input[type=password]").fill(ana.password)
    here.page.get_by_role("main").get_by_role("button", name=words["log in"]).first.click()
    here.page.wait_for_url(f"{here.base}/")


def _ask_and_grant(hub: Hub, here: Browsing, words: dict[str, str]) -> None:
    """Ask for more on the page; the operator gives a plan, and a mail says so."""
    here.page.get_by_role("textbox").last.fill("Two models")
    here.page.get_by_role("button", name=words["ask"]).click()
    expect(here.page.get_by_role("main")).to_contain_text(words["waits"])
    (request,) = json.loads(hub.cli("plan", "requests", "--json"))
    hub.cli("plan", "create", "Pro", f"public_bytes={3 * MB}")
    hub.cli("plan", "approve", str(request["id"]), "Pro")
    hub.cli("plan", "override", "ana", "public_bytes")  # a single quota stands before a plan
    assert words["mail"] in [
        mail["subject"] for mail in json.loads(hub.cli("mail", "list", "--json"))
    ]


def _free(hub: Hub, here: Browsing, words: dict[str, str]) -> None:
    """Delete the large file with every trace and collect garbage, until the gauge shows it."""
    here.open("/ana/big/settings/storage")
    here.page.locator("td input[type=checkbox]").check()
    here.page.locator("#strata-confirm_name").fill("ana/big")
    here.page.get_by_role("button", name=words["chosen"]).click()
    settle(here.page)
    hub.cli("gc", "--delete")
    here.open("/settings/billing")
    for _ in range(50):  # the figure is counted again by a job
        if re.search(words["free"], here.page.inner_text("main")):
            return
        here.page.wait_for_timeout(100)
        here.page.reload()
    raise AssertionError(here.page.inner_text("main"))
