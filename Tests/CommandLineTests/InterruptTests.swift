// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

@testable import cluster

/// Ctrl-C, as a real signal to the real program.
@Suite(.timeLimit(.minutes(20))) struct InterruptTests {
  @Test(arguments: [SIGINT, SIGTERM]) func onceLetsWhatIsInFlightEndAndRecordsIt(_ signal: Int32) async throws {
    let site = try SimulatedSite()
    let run = try site.start(
      "apply", "--pace", "30", "--progress", "plain", interruption: .init(of: signal, at: "building compute/"))

    try await run.says("Stopping: no further step begins")
    #expect(try await run.ended() == ExitStatus.partial.rawValue)
    // The build was in flight: it was finished, and is known to be done.
    #expect(run.text.contains("built compute/"))
    #expect(run.text.contains("ended cancelled"))
    let log = try await site.run("log")
    #expect(log.text.contains("cancelled"), "\(log.text)\(log.errorText)")
    #expect(try await site.run("apply").status == 0)
  }

  @Test func twiceEndsAtOnceAndSaysWhatIsUnknown() async throws {
    let site = try SimulatedSite()
    let run = try site.start(
      "apply", "--pace", "1", "--progress", "plain",
      interruption: .init(of: SIGINT, at: "…    packages@head1:base/install"))

    try await run.says("Stopping: no further step begins")
    run.send(SIGINT)

    #expect(try await run.ended() == ExitStatus.partial.rawValue)
    #expect(run.text.contains("their result is unknown"))
    #expect(run.text.contains("packages@head1:base/install"))
    #expect(try await site.run("log").text.contains("No runs are recorded yet"))
    // The next one says so, and goes on.
    let next = try await site.run("apply")
    #expect(next.status == 0, "\(next.errorText)")
    #expect(next.errorText.contains("was interrupted"))
    #expect(try await site.run("log").text.contains("interrupted"))
  }
}
