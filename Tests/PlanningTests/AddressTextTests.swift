// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@Suite struct AddressTextTests {
  @Test(arguments: ["0.0.0.0", "9.10.99.100", "10.200.255.1", "255.255.255.255"]) func addresses(_ text: String) {
    #expect(IPv4Address(text)?.description == text)
  }

  @Test(arguments: [
    "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4", "1.2.3.00", "1.2.3.256",
    "1.2.3.1000", "1.2.3.99999999999999999999", "1.2.3.-4", "+1.2.3.4", "1.2.3.4 ", "1.2.3.\u{661}", "1.2.3.4/8",
  ]) func noAddresses(_ text: String) { #expect(IPv4Address(text) == nil) }

  @Test func hardwareAddresses() {
    let address = MACAddress("0a:00:9f:a0:ff:01")
    #expect(address?.description == "0a:00:9f:a0:ff:01")
    #expect(address?.hyphenated == "0a-00-9f-a0-ff-01")
  }
}
