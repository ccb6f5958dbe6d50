// SPDX-License-Identifier: Apache-2.0
import Wings
import ClusterModel
import Foundation
import SpecReading
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
    let name = ProbeTarget(.dns(name: "alps.example.org"), target.address)

    #expect(ProbeTarget(target.argument) == target)
    #expect(ProbeTarget(name.argument) == name)
    #expect(name.description == "dns 10.1.0.10")
    #expect(ProbeTarget("dns:10.1.0.10") == nil)
    #expect(ProbeTarget("http") == nil)
    #expect(ProbeTarget("gopher:10.1.0.1") == nil)
  }

  /// A lab has nobody to forward other names to, the root's among them: the questions would pile up in dnsmasq.
  @Test func dnsIsAskedForTheClustersOwnName() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../cluster.yaml")
    let cluster = try #require(
      SpecReader.read(Array(try Data(contentsOf: path)), file: "cluster.yaml", keys: WingCatalog.keys).cluster)

    let asked = ProbeTarget.all(of: cluster).map(\.argument)

    #expect(
      asked == ["ping:198.51.100.10", "ping:10.1.0.10", "dns:10.1.0.10:alps.example.org", "http:10.1.0.10"])
    let labels = [4] + Array("alps".utf8) + [7] + Array("example".utf8) + [3] + Array("org".utf8) + [0]
    #expect(Array(ProbeAttempt.dnsQuery("alps.example.org").dropFirst(12)) == labels + [0, 1, 0, 1])
  }
}
