"""Parity with PyTorch: its own sample inputs, run through both libraries.

`python tests/parity/run.py NAME ...` compares single operators and modules; tests/test_parity.py
compares all of them.  Needs torch (2.13 is the reference) and expecttest.
"""
