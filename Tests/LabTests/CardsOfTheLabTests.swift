// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import Testing
import Wings

@testable import Lab

/// A lab says what it cannot stand in for, before anything is begun.
@Suite struct CardsOfTheLabTests {
  private func problem(_ networks: String, _ nics: String) throws -> String? {
    let spec = """
      version: 1
      cluster: tarn
      domain: tarn.example.org
      networks: { service: { cidr: 10.30.0.0/24, gateway: 10.30.0.1, serves: [dhcp, boot] }, \(networks) }
      heads: { head1: { nics: { eno1: { network: service, address: 10.30.0.11 }, \(nics) } } }

      """
    let cluster = try #require(SpecReader.read(Array(spec.utf8), file: "c.yaml", keys: WingCatalog.keys).cluster)
    do throws(AgentError) {
      try LabSite.checkCards(of: cluster)
      return nil
    } catch { return error.message }
  }

  @Test func neitherVLANsNorRelays() throws {
    let campus = "campus: { cidr: 192.0.2.0/24 }"
    let card = "eno2: { network: campus, address: 192.0.2.11 }"

    #expect(try problem(campus, card) == nil)
    #expect(
      try problem(campus, card.replacing("eno2:", with: "eno1.902:")) == "The lab cannot make eno1.902 of head1")
    let rack = "rack1: { cidr: 10.31.1.0/26, gateway: 10.31.1.1, serves: [dhcp, boot], relay: service }"
    #expect(try problem("\(campus), \(rack)", card) == "The lab has no router that relays DHCP of rack1")
  }
}
