"""`python -m deploy.supply.sbom DIRECTORY`: a bill of materials for each set that is shipped.

CycloneDX 1.6 as JSON, `<set>.cdx.json`: versions, hashes and who needs whom from the lock files, licences
from the installed packages. The same commit gives the same bytes. Ends with 1 where one can't be made.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from deploy.supply import licences, locked
from deploy.supply.commit import NoDate, source_date
from deploy.supply.locked import Pin

PRODUCT = "kobling"
_LICENCES = LicenseFactory()


class Invalid(Exception):
    """A bill breaks the schema of CycloneDX; the message is the schema's first complaint."""


def bill(name: str, pins: Iterable[Pin], seconds: int) -> str:
    """The bill of one set as JSON, dated `seconds` since 1970. Raises LicenceRefused, Invalid."""
    components = {(pin.name, pin.version): component(pin) for pin in pins}
    made = Bom(serial_number=UUID(int=0), components=components.values())
    made.metadata.timestamp = datetime.fromtimestamp(seconds, UTC)
    made.metadata.component = product = Component(
        name=PRODUCT if name == "core" else f"{PRODUCT}-{name}",
        version=version(PRODUCT),
        type=ComponentType.APPLICATION,
        bom_ref=PRODUCT,
        licenses=[_LICENCES.make_from_string("Apache-2.0")],
    )
    for pin in pins:
        needed = components[pin.name, pin.version]
        if pin.direct:
            made.register_dependency(product, [needed])
        for (asker, _), by in components.items():
            if asker in pin.asked_by:
                made.register_dependency(by, [needed])
    made.serial_number = uuid5(NAMESPACE_URL, written(made))
    return held(written(made))


def component(pin: Pin) -> Component:
    """One library, with what its wheels carry inside it. Raises LicenceRefused."""
    licensed = licences.of(pin.name)
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="a hash for each file of this version, of which one is installed",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in pin.hashes],
    )
    return Component(
        name=pin.name,
        version=pin.version,
        description=f"installed where {pin.marker}" if pin.marker else None,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[
            _LICENCES.make_from_string(
                licensed.expression, license_acknowledgement=LicenseAcknowledgement.DECLARED
            )
        ],
        external_references=[files],
        components=[
            Component(
                name=what,
                bom_ref=f"{purl.to_string()}#{what.replace(' ', '-')}",
                licenses=[_LICENCES.make_from_string(licence)],
            )
            # Another version's wheel may carry something else: of that none was read.
            for what, licence in (licensed.carried if licensed.version == pin.version else ())
        ],
    )


def written(made: Bom) -> str:
    """A bill as JSON of version 1.6, in lines."""
    return JsonV1Dot6(made).output_as_string(indent=2) + "\n"


def held(text: str) -> str:
    """The text, which CycloneDX's schema allows. Raises Invalid."""
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise Invalid(str(wrong))
    return text


def main(directory: Path) -> int:
    """0 and a line for each bill; 1 and the reason where one can't be made."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        for name in locked.SHIPPED:
            pins = locked.read(name)
            target = directory / f"{name}.cdx.json"
            target.write_text(bill(name, pins, source_date()), encoding="utf-8")
            sys.stdout.write(f"sbom: {target} names {len(pins)} libraries\n")
    except (Invalid, NoDate, licences.LicenceRefused, locked.NotLocked) as failure:
        sys.stderr.write(f"sbom: NOT MADE: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
