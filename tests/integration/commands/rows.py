"""The whole table."""

from tests.integration.commands import rows_people, rows_questions, rows_volunteers
from tests.integration.commands.row import Row

ROWS: tuple[Row, ...] = (*rows_people.ROWS, *rows_volunteers.ROWS, *rows_questions.ROWS)
