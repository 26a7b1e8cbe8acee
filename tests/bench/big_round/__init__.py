"""A round over a whole city while states go on arriving: what it keeps waiting, and what it needs."""
