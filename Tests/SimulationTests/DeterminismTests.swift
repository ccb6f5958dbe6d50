// SPDX-License-Identifier: Apache-2.0
import Simulation
import Testing

@Suite struct DeterminismTests {
}
