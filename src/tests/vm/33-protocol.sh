#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# src/tests/box/54-protocol.sh on a host with all controllers.
SUITES=${SUITE:-trixie} exec "${0%/*}/../box/54-protocol.sh"
