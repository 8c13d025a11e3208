"""The contract every engine fulfils and the registry that finds them. No engine lives here."""
