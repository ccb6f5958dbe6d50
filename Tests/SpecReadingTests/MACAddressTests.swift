// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing

@Suite struct MACAddressTests {
  /// As cards, switches, DHCP servers and vendors' lists write it.
  @Test func everyNotationIsOneAddress() {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let address = MACAddress(bits: UInt64.random(in: 0..<1 << 48, using: &random))
      let digits = address.description.replacing(":", with: "")
      let dotted = [0, 4, 8].map { start in String(digits.dropFirst(start).prefix(4)) }.joined(separator: ".")
      for text in [address.description, address.hyphenated, digits, dotted] {
        #expect(MACAddress(text) == address && MACAddress(text.uppercased()) == address, "\(text), seed \(random.seed)")
      }
    }
  }

  @Test(arguments: [
    "", "52:54:00:01:00", "52:54:00:01:00:01:02", "52:54:00:01:00:1", "5254.0001.001", "52.54.00.01.00.01",
    "5254:0001:0001", "52540001000g", "+2540001000", "525400010001 ", "52:54:00:01:00:٠١", "0030.48c6.1b6a.",
  ])
  func otherTextsAreNone(_ text: String) { #expect(MACAddress(text) == nil) }
}
