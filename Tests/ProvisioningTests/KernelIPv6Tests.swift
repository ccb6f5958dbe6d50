// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import AgentServer

/// The kernel's tables of IPv6, as Linux 6.1 prints them.
@Suite struct KernelIPv6Tests {
  private static let addresses = """
    20010db8000100000000000000000011 03 40 00 80     eth1
    20010db8000100000000000000000010 03 40 00 a0     eth1
    20010db80001000050540ffffe000201 03 40 00 00     eth1
    20010db8000100000000000000000013 03 40 00 88     eth1
    20010db8000100000000000000000014 03 40 00 c0     eth1
    00000000000000000000000000000001 01 80 10 80       lo
    fe80000000000000505400fffe020001 03 40 20 80     eth1

    """

  @Test func addressesAreToldApart() {
    let all = KernelIPv6.addresses(Self.addresses)
    #expect(all.count == 7)
    let own = all.filter { $0.interface == "eth1" && $0.isPermanent && !$0.isOfLinkOrHost && !$0.isDuplicate }
    // The second is deprecated, as service addresses are; the last is still being asked for.
    #expect(own.map(\.text) == ["2001:db8:1::11/64", "2001:db8:1::10/64", "2001:db8:1::14/64"])
    #expect(all.filter(\.isDuplicate).map(\.text) == ["2001:db8:1::13/64"])
    #expect(all.filter(\.isOfLinkOrHost).map(\.interface) == ["lo", "eth1"])
  }

  @Test func routersByTheirMetric() throws {
    let table = """
      20010db8000100000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1
      00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000009 00000800 00000001 00000000 00450003     eth1
      00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000100000000000000000001 00000400 00000002 00000000 00000003     eth1
      00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo

      """
    let routers = KernelIPv6.gateways(table)
    #expect(routers.keys.sorted() == ["eth1"])
    #expect(routers["eth1"] == [try #require(IPv6Address("2001:db8:1::1")), try #require(IPv6Address("fe80::9"))])
    #expect(KernelIPv6.gateways("").isEmpty && KernelIPv6.addresses("").isEmpty)
  }
}
