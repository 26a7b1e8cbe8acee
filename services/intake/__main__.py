"""`python -m services.intake`: logging first, then the service."""

import asyncio

from services.intake.app import create_app
from services.intake.settings import Settings
from shared.logging import configure_logging
from shared.messaging.serving import serve
from shared.messaging.wiring import Resources
from shared.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(Settings)
    configure_logging("intake", settings.log_level)
    wiring = create_app(settings, Resources.of("intake", settings))
    asyncio.run(serve(wiring, settings))
