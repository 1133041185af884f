"""Any sequence of operations gives the tree that a dictionary would."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fixtures.contents import changed, created, texts
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import person
from strata.content.writing.operations import Add, Delete, DeleteFolder, Operation
from strata.core.errors import EntryNotFound

PATHS = st.sampled_from(["a", "b", "a/x", "a/y", "b/x/z", "b/x", "c/d/e", "c/d", "a.b", "a-b"])
OPERATIONS = st.one_of(
    st.builds(Add, PATHS, st.binary(max_size=3)),
    st.builds(Delete, PATHS),
    st.builds(DeleteFolder, PATHS),
)


def applied(tree: dict[str, bytes], operation: Operation) -> dict[str, bytes] | None:
    """The tree after one operation; None when it is impossible."""
    path = operation.path
    below = {name for name in tree if name.startswith(f"{path}/")}
    match operation:
        case Add():
            assert isinstance(operation.source, bytes)
            above = {"/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)}
            kept = {n: c for n, c in tree.items() if n not in below and n not in above}
            return {**kept, path: operation.source}
        case Delete() if path in tree:
            return {name: content for name, content in tree.items() if name != path}
        case Delete() | DeleteFolder() if below:
            return {name: content for name, content in tree.items() if name not in below}
        case _:
            return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(OPERATIONS, max_size=5), max_size=5))
def test_commits_do_to_a_tree_what_they_say(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[list[Operation]]
) -> None:
    folder = tmp_path_factory.mktemp("model") / "data"
    hub = build_test_hub(folder, clock=FrozenClock())
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    tree: dict[str, bytes] = {}
    for operations in sequence:
        expected: dict[str, bytes] | None = tree
        for operation in operations:
            expected = applied(expected, operation) if expected is not None else None
        try:
            changed(hub, owner, repo, operations)
        except EntryNotFound:
            assert expected is None, operations
        else:
            assert expected is not None, operations
            tree = expected
        assert texts(hub, owner, repo) == tree
    hub.database.close()
