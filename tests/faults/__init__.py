"""The fault matrix of docs/faults.md, on real processes: `make faults`."""
