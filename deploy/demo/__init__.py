"""The demonstration: June 2016 in Bergen, from settlements to pairs and indicators."""
