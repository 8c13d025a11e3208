"""What the assets draw on: contracts, reference library, engines, edit and store. No asset is known here."""
