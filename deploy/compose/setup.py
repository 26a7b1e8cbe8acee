"""`python -m deploy.compose.setup`: MongoDB's replica set and administrator, `kobling setup`, and each
service's passwords, where that service alone finds them.

`SETUP` may hold further words for `kobling setup`, such as `--municipality no-4601`.
"""

import asyncio
import os
import shlex
import subprocess
import sys

from deploy.compose.places import ACCOUNTS, CA_FILE, KAFKA, MONGODB, PASSWORD_FILE, ROOT, administrator, write
from deploy.local.mongodb import initiate
from kobling.setup.handing_over import Secrets
from shared.contracts.access import Principal
from shared.contracts.topics import SERVICES

MONITOR = Principal("monitor", "ui")
"""As whom the view of Kafka's topics logs in."""
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"
_UI = """\
kafka:
  clusters:
    - name: kobling
      bootstrapServers: {servers}
      readOnly: true
      properties:
        security.protocol: SASL_SSL
        sasl.mechanism: SCRAM-SHA-512
        sasl.jaas.config: {login} required username="{account}" password="{password}";
        ssl.truststore.type: PEM
        ssl.truststore.location: {ca_file}
"""


def hand_over() -> None:
    """Gives each service the password and the URI that setting up has made for it. Raises OSError."""
    accounts = Secrets(ROOT / ACCOUNTS)
    for service in SERVICES:
        account = Principal("service", service).account
        write(service, "kafka.password", accounts.password(account))
        write(service, "mongodb.uri", (ROOT / ACCOUNTS / f"{account}.mongodb").read_text())
    password = accounts.password(MONITOR.account)
    content = _UI.format(
        servers=KAFKA, login=_LOGIN, account=MONITOR.account, password=password, ca_file=CA_FILE
    )
    write("ui", "application.yml", content)


def main() -> int:
    """Does all of it; what `kobling setup` ends with, where that is not 0."""
    asyncio.run(initiate(27017, member=MONGODB, ca_file=CA_FILE, password=PASSWORD_FILE.read_text()))
    command = ["kobling", "setup", "--yes", "--replicas", "1", "--monitor", MONITOR.name]
    command += shlex.split(os.environ.get("SETUP", ""))
    done = subprocess.run(command, env={**os.environ, **administrator()}, check=False)  # noqa: S603 (our own)
    if done.returncode == 0:
        hand_over()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
