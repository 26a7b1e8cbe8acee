"""Holds what two checkouts' services say to the same stream of records against each other.

The map: `events` makes records as outside systems write them; `settlements`, `settlement_faults`, `people`,
`pools`, `pairing`, `letters` and `poison` make the `stream`, and import nothing of Kobling's, so that each
checkout gets the same bytes; `fleet` runs a checkout's services, `play` sends the stream to them phase by
phase, `topics` reads what came, `names` takes random references out of it, and `compare` holds two recordings
against each other.
"""
