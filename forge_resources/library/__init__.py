"""Markets, languages, regions, segments, personas and brands: data files and their loader."""
