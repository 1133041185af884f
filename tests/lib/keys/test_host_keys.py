"""The keys by which an SSH server is known."""

import stat
import threading
from pathlib import Path

from fixtures.keys import ran, ssh_pair
from strata.lib.keys.host import load_or_create, published


def test_they_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "ssh"
    assert published(folder) == []
    made = [key.get_fingerprint() for key in load_or_create(folder)]
    assert len(made) == 2
    assert [key.get_fingerprint() for key in load_or_create(folder)] == made
    assert [key.fingerprint for key in published(folder)] == made
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ran("ssh-keygen", "-l", "-f", str(path)).split()[1] in made


def test_two_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def start() -> None:
        seen.append([key.get_fingerprint() for key in load_or_create(tmp_path / "ssh")])

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one == seen[0] for one in seen)
    assert [path.name for path in tmp_path.iterdir()] == ["ssh"]


def test_an_operators_own_keys_are_used_and_not_added_to(tmp_path: Path) -> None:
    own = ssh_pair(tmp_path / "keys", "ssh_host_ed25519_key")
    assert [key.get_fingerprint() for key in load_or_create(tmp_path / "keys")] == [own.fingerprint]


def test_an_empty_folder_of_the_operator_is_filled(tmp_path: Path) -> None:
    assert len(load_or_create(tmp_path)) == 2
    assert len(published(tmp_path)) == 2


def test_known_hosts_name_the_port_where_it_is_not_the_usual_one(tmp_path: Path) -> None:
    load_or_create(tmp_path / "ssh")
    key = published(tmp_path / "ssh")[0]
    assert key.known_hosts_line("hub.example.com", 22).startswith("hub.example.com ecdsa-")
    assert key.known_hosts_line("hub.example.com", 2222).startswith("[hub.example.com]:2222 ")
