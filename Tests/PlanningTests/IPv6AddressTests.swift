// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@Suite struct IPv6AddressTests {
  /// What is read, and how RFC 5952 has it written.
  @Test(arguments: [
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:db8::1", "2001:db8::1"),
    ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("fe80::1", "fe80::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    (
      "ABCD:EF01:2345:6789:abcd:ef01:2345:6789",
      "abcd:ef01:2345:6789:abcd:ef01:2345:6789"
    ),
  ]) func addresses(_ text: String, _ canonical: String) throws {
    let address = try #require(IPv6Address(text))
    #expect(address.description == canonical)
    #expect(IPv6Address(canonical) == address)
    let written = try JSONEncoder().encode([address])
    #expect(try JSONDecoder().decode([IPv6Address].self, from: written) == [address])
  }

  @Test(arguments: [
    "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "12345::", "+1::", "g::", "fe80::1%eth0", "2001:db8::1/64", " ::1",
    "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "10.1.0.1",
  ]) func noAddresses(_ text: String) { #expect(IPv6Address(text) == nil) }

  /// As the C library has them.
  @Test func randomAddressesAreReadAgain() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      // Many zeros, so that there are runs to choose among.
      let mask = UInt64.random(in: 0...(.max), using: &random)
      func spread(_ bits: UInt64) -> UInt64 {
        (0..<4).reduce(0) { $0 | (bits >> UInt64($1) & 1) * 0xffff << UInt64($1 * 16) }
      }
      let address = IPv6Address(
        high: .random(in: 0...(.max), using: &random) & spread(mask),
        low: .random(in: 0...(.max), using: &random) & spread(mask >> 4))
      var bytes = in6_addr()
      #expect(inet_pton(AF_INET6, address.description, &bytes) == 1, "\(address)")
      let high = withUnsafeBytes(of: bytes) { $0.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
      let low = withUnsafeBytes(of: bytes) { $0.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
      #expect(high == address.high && low == address.low)
      #expect(IPv6Address(address.description) == address)
    }
  }

  @Test func sorts() throws {
    #expect(try #require(IPv6Address("fe80::1")).isLinkLocal)
    #expect(try #require(IPv6Address("febf:ffff::")).isLinkLocal)
    #expect(try !#require(IPv6Address("fec0::1")).isLinkLocal)
    #expect(try #require(IPv6Address("ff02::1")).isMulticast)
    for text in ["::", "::1", "::ffff:192.0.2.1"] { #expect(try #require(IPv6Address(text)).isReserved, "\(text)") }
    #expect(try !#require(IPv6Address("2001:db8::1")).isReserved)
  }

  @Test func networks() throws {
    let network = try #require(IPv6Network("2001:db8:1::/56"))
    #expect(network.contains(try #require(IPv6Address("2001:db8:1:ff::1"))))
    #expect(!network.contains(try #require(IPv6Address("2001:db8:1:100::1"))))
    #expect(IPv6Network("2001:DB8:1:0::/64")?.description == "2001:db8:1::/64")
    #expect(IPv6Network("2001:db8:1::1/64") == nil && IPv6Network("2001:db8::/129") == nil)
    #expect(try #require(IPv6Network("::/0")).contains(try #require(IPv6Address("ffff::"))))
    #expect(try #require(IPv6Network("2001:db8::1/128")).contains(try #require(IPv6Address("2001:db8::1"))))
    let (wide, narrow) = (try #require(IPv6Network("2001:db8::/32")), try #require(IPv6Network("2001:db8:9::/80")))
    #expect(wide.overlaps(narrow) && narrow.overlaps(wide) && !narrow.overlaps(network))
  }

  @Test func ofEitherFamily() {
    #expect(IPAddress("10.1.0.1").map { !$0.isIPv6 && "\($0)" == "10.1.0.1" } == true)
    #expect(IPAddress("2001:DB8::0001").map { $0.isIPv6 && "\($0)" == "2001:db8::1" } == true)
    #expect(IPAddress("head1") == nil)
  }
}
