"""Where artefacts and documents are kept: content-addressed, atomic, on a directory or S3."""
