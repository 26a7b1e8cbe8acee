"""What operators send to matching, on `commands.matching.<operator>.v1`: a module for what each is about."""
