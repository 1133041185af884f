"""Git runs with our settings: no hook, and nothing that the machine or its user has set."""

from pathlib import Path

import pytest

from strata.lib.git import program
from strata.lib.git.write import Note, Put, write_commit

HOOK = "#!/bin/sh\ntouch {mark}\n"


def test_no_hook_and_no_setting_of_the_machine_is_heeded(
    store: Path, note: Note, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks lie in the repo and in a folder that the settings of the user name."""
    mark, home = tmp_path / "ran", tmp_path / "home"
    elsewhere = home / "hooks"
    for folder in (store / "hooks", elsewhere):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("reference-transaction", "post-update", "update", "post-receive"):
            hook = folder / name
            hook.write_text(HOOK.format(mark=mark))
            hook.chmod(0o755)
    (home / ".gitconfig").write_text(f"[core]\nhooksPath = {elsewhere}\n[user]\nname = Mallory\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    sha = write_commit(store, None, [Put("a", b"a")], [], note)
    program.run(["update-ref", "refs/heads/main", sha], store)
    assert not mark.exists()
    told = program.run(["config", "--list", "--show-origin"], store).decode()
    assert "Mallory" not in told
    assert str(home) not in told
