// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

@testable import cluster

/// The real program on a terminal, which script(1) gives it.
@Suite(.timeLimit(.minutes(5))) struct TerminalTests {
  /// All that it writes to a terminal of 80 by 24.
  private static func output(_ site: SimulatedSite, _ environment: [String: String]) async throws -> String {
    let command =
      "stty cols 80 rows 24; \(site.program) apply --simulate --file \(site.specification) --fresh --pace 200"
    let result = try await Command.run(
      "script", ["-qec", command, "/dev/null"],
      environment: environment.merging(["XDG_STATE_HOME": site.state.path]) { $1 }, deadline: .seconds(120))
    #expect(result.succeeded, "\(result.lastLines)")
    return result.text.replacing("\r\n", with: "\n")
  }

  @Test func aTableIsDrawnThatFitsAndIsTakenAway() async throws {
    let text = try await Self.output(try SimulatedSite(), ["TERM": "xterm", "NO_COLOR": "1"])

    #expect(text.contains("130 done"))
    #expect(text.contains("building compute/") && text.contains("build image compute/"))
    #expect(!text.contains("\u{1b}[1m"), "NO_COLOR")
    let frames = text.split(separator: "\u{1b}[?2026h").dropFirst().compactMap { $0.split(separator: "[J").last }
    #expect(frames.count > 20)
    for line in frames.flatMap({ $0.split(separator: "\n") }) where line.contains("[#") || line.contains(" running  ·")
    {
      #expect(line.count < 80, "\(line)")
    }
    var screen = Screen(columns: 80)
    screen.take(text)
    #expect(screen.showsCursor)
    #expect(screen.text.contains { $0.hasPrefix("Simulated: ") })
    #expect(!screen.text.contains { $0.contains(" running  ·") }, "the table is gone")
  }

  @Test func colourIsUsedUnlessItIsNotWanted() async throws {
    let text = try await Self.output(try SimulatedSite(), ["TERM": "xterm", "NO_COLOR": ""])

    #expect(text.contains("\u{1b}[1m"))
  }

  @Test func aDumbTerminalGetsLines() async throws {
    let text = try await Self.output(try SimulatedSite(), ["TERM": "dumb", "NO_COLOR": ""])

    #expect(!text.contains("\u{1b}"))
    #expect(text.contains("ok   130/130"))
  }
}
