"""Who gets in, in which ways, and what a service says whose account is refused."""

import asyncio
import base64
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from deploy.local.certificates import Authority
from deploy.local.security import AUDIENCE
from kobling.setup.broker import administration
from kobling.setup.carrying_out import carry_out
from kobling.setup.looking import plan
from shared.cluster import Cluster
from shared.contracts.access import Grant, Principal
from shared.servers import broker_cause
from tests.security.guarded import Guarded
from tests.security.probes import probing

TOWN = Principal("municipality", "no-4601")
MINE = {"receipts.no-4601.v1", "settlements.no-4601.v1"}


async def refused(kafka: Cluster) -> str:
    """What a service would say of it."""
    with pytest.raises((KafkaConnectionError, OSError, TimeoutError)) as error:
        async with asyncio.timeout(20), probing(kafka):
            pass
    return broker_cause(error.value, str(kafka))


async def seen(kafka: Cluster) -> set[str]:
    async with probing(kafka) as probe:
        return {name for name in await probe.seen() if not name.startswith("__")}


async def test_a_wrong_password_is_named_as_such(guarded: Guarded) -> None:
    told = await refused(replace(guarded.as_(TOWN), password="another"))  # noqa: S106 (invented)
    assert (
        told
        == f"{guarded.addresses.kafka}: SaslAuthenticationFailed: look at KAFKA_USERNAME and its password"
    )


async def test_a_mechanism_that_the_broker_lacks_is_named(guarded: Guarded) -> None:
    told = await refused(replace(guarded.as_(TOWN), sasl_mechanism="SCRAM-SHA-256"))
    assert told.endswith("UnsupportedSaslMechanismError: look at KAFKA_SASL_MECHANISM")


async def test_a_broker_whose_certificate_nobody_knows_is_told_no_password(
    guarded: Guarded, tmp_path: Path
) -> None:
    another = Authority.made(tmp_path)
    told = await refused(replace(guarded.as_(TOWN), ca_file=another.ca_file))
    assert "look at the broker's certificate and at KAFKA_CA_FILE" in told


async def test_who_speaks_without_tls_gets_no_answer(guarded: Guarded) -> None:
    await refused(Cluster(guarded.addresses.kafka))
    await refused(replace(guarded.as_(TOWN), security_protocol="SASL_PLAINTEXT", ca_file=None))


async def test_a_certificate_is_an_account(guarded: Guarded) -> None:
    """mTLS: the common name is the principal, with what that is granted and no more."""
    assert await seen(guarded.certified(guarded.security.authority.sign(TOWN.account))) == MINE
    await refused(guarded.certified(None))


async def test_a_token_is_an_account(guarded: Guarded, tmp_path: Path) -> None:
    """OAUTHBEARER: the token's subject is the principal; the broker checks who signed it, and for whom."""
    key, stranger = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    guarded.security.keys_of_tokens.write_text(json.dumps({"keys": [_public(key)]}))
    file = tmp_path / "token"
    there = replace(
        guarded.addresses.cluster,
        sasl_mechanism="OAUTHBEARER",
        username="",
        password="",
        token_file=file,
    )
    file.write_text(_token(key, TOWN.account))
    assert await seen(there) == MINE
    for wrong in (_token(stranger, TOWN.account), _token(key, TOWN.account, audience="others")):
        file.write_text(wrong)
        # aiokafka does not read the broker's answer to a token, and finds itself without a connection then.
        with pytest.raises(KafkaError):
            await seen(there)


async def test_what_is_set_up_needs_nothing_more(guarded: Guarded) -> None:
    assert (await plan(guarded.wanted)).changes() == []


async def test_a_right_too_many_is_taken_away_and_one_too_few_given(guarded: Guarded) -> None:
    more, less = (
        Grant("topic", "refugees.v1", False, "read"),
        Grant("topic", "receipts.no-4601.v1", False, "read"),
    )

    def disarrange() -> None:
        with administration(guarded.addresses.cluster) as broker:
            broker.grant(TOWN.account, [more])
            broker.withdraw(TOWN.account, [less])

    await asyncio.to_thread(disarrange)
    found = await plan(guarded.wanted)
    assert [str(change) for change in found.changes()] == [
        "create access: municipality.no-4601: read topic receipts.no-4601.v1",
        "remove access: municipality.no-4601: read topic refugees.v1",
    ]
    await carry_out(found)
    assert (await plan(guarded.wanted)).changes() == []


def _public(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    parts = {"n": numbers.n, "e": numbers.e}
    encoded = {
        name: _base64(number.to_bytes((number.bit_length() + 7) // 8)) for name, number in parts.items()
    }
    return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", **encoded}


def _token(key: rsa.RSAPrivateKey, subject: str, audience: str = AUDIENCE) -> str:
    """A signed token (RFC 7519) that is good for some minutes."""
    now = int(time.time())
    claims = {"sub": subject, "aud": audience, "iat": now, "exp": now + 600, "scope": "kafka"}
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "1"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_base64(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
