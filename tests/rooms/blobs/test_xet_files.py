"""Xorbs and shards: everything a client says is proved, nothing opens foreign bytes."""

import hashlib
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.hubs import FrozenClock
from fixtures.large_files import (
    MadeFile,
    MadeXorb,
    calling,
    chunked,
    entry_of,
    file_of,
    left_in_staging,
    noise,
    person,
    repository,
    spool,
    xorb_of,
)
from strata.access.policy.verbs import Action
from strata.blobs import keep, links
from strata.blobs.present import large_files, require_present
from strata.blobs.tables import xet_dedup, xorbs as xorb_rows
from strata.blobs.xet import answers, dedup, shards, tokens, xorbs
from strata.blobs.xet.rebuild import DamagedChunks
from strata.blobs.xet.shards import Progress
from strata.blobs.xet.tokens import Scope
from strata.blobs.xet.tree import FileTree
from strata.core.actor import ANONYMOUS, Actor
from strata.core.errors import (
    BadCredentials,
    Forbidden,
    Malformed,
    NotFound,
    RepoNotFound,
    TooLarge,
    Unprocessable,
)
from strata.core.hub import Hub
from strata.credentials.tokens.presented.bearers import Bearer, actor_of
from strata.lib.http.ranges import ByteRange
from strata.lib.xet import hash as xet_hash
from strata.lib.xet.shard import ShardFile, parse
from strata.lib.xet.shard_write import build as build_shard
from strata.lib.xet.table import Terms
from strata.lib.xet.xorb import Scheme, decode_chunks
from strata.repos.record import Repo

CONTENT = noise("random", 900_000) + b"text, " * 60_000 + bytes(300_000)


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return person(hub, "alice")


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    return person(hub, "mallory")


@pytest.fixture
def repo(hub: Hub, alice: Actor) -> Repo:
    return repository(hub, alice, "model")


@pytest.fixture
def private(hub: Hub, alice: Actor) -> Repo:
    return repository(hub, alice, "secret", private=True)


@pytest.fixture
def foreign(hub: Hub, mallory: Actor) -> Repo:
    return repository(hub, mallory, "loot")


def send_xorb(hub: Hub, actor: Actor, made: MadeXorb, body: bytes | None = None) -> bool:
    with calling(hub, actor) as call:
        content = made.body if body is None else body
        return xorbs.take_in(call, made.hash, spool(hub, content))


def send_shard(hub: Hub, actor: Actor, repo: Repo, shard: bytes) -> bool:
    received = spool(hub, shard)
    try:
        with calling(hub, actor) as call:
            return shards.register(call, repo, received, Progress())
    finally:
        received.discard()


def upload(hub: Hub, actor: Actor, repo: Repo, made: MadeFile) -> None:
    for xorb in made.xorbs:
        send_xorb(hub, actor, xorb)
    send_shard(hub, actor, repo, made.shard())


def download(hub: Hub, actor: Actor, repo: Repo, made: MadeFile, at: int, size: int) -> bytes:
    """Fetch a byte range as a client does: by the reconstruction, then by stored ranges."""
    with calling(hub, actor) as call:
        file = answers.file_of(call, repo, made.name)
        plan = answers.v2(call, repo, file, ByteRange(at, at + size))
    chunks: dict[tuple[str, int], bytes] = {}
    for xorb, fetches in plan["xorbs"].items():
        for fetch in fetches:
            link = answers.opened(hub, fetch["url"].partition("ticket=")[2])
            for pair in fetch["ranges"]:
                start, stop = pair["bytes"]["start"], pair["bytes"]["end"] + 1
                assert link.covers([ByteRange(start, stop)])
                stored = hub.objects.read(link.key, start, stop - start)
                for offset, chunk in enumerate(decode_chunks(stored)):
                    chunks[xorb, pair["chunks"]["start"] + offset] = bytes(chunk)
    raw = b"".join(
        chunks[term["hash"], index]
        for term in plan["terms"]
        for index in range(term["range"]["start"], term["range"]["end"])
    )
    skip = plan["offset_into_first_range"]
    return raw[skip : skip + size]


@pytest.mark.parametrize("scheme", [None, Scheme.PLAIN, Scheme.LZ4, Scheme.GROUPED_LZ4])
def test_a_file_sent_by_xet_reads_the_same_by_every_way(
    hub: Hub, alice: Actor, repo: Repo, scheme: Scheme | None
) -> None:
    made = file_of(CONTENT, scheme=scheme)
    assert len(made.xorbs) > 1
    upload(hub, alice, repo, made)

    with calling(hub, alice) as call:
        place = links.where(call, repo, made.oid, filename="model.bin")
        found = large_files(call, repo, [made.oid])[made.oid]
        require_present(call, repo, [(made.oid, len(CONTENT))])
    assert isinstance(place, links.XetTerms)
    assert found.xet_hash == place.file_hash == made.name
    pieces = list(links.open_xet(hub, place))
    assert b"".join(pieces) == CONTENT
    assert all(len(piece) >= 256 * 1024 for piece in pieces[:-1])
    for at, size in [(0, 1), (1, 500_000), (899_999, 2), (len(CONTENT) - 1, 1), (123_456, 777_777)]:
        assert b"".join(links.open_xet(hub, place, at, size)) == CONTENT[at : at + size]
        assert download(hub, alice, repo, made, at, size) == CONTENT[at : at + size]
    assert left_in_staging(hub) == []


def test_a_damaged_chunk_is_noticed_instead_of_served(hub: Hub, alice: Actor, repo: Repo) -> None:
    made = file_of(b"text, " * 100_000, scheme=Scheme.LZ4)
    upload(hub, alice, repo, made)
    (facts,) = hub.objects.keys("xorbs")
    stored = bytearray(hub.objects.read(facts.key))
    stored[:40] = bytes(40)
    hub.objects.put(facts.key, bytes(stored), overwrite=True)

    with calling(hub, alice) as call:
        place = links.where(call, repo, made.oid, filename="model.bin")
    assert isinstance(place, links.XetTerms)
    with pytest.raises(DamagedChunks):
        list(links.open_xet(hub, place))


def test_a_xorb_is_inserted_once_and_its_first_serialization_stays(
    hub: Hub, alice: Actor, repo: Repo
) -> None:
    chunks = chunked(b"text, " * 100_000)
    plain, packed = xorb_of(*chunks, scheme=Scheme.PLAIN), xorb_of(*chunks, scheme=Scheme.LZ4)
    assert plain.hash == packed.hash
    assert plain.body != packed.body

    assert send_xorb(hub, alice, packed)
    assert not send_xorb(hub, alice, plain)
    (facts,) = hub.objects.keys("xorbs")
    assert facts.size == len(packed.body)
    made = entry_of(b"text, " * 100_000, [plain])
    send_shard(hub, alice, repo, build_shard([made], []))
    assert left_in_staging(hub) == []


def test_an_old_clients_footer_is_cut_off(hub: Hub, alice: Actor) -> None:
    made = xorb_of(b"a" * 9_000)
    send_xorb(hub, alice, made, made.body + b"XETBLOB" + bytes(100))
    (facts,) = hub.objects.keys("xorbs")
    assert facts.size == len(made.body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        xorb_of(b"other" * 2_000).body,
        xorb_of(b"a" * 9_000, scheme=Scheme.PLAIN).body[:-1] + b"b",
        xorb_of(b"a" * 9_000, scheme=Scheme.PLAIN).body[:-1],
        b"\0\xff\xff\xff\0\xff\xff\xff" + bytes(100),
    ],
)
def test_a_false_xorb_is_refused_and_leaves_nothing(hub: Hub, alice: Actor, body: bytes) -> None:
    with pytest.raises(Malformed, match="invalid xorb"):
        send_xorb(hub, alice, xorb_of(b"a" * 9_000), body)
    assert list(hub.objects.keys()) == []
    assert left_in_staging(hub) == []


def test_a_shard_registers_a_file_only_once_and_a_second_repo_by_proof(
    hub: Hub, alice: Actor, repo: Repo, mallory: Actor, foreign: Repo
) -> None:
    made = file_of(CONTENT)
    for xorb in made.xorbs:
        send_xorb(hub, alice, xorb)
    assert send_shard(hub, alice, repo, made.shard())
    assert not send_shard(hub, alice, repo, made.shard())
    # Mallory has the same file: the range hashes prove it.
    assert not send_shard(hub, mallory, foreign, made.shard())
    assert download(hub, mallory, foreign, made, 5, 100) == CONTENT[5:105]


def test_a_file_of_known_chunks_needs_no_xorb(hub: Hub, alice: Actor, repo: Repo) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, repo, made)
    twice = entry_of(CONTENT * 2, made.xorbs * 2)

    assert send_shard(hub, alice, repo, build_shard([twice], []))
    with calling(hub, alice) as call:
        file = answers.file_of(call, repo, xet_hash.to_hex(twice.hash))
    assert file.size == 2 * len(CONTENT)


def false_entries(made: MadeFile) -> list[tuple[str, ShardFile]]:
    entry = made.entry
    assert entry.range_hashes is not None
    terms = list(entry.terms)
    first = terms[0]

    def with_first(**changes: Any) -> ShardFile:
        falsified = [replace(first, **changes), *terms[1:]]
        return replace(entry, terms=Terms.of(falsified))

    return [
        ("verification entries", replace(entry, range_hashes=None)),
        ("verification entry", replace(entry, range_hashes=bytes(len(entry.range_hashes)))),
        ("do not have this hash", replace(entry, hash=b"\1" * 32)),
        ("sha256", replace(entry, sha256=hashlib.sha256(b"another").hexdigest())),
        ("outside", with_first(stop=first.stop + 1)),
        ("outside", with_first(start=8_000, stop=8_001)),
        ("another length", with_first(raw_length=first.raw_length + 1)),
        ("verification entry", with_first(start=1, raw_length=made.xorbs[0].term(1).raw_length)),
        ("do not have this hash", replace(
            entry, terms=Terms.of(terms[1:]), range_hashes=entry.range_hashes[32:]
        )),
        ("unknown xorb", replace(
            entry, terms=Terms.of([replace(first, xorb=b"\2" * 32), *terms[1:]])
        )),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(10))
def test_false_entries_are_refused_and_register_nothing(
    hub: Hub, alice: Actor, repo: Repo, number: int
) -> None:
    made = file_of(CONTENT)
    for xorb in made.xorbs:
        send_xorb(hub, alice, xorb)
    reason, entry = false_entries(made)[number]
    innocent = file_of(b"innocent " * 5_000)
    for xorb in innocent.xorbs:
        send_xorb(hub, alice, xorb)

    with pytest.raises(Malformed, match=reason):
        send_shard(hub, alice, repo, build_shard([innocent.entry, entry], []))

    with calling(hub, alice) as call:
        assert large_files(call, repo, [made.oid, innocent.oid]) == {}


def test_a_xorb_listed_with_other_chunks_is_refused(hub: Hub, alice: Actor, repo: Repo) -> None:
    made = file_of(CONTENT)
    for xorb in made.xorbs:
        send_xorb(hub, alice, xorb)
    listed = replace(made.xorbs[0].listed, hashes=made.xorbs[0].listed.hashes[::-1])
    with pytest.raises(Malformed, match="other chunks"):
        send_shard(hub, alice, repo, build_shard([made.entry], [(listed, [])]))


@pytest.mark.parametrize("body", [b"", b"x", bytes(500)])
def test_what_is_no_shard_is_refused(hub: Hub, alice: Actor, repo: Repo, body: bytes) -> None:
    with pytest.raises(Malformed, match="invalid shard"):
        send_shard(hub, alice, repo, body)


def test_a_file_over_foreign_chunks_needs_their_hashes(
    hub: Hub, alice: Actor, private: Repo, mallory: Actor, foreign: Repo
) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, private, made)

    # Mallory knows every public name, but not the chunk hashes: the proof cannot be made.
    names_only = replace(made.entry, range_hashes=bytes(32 * len(made.entry.terms)))
    with pytest.raises(Malformed, match="verification entry"):
        send_shard(hub, mallory, foreign, build_shard([names_only], []))
    without = replace(made.entry, range_hashes=None)
    with pytest.raises(Malformed, match="verification entries"):
        send_shard(hub, mallory, foreign, build_shard([without], []))


def test_a_false_sha256_claim_gives_nobody_elses_file(
    hub: Hub, alice: Actor, private: Repo, mallory: Actor, foreign: Repo
) -> None:
    secret = file_of(CONTENT)
    upload(hub, alice, private, secret)
    mine = file_of(b"mine " * 20_000)
    for xorb in mine.xorbs:
        send_xorb(hub, mallory, xorb)
    with pytest.raises(Malformed, match="sha256"):
        send_shard(hub, mallory, foreign, mine.altered(sha256=secret.oid))
    with calling(hub, mallory) as call, pytest.raises(Unprocessable):
        require_present(call, foreign, [(secret.oid, None)])


def test_a_token_reads_only_files_of_its_repo(
    hub: Hub, alice: Actor, repo: Repo, private: Repo
) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, private, made)
    with calling(hub, alice) as call:
        answers.file_of(call, private, made.name)
        with pytest.raises(NotFound):
            answers.file_of(call, repo, made.name)


def test_hostile_sizes_cost_no_memory(hub: Hub, alice: Actor, repo: Repo) -> None:
    tiny = xorb_of(*[b"x"] * 8_000)
    send_xorb(hub, alice, tiny)
    bomb = ShardFile(b"\3" * 32, Terms.of([tiny.term()] * 20_000), bytes(32 * 20_000), None)
    big = xorb_of(*[noise(str(number), 128 * 1024) for number in range(8)])
    send_xorb(hub, alice, big)
    huge = ShardFile(b"\4" * 32, Terms.of([big.term()] * 600_000), None, None)
    bombs = build_shard([bomb], []), build_shard([huge], [])

    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match="far smaller"):
            send_shard(hub, alice, repo, bombs[0])
        with pytest.raises(TooLarge):
            send_shard(hub, alice, repo, bombs[1])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000_000  # bytes; the second shard alone is 29 MB and describes 600 GB


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 10, 100, 4_095, 4_096, 20_000])
def test_the_growing_tree_has_the_hash_of_the_whole_one(count: int) -> None:
    leaves = [(hashlib.sha256(str(n).encode()).digest(), n + 1) for n in range(count)]
    tree = FileTree()
    for start in range(0, count, 700):
        tree.add(leaves[start : start + 700])
    assert tree.file_hash() == xet_hash.file_hash(leaves)


def first_chunk(made: MadeFile) -> bytes:
    return made.xorbs[0].xorb.chunks.hash_at(0)


def known_to(hub: Hub, actor: Actor, repo: Repo, chunk: bytes) -> Sequence[bytes] | None:
    with calling(hub, actor) as call:
        answer = dedup.answer(call, repo, chunk)
    return None if answer is None else [xorb.hash for xorb in parse(answer).xorbs]


def test_one_dedup_answer_covers_the_whole_file_and_is_keyed(
    hub: Hub, alice: Actor, repo: Repo
) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, repo, made)

    found = known_to(hub, alice, repo, first_chunk(made))

    assert set(found or ()) == {xorb.hash for xorb in made.xorbs}
    with calling(hub, alice) as call:
        one, two = [dedup.answer(call, repo, first_chunk(made)) for _ in range(2)]
    assert one is not None
    assert two is not None
    assert one != two  # another key each time
    assert first_chunk(made) not in one
    key, _, expiry = one[-200:][72:104], one[-200:][104:112], one[-200:][112:120]
    assert any(xet_hash.keyed(first_chunk(made), key) in chunk.hashes for chunk in parse(one).xorbs)
    assert int.from_bytes(expiry, "little") < hub.clock().timestamp()


def test_chunks_of_foreign_private_repos_are_unknown(
    hub: Hub, alice: Actor, private: Repo, repo: Repo, mallory: Actor, foreign: Repo
) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, private, made)
    assert known_to(hub, mallory, foreign, first_chunk(made)) is None
    assert known_to(hub, alice, repo, first_chunk(made))

    upload(hub, alice, repo, made)  # now it is public too
    assert known_to(hub, mallory, foreign, first_chunk(made))


def test_only_few_chunks_are_indexed(hub: Hub, alice: Actor, repo: Repo) -> None:
    upload(hub, alice, repo, file_of(CONTENT))
    with calling(hub, alice) as call:
        rows = call.db.scalar(sa.select(sa.func.count()).select_from(xet_dedup))
        chunks = call.db.scalar(sa.select(sa.func.sum(xorb_rows.c.chunk_count)))
    assert rows is not None
    assert 1 <= rows <= 1 + chunks // 10


def test_a_fetch_link_opens_its_ranges_only(hub: Hub, alice: Actor, repo: Repo) -> None:
    made = file_of(noise("one", 600_000), scheme=Scheme.PLAIN)
    upload(hub, alice, repo, made)
    with calling(hub, alice) as call:
        file = answers.file_of(call, repo, made.name)
        plan = answers.v1(call, repo, file, ByteRange(200_000, 200_001))
    ((fetch,),) = plan["fetch_info"].values()
    link = answers.opened(hub, fetch["url"].partition("ticket=")[2])
    start, stop = fetch["url_range"]["start"], fetch["url_range"]["end"] + 1
    assert link.covers([ByteRange(start, stop), ByteRange(start + 1, stop - 1)])
    assert not link.covers([ByteRange(start - 1, stop)])
    assert not link.covers([ByteRange(start, stop + 1)])
    assert not link.covers([ByteRange(start, stop), ByteRange(0, 1)])


def test_the_same_question_has_the_same_answer(hub: Hub, alice: Actor, repo: Repo) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, repo, made)
    with calling(hub, alice) as call:
        file = answers.file_of(call, repo, made.name)
        assert answers.v2(call, repo, file, ByteRange(7, 99)) == answers.v2(
            call, repo, file, ByteRange(7, 99)
        )
        together = answers.many(call, repo, [file])
        alone = answers.v1(call, repo, file, None)
    assert together["files"][made.name] == alone["terms"]


def test_tokens_are_bound_to_repo_scope_and_time(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    with calling(hub, alice) as call:
        reads = tokens.issue(call, repo, Action.READ)
        writes = tokens.issue(call, repo, Action.WRITE)
    assert reads.cas_url == "http://hub.test/xet/e1-0a1b2c3d"
    assert tokens.opened(hub, writes.access_token, Scope.READ).repo_id == repo.id
    with pytest.raises(Forbidden):
        tokens.opened(hub, reads.access_token, Scope.WRITE)
    for forged in ("", reads.access_token[:-2], hub.secrets.sign("other", 1, expires=clock())):
        with pytest.raises(BadCredentials):
            tokens.opened(hub, forged, Scope.READ)
    clock.advance(reads.expires - clock())
    with pytest.raises(BadCredentials):
        tokens.opened(hub, reads.access_token, Scope.READ)


def test_a_token_ends_with_the_right_to_see_the_repo(
    hub: Hub, alice: Actor, private: Repo, mallory: Actor
) -> None:
    def admitted(claims: tokens.Claims) -> Repo:
        with calling(hub, ANONYMOUS) as call:
            caller = replace(call, actor=actor_of(call, claims.bearer))
            return tokens.admitted(caller, claims)

    for user_id in (mallory.user_id, None):
        with pytest.raises(RepoNotFound):
            admitted(tokens.Claims(private.id, Scope.READ, Bearer(user_id)))
    assert admitted(tokens.Claims(private.id, Scope.READ, Bearer(alice.user_id))) == private


def test_bytes_kept_by_xet_are_not_stored_again_by_lfs(
    hub: Hub, alice: Actor, repo: Repo, mallory: Actor, foreign: Repo
) -> None:
    made = file_of(CONTENT)
    upload(hub, alice, repo, made)
    with calling(hub, mallory) as call:
        keep.keep(call, foreign, spool(hub, CONTENT))
        place = links.where(call, foreign, made.oid, filename="x")
    assert list(hub.objects.keys("lfs")) == []
    assert isinstance(place, links.XetTerms)
    assert left_in_staging(hub) == []


def test_bytes_kept_by_lfs_get_a_xet_hash_when_they_come_by_xet(
    hub: Hub, alice: Actor, repo: Repo
) -> None:
    made = file_of(CONTENT)
    with calling(hub, alice) as call:
        keep.keep(call, repo, spool(hub, CONTENT))
    upload(hub, alice, repo, made)
    with calling(hub, alice) as call:
        assert large_files(call, repo, [made.oid])[made.oid].xet_hash == made.name
        assert isinstance(links.where(call, repo, made.oid, filename="x"), links.Piped)
