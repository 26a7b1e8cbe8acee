"""Whether traces are recorded: OpenTelemetry's own variables say so. The library is imported only then."""

from collections.abc import Mapping

from shared.logging import get_logger
from shared.messaging.tracing.spans import Tracer

log = get_logger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def tracer_of(service: str, environment: Mapping[str, str]) -> Tracer | None:
    """What takes a service's spans; None where no collector is named, or traces are switched off."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    if disabled or exporter != "otlp" or not any(environment.get(name) for name in ENDPOINTS):
        return None
    try:
        from shared.messaging.tracing import otlp  # noqa: PLC0415 (whoever records nothing doesn't need it)
    except ModuleNotFoundError as missing:
        log.error("traces_not_recorded", missing=missing.name, remedy="install kobling[traces]")  # noqa: TRY400 (its name is all there is to it)
        return None
    return otlp.started(service, environment)
