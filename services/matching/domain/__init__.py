"""Pure matching: no broker, no database, no clock. Standard library, numpy and scipy only."""
