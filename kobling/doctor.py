"""What is wrong with an installation, each thing with its cause and with what helps. Changes nothing, but for
one record without content on `operators.v1`, whose append tells the broker's time.
"""

import smtplib
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kobling.errors import AdministrationError
from kobling.reading import lags
from kobling.setup.databases import databases
from kobling.setup.looking import known_principals, plan
from kobling.setup.plan import Change, Wanted
from shared.contracts.topics import OPERATORS
from shared.mongo import Database, DatabaseError
from shared.servers import broker_cause

State = Literal["good", "wrong", "unknown"]
TICK = b"_doctor"
"""The key of a tick, which readers of a compacted topic skip."""
SKEW = timedelta(minutes=1)
"""Between this machine's clock and a server's: five minutes are what services bear of senders'."""
BEHIND = 10_000
"""Records that a group may be behind before it is said: some seconds' work."""
SMTP_SECONDS = 10
SHOWN = 3


class Finding(NamedTuple):
    """What one look came to."""

    check: str
    state: State
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server that notifications uses."""

    host: str
    port: int
    starttls: bool = True


def mail_server(address: str, *, starttls: bool) -> Mail:
    """The mail server at `host:port`. Raises AdministrationError for what is none."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise AdministrationError(f"{address!r} is no host:port")
    return Mail(host, int(port), starttls)


async def examine(wanted: Wanted, mail: Mail | None = None) -> list[Finding]:
    """Everything that can be looked at: what lies behind a server that doesn't answer stays unknown."""
    findings = [await _looked("broker", lambda: _broker(wanted))]
    if findings[0].state == "good":
        findings += await _set_up(wanted)
        findings.append(await _looked("lag", lambda: _lag(wanted)))
    if wanted.uri is not None:
        findings.append(await _looked("database", lambda: _database(wanted.uri or "")))
    if mail is not None:
        findings.append(_mail(mail))
    return findings


async def _looked(check: str, look: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await look()
    except (KafkaError, DatabaseError, OSError, TimeoutError, AdministrationError) as error:
        return Finding(check, "unknown", _told(error), "see what is wrong above")


def _told(error: Exception) -> str:
    """Our own words, or what kind of error a server's is: its text may quote a document."""
    return str(error) if isinstance(error, AdministrationError) else type(error).__name__


async def _broker(wanted: Wanted) -> Finding:
    """Whether the broker answers, takes the account, and has the time."""
    producer = AIOKafkaProducer(**wanted.kafka.options, acks="all", request_timeout_ms=10_000)
    try:
        await producer.start()
        here = datetime.now(UTC)
        appended = await producer.send_and_wait(wanted.prefix + OPERATORS.name, None, TICK)
    except (KafkaError, OSError, TimeoutError) as error:
        cause = broker_cause(error, str(wanted.kafka))
        return Finding("broker", "wrong", cause, "is it up, and to be reached from here?")
    finally:
        await producer.stop()
    there = datetime.fromtimestamp(appended.timestamp / 1000, UTC)
    return _clock("broker", here, there)


def _clock(check: str, here: datetime, there: datetime) -> Finding:
    skew = there - here
    if abs(skew) > SKEW:
        cause = (
            f"its clock is {abs(skew).total_seconds():.0f} s {'ahead' if skew > timedelta() else 'behind'}"
        )
        return Finding(check, "wrong", cause, "set the clocks of both machines (NTP)")
    return Finding(check, "good")


_OF_AREA: Mapping[str, str] = {
    "topic": "topics",
    "setting": "topics' settings",
    "account": "accounts",
    "access": "access rules",
    "quota": "quotas",
    "user": "database users",
    "rights": "database users",
    "index": "indexes",
}


async def _set_up(wanted: Wanted) -> list[Finding]:
    """What `kobling setup` would change, by what it is about."""
    try:
        known = await known_principals(wanted.kafka, wanted.prefix)
        everybody = Wanted(
            wanted.kafka,
            wanted.secrets,
            known | wanted.principals,
            wanted.prefix,
            wanted.replicas,
            await _reachable(wanted),
            wanted.databases,
        )
        changes = (await plan(everybody)).changes()
    except (KafkaError, DatabaseError, AdministrationError) as error:
        return [Finding("set-up", "unknown", _told(error), "look with an administrator's account")]
    found: dict[str, list[Change]] = {name: [] for name in dict.fromkeys(_OF_AREA.values())}
    for change in changes:
        found[_OF_AREA[change.area]].append(change)
    return [_finding(check, lacking) for check, lacking in found.items()]


def _finding(check: str, lacking: Sequence[Change]) -> Finding:
    if not lacking:
        return Finding(check, "good")
    more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
    return Finding(check, "wrong", "; ".join(map(str, lacking[:SHOWN])) + more, "run `kobling setup`")


async def _reachable(wanted: Wanted) -> str | None:
    """The databases' URI where they answer: what is wrong with them is another finding."""
    if wanted.uri is None:
        return None
    found = await _looked("database", lambda: _database(wanted.uri or ""))
    return wanted.uri if found.state == "good" else None


async def _database(uri: str) -> Finding:
    """Whether MongoDB answers, takes the account, is a replica set, and has the time."""
    database = Database(uri, "admin")
    try:
        await database.ping()
        async with databases(uri, {}) as opened:
            here, told = datetime.now(UTC), await opened.greeting()
    except DatabaseError as error:
        return Finding("database", "wrong", database.cause(error), "see the cause")
    finally:
        database.close()
    if "setName" not in told:
        remedy = "start it with --replSet and run rs.initiate(): transactions need a replica set"
        return Finding("database", "wrong", "it is no replica set", remedy)
    return _clock("database", here, told["localTime"].replace(tzinfo=UTC))


async def _lag(wanted: Wanted) -> Finding:
    """Whether a group is far behind, or about to lose what it has not read."""
    behind: dict[str, int] = {}
    for one in await lags(wanted.kafka, wanted.prefix):
        behind[one.group] = behind.get(one.group, 0) + one.to_end
    far = {group: count for group, count in behind.items() if count > BEHIND}
    if not far:
        return Finding("lag", "good")
    worst = sorted(far.items(), key=lambda item: -item[1])[:SHOWN]
    cause = "; ".join(f"{group} is {count} records behind" for group, count in worst)
    return Finding(
        "lag", "wrong", cause, "look at the service's /health/ready, and whether more replicas help"
    )


def _mail(mail: Mail) -> Finding:
    where = f"{mail.host}:{mail.port}"
    try:
        with smtplib.SMTP(mail.host, mail.port, timeout=SMTP_SECONDS) as server:
            server.ehlo()
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            takes_utf8 = server.has_extn("smtputf8")
    except (OSError, smtplib.SMTPException) as error:
        cause = f"{where}: {type(error).__name__}"
        return Finding(
            "mail", "wrong", cause, "look at NOTIFICATIONS_SMTP_HOST, _PORT and _STARTTLS, and at the server"
        )
    if not takes_utf8:
        remedy = "have it offer SMTPUTF8 (RFC 6531)"
        return Finding("mail", "wrong", f"{where} takes no addresses beyond ASCII", remedy)
    return Finding("mail", "good")
