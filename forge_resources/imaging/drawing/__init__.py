"""The drawing modules of the `sketch` engine: sets, figures, products, light. No engine and no file is known here."""
