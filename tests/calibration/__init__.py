"""Calibration by simulation: do the methods keep the error rates that they promise?

`cells` says what one line of the table is and when it fails; `draws` makes experiments; `fixed`, `times`, … hold the families of
cells; `python -m calibration` (make calibrate) runs them and writes docs/calibration.md.
"""
