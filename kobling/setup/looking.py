"""Finds out what an installation lacks, and changes nothing."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

from kobling.administration import existing_topics, topics_of
from kobling.programmes import Desk
from kobling.setup.broker import administration
from kobling.setup.databases import Databases, databases
from kobling.setup.plan import Plan, Wanted
from shared.cluster import Cluster
from shared.contracts.access import QUOTAS, READER_OF_DEAD_LETTERS, Grant, Principal, grants
from shared.contracts.topics import DEAD_LETTERS, SERVICES, SETTLEMENTS, Service
from shared.messaging.tables import TOPICS as TABLES
from shared.messaging.topic_settings import look


async def plan(wanted: Wanted) -> Plan:
    """What is missing or otherwise. Raises AdministrationError, KafkaError and PyMongoError."""
    names = topics_of(wanted.names("municipality"), wanted.names("operator"))
    there = await existing_topics(wanted.kafka)
    found = Plan(
        wanted,
        topics=sorted(name for name in (wanted.prefix + name for name in names) if name not in there),
        settings=[str(one) for one in await look(wanted.kafka, wanted.prefix)],
    )
    await asyncio.to_thread(_look_at_broker, found)
    if wanted.uri is not None:
        async with databases(wanted.uri, wanted.databases) as opened:
            await _look_at_databases(found, opened)
    return found


def _look_at_broker(found: Plan) -> None:
    with administration(found.wanted.kafka) as broker:
        granted = broker.grants()
        found.guarded = granted is not None
        if granted is None:
            return
        everybody = found.wanted.everybody()
        if found.wanted.kafka.sasl_mechanism.startswith("SCRAM") and found.wanted.kafka.with_account:
            accounts = broker.accounts()
            found.accounts = [one for one in everybody if one.account not in accounts]
        quotas = broker.quotas()
        found.quotas = [one for one in everybody if _other_quotas(one, quotas.get(one.account, {}))]
        wanted = {one.account: grants(one, found.wanted.prefix) for one in everybody}
        found.granted = _less(wanted, granted)
        theirs = {account: granted.get(account, frozenset()) for account in wanted}
        found.withdrawn = _less(_under(theirs, found.wanted.prefix), wanted)


def _other_quotas(principal: Principal, found: Mapping[str, float]) -> bool:
    quota = QUOTAS.get(principal.kind)
    return dict(found) != ({} if quota is None else asdict(quota))


def _less(
    these: Mapping[str, frozenset[Grant]], those: Mapping[str, frozenset[Grant]]
) -> dict[str, frozenset[Grant]]:
    """What these have and those have not, by account."""
    more = {account: grants - those.get(account, frozenset()) for account, grants in these.items()}
    return {account: grants for account, grants in more.items() if grants}


def _under(granted: Mapping[str, frozenset[Grant]], prefix: str) -> dict[str, frozenset[Grant]]:
    """What concerns this installation, where several share a broker."""
    return {
        account: frozenset(grant for grant in found if grant.name.startswith(prefix))
        for account, found in granted.items()
    }


async def _look_at_databases(found: Plan, opened: Databases) -> None:
    for service in SERVICES:
        lacking = await opened.missing(service)
        if lacking:
            found.indexes = {**found.indexes, service: lacking}
        await _look_for_retired(found, opened, service)
        if not opened.with_users:
            continue
        fits = await opened.has_its_rights(service)
        if fits is None or not found.wanted.secrets.has(Principal("service", service).account, "mongodb"):
            found.users = [*found.users, service]
        elif not fits:
            found.rights = [*found.rights, service]


async def _look_for_retired(found: Plan, opened: Databases, service: Service) -> None:
    retired = await opened.retired(service)
    if not retired:
        return
    if older := await opened.older_replicas(service, max(one.form for one in retired)):
        found.kept = {**found.kept, service: older}
    else:
        found.retired = {**found.retired, service: retired}


async def known_principals(kafka: Cluster, prefix: str = "") -> frozenset[Principal]:
    """Who is there already: municipalities by their topics, operators by their records, and everybody by what
    they are granted. Topics outlive who was revoked, and make nobody an operator.
    """
    there = await existing_topics(kafka)
    granted = await asyncio.to_thread(_granted, kafka)
    found = {one.account: one for one in map(Principal.of, granted) if one and one.kind != "service"}
    for name in there:
        if re.fullmatch(SETTLEMENTS.pattern(prefix), name):
            town = Principal("municipality", SETTLEMENTS.owner(name, prefix))
            found[town.account] = town
    dead_letters = {Grant("topic", prefix + topic.name, False, "read") for topic in DEAD_LETTERS.values()}
    for account, one in found.items():
        found[account] = replace(one, dead_letters=bool(granted.get(account, frozenset()) & dead_letters))
    if {prefix + topic.name for topic in TABLES} <= there:
        standing = await Desk(kafka, prefix, datetime.now(UTC)).look()
        for name, record in standing.operators.everybody().items():
            operator = Principal("operator", name, dead_letters=READER_OF_DEAD_LETTERS in record.roles)
            found[operator.account] = operator
    return frozenset(found.values())


def _granted(kafka: Cluster) -> Mapping[str, frozenset[Grant]]:
    with administration(kafka) as broker:
        return broker.grants() or {}
