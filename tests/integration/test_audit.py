"""The audit against a service of this test's own, which speaks as OSV does and knows one advisory."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.supply import audit
from deploy.supply.advisories import KNOWN, OSV_URL, parts

ADVISORY = {
    "id": "PYSEC-2021-59",
    "aliases": ["CVE-2021-28363"],
    "details": "In short: certificates of some proxies are not verified.",
    "affected": [
        {
            "package": {"name": "urllib3", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.26.0"}, {"fixed": "1.26.4"}]}],
        }
    ],
}
"""Identifiers, versions and the fault as in PyPA's advisory database (vulns/urllib3/PYSEC-2021-59.yaml)."""
VULNERABLE = frozenset({"1.26.0", "1.26.1", "1.26.2", "1.26.3"})
HASH = "0" * 64


@contextmanager
def service(monkeypatch: pytest.MonkeyPatch, *, honest: bool = True, fails_at: str = "") -> Iterator[None]:
    """A service at OSV_URL: it leaves advisories out unless it is honest, and breaks at one library."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            library, version = asked["package"]["name"], asked["version"]
            vulnerable = honest and library == "urllib3" and version in VULNERABLE
            body = json.dumps({"vulns": [ADVISORY]} if vulnerable else {}).encode()
            self.send_response(500 if library == fails_at else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(OSV_URL, f"http://127.0.0.1:{server.server_port}/")
        yield
        server.shutdown()


def audited(directory: Path, *pins: str, required: bool = False) -> int:
    """How the audit of a lock file with these pins ends."""
    text = "".join(f"{pin} \\\n    --hash=sha256:{HASH}\n" for pin in pins)
    (directory / "some.txt").write_text(text, encoding="utf-8")
    words = ["--service", "osv", "--directory", str(directory), "some"]
    return audit.main([*words, "--required"] if required else words)


@pytest.mark.parametrize("pin", ["urllib3==1.26.2", KNOWN])
def test_a_vulnerable_version_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pin: str
) -> None:
    with service(monkeypatch):
        assert audited(tmp_path, "idna==3.20", f"{pin} ; sys_platform == 'none'") == audit.VULNERABLE
    told = capsys.readouterr()
    assert told.err == f"audit: VULNERABLE: {pin}: PYSEC-2021-59 = CVE-2021-28363, mended in 1.26.4\n"
    assert told.out == "audit: 2 of 2 locked versions were asked about\n"


def test_others_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(monkeypatch):
        assert audited(tmp_path, "idna==3.20", "urllib3==1.26.4", required=True) == 0
    assert capsys.readouterr() == ("audit: 2 of 2 locked versions were asked about\n", "")


def test_an_advisory_can_be_accepted_by_any_of_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2021-28363": "no proxy is used"})
    with service(monkeypatch):
        assert audited(tmp_path, "urllib3==1.26.2", required=True) == 0


@pytest.mark.parametrize(
    ("honest", "fails_at", "why"),
    [
        (False, "", f"osv does not tell that {KNOWN} is vulnerable"),
        (True, "idna", "osv did not answer: "),
        (True, "urllib3", "osv did not answer: "),
    ],
)
def test_what_nobody_answers_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    honest: bool,
    fails_at: str,
    why: str,
) -> None:
    with service(monkeypatch, honest=honest, fails_at=fails_at):
        assert audited(tmp_path, "idna==3.20", "h11==0.16.0", required=True) == audit.NOT_AUDITED
    told = capsys.readouterr()
    assert told.out == "audit: 0 of 2 locked versions were asked about\n"
    assert "audit: NOT AUDITED: 2 of 2 versions (h11==0.16.0, idna==3.20)\n" in told.err
    assert f"audit: {why}" in told.err


def test_a_service_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change may land though; a release may not go out."""
    with service(monkeypatch):
        pass
    for required, ends in ((False, 0), (True, audit.NOT_AUDITED)):
        assert audited(tmp_path, "idna==3.20", required=required) == ends
        told = capsys.readouterr().err
        assert "audit: NOT AUDITED: 1 of 1 versions (idna==3.20)\naudit: osv did not answer: " in told


def test_two_versions_of_a_library_are_asked_about_apart() -> None:
    asked = list(parts(["a==1", "a==2", "b==1"]))
    assert sorted(pin for part in asked for pin in part) == ["a==1", "a==2", "b==1"]
    assert all(len({pin[0] for pin in part}) == len(part) for part in asked)
