"""`python -m services.notifications`: logging first, then the service."""

import asyncio

from services.notifications.app import create_app
from services.notifications.settings import Settings
from shared.logging import configure_logging
from shared.messaging.serving import serve
from shared.messaging.wiring import Resources
from shared.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(Settings)
    configure_logging("notifications", settings.log_level)
    wiring = create_app(settings, Resources.of("notifications", settings))
    asyncio.run(serve(wiring, settings))
