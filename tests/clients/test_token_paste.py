"""A token of the settings page, pasted where releases before 1.20 ask for one (product S-041).

`notebook_login()` shows a widget, `huggingface-cli login` and `hf auth login` ask in the terminal.
"""

from typing import Final

import pytest

from clients.conftest import MakeClient
from clients.environments import HUB_RELEASES
from clients.hub import Hub, Person

DEVICE: Final = ("1.25.1", "2.4.0")  # these log in with a browser
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
