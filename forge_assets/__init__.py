"""The graph: one module per stage. An asset's body is a few lines that call a resource."""
