// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Lab

struct OutagesTests {
  private let target = ProbeTarget(.http, IPv4Address(bits: 0x0a01_000a))

  @Test func anOutageLastsFromTheLastAnswerToTheNext() {
    let start = ContinuousClock.now
    var outages = Outages([target], at: start)

    _ = outages.answered(target, at: start + .seconds(1))
    #expect(outages.passed(to: start + .milliseconds(1200)) == [])
    #expect(outages.passed(to: start + .milliseconds(1300)) == [.init(target: target, backAfter: nil)])
    #expect(outages.passed(to: start + .seconds(2)) == [])
    #expect(outages.stillDown == [target])
    outages.end(at: start + .milliseconds(2500))
    #expect(outages.longest[target] == .milliseconds(1500))
    #expect(outages.answered(target, at: start + .seconds(4)) == .init(target: target, backAfter: .seconds(3)))
    #expect(outages.longest[target] == .seconds(3))
    #expect(outages.stillDown == [])
  }

  @Test func aTargetIsReadBackFromItsArgument() {
    #expect(ProbeTarget(target.argument) == target)
    #expect(ProbeTarget("http") == nil)
    #expect(ProbeTarget("gopher:10.1.0.1") == nil)
  }
}
