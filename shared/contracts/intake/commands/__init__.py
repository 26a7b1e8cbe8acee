"""What operators send to intake, on `commands.intake.<operator>.v1`: a module for what each is about."""
