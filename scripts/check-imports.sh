#!/usr/bin/env bash
# Runs the one test that compares import lines with the drawing of the targets.
set -euo pipefail
swift build --build-tests
swift test --skip-build --disable-xctest --filter ProjectTests
