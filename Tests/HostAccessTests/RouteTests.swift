// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AgentServer

/// Routes as ip-route(8) prints them, given back to it.
@Suite struct RouteTests {
  private func route(_ json: String) throws -> Route {
    try JSONDecoder().decode(Route.self, from: Data(json.utf8)).wish
  }

  @Test func aPlainOne() throws {
    let route = try route(
      #"{"type":"unicast","dst":"default","gateway":"10.9.0.7","dev":"d0","protocol":"boot","scope":"global","#
        + #""prefsrc":"10.9.0.1","flags":["linkdown"],"metrics":[{"mtu":1200,"advmss":1100,"congctl":"bbr"}]}"#)

    #expect(
      route.arguments.joined(separator: " ")
        == "unicast default proto boot scope global src 10.9.0.1 advmss 1100 congctl bbr mtu 1200 via 10.9.0.7 dev d0")
    #expect(route.deletion.joined(separator: " ") == "unicast default proto boot via 10.9.0.7 dev d0")
    #expect(route.isSetByHand)
  }

  @Test func oneOfSeveralWays() throws {
    let route = try route(
      #"{"type":"unicast","dst":"192.168.0.0/16","protocol":"static","scope":"global","metric":50,"flags":[],"#
        + #""nexthops":[{"gateway":"10.9.0.2","dev":"d0","weight":3,"flags":["dead"]},"#
        + #"{"via":{"family":"inet6","host":"fe80::1"},"dev":"d1","weight":1,"flags":["onlink"]}]}"#)

    #expect(
      route.arguments.joined(separator: " ")
        == "unicast 192.168.0.0/16 metric 50 proto static scope global nexthop via 10.9.0.2 dev d0 weight 3 "
        + "nexthop via inet6 fe80::1 dev d1 weight 1 onlink")
    #expect(route.deletion.joined(separator: " ") == "unicast 192.168.0.0/16 metric 50 proto static")
  }

  @Test func oneThatLeadsNowhere() throws {
    let route = try route(#"{"type":"blackhole","dst":"172.16.0.0/12","protocol":"boot","scope":"global","flags":[]}"#)

    #expect(route.arguments.joined(separator: " ") == "blackhole 172.16.0.0/12 proto boot scope global")
  }
}
