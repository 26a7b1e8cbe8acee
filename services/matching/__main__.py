"""`python -m services.matching`: logging first, then the service."""

import asyncio

from services.matching.app import create_app
from services.matching.settings import Settings
from shared.logging import configure_logging
from shared.messaging.serving import serve
from shared.messaging.wiring import Resources
from shared.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(Settings)
    configure_logging("matching", settings.log_level)
    wiring = create_app(settings, Resources.of("matching", settings))
    asyncio.run(serve(wiring, settings))
