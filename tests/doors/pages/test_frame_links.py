"""Every address that the frame of a page leads to is served."""

import re
from pathlib import Path

import pytest

from doors_visitors import Visitor
