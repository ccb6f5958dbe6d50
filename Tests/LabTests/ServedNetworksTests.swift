// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Wings

/// Several networks by the real dnsmasq of a head, and ways out by the kernel's own rules.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct ServedNetworksTests {
  @Test func eachNetworkIsToldItsOwn() async throws {
    try await ServedNetworks.with { networks in
      let first = try await networks.lease("a1")
      #expect(first["ip"] == "10.1.1.7" && first["hostname"] == "a1" && first["dns"] == "10.1.1.254", "\(first)")
      // The head routes for this one only.
      #expect(first["router"] == "10.1.1.254" && first["siaddr"] == "10.1.1.254", "\(first)")
      #expect(first["search"] == "example.org chem.example.org", "\(first)")

      let second = try await networks.lease("b1")
      #expect(second["ip"] == "10.1.2.7" && second["dns"] == "10.1.2.254" && second["router"] == nil, "\(second)")
      #expect(second["siaddr"] == "10.1.2.254", "\(second)")
      #expect(second["staticroutes"]?.contains("10.1.1.254/32 10.1.2.254") == true, "\(second)")

      let board = try await networks.lease("bmc")
      #expect(board["ip"] == "10.3.0.7" && board["subnet"] == "255.255.0.0" && board["dns"] == nil, "\(board)")
      #expect(board["boot_file"] == nil && board["bootfile"] == nil, "\(board)")
      try await networks.ip(on: "bmc", "link set eth0 address 52:54:00:0d:00:99")
      #expect(try await networks.lease("bmc")["ip"]?.hasPrefix("10.3.200.") == true)
    }
  }

  @Test func aRackIsServedBehindItsRouter() async throws {
    try await ServedNetworks.with { networks in
      // The relay is what brings the request.
      #expect(try await networks.lease("rack")["refused"] != nil)
      try networks.startRelay()
      let rack = try await networks.lease("rack")
      #expect(
        rack["ip"] == "10.30.1.7" && rack["router"] == "10.30.1.1" && rack["subnet"] == "255.255.255.192", "\(rack)")
      #expect(rack["dns"] == "10.1.2.254" && rack["siaddr"] == "10.1.2.254", "\(rack)")
    }
  }

  @Test func whatTheClusterDoesNotKnowIsAskedOfTheSite() async throws {
    try await ServedNetworks.with { networks in
      try await networks.ip(on: "a1", "address add 10.1.1.7/24 dev eth0")
      func ask(_ words: String...) async throws -> String {
        try await networks.on("a1", ["dig", "+short", "+tries=3", "@10.1.1.254"] + words).text
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
      #expect(try await ask("ldap.example.org") == "192.0.2.61")
      #expect(try await ask("-x", "10.0.9.9") == "printer.example.org.")
      #expect(try await ask("licences.example.org") == "192.0.2.60")
      #expect(try await ask("b1.example.org") == "10.1.2.7")
      #expect(try await ask("b1-groupa.example.org") == "10.1.1.8")
      #expect(try await ask("head1-public.example.org") == "192.0.2.11")
      #expect(try await ask("-x", "10.1.2.7") == "b1.example.org.")
      // Neither the IPv6 address of our own names nor unknown addresses of our networks are asked outside.
      #expect(try await ask("b1.example.org", "AAAA") == "")
      #expect(try await ask("-x", "10.1.2.99") == "")
      let site = try String(contentsOfFile: "\(networks.folder)/site.log", encoding: .utf8)
      #expect(site.contains("ldap.example.org") && !site.contains("b1.example.org") && !site.contains("10.1.2.99"))
    }
  }

  @Test func headsForwardForTheNetworkThatAsksAndForNoOther() async throws {
    try await ServedNetworks.with { networks in
      for (machine, address, router) in [("a1", "10.1.1.7/24", "10.1.1.254"), ("b1", "10.1.2.7/24", "10.1.2.254")] {
        try await networks.ip(on: machine, "address add \(address) dev eth0")
        try await networks.ip(on: machine, "route add default via \(router)")
      }
      func reaches(_ machine: String, _ address: String) async throws -> Bool {
        try await networks.on(machine, ["ping", "-c", "1", "-W", "2", address]).succeeded
      }
      #expect(try await !reaches("a1", "192.0.2.53"))

      let loaded = try await networks.on("head", ["nft", "--file", "\(networks.folder)/nat.nft"])
      try #require(loaded.succeeded, "\(loaded.lastLines)")
      let forwards = try await networks.on("head", ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
      try #require(forwards.succeeded, "\(forwards.lastLines)")
      #expect(try await reaches("a1", "192.0.2.53"))
      #expect(try await !reaches("b1", "192.0.2.53"))
      #expect(try await !reaches("a1", "10.1.2.7"))
      // The head itself is reached on all of its addresses, from everywhere.
      #expect(try await reaches("b1", "10.1.1.254"))
      try await networks.ip(on: "outside", "route add 10.1.1.0/24 via 192.0.2.11")
      #expect(try await !reaches("outside", "10.1.1.7"))
    }
  }
}
