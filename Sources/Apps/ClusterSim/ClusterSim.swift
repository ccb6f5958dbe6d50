// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Simulation

@main
struct ClusterSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster-sim",
    abstract: "Runs the whole program over machines in memory, with everything going wrong, from one seed each.",
    discussion: """
      A seed stands for a site, edits of its description, faults and their moments; it repeats exactly. Ends with 1
      when a rule was broken, and tells the story of the first seed that broke one. What is covered, and what is not,
      is in docs/simulation.md.
      """)

  @Option(help: "How many seeds.")
  var seeds = 1000

  @Option(help: "The first seed. Alone, without --seeds, only this one.")
  var seed: UInt64?

  @Option(help: "How many seeds are played at once.")
  var jobs = 1

  @Flag(help: "Print the story of every seed.")
  var trace = false

  @Flag(help: .hidden)
  var worker = false

  mutating func validate() throws {
    guard seeds > 0, jobs > 0 else { throw ValidationError("--seeds and --jobs must be more than 0") }
  }

  func run() throws {
    let first = seed ?? 1
    if worker { return try Worker.run(first..<(first + UInt64(seeds)), jobs) }
    let alone = seed != nil && !CommandLine.arguments.contains { $0.hasPrefix("--seeds") }
    let range = first..<(first + UInt64(alone ? 1 : seeds))
    if trace || alone {
      var failed = 0
      for seed in range where try !Self.tell(seed, wholeStory: true) { failed += 1 }
      return try Self.summarise(passed: range.count - failed, failed: failed)
    }
    let campaign = Campaign(range, jobs: jobs)
    campaign.run()
    try Self.tell(campaign.failures)
    try Self.summarise(passed: campaign.passed, failed: campaign.failures.count)
  }

  /// Prints each failure, and the first one with its whole story.
  private static func tell(_ failures: [Campaign.Failure]) throws {
    var told = false
    for failure in failures.sorted(by: { $0.seed < $1.seed }) {
      if failure.trapped {
        print("seed \(failure.seed): the program itself crashed\n  replay: cluster-sim --seed \(failure.seed)")
      } else {
        _ = try tell(failure.seed, wholeStory: !told)
        told = true
      }
    }
  }

  /// Whether the seed kept all rules.
  private static func tell(_ seed: UInt64, wholeStory: Bool) throws -> Bool {
    let result = try Scenario(seed: seed).run()
    if wholeStory {
      print("seed \(seed)")
      print(result.story.lines.joined(separator: "\n"))
      print("digest \(result.story.digest)")
    }
    guard let violation = result.violation else { return true }
    print("seed \(seed) broke a rule\n  \(violation)\n  replay: cluster-sim --seed \(seed)")
    return false
  }

  private static func summarise(passed: Int, failed: Int) throws {
    print("\(passed) passed, \(failed) failed")
    if failed > 0 { throw ExitCode.failure }
  }
}
