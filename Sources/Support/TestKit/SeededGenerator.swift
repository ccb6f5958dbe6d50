// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Repeatable randomness (SplitMix64). The seed is printed, so that a failure can be run again with `TEST_SEED=…`.
package struct SeededGenerator: RandomNumberGenerator {
  package let seed: UInt64
  private var state: UInt64

  /// Without a seed: `TEST_SEED` when it is set, else a new one.
  package init(seed: UInt64? = nil, for purpose: String = #function) {
    let given = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) }
    self.seed = seed ?? given ?? UInt64.random(in: 1...UInt64.max)
    self.state = self.seed
    print("\(purpose): TEST_SEED=\(self.seed)")
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
