"""SSH and GPG keys in the browser: added, listed, removed; and how the server is known."""

import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from doors.pages.visitors import PASSWORD, Visitor, confirmed
from fixtures.accounts import calling, inbox, made
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.keys import GpgHome, SshPair, gpg_home, ssh_pair
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.keys import ssh
from strata.lib.keys.host import load_or_create, published

PAGE = "/settings/keys"
ADD_SSH = "/settings/keys/ssh"
ADD_GPG = "/settings/keys/gpg"


@pytest.fixture
def ssh_hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    settings: dict[str, Any] = {
        "ssh.enabled": True,
        "ssh.public_host": "git.example.com",
        "ssh.public_port": 2222,
    }
    built = build_test_hub(tmp_path / "with-ssh", clock=clock, **settings)
    load_or_create(built.settings.ssh_keys_folder)
    yield built
    built.database.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> SshPair:
    return ssh_pair(tmp_path_factory.mktemp("keys"), "laptop")


@pytest.fixture(scope="module")
def home() -> Iterator[GpgHome]:
    with tempfile.TemporaryDirectory() as folder:
        kept = gpg_home(Path(folder) / "g")
        kept.make("Li <li@example.com>", "ed25519", "sign", "never")
        kept.run("--quick-add-uid", "li@example.com", "Li <li@work.example>")
        kept.run("--quick-add-key", kept.fingerprints("li@example.com")[0], "ed25519", "sign", "1y")
        kept.make("Short <short@example.com>", "ed25519", "sign", "2d")
        yield kept
        kept.end()


@pytest.fixture
def visitor(hub: Hub) -> Visitor:
    return confirmed(hub, "li")


def removal(visitor: Visitor, kind: str) -> str:
    found = re.search(rf"/settings/keys/{kind}/\d+/remove", visitor.open(PAGE).text)
    assert found is not None
    return found[0]


def test_an_ssh_key_comes_and_goes(visitor: Visitor, pair: SshPair, hub: Hub) -> None:
    assert "No SSH keys." in visitor.open(PAGE).text
    added = visitor.submit(PAGE, ADD_SSH, title="", key=pair.public)
    assert added.place == PAGE
    listed = visitor.open(PAGE).text
    for shown in (
        "The SSH key is added.",
        "laptop@laptop",
        "ED25519",
        pair.fingerprint,
        "Never used",
    ):
        assert shown in listed
    assert pair.fingerprint in inbox(hub, "li@example.com")[-1].text
    at = removal(visitor, "ssh")
    asked = visitor.open(at)
    assert pair.fingerprint in asked.text
    assert visitor.submit(at, at).place == PAGE
    assert pair.fingerprint not in visitor.open(PAGE).text


def test_a_gpg_key_comes_and_goes(visitor: Visitor, home: GpgHome) -> None:
    added = visitor.submit(PAGE, ADD_GPG, key=home.public("li@example.com"))
    assert added.place == PAGE
    listed = visitor.open(PAGE).text
    key_id = home.fingerprints("li@example.com")[0][-16:]
    assert f"git config --global user.signingkey {key_id}" in listed
    assert re.search(r"li@example\.com\s+<span class=\"badge badge-ok", listed)
    assert re.search(r"li@work\.example\s+<span class=\"badge badge-warn", listed)
    assert "Does not expire" in listed
    subkey = home.fingerprints("li@example.com")[1][-16:]
    assert f"Subkeys: <code>{subkey}</code>" in listed
    at = removal(visitor, "gpg")
    assert visitor.submit(at, at).place == PAGE
    assert key_id not in visitor.open(PAGE).text


def test_a_gpg_key_says_that_it_is_over(
    visitor: Visitor, home: GpgHome, clock: FrozenClock
) -> None:
    clock.advance(
        datetime.fromtimestamp(time.time(), UTC) - clock()
    )  # GnuPG counts from its own day
    visitor.log_in("li")
    visitor.submit(PAGE, ADD_GPG, key=home.public("short@example.com"))
    assert "Expires " in visitor.open(PAGE).text
    clock.advance(timedelta(days=3))
    visitor.log_in("li")
    assert '<strong class="token-over">Expired ' in visitor.open(PAGE).text


@pytest.mark.parametrize(
    ("action", "key", "says"),
    [
        (ADD_SSH, "", "Paste a public key."),
        (ADD_SSH, "hello", "This is not a public SSH key."),
        (ADD_SSH, "ssh-dss AAAA old", "Keys of this kind are not accepted."),
        (ADD_SSH, "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0", "This is a private key."),
        (ADD_GPG, "hello", "This is not a public GPG key."),
        (ADD_GPG, "-----BEGIN PGP PRIVATE KEY BLOCK-----\nc2VjcmV0", "This is a private key."),
    ],
)
def test_what_is_no_key_is_explained_at_its_field(
    visitor: Visitor, action: str, key: str, says: str
) -> None:
    refused = visitor.submit(PAGE, action, title="mine", key=key)
    assert refused.status == 400
    kind = action.rpartition("/")[2]
    assert refused.text.count(says) == 2  # in the summary and at the field
    assert f'href="#strata-{kind}-key"' in refused.text
    assert f'id="strata-{kind}-key-error"' in refused.text
    assert "c2VjcmV0" not in refused.text


def test_the_key_of_somebody_else_is_not_told_whose(
    hub: Hub, visitor: Visitor, pair: SshPair
) -> None:
    owner = made(hub, "somebody")
    with calling(hub, owner) as call, working(call) as work:
        ssh.add(work, "", pair.public)
    refused = visitor.submit(PAGE, ADD_SSH, title="", key=pair.public)
    assert "This key is already in use." in refused.text
    assert "somebody" not in refused.text


def test_adding_asks_once_more_and_removing_does_not(
    visitor: Visitor, pair: SshPair, home: GpgHome, clock: FrozenClock
) -> None:
    visitor.submit(PAGE, ADD_SSH, title="mine", key=pair.public)
    clock.advance(timedelta(minutes=20))
    asked = visitor.submit(PAGE, ADD_GPG, key=home.public("li@example.com"))
    assert asked.status == 403
    done = visitor.send(ADD_GPG, asked.hidden(ADD_GPG) | {"sudo_password": PASSWORD})
    assert done.place == PAGE
    assert "The GPG key is added." in visitor.open(PAGE).text
    clock.advance(timedelta(minutes=20))
    at = removal(visitor, "ssh")
    assert visitor.submit(at, at).place == PAGE


def test_nobody_sees_or_removes_the_keys_of_others(
    hub: Hub, visitor: Visitor, pair: SshPair
) -> None:
    visitor.submit(PAGE, ADD_SSH, title="mine", key=pair.public)
    at = removal(visitor, "ssh")
    other = confirmed(hub, "eve")
    assert pair.fingerprint not in other.open(PAGE).text
    assert other.open(at).status == 404
    token = other.open(PAGE).hidden(ADD_SSH)
    assert other.send(at, token).status == 404
    assert pair.fingerprint in visitor.open(PAGE).text
    assert Visitor(hub).open(PAGE).place.startswith("/login")


@pytest.mark.parametrize("path", ["/settings/keys/x/1/remove", "/settings/keys/ssh/x/remove"])
def test_odd_addresses_are_missing(visitor: Visitor, path: str) -> None:
    assert visitor.open(path).status == 404


def test_without_ssh_the_page_explains_https(visitor: Visitor) -> None:
    text = visitor.open(PAGE).text
    assert "This site does not serve git over SSH" in text
    assert "git clone http://hub.example.com/li/my-model" in text
    assert "known_hosts" not in text
    assert "No SSH keys. Add one to have your signed commits shown as verified." in text
    assert "without typing a token" not in text


def test_the_page_says_how_the_server_is_known(ssh_hub: Hub) -> None:
    text = confirmed(ssh_hub, "li").open(PAGE).text
    assert "ssh -T -p 2222 git@git.example.com" in text
    for key in published(ssh_hub.settings.ssh_keys_folder):
        assert key.fingerprint in text
        assert key.known_hosts_line("git.example.com", 2222) in text


def test_repo_pages_offer_ssh_where_it_is_served(ssh_hub: Hub, hub: Hub) -> None:
    over_ssh = "git clone ssh://git@git.example.com:2222/datasets/ann/rows"
    for one, offered in ((ssh_hub, True), (hub, False)):
        created(one, made(one, "ann"), "rows", RepoType.DATASET)
        assert (over_ssh in confirmed(one, "li").open("/datasets/ann/rows").text) is offered


def test_the_docs_name_ssh_where_it_is_served(ssh_hub: Hub, hub: Hub) -> None:
    address = "git clone ssh://git@git.example.com:2222/username/my-model"
    assert address in Visitor(ssh_hub).open("/docs").text
    assert "ssh://" not in Visitor(hub).open("/docs").text


def test_the_docs_say_where_a_token_goes_without_the_variable(hub: Hub) -> None:
    for language, said in (("en", "sends the token there"), ("zh-CN", "把令牌发送到那里")):
        assert said in Visitor(hub, language=language).open("/docs").text


def test_an_unconfirmed_person_is_told_what_to_do_first(hub: Hub) -> None:
    newcomer = Visitor(hub)
    newcomer.join("newcomer")
    text = newcomer.open(PAGE).text
    assert "Confirm your e-mail to do this." in text


def test_the_page_speaks_chinese(hub: Hub) -> None:
    confirmed(hub, "li")
    reader = Visitor(hub, language="zh-CN")
    reader.log_in("li")
    text = reader.open(PAGE).text
    for said in ("SSH 密钥", "GPG 密钥", "为提交签名", "本站不提供通过 SSH 的 git 服务"):
        assert said in text
    assert "Add an SSH key" not in text
