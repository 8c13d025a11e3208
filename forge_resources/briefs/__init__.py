"""Reading, checking and filing of briefs: from a file that somebody wrote to resolved documents per market."""
