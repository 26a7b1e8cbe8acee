"""Accounts, access rules and quotas of a broker, as they are and as they are to be.

aiokafka has none of these requests; kafka-python has, and blocks until each is answered.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, SecurityDisabledError, for_code
from kafka.protocol.admin import (
    AlterClientQuotasRequest,
    AlterUserScramCredentialsRequest,
    DescribeClientQuotasRequest,
    DescribeUserScramCredentialsRequest,
)

from kobling.errors import AdministrationError
from shared.cluster import Cluster
from shared.contracts.access import Grant, Quota

MECHANISM = "SCRAM-SHA-512"
ITERATIONS = 8192
"""Twice Kafka's own least number for SCRAM: each login of a client costs it and the broker so many hashes."""
PATIENCE_MS = 10_000
"""How long a broker may take for an answer."""
_USER = "User:"
_ANYWHERE = "*"
_ANY_NAMED = 2
"""Of a query for quotas: all entities that have a name (KIP-546, `match_type`)."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker's administration, open; raises AdministrationError where it is refused."""

    _admin: KafkaAdminClient

    def grants(self) -> Mapping[str, frozenset[Grant]] | None:
        """What each account is granted, as far as it is what Kobling grants; None where the broker has no
        access rules, so that everybody may do everything.
        """
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        asked = ACLFilter(
            principal=None,
            host=None,
            operation=ACLOperation.ANY,
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=everything,
        )
        try:
            found, _ = self._admin.describe_acls(asked)
        except SecurityDisabledError:
            return None
        granted: dict[str, set[Grant]] = defaultdict(set)
        for rule in found:
            if rule.principal.startswith(_USER):
                granted[rule.principal.removeprefix(_USER)].add(_grant(rule))
        return {account: frozenset(grants) for account, grants in granted.items()}

    def grant(self, account: str, grants: Iterable[Grant]) -> None:
        """Grants an account what it has not yet."""
        done = self._admin.create_acls([_rule(account, grant) for grant in sorted(grants)])
        if done["failed"]:
            _refuse(done["failed"][0].errno, f"{account} was not granted everything")

    def withdraw(self, account: str, grants: Iterable[Grant]) -> None:
        """Takes from an account what it was granted."""
        filters = [
            ACLFilter(
                principal=rule.principal,
                host=rule.host,
                operation=rule.operation,
                permission_type=rule.permission_type,
                resource_pattern=rule.resource_pattern,
            )
            for rule in (_rule(account, grant) for grant in sorted(grants))
        ]
        self._admin.delete_acls(filters)

    def accounts(self) -> Set[str]:
        """Who has a password."""
        answer = self._send(DescribeUserScramCredentialsRequest(users=None))
        _refuse(answer.error_code, "the broker does not show accounts")
        return {found.user for found in answer.results}

    def set_password(self, account: str, password: str) -> None:
        """Makes the account, or gives it another password."""
        made = UserScramCredentialUpsertion(account, MECHANISM, password, ITERATIONS)
        wanted = (account, int(made.mechanism), made.iterations, made.salt, made.salted_password)
        self._alter(account, upsertions=[wanted])

    def remove(self, account: str) -> None:
        """Takes its password from an account: connections that it has stay open until they end."""
        self._alter(account, deletions=[(account, int(ScramMechanism.SCRAM_SHA_512))])

    def _alter(
        self,
        account: str,
        deletions: Sequence[tuple[Any, ...]] = (),
        upsertions: Sequence[tuple[Any, ...]] = (),
    ) -> None:
        request = AlterUserScramCredentialsRequest(deletions=list(deletions), upsertions=list(upsertions))
        for done in self._send(request).results:
            _refuse(done.error_code, f"the password of {account} was not changed")

    def quotas(self) -> Mapping[str, Mapping[str, float]]:
        """The quotas of each account that has some."""
        named = DescribeClientQuotasRequest.ComponentData
        component = named(entity_type="user", match_type=_ANY_NAMED, match=None)
        answer = self._send(DescribeClientQuotasRequest(components=[component], strict=True))
        _refuse(answer.error_code, "the broker does not show quotas")
        return {
            entry.entity[0].entity_name or "": {value.key: value.value for value in entry.values}
            for entry in answer.entries or ()
        }

    def set_quota(self, account: str, quota: Quota | None) -> None:
        """Sets an account's quotas; None takes them away."""
        request = AlterClientQuotasRequest
        entity = request.EntryData.EntityData(entity_type="user", entity_name=account)
        names = Quota.__dataclass_fields__
        values = dict.fromkeys(names, 0) if quota is None else asdict(quota)
        operations = [
            request.EntryData.OpData(key=name, value=float(value), remove=quota is None)
            for name, value in values.items()
        ]
        entry = request.EntryData(entity=[entity], ops=operations)
        answer = self._send(request(entries=[entry], validate_only=False))
        for done in answer.entries:
            _refuse(done.error_code, f"{account}'s quotas were not set")

    def groups_with_members(self, groups: Sequence[str]) -> Sequence[str]:
        """Which of these consumer groups are read in now. aiokafka can't read a group with members."""
        described = self._admin.describe_groups(list(groups)) if groups else {}
        if unseen := sorted(group for group, found in described.items() if found["error"]):
            raise AdministrationError(f"whether {', '.join(unseen)} has members the broker does not show")
        return sorted(group for group, found in described.items() if found["members"])

    def _send(self, request: Any) -> Any:
        # The library's own methods tell nothing of a refusal but its text, wait half a minute after one, or
        # aren't there.
        manager = self._admin._manager  # noqa: SLF001
        return manager.run(manager.send, request)


def _refuse(code: int, what: str) -> None:
    """Raises AdministrationError for what is an error; the broker's own text quotes its request."""
    if code:
        error = for_code(code)
        raise AdministrationError(f"{what}: {error.__name__} ({code})")


@contextmanager
def administration(kafka: Cluster) -> Iterator[Broker]:
    """A broker's administration for as long as the block lasts."""
    options = {name: value for name, value in kafka.options.items() if name != "sasl_oauth_token_provider"}
    if kafka.token_file is not None:
        raise AdministrationError("accounts are administered with a password or a certificate, not a token")
    try:
        admin = KafkaAdminClient(**options, bootstrap_timeout_ms=PATIENCE_MS, request_timeout_ms=PATIENCE_MS)
    except KafkaError as error:
        raise AdministrationError(f"{kafka}: {type(error).__name__}") from None
    try:
        yield Broker(admin)
    except KafkaError as error:
        raise AdministrationError(f"{kafka}: {type(error).__name__} ({error.errno})") from None
    finally:
        admin.close()


def _rule(account: str, grant: Grant) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if grant.prefixed else ACLResourcePatternType.LITERAL
    return ACL(
        principal=f"{_USER}{account}",
        host=_ANYWHERE,
        operation=ACLOperation[grant.operation.upper()],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType[grant.resource.upper()], grant.name, pattern),
    )


def _grant(rule: ACL) -> Grant:
    pattern = rule.resource_pattern
    # Of other kinds than Kobling grants there may be some: they are shown, and withdrawn, all the same.
    return Grant(
        pattern.resource_type.name.lower(),
        pattern.resource_name,
        pattern.pattern_type == ACLResourcePatternType.PREFIXED,
        rule.operation.name.lower(),
    )
