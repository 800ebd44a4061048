"""Predictors (a net and its preprocessing) and the clip pipeline."""
