from aiokafka.partitioner import murmur2 as aiokafkas
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.sending.partitioner import murmur2, partition_of

TWELVE = range(12)


@given(st.binary(max_size=80))
def test_murmur2_is_what_other_clients_compute(key: bytes) -> None:
    assert murmur2(key) == aiokafkas(key)


def test_a_key_goes_where_kafkas_own_clients_send_it() -> None:
    # From Kafka's UtilsTest: murmur2 of these keys, signed.
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    assert {key: murmur2(key) for key in known} == {key: value & 0xFFFFFFFF for key, value in known.items()}


def test_a_record_without_a_key_goes_where_its_fallback_says() -> None:
    assert {partition_of(None, TWELVE, number) for number in range(200)} == set(TWELVE)
    assert partition_of(b"21", TWELVE, 1) == partition_of(b"21", TWELVE, 2)
