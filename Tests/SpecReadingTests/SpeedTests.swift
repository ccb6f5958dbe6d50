// SPDX-License-Identifier: Apache-2.0
import Wings
import SpecReading
import TestKit
import Testing

/// Reading is linear in the machines, whether they are named in one group or one by one.
@Suite(.serialized) struct SpeedTests {
  @Test(.timeLimit(.minutes(1))) func tenThousandNodesInOneGroup() throws {
    let text = String(decoding: try bytes(of: "cases/valid-everything/spec.yaml"), as: UTF8.self)
      .replacing("rack[1-2]n[08-10],login1", with: "n[00001-10000]").replacing("10.1.1.250+", with: "10.1.20.1+")
    try measure(text, nodes: 10_001)
  }

  @Test(.timeLimit(.minutes(1))) func tenThousandNodesOneByOne() throws {
    try measure(Self.listed(2_500), nodes: 2_500)
    try measure(Self.listed(10_000), nodes: 10_000)
  }

  private func measure(_ text: String, nodes: Int) throws {
    let bytes = Array(text.utf8)
    let clock = ContinuousClock()

    var reading: SpecReading?
    let time = clock.measure { reading = SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys) }

    print("\(nodes) nodes, \(bytes.count) bytes: \(time), \(time / nodes) a node")
    #expect(try #require(reading?.cluster).nodes.count == nodes)
  }

  private static func listed(_ count: Int) -> String {
    var text = """
      version: 1
      cluster: c
      domain: d
      networks: { n: { cidr: 10.0.0.0/8, serves: [dhcp, boot] } }
      heads: { h: { nics: { eth0: { network: n, address: 10.0.0.1 } } } }
      images: { i: { release: debian/bookworm } }
      nodes:\n
      """
    for index in 0..<count {
      let (high, low) = (index / 250, index % 250 + 1)
      let mac = "52:54:00:01:\(hex(high)):\(hex(low))"
      text +=
        "- names: m\(index)\n  image: i\n  nics:\n    eth0: { network: n, address: 10.1.\(high).\(low), mac: \(mac) }\n"
    }
    return text
  }

  private static func hex(_ value: Int) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }
}
