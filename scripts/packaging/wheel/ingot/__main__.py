"""Runs the program in place of Python, so that its status and signals are those of the process."""

import os
import sys

from ingot import find_ingot

os.execv(find_ingot(), ["ingot", *sys.argv[1:]])
