"""The whole table."""

from tests.integration.commands import (
    rows_everywhere,
    rows_pairs,
    rows_people,
    rows_pools,
    rows_questions,
    rows_volunteers,
)
from tests.integration.commands.row import Row

ROWS: tuple[Row, ...] = (
    *rows_people.ROWS,
    *rows_volunteers.ROWS,
    *rows_questions.ROWS,
    *rows_pairs.ROWS,
    *rows_pools.ROWS,
    *rows_everywhere.ROWS,
)
