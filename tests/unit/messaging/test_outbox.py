from collections.abc import Sequence
from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import topics
from shared.messaging.sending.outbox import BUNDLE_BYTES, BUNDLE_ROWS, SLOTS, Bundle, Row, bundled, slot_of

keys = st.one_of(st.none(), st.sampled_from([b"a", b"b", b"c"]))
rows = st.builds(
    Row,
    topic=st.sampled_from(["pairs.v1", "rounds.v1"]),
    key=keys,
    value=st.one_of(st.none(), st.binary(max_size=4)),
    headers=st.sampled_from([(), (("content-type", b"x"),), (("dlq-id", b"1"),)]),
    order=st.integers(1, 3),
    slot=st.integers(0, 1),
)


def row(key: bytes, order: int = 1, value: bytes | None = b"{}", slot: int = 0) -> Row:
    return Row("pairs.v1", key, value, (), order, slot)


def stored(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [bson.decode(bson.encode(document)) for document in documents]


@given(st.lists(rows, max_size=40))
def test_what_is_bundled_comes_out_again_with_each_keys_rows_in_order(given_rows: list[Row]) -> None:
    bundles = [Bundle.of(document) for document in stored(bundled(given_rows))]
    unpacked = [row for bundle in bundles for row in bundle.rows]
    assert sorted(unpacked, key=repr) == sorted(given_rows, key=repr)
    for place in {(row.place, row.order, row.headers, row.slot) for row in given_rows}:
        wanted = [one for one in given_rows if (one.place, one.order, one.headers, one.slot) == place]
        assert [one for one in unpacked if (one.place, one.order, one.headers, one.slot) == place] == wanted


@given(st.lists(rows, max_size=40))
def test_no_bundle_has_two_rows_of_a_key(given_rows: list[Row]) -> None:
    for document in bundled(given_rows):
        keys = [key for key, _ in document["rows"] if key is not None]
        assert len(keys) == len(set(keys))


def test_bundles_are_closed_by_number_and_by_size() -> None:
    many = bundled([row(b"%d" % number) for number in range(2 * BUNDLE_ROWS + 1)])
    assert [len(document["rows"]) for document in many] == [BUNDLE_ROWS, BUNDLE_ROWS, 1]
    large = bundled([row(b"%d" % number, value=bytes(BUNDLE_BYTES // 2)) for number in range(3)])
    assert [len(document["rows"]) for document in large] == [2, 1]


def test_a_bundles_size_is_that_of_keys_and_values() -> None:
    (document,) = bundled([row(b"key"), row(b"other", value=None)])
    assert Bundle.of(document).size == len(b"key{}other")


def test_what_is_set_aside_stays_as_it_is_stored() -> None:
    (document,) = stored(bundled([row(b"a"), row(b"b"), row(b"c", value=None)]))
    bundle = Bundle.of(document, {("pairs.v1", b"b"), ("rounds.v1", b"a")})
    assert [one.key for one in bundle.rows] == [b"a", b"c"]
    assert (bundle.aside, bundle.count) == ([[b"b", b"{}"]], 3)


def test_keys_are_spread_over_the_slots_and_a_topic_of_one_partition_is_in_one() -> None:
    keys = [b"%d" % number for number in range(400)]
    assert {slot_of(topics.PAIRS, topics.PAIRS.name, key) for key in keys} == set(range(SLOTS))
    assert len({slot_of(topics.RECEIPTS, "receipts.no-4601.v1", key) for key in keys}) == 1
