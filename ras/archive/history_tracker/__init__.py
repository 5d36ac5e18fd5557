"""Databases of Discord History Tracker."""
