import asyncio, time, tempfile, sys, importlib, logging
from pathlib import Path
from deploy.local.stack import running_stack
from tests.e2e.stories.story import play
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
series = importlib.import_module(f"tests.e2e.stories.{sys.argv[1]}").SERIES
d=Path(tempfile.mkdtemp()); t=time.monotonic()
def tell(x): print(f"{time.monotonic()-t:6.1f} {x}", flush=True)
with running_stack(d/"stack") as s:
    t=time.monotonic()
    for told in asyncio.run(play(series, s, d/"w", tell)):
        print(told.story.name, told.holds, told.failed)
        for r in told.results: print("   ", "ok " if r.holds else "NOT", r.what, r.expected, r.came)
print(d)
