"""What Kobling is made of and shipped with: locked versions, licences, bills of materials, audit, wheel."""
