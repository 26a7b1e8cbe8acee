"""Carries a plan out. Killed anywhere, it is planned and carried out again: each step may be done twice."""

import asyncio

from kobling.administration import ensure_topics, mend_topics
from kobling.setup.broker import administration
from kobling.setup.databases import databases, password_of, uri_of
from kobling.setup.handing_over import Secrets, new_password
from kobling.setup.plan import Plan
from shared.cluster import Cluster
from shared.contracts.access import QUOTAS, Principal


async def carry_out(plan: Plan) -> None:
    """Does all that the plan says. Raises AdministrationError, KafkaError, PyMongoError and OSError."""
    wanted = plan.wanted
    if plan.topics:
        municipalities, operators = wanted.names("municipality"), wanted.names("operator")
        await ensure_topics(
            wanted.kafka, municipalities, operators, prefix=wanted.prefix, replicas=wanted.replicas
        )
    if plan.settings:
        await mend_topics(wanted.kafka, wanted.prefix)
    if plan.guarded:
        await asyncio.to_thread(_guard, plan)
    if wanted.uri is not None:
        async with databases(wanted.uri, wanted.databases) as opened:
            for service in plan.indexes:
                await opened.ensure(service)
            for service, retired in plan.retired.items():
                for one in retired:
                    await opened.remove(service, one)
            for service in plan.users:
                account = Principal("service", service).account
                await opened.allow(service, _database_password(wanted.secrets, account, wanted.uri))
            for service in plan.rights:
                await opened.allow(service, None)


def _database_password(secrets: Secrets, account: str, uri: str) -> str:
    """The one in the URI that somebody has put among the secrets, or that an earlier run did; else a new one,
    which is written before the database has it: one that nobody has could never be used.
    """
    given = secrets.read(account, "mongodb") if secrets.has(account, "mongodb") else ""
    password = password_of(given) or new_password()
    if not given:
        secrets.write(account, "mongodb", uri_of(uri, account, password))
    return password


def _guard(plan: Plan) -> None:
    """Accounts last: nobody logs in before what they may do is granted."""
    with administration(plan.wanted.kafka) as broker:
        for account, grants in plan.granted.items():
            broker.grant(account, grants)
        for account, grants in plan.withdrawn.items():
            broker.withdraw(account, grants)
        for principal in plan.quotas:
            broker.set_quota(principal.account, QUOTAS.get(principal.kind))
        for principal in plan.accounts:
            # Written before the broker has it: one that nobody has could never be handed over.
            broker.set_password(principal.account, plan.wanted.secrets.password(principal.account))
            if principal.kind != "service":
                plan.wanted.secrets.hand_over(principal, plan.wanted.kafka)


def revoke(kafka: Cluster, secrets: Secrets, principal: Principal) -> None:
    """Takes an account's password first, then what it may do; where the broker has no access rules there is
    nothing to take. Raises AdministrationError and OSError.
    """
    with administration(kafka) as broker:
        granted = broker.grants()
        if granted is not None:
            if principal.account in broker.accounts():
                broker.remove(principal.account)
            broker.withdraw(principal.account, granted.get(principal.account, frozenset()))
            broker.set_quota(principal.account, None)
    secrets.forget(principal.account)
