"""Where addresses are is read from a database that others write."""

from pathlib import Path

import pytest

from fixtures.places import ASN, BERLIN, WHERE, written
from strata.app.hub import load_hub
from strata.core.settings.loading import load
from strata.core.settings.places import load_places
from strata.core.settings.refusal import BadSettings
from strata.lib.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(written(tmp_path / "city.mmdb", WHERE))


@pytest.mark.parametrize(
    ("ip", "language", "shown"),
    [
        ("203.0.113.7", "en", "Berlin, Germany"),
        ("203.0.113.7", "zh-CN", "德国 柏林"),
        ("::ffff:203.0.113.7", "en", "Berlin, Germany"),
        ("2001:db8::1", "en", "Yunnan, CN"),
        ("2001:db8::1", "zh-CN", "CN Yunnan"),  # has no other names
    ],
)
def test_a_place_is_called_in_the_language_of_its_reader(
    places: Places, ip: str, language: str, shown: str
) -> None:
    place = places.of(ip)
    assert place is not None
    assert place.called(language) == shown


@pytest.mark.parametrize("ip", ["198.51.100.1", "fe80::1%eth0", "testclient", "", "2001:db9::1"])
def test_an_unknown_address_is_nowhere(places: Places, ip: str) -> None:
    assert places.of(ip) is None


def test_a_database_of_ipv4_alone_knows_no_ipv6(tmp_path: Path) -> None:
    records = {"203.0.113.0/24": BERLIN}
    places = Places(written(tmp_path / "four.mmdb", records, "DBIP-City-Lite", version=4))
    assert (places.of("2001:db8::1"), places.of("203.0.113.7") is None) == (None, False)


@pytest.mark.parametrize(
    "record",
    [
        {"city": "Berlin", "country": {"names": {"en": "Germany"}}},
        {"city": {"names": {}}, "subdivisions": [], "country": {"names": {"en": "Ger\nmany"}}},
        {
            "city": {"names": {"en": ""}},
            "subdivisions": "?",
            "country": {"names": {"en": "Germany"}},
        },
    ],
)
def test_odd_records_say_what_they_can(tmp_path: Path, record: object) -> None:
    place = Places(written(tmp_path / "odd.mmdb", {"203.0.113.0/24": record})).of("203.0.113.7")
    assert place is not None
    assert place.called("en").replace(" ", "") == "Germany"


@pytest.mark.parametrize("kind", ["missing", "text", "cut", "asn", "folder"])
def test_a_wrong_file_is_refused_with_what_to_do(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.mmdb"
    if kind == "text":
        path.write_text("not a database")
    elif kind == "cut":
        whole = written(path, WHERE).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "asn":
        written(path, ASN, "GeoLite2-ASN")
    elif kind == "folder":
        path.mkdir()
    settings = load(environment={"STRATA_ACCOUNTS_PLACES_FILE": str(path)}).settings
    with pytest.raises(BadSettings, match=rf"accounts\.places_file: .*{kind}\.mmdb.*GeoLite2-City"):
        load_places(settings)


def test_without_a_setting_there_is_no_database() -> None:
    assert load_places(load(environment={}).settings) is None


def test_a_hub_with_a_wrong_file_does_not_start(tmp_path: Path) -> None:
    given = {"STRATA_ACCOUNTS_PLACES_FILE": __file__, "STRATA_DATA": str(tmp_path / "data")}
    with pytest.raises(BadSettings, match=r"accounts\.places_file"):
        load_hub(load(environment=given).settings)
    assert not (tmp_path / "data").exists()
