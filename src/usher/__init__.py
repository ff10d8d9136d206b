"""Usher: one place that says who may enter which AWS account, one login that opens them all."""
