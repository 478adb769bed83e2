"""Estimators: pure arrays in, arrays out, a whole set of comparisons at once.

Every function takes NumPy arrays of equal shape, one element per comparison, and gives arrays of the same shape. What cannot be
estimated is `nan` in the numbers, with a `status` that says why (see `status`): nothing raises, nothing is dropped. No module here
knows a warehouse, a design or a page.
"""
