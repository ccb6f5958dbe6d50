// SPDX-License-Identifier: Apache-2.0
import Simulation
import Testing

/// The same seed is the same story, to the letter.
@Suite struct DeterminismTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>) func aSeedRepeatsExactly(_ seed: UInt64) throws {
    let first = try Scenario(seed: seed).run()
    let second = try Scenario(seed: seed).run()

    #expect(first.story.lines == second.story.lines)
    #expect(first.violation == second.violation)
    #expect(first.story.lines.count > 10)
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

  @Test func otherSeedsAreOtherStories() throws {
    #expect(try Scenario(seed: 1).run().story.lines != Scenario(seed: 2).run().story.lines)
  }
}
