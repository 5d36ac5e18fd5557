"""Results as files to keep and to pass on: tables, JSON, and pages with pictures."""

from ras.sheets.answered import Answered
from ras.sheets.saving import KINDS, check_results_file, save_results

__all__ = ["KINDS", "Answered", "check_results_file", "save_results"]
