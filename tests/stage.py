"""The stage: people, accounts and the bot, put up with sensible defaults, so that a test names only what matters to it.

The bot is the real one, wired as in production; Slack and AWS are the strict stand-ins, and the clock is by hand.
"""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
