"""The version of this package, where both the package and what it sends can read it."""

VERSION = "0.1.0"
