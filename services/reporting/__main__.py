"""`python -m services.reporting`: logging first, then the service."""

import asyncio

from services.reporting.app import create_app
from services.reporting.settings import Settings
from shared.logging import configure_logging
from shared.messaging.serving import serve
from shared.messaging.wiring import Resources
from shared.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(Settings)
    configure_logging("reporting", settings.log_level)
    wiring = create_app(settings, Resources.of("reporting", settings))
    asyncio.run(serve(wiring, settings))
