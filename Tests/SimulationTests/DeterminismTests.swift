// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Simulation
import Testing

/// The same seed is the same story, to the letter.
@Suite struct DeterminismTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>) func aSeedRepeatsExactly(_ seed: UInt64) throws {
    let first = try Scenario(seed: seed).run()
    let second = try Scenario(seed: seed).run()

    #expect(first.story.lines == second.story.lines)
    #expect(first.violation == second.violation)
    #expect(first.story.lines.count > 5)
  }

  /// What one seed has left for the next is what undisturbed sites come to, and that is the same for everybody.
  @Test func aSeedAloneIsAsAmongOthers() throws {
    let campaign = Templates()
    for seed in (1...24 as ClosedRange<UInt64>).reversed() {
      let among = try Scenario(seed: seed, templates: campaign).run()
      if !seed.isMultiple(of: 6) { continue }

      let alone = try Scenario(seed: seed, templates: Templates()).run()

      #expect(alone.story.lines == among.story.lines, "seed \(seed)")
      #expect(alone.violation == among.violation, "seed \(seed)")
    }
  }

  /// Another process has other addresses in memory, and other hashes.
  @Test(arguments: [3, 7, 11] as [UInt64]) func aSeedIsTheSameInEveryProcess(_ seed: UInt64) async throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let program = URL(filePath: own).deletingLastPathComponent().appending(path: "cluster-sim").path
    try #require(FileManager.default.isExecutableFile(atPath: program), "\(program) is not built")
    let here = try Scenario(seed: seed).run().story.digest

    for _ in 0..<2 {
      let there = try await Command.checked(program, ["--seed", "\(seed)"], next: "See what cluster-sim says.").text
      #expect(there.contains("digest \(here)\n"))
    }
  }

  @Test func otherSeedsAreOtherStories() throws {
    #expect(try Scenario(seed: 1).run().story.lines != Scenario(seed: 2).run().story.lines)
  }
}
