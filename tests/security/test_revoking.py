"""What an account that was taken away can still do: nothing, by whatever door it came in."""

import asyncio
from dataclasses import replace

from kobling.setup.carrying_out import carry_out, revoke
from kobling.setup.looking import plan
from shared.contracts.access import Principal
from tests.security.guarded import Guarded
from tests.security.matrix import allowed
from tests.security.probes import Probe, probing

LEAVING = Principal("operator", "leaving-1")
OWN = ["commands.intake.leaving-1.v1"]


async def refused(probe: Probe) -> None:
    """Returns once nothing may be written."""
    async with asyncio.timeout(30):
        while allowed(await probe.write(OWN)):  # noqa: ASYNC110 (a broker says nothing of a rule that went)
            await asyncio.sleep(0.1)


async def test_an_open_connection_and_a_certificate_are_of_no_use(guarded: Guarded) -> None:
    wanted = replace(guarded.wanted, principals=guarded.wanted.principals | {LEAVING})
    await carry_out(await plan(wanted))
    certificate = guarded.security.authority.sign(LEAVING.account)
    async with (
        probing(guarded.as_(LEAVING)) as by_password,
        probing(guarded.certified(certificate)) as by_certificate,
    ):
        for probe in (by_password, by_certificate):
            assert allowed(await probe.write(OWN)) == set(OWN)
        await asyncio.to_thread(revoke, guarded.addresses.cluster, guarded.secrets, LEAVING)
        for probe in (by_password, by_certificate):
            await refused(probe)
    async with probing(guarded.certified(certificate)) as again:
        assert allowed(await again.write(OWN)) == set()
