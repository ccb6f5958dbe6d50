// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Three heads, of which two work: the first loss moves to the third one, and the second to what is left. Then services
/// go back to their heads when it is quiet.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ThreeHeadsLabTests {
  @Test func twoAreLostOneAfterTheOther() async throws {
    let drill = try await HeadsDrill.make()
    try await drill.run {
      #expect(try await drill.answer() == "head1")
      try await losesTheFirst(drill)
      try await losesTheSecond(drill)
      try await goesBack(drill)
      try await staysWhereItIsPut(drill)
      try await spreadMoves(drill)
    }
  }

  /// The head without work takes over, and nothing happens to what runs on the other one.
  private func losesTheFirst(_ drill: HeadsDrill) async throws {
    for head in drill.heads { _ = try await drill.site.onHead(head, ["touch", "/run/site-busy"]) }
    #expect(try await drill.isPair(on: "head2") == false)
    let started = try await cron(on: "head2", drill)
    let before = try drill.boots(of: "head1"), lost = ContinuousClock.now
    try await drill.cut("head1")
    _ = try await drill.answered(by: ["head3"])
    print("the first head lost: head3 answers after \((ContinuousClock.now - lost) / .seconds(1)) s")
    #expect(try drill.boots(of: "head1") > before, "a head that is not seen to be off is not taken over")
    for head in ["head2", "head3"] {
      try await drill.site.eventually("\(head) may go on alone") { try await drill.isPair(on: head) }
    }
    #expect(try await drill.timers() == "head2")
    #expect(try await cron(on: "head2", drill) == started, "it went on")
  }

  private func losesTheSecond(_ drill: HeadsDrill) async throws {
    let lost = ContinuousClock.now
    #expect(try await drill.site.cluster(["lab", "power", "head3", "off"]).status == 0)
    _ = try await drill.answered(by: ["head2"])
    print("the second head lost: head2 answers after \((ContinuousClock.now - lost) / .seconds(1)) s")
    let quorum = try await drill.quorum(on: "head2")
    #expect(quorum.contains("Quorate:          Yes"), "\(quorum)")

    try await drill.cut("head1", mend: true)
    try await drill.site.eventually("all three are back") {
      try await drill.site.status().heads.allSatisfy(\.online)
    }
    for head in drill.heads {
      try await drill.site.eventually("\(head) goes by the majority") { try await drill.isPair(on: head) == false }
    }
  }

  /// While it is busy it stays, and says why.
  private func goesBack(_ drill: HeadsDrill) async throws {
    // A head that was off has forgotten what was in /run.
    _ = try await drill.site.onHead("head2", ["touch", "/run/site-busy"])
    try await drill.site.eventually("status says what it waits for") {
      try await drill.condition("failback") == "lazy: waits: somebody is busy"
    }
    #expect(try await drill.answer() == "head2")
    try await drill.armed()
    _ = try await drill.site.onHead("head2", ["rm", "/run/site-busy"])
    let quiet = ContinuousClock.now
    _ = try await drill.answered(by: ["head1"])
    print("quiet: the services are back after \((ContinuousClock.now - quiet) / .seconds(1)) s")
    try await drill.site.eventually("they are at home") {
      try await drill.condition("failback") == "lazy: the services are on head1"
    }
    #expect(try await drill.timers() == "head2")
  }

  /// An administrator has moved them away: they stay, although it is quiet, until the first head was away.
  private func staysWhereItIsPut(_ drill: HeadsDrill) async throws {
    try await drill.armed()
    for head in drill.heads { _ = try await drill.site.onHead(head, ["rm", "-f", "/run/site-busy"]) }
    let moved = try await drill.site.cluster(["ha", "switchover", "--to", "head3", "--lab", "--yes"])
    #expect(moved.status == 0, "\(moved.text) \(moved.errorText)")
    try await drill.site.eventually("it is held") {
      try await drill.condition("failback")?.hasPrefix("lazy: the services were moved away from head1") == true
    }
    #expect(try await drill.answer() == "head3")
    #expect(try await drill.timers() == "head2", "what has a head of its own stays there")
    _ = try? await drill.site.onHead("head1", ["systemctl", "reboot"])
    _ = try await drill.answered(by: ["head1"])
  }

  /// The group moves by itself, is taken over by the head without work, and goes back to its own.
  private func spreadMoves(_ drill: HeadsDrill) async throws {
    try await drill.armed()
    for head in ["head3", "head2"] {
      let moved = try await drill.site.cluster(
        ["ha", "switchover", "--spread", "timers", "--to", head, "--lab", "--yes"])
      #expect(moved.status == 0, "\(moved.text) \(moved.errorText)")
      #expect(try await drill.timers() == head)
      #expect(try await drill.answer() == "head1")
      if head == "head3" {
        #expect(try await drill.condition("spread-timers")?.hasPrefix("on head3, and head2 is its own") == true)
      }
    }
    try await drill.armed()
    let lost = ContinuousClock.now
    #expect(try await drill.site.cluster(["lab", "power", "head2", "off"]).status == 0)
    try await drill.site.eventually("the timers run on head3") { try await drill.timers() == "head3" }
    print("the group's head lost: it runs on head3 after \((ContinuousClock.now - lost) / .seconds(1)) s")
    #expect(try await drill.answer() == "head1")
    try await drill.site.eventually("the timers are back on head2") { try await drill.timers() == "head2" }
  }

  /// When the unit was started there.
  private func cron(on head: String, _ drill: HeadsDrill) async throws -> String {
    try await drill.site.onHead(
      head, ["systemctl", "show", "--property=ExecMainStartTimestampMonotonic", "cron.service"]
    )
    .text
  }
}
