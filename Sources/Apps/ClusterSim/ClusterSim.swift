// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Simulation

@main
struct ClusterSim: ParsableCommand {
  @Option var seeds = 10
  @Option var seed: UInt64 = 1
  @Flag var trace = false
  func run() throws {
    var failed = 0
    for number in seed..<(seed + UInt64(seeds)) {
      let result = try Scenario(seed: number).run()
      if trace { for line in result.story.lines { print(line) } }
      if let violation = result.violation { failed += 1; print("seed \(number): \(violation)") }
    }
    print("\(seeds - failed) passed, \(failed) failed")
  }
}
