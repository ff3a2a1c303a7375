"""Searches that end in an answer with a certificate; none owns a formula of the pipeline."""
