// SPDX-License-Identifier: Apache-2.0
import Foundation
import Simulation

/// The work of one process of a campaign: one seed after the other, each told on its own line as soon as it is over.
enum Worker {
  static func run(_ first: UInt64, _ count: Int) throws {
    for seed in first..<(first + UInt64(count)) {
      let failed = try Scenario(seed: seed).run().violation != nil
      FileHandle.standardOutput.write(Data((failed ? "failed\n" : "passed\n").utf8))
    }
  }
}
