// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Four heads: three may be lost one after the other, and the last one goes on.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct FourHeadsLabTests {
  @Test func threeAreLostOneAfterTheOther() async throws {
    let drill = try await HeadsDrill.make(heads: 4)
    try await drill.run {
      #expect(try await drill.answer() == "head1")
      for head in drill.heads { _ = try await drill.site.onHead(head, ["touch", "/run/site-busy"]) }
      for head in drill.heads { #expect(try await drill.isExpecting(4, on: head)) }
      var (left, lost, serving) = (drill.heads, [String](), "head1")
      while left.count > 1 {
        left.removeAll { $0 == serving }
        lost.append(serving)
        serving = try await loses(serving, left, drill)
      }
      #expect(serving == "head2", "those that have nothing to do come first")
      #expect(try await drill.quorum(on: serving).contains("Quorate:          Yes"))
      try await drill.site.eventually("the timers run there too") { try await drill.timers() == serving }
      for head in lost.dropLast() { try await drill.cut(head, mend: true) }
      try await comeBack(drill)
    }
  }

  /// - Returns: the head that serves now.
  private func loses(_ head: String, _ left: [String], _ drill: HeadsDrill) async throws -> String {
    let before = try drill.boots(of: head), lost = ContinuousClock.now, moment = Date.now
    // Two that lose sight of each other may both live: the last one is lost for good.
    if left.count > 1 {
      try await drill.cut(head)
    } else {
      #expect(try await drill.site.cluster(["lab", "power", head, "off"]).status == 0)
    }
    let next = try await drill.answered(by: left)
    print("\(head) lost, \(left.count) left: \(next) answers after \((ContinuousClock.now - lost) / .seconds(1)) s")
    #expect(
      try left.count == 1 || drill.boots(of: head) > before, "a head that is not seen to be off is not taken over")
    for other in left where left.count > 1 {
      try await drill.site.eventually("\(other) counts on \(left.count) heads") {
        let isExpecting = try await drill.isExpecting(left.count, on: other)
        let isPair = try await drill.isPair(on: other)
        return isExpecting && isPair == (left.count == 2)
      }
    }
    for other in left where left.count > 1 {
      #expect(try await drill.quorum(on: other).contains("Quorate:          Yes"))
      #expect(try await drill.lossesOfQuorum(on: other, since: moment) == "", "\(other), when \(head) was lost")
    }
    return next
  }

  private func comeBack(_ drill: HeadsDrill) async throws {
    try await drill.site.eventually("all four are back") { try await drill.site.status().heads.allSatisfy(\.online) }
    for head in drill.heads {
      try await drill.site.eventually("\(head) goes by the majority of four") {
        let isPair = try await drill.isPair(on: head)
        let isWhole = try await drill.isExpecting(4, on: head)
        return !isPair && isWhole
      }
    }
    try await drill.armed()
  }
}
