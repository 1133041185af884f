"""A real data set: pushed with `datasets`, loaded by others, streaming and not."""

from typing import Final

import pytest

from clients.conftest import MakeClient
from clients.environments import DATASETS
from clients.hub import Hub

ROWS: Final = 3376  # airports in the package's table
PUSH: Final = """
    import sys
    from datasets import Dataset
    from vega_datasets import local_data

    airports = Dataset.from_pandas(local_data.airports(), preserve_index=False)
    splits = airports.train_test_split(test_size=0.25, seed=7)
    splits.push_to_hub(sys.argv[1], private=sys.argv[2] == "private")
"""
LOAD: Final = """
    import json, sys
    from datasets import load_dataset

    streaming = sys.argv[2] == "streaming"
    splits = load_dataset(sys.argv[1], streaming=streaming)
    rows = sorted(
        [row["iata"], row["name"], row["state"], row["latitude"], row["longitude"]]
        for split in splits.values() for row in split
    )
    print(json.dumps({"splits": sorted(splits), "rows": len(rows), "some": rows[::500]}))
"""
AT_HOME: Final = """
    import json
    from vega_datasets import local_data
    from datasets import Dataset

    rows = sorted(
        [row["iata"], row["name"], row["state"], row["latitude"], row["longitude"]]
        for row in Dataset.from_pandas(local_data.airports(), preserve_index=False)
    )
    print(json.dumps({"splits": ["test", "train"], "rows": len(rows), "some": rows[::500]}))
"""


@pytest.mark.parametrize("way", ["streaming", "whole"])
def test_another_account_loads_a_public_data_set(hub: Hub, client: MakeClient, way: str) -> None:
    author, reader = hub.user("data-author"), hub.user("data-reader")
    repo = f"data-author/airports-{way}"
    client(DATASETS, person=author).run(PUSH, repo, "public")
    loaded = client(DATASETS, person=reader).value(LOAD, repo, way)
    assert loaded == client(DATASETS).value(AT_HOME)
    assert isinstance(loaded, dict)
    assert loaded["rows"] == ROWS


def test_a_private_data_set_is_for_its_owner_only(hub: Hub, client: MakeClient) -> None:
    author, reader = hub.user("data-author"), hub.user("data-reader")
    repo = "data-author/secret-airports"
    client(DATASETS, person=author).run(PUSH, repo, "private")

    for way in ("streaming", "whole"):
        elsewhere = client(DATASETS, token=author.token_read)
        assert elsewhere.value(LOAD, repo, way) == client(DATASETS).value(AT_HOME)
        for stranger in (client(DATASETS, person=reader), client(DATASETS)):
            refused = stranger.run(LOAD, repo, way, fails=True)
            assert "DatasetNotFoundError" in refused.stderr


def test_pushing_again_replaces_the_rows(hub: Hub, client: MakeClient) -> None:
    author = hub.user("data-author")
    repo = "data-author/airports-twice"
    machine = client(DATASETS, person=author)
    machine.run(PUSH, repo, "public")
    machine.run(
        """
        import sys
        from datasets import Dataset
        Dataset.from_dict({"n": [1, 2, 3]}).push_to_hub(sys.argv[1], "numbers")
        Dataset.from_dict({"n": [4, 5]}).push_to_hub(sys.argv[1], "numbers")
        """,
        repo,
    )
    loaded = client(DATASETS).value(
        """
        import json, sys
        from datasets import get_dataset_config_names, load_dataset
        print(json.dumps([
            sorted(get_dataset_config_names(sys.argv[1])),
            list(load_dataset(sys.argv[1], "numbers", split="train")["n"]),
        ]))
        """,
        repo,
    )
    assert loaded == [["default", "numbers"], [4, 5]]
