"""The public pages: what a reader finds under the addresses that clients print."""

import re
from pathlib import Path

import pytest

from fixtures.accounts import calling, made
from fixtures.contents import changed, created, given, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import noise
from fixtures.shown_repos import CODE, Scene, index, staged
from strata.content.writing.operations import Add
from strata.core.actor import TokenRole
from strata.core.call import working
from strata.core.names import RepoType
from strata.credentials.tokens import making
from strata.web.pages.repo.file_view import MAX_CODE_BYTES, MAX_TEXT_BYTES

MODEL = "/li-wei/flan-t5-large"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Fill a hub that no test of this module changes."""
    folder: Path = tmp_path_factory.mktemp("shown") / "data"
    clock = FrozenClock()
    return staged(build_test_hub(folder, clock=clock), clock)


def seen(scene: Scene, path: str, language: str = "en") -> str:
    """Open a page as a stranger; its HTML."""
    answer = scene.visitor(language=language).get(path)
    assert answer.status_code == 200, answer.text
    assert answer.text.count("<h1") == 1
    return str(answer.text)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/models",
        "/datasets",
        "/spaces",
        "/kernels",
        "/docs",
        "/search/full-text?q=flan",
        "/li-wei",
        MODEL,
        f"{MODEL}/tree/main",
        f"{MODEL}/tree/main/docs",
        f"{MODEL}/blob/main/README.md",
        f"{MODEL}/blob/main/load.py",
        f"{MODEL}/blob/main/model.safetensors",
        f"{MODEL}/commits/main",
        f"{MODEL}/commit/main",
        f"{MODEL}/branches",
        f"{MODEL}/tags",
        f"{MODEL}/discussions",
        f"{MODEL}/discussions/1",
    ],
)
def test_every_page_is_whole_in_both_languages(scene: Scene, path: str, language: str) -> None:
    html = seen(scene, path, language)
    assert f'<html lang="{language}"' in html
    assert "<style" not in html
    assert " style=" not in html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_the_card_is_rendered_with_its_facts(scene: Scene) -> None:
    html = seen(scene, MODEL)
    assert ">flan-t5-large" in html
    assert "license: apache-2.0" not in html
    assert 'href="/models?license=license%3Aapache-2.0"' in html
    assert 'href="/models?pipeline_tag=text2text-generation"' in html
    assert 'href="/google/t5-v1_1-large"' in html
    assert 'href="/datasets/muennighoff/xP3"' in html
    assert "model.safetensors 72%" in html
    assert 'class="sparkline"' in html


def test_links_of_a_card_lead_into_its_own_revision(scene: Scene) -> None:
    html = seen(scene, MODEL)
    assert f'href="{MODEL}/blob/main/config.json"' in html
    assert f'href="{MODEL}/blob/main/docs/notes.md#training"' in html
    assert f'href="{MODEL}/tree/main/onnx"' in html
    assert f'href="{MODEL}/blob/main/load.py"' in seen(scene, f"{MODEL}/blob/main/docs/notes.md")


def test_snippets_name_this_hub_and_this_repo(scene: Scene) -> None:
    html = seen(scene, MODEL)
    assert "hf download li-wei/flan-t5-large" in html
    assert "http://hub.test" in html
    assert "git clone http://hub.test/li-wei/flan-t5-large" in html


def test_code_is_filled_in_with_who_reads_and_never_with_a_token(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    with calling(scene.hub, scene.owner) as call, working(call) as work:
        making.create(work, "laptop", TokenRole.WRITE)
    docs = owner.get("/docs").text
    for said in ("li-wei/my-model", "http://hub.test", "$HF_TOKEN"):
        assert said in docs
    assert "username/my-model" in scene.visitor().get("/docs").text
    for page in ("/docs", MODEL, "/new", "/settings/tokens", "/settings/tokens/new"):
        assert re.search(r"hf_[A-Za-z]{34}", owner.get(page).text) is None, page


def test_a_folder_lists_folders_first_with_size_and_last_commit(scene: Scene) -> None:
    html = seen(scene, f"{MODEL}/tree/main")
    rows = re.findall(r'class="file-name">.*?<a href="([^"]+)">([^<]+)</a>', html)
    assert [name for _, name in rows] == [
        "docs",
        "onnx",
        ".gitattributes",
        "README.md",
        "config.json",
        "load.py",
        "model.safetensors",
        "picture.png",
    ]
    assert rows[0][0] == f"{MODEL}/tree/main/docs"
    assert rows[3][0] == f"{MODEL}/blob/main/README.md"
    assert "620 kB" in html
    assert "Update the configuration" in html
    assert f'href="{MODEL}/resolve/main/model.safetensors?download=true"' in html


def test_a_branch_with_a_slash_is_found_however_it_is_written(scene: Scene) -> None:
    encoded = seen(scene, f"{MODEL}/tree/feature%2Flong-context/docs")
    plain = seen(scene, f"{MODEL}/tree/feature/long-context/docs")
    link = f'href="{MODEL}/blob/feature%2Flong-context/docs/notes.md"'
    assert link in encoded
    assert link in plain
    assert "Fix the docs" in seen(scene, f"{MODEL}/commits/refs%2Fpr%2F1")
    assert "Right" in seen(scene, f"{MODEL}/blob/refs/pr/1/docs/notes.md")


def test_a_folder_and_a_file_lead_to_their_own_page(scene: Scene) -> None:
    visitor = scene.visitor()
    assert visitor.get(f"{MODEL}/tree/main/load.py").headers["location"] == (
        f"{MODEL}/blob/main/load.py"
    )
    assert visitor.get(f"{MODEL}/blob/main/docs").headers["location"] == f"{MODEL}/tree/main/docs"


def test_code_has_lines_to_link_to(scene: Scene) -> None:
    html = seen(scene, f"{MODEL}/blob/main/load.py")
    assert html.count("<tr id=") == CODE.count("\n")
    assert 'href="#L4"' in html
    assert '<span class="kn">import</span>' in html


def test_markdown_is_shown_and_its_source_too(scene: Scene) -> None:
    shown = seen(scene, f"{MODEL}/blob/main/README.md")
    source = seen(scene, f"{MODEL}/blob/main/README.md?code=true")
    assert '<article class="prose' in shown
    assert '<article class="prose' not in source
    assert "license" not in re.sub(r"<nav.*?</nav>|href=\"[^\"]*\"", "", shown).split("<article")[1]
    assert 'id="L1"' in source


def test_a_large_file_shows_its_pointer(scene: Scene) -> None:
    html = seen(scene, f"{MODEL}/blob/main/model.safetensors")
    assert re.search(r"<code>[0-9a-f]{64}</code>", html)
    assert "oid sha256:" in html
    assert "620,000 B" in html


def test_a_picture_is_shown(scene: Scene) -> None:
    html = seen(scene, f"{MODEL}/blob/main/picture.png")
    assert f'<img src="{MODEL}/resolve/main/picture.png"' in html


def test_commits_are_listed_with_their_author(scene: Scene) -> None:
    html = seen(scene, f"{MODEL}/commits/main")
    titles = re.findall(r'class="commit-title" href="[^"]+">([^<]+)<', html)
    assert titles[0] == "Remove old.txt"
    assert titles[-1] == "initial commit"
    assert 'href="/li-wei"' in html
    assert f"{MODEL}/commit/{scene.commits[0]}" in html


def test_a_commit_shows_what_it_changed(scene: Scene) -> None:
    html = seen(scene, f"{MODEL}/commit/{scene.commits[4]}")
    assert "2 files changed" in html
    assert '<tr class="diff-removed">' in html
    assert "{&#34;a&#34;: 1}" in html
    large = seen(scene, f"{MODEL}/commit/{scene.commits[2]}")
    assert re.search(r"sha256 [0-9a-f]{12}…</span> 620 kB", large)
    first = seen(scene, f"{MODEL}/commit/{scene.commits[0][:8]}")
    assert "Add the card" in first


def test_a_pull_request_is_told(scene: Scene) -> None:
    listed = seen(scene, f"{MODEL}/discussions")
    assert f'href="{MODEL}/discussions/{scene.pull}"' in listed
    html = seen(scene, f"{MODEL}/discussions/{scene.pull}")
    assert "Fix the docs" in html
    assert "<strong>was</strong>" in html
    changed = seen(scene, f"{MODEL}/discussions/{scene.pull}/files")
    assert '<tr class="diff-added">' in changed
    assert "refs/pr/1" in html
    closed = seen(scene, f"{MODEL}/discussions?status=closed")
    assert "Fix the docs" not in closed


@pytest.mark.parametrize(
    "path",
    [
        "/li-wei/never-was",
        "/nobody",
        "/datasets/nobody",
        f"{MODEL}/tree/no-such-branch",
        f"{MODEL}/tree/main/no-such-folder",
        f"{MODEL}/blob/main/no-such-file",
        f"{MODEL}/commit/{'0' * 40}",
        f"{MODEL}/commits/main/no-such-path",
        f"{MODEL}/discussions/99",
        f"{MODEL}/discussions/x",
    ],
)
def test_what_is_not_there_is_404(scene: Scene, path: str) -> None:
    assert scene.visitor().get(path).status_code == 404


def test_long_files_are_offered_instead_of_shown(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    files = {
        "lines.txt": b"word\n" * (MAX_CODE_BYTES // 5 + 1),
        "long.txt": b"x" * (MAX_TEXT_BYTES + 1),
        "data": b"a\0b",
        "none.txt": b"",
    }
    uploaded(scene.hub, scene.owner, scene.model, files)
    assert '<pre class="plain-text">' in seen(scene, f"{MODEL}/blob/main/lines.txt")
    assert "too large to show" in seen(scene, f"{MODEL}/blob/main/long.txt")
    assert "not text" in seen(scene, f"{MODEL}/blob/main/data")
    assert "file is empty" in seen(scene, f"{MODEL}/blob/main/none.txt")


def test_a_folder_of_thousands_comes_in_pages(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    operations = [Add(f"many/{number:04}.txt", b"x") for number in range(1010)]
    changed(scene.hub, scene.owner, scene.model, operations)
    first = seen(scene, f"{MODEL}/tree/main/many")
    assert first.count('class="file-name"') == 1001  # with the folder above
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    second = seen(scene, onward[1].replace("&amp;", "&"))
    assert ">1009.txt</a>" in second
    assert second.count('class="file-name"') == 11


def test_an_empty_repo_tells_its_owner_how_to_fill_it(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    created(scene.hub, scene.owner, "fresh", RepoType.DATASET)
    own = scene.visitor(scene.owner).get("/datasets/li-wei/fresh").text
    assert "hf upload --repo-type dataset li-wei/fresh ./folder ." in own
    stranger = scene.visitor().get("/datasets/li-wei/fresh").text
    assert "hf upload" not in stranger
    assert "This repository is empty" in stranger


def test_lists_are_searched_filtered_and_sorted(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    tiny = created(scene.hub, scene.other, "bert-tiny")
    card = b"---\npipeline_tag: fill-mask\nlicense: mit\nlanguage: zh\n---\n# Tiny\n"
    uploaded(scene.hub, scene.other, tiny, {"README.md": card})
    index(scene.hub, tiny)

    def names(query: str) -> list[str]:
        html = seen(scene, f"/models{query}")
        return re.findall(r'class="repo-own">([^<]+)<', html)

    assert sorted(names("")) == ["bert-tiny", "flan-t5-large"]
    assert names("?search=bert") == ["bert-tiny"]
    assert names("?author=li-wei") == ["flan-t5-large"]
    assert names("?pipeline_tag=fill-mask") == ["bert-tiny"]
    assert names("?license=license:mit&language=zh") == ["bert-tiny"]
    assert names("?license=mit&language=fr") == []
    assert names("?sort=downloads") == ["flan-t5-large", "bert-tiny"]
    assert names("?sort=lastModified")[0] == names("?sort=modified")[0]
    assert names("?sort=nonsense") == names("")
    assert names("?pipeline_tag=%22%3E%3Cscript%3E") == []


def test_a_list_goes_on_on_the_next_page(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    for number in range(31):
        created(scene.hub, scene.other, f"model-{number:02}")
    first = seen(scene, "/models?sort=created&author=ada")
    assert first.count('class="repo-card') == 30
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    second = seen(scene, onward[1].replace("&amp;", "&"))
    assert re.findall(r'class="repo-own">([^<]+)<', second) == ["model-00"]
    assert scene.visitor().get("/models?cursor=nonsense").status_code == 400


def test_a_person_wins_over_a_legacy_name_which_else_leads_on(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    visitor = scene.visitor()
    assert visitor.get("/gpt2").status_code == 404
    created(scene.hub, made(scene.hub, "openai-community", password=None), "gpt2")
    assert visitor.get("/gpt2/tree/main").headers["location"] == "/openai-community/gpt2/tree/main"
    for spelt in ("/gpt2", "/GPT2"):
        assert visitor.get(spelt).headers["location"] == "/openai-community/gpt2"
    made(scene.hub, "distilgpt2", password=None)
    created(scene.hub, made(scene.hub, "distilbert", password=None), "distilgpt2")
    assert "Nothing published yet." in seen(scene, "/distilgpt2")
    assert visitor.get("/LI-WEI").headers["location"] == "/li-wei"
    profile = seen(scene, "/li-wei")
    assert "flan-t5-large" in profile
    assert "Edit profile" not in profile
    assert "Edit profile" in scene.visitor(scene.owner).get("/li-wei").text


def test_large_files_of_a_commit_are_told_by_size(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    hub, owner, model = scene.hub, scene.owner, scene.model
    newer = given(hub, owner, model, "model.safetensors", noise("newer", 700_000))
    sha = changed(hub, owner, model, [newer], title="Newer weights").sha
    html = seen(scene, f"{MODEL}/commit/{sha}")
    assert re.search(r"620 kB → .*700 kB", html)
