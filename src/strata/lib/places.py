"""Where an address is, roughly: read from a database in MaxMind's format (`.mmdb`).

A record says `{"city": {"names": {"en": …}}, "subdivisions": [{"names": …}], "country": {"names":
…, "iso_code": …}}`, as the City and Country databases of MaxMind and DB-IP do.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import maxminddb

LONGEST_NAME: Final = 80  # characters
LOOKED_THROUGH: Final = 20_000  # records, for one that names a place
_DEFAULT: Final = "en"


class NoPlaces(ValueError):
    """The file is no database of places."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place by its names, each language to its own."""

    town: Mapping[str, str]
    country: Mapping[str, str]

    def called(self, language: str) -> str:
        """The place in a language (`en`, `zh-CN`), or in English where it has no such name."""
        names = [_name(self.town, language), _name(self.country, language)]
        if language.startswith("zh"):
            return " ".join(name for name in reversed(names) if name)
        return ", ".join(name for name in names if name)


class Places:
    """An open database; it is mapped into memory and read as needed."""

    def __init__(self, path: Path) -> None:
        """Open a database.

        Raises:
            NoPlaces: there is none, or it says something else of addresses.
        """
        try:
            self._reader = maxminddb.open_database(path)
            some = itertools.islice(self._reader, LOOKED_THROUGH)
            useful = any(_place(record) for _, record in some)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise NoPlaces(
                f"{path} is no readable database in MaxMind's format: {error}"
            ) from error
        if not useful:
            kind = self._reader.metadata().database_type
            raise NoPlaces(f"{path} ({kind}) names no countries or cities.")

    def of(self, ip: str) -> Place | None:
        """Where an address is; None when the database does not know."""
        try:
            address = ipaddress.ip_address(ip)
            mapped = address.ipv4_mapped if address.version == 6 else None
            return _place(self._reader.get(mapped or address))
        # No address, IPv6 in a database of IPv4, a broken record.
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None


def _place(record: object) -> Place | None:
    if not isinstance(record, Mapping):
        return None
    place = Place(_names(record.get("city")) or _region(record), _country(record.get("country")))
    return place if place.town or place.country else None


def _region(record: Mapping[object, object]) -> Mapping[str, str]:
    regions = record.get("subdivisions")
    return _names(regions[0]) if isinstance(regions, list) and regions else {}


def _country(given: object) -> Mapping[str, str]:
    names = _names(given)
    code = given.get("iso_code") if isinstance(given, Mapping) else None
    return names or ({_DEFAULT: code} if isinstance(code, str) and code else {})


def _names(given: object) -> Mapping[str, str]:
    names = given.get("names") if isinstance(given, Mapping) else None
    if not isinstance(names, Mapping):
        return {}
    plain = {str(one): " ".join(str(name).split())[:LONGEST_NAME] for one, name in names.items()}
    return {language: name for language, name in plain.items() if name}


def _name(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names.get(_DEFAULT) or next(iter(names.values()), "")
