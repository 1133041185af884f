"""A token of the settings page, pasted where releases before 1.20 ask for one (product S-041).

`notebook_login()` shows a widget, `huggingface-cli login` and `hf auth login` ask in the terminal.
Releases before 0.8 take a password as well, where an operator allows it (S-042).
"""

from typing import Final

import pytest

from clients.client import Client
from clients.conftest import MakeClient, StartHub
from clients.environments import HUB_RELEASES
from clients.hub import Hub, Person

DEVICE: Final = ("1.25.1", "1.33.0", "2.4.0")  # these log in with a browser
RELEASES: Final = ("0.8.1", *(one for one in HUB_RELEASES if one not in DEVICE))
IN_TERMINAL: Final = ("0.8.1", "0.12.1", "0.25.2", "0.36.2", "1.19.0")
WHO: Final = "from huggingface_hub import HfApi; print(HfApi().whoami()['name'])"
# What a person does with the mouse and the keyboard, said to the widgets themselves.
PASTE: Final = """
    import sys
    from ipywidgets import Button, Password
    from ipywidgets.widgets import widget
    from huggingface_hub import notebook_login
    notebook_login()
    shown = list(widget._instances.values())
    (typed,) = [one for one in shown if isinstance(one, Password)]
    (button,) = [one for one in shown if isinstance(one, Button) and one.description == "Login"]
    typed.value = sys.argv[1]
    button.click()
    assert typed.value == "", "the token stands in the notebook"
"""
UPLOAD: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    api.create_repo(sys.argv[1], exist_ok=True)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id=sys.argv[1])
    print("done")
"""
UPLOAD_OLD: Final = """
    import json
    from huggingface_hub import HfApi
    api = HfApi()
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="ana/old")
    print(json.dumps(api.model_info("ana/old").modelId))
"""


@pytest.fixture
def ana(hub: Hub) -> Person:
    return hub.user("paste-ana")


@pytest.mark.parametrize("release", RELEASES)
def test_a_token_is_pasted_into_the_widget(release: str, client: MakeClient, ana: Person) -> None:
    notebook = client(release)
    notebook.run(PASTE, ana.token_write)
    # Another process of the same machine is logged in, and may write.
    assert notebook.run(WHO).stdout.split()[-1] == ana.name
    repo = f"{ana.name}/from-{release.replace('.', '-')}"
    assert notebook.run(UPLOAD, repo).stdout.split()[-1] == "done"


@pytest.mark.parametrize("release", ["0.12.1", "0.36.2", "1.19.0"])
def test_a_wrong_token_is_not_kept(release: str, client: MakeClient) -> None:
    notebook = client(release)
    notebook.run(PASTE, "hf_" + "x" * 34)
    assert not (notebook.home / "huggingface" / "token").exists()


@pytest.mark.parametrize("release", IN_TERMINAL)
def test_a_token_is_pasted_in_the_terminal(release: str, client: MakeClient, ana: Person) -> None:
    machine = client(release)
    command = ("hf", "auth", "login") if release == "1.19.0" else ("huggingface-cli", "login")
    with machine.in_terminal(*command) as shell:
        shell.wait_for(r"[Tt]oken[^\n]*: $")
        shell.paste(ana.token_write)
        if release != "0.8.1":
            shell.wait_for(r"git credential\?")
            shell.enter("n")
        shell.wait_for("Login successful")
        assert shell.ended() == 0
        assert ana.token_write not in shell.text
    assert machine.run(WHO).stdout.split()[-1] == ana.name


def test_the_release_that_takes_a_password(start_hub: StartHub, client: MakeClient) -> None:
    hub = start_hub({"STRATA_ACCOUNTS_LEGACY_PASSWORD_LOGIN": "1"})
    ana, machine = hub.user("ana"), client("0.5.1", endpoint=hub.url)
    kept = machine.home / ".huggingface" / "token"

    assert "Invalid username or password." in types_a_password(machine, ana, "Wr0ng-Horse!", 1)
    assert not kept.exists()
    assert "Login successful" in types_a_password(machine, ana, ana.password, 0)
    token = kept.read_text()
    hub.keep_secret("the token of a password", token)
    assert machine.program("huggingface-cli", "whoami").stdout.split() == ["ana"]
    machine.program("huggingface-cli", "repo", "create", "old", "--yes")
    assert machine.value(UPLOAD_OLD) == "ana/old"

    assert "Successfully" in machine.program("huggingface-cli", "logout").stdout
    kept.write_text(token)  # a copy of it opens nothing any more
    refused = machine.program("huggingface-cli", "whoami", fails=True)
    assert "Invalid user token" in refused.stdout
    hub.require_clean_log()


def types_a_password(machine: Client, person: Person, password: str, status: int) -> str:
    """Say no to the question for a token, and answer the next two; what was written."""
    with machine.in_terminal("huggingface-cli", "login") as shell:
        shell.wait_for("Token: $")
        shell.interrupt("Username: $")
        shell.enter(person.name)
        shell.wait_for("Password: $")
        shell.paste(password)
        assert shell.ended() == status
        assert password not in shell.text
        return shell.text
