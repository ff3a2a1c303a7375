"""Textbook formulas as pure, vectorised, cited functions; one topic per module."""
