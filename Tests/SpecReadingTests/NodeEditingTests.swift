// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import TestKit
import Testing
import Wings

/// `cluster node add|rm|set` and `discover --assign` edit nodes where they stand, and touch no other byte.
@Suite struct NodeEditingTests {
  private static let editing = NodeEditing(keys: WingCatalog.keys)

  /// Two groups: one with names, one with a table.
  private static func site(
    names: String = "node[001-004]", card: String = "{ network: private, address: 10.1.1.1+ }", more: String = "",
    table: String? = nil
  ) -> DescriptionText {
    let group =
      table == nil
      ? ""
      : """
        - table: owls.csv   # from the vendor
          image: compute
          nics: { eno1: { network: private } }

      """
    let text = """
      version: 1
      cluster: alps
      domain: alps.example.org
      networks:
        private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
      heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
      images: { compute: { release: debian/bookworm } }

      nodes:
      \(group)  - names: \(names)   # rack 1
          image: compute
          nics:
            eth0: \(card)   # the left port
      \(more)# the end

      """
    return DescriptionText(
      file: "s.yaml", bytes: Array(text.utf8), tables: table.map { ["owls.csv": Array($0.utf8)] } ?? [:])
  }

  private static func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }
  private static func mac(_ text: String?) -> NodeValue { NodeValue(.mac(card: "eth0"), text) }
  private static func nodes(_ text: DescriptionText) throws -> [ComputeNode] {
    let reading = SpecReader.read(text.bytes, file: text.file, keys: WingCatalog.keys, tables: text.tables)
    return try #require(reading.cluster, "\(reading.diagnostics.map(\.detail))").nodes
  }

  // MARK: A node's own value

  @Test func aNodeOfItsOwnGetsItsMACInItsGroup() throws {
    let before = Self.site(names: "node001")
    let after = try Self.editing.set([.init("node001", Self.mac("52:54:00:00:00:07"))], in: before)
    let expected = Self.text(before.bytes).replacing(
      "address: 10.1.1.1+ }", with: "address: 10.1.1.1+, mac: 52:54:00:00:00:07 }")
    #expect(Self.text(after.bytes) == expected)
    #expect(after.tables.isEmpty)
  }

  @Test func addressesThatCountUpAreWrittenAsOne() throws {
    let before = Self.site()
    let values = (1...4).map { NodeEditing.Assignment(HostID("node00\($0)"), Self.mac("52:54:00:00:00:0\($0)")) }
    let after = try Self.editing.set(values, in: before)
    #expect(Self.text(after.bytes).contains("10.1.1.1+, mac: 52:54:00:00:00:01+ }   # the left port\n"))
    #expect(after.tables.isEmpty)
  }

  /// MAC addresses do not count up: the group gets a table with what its nodes have.
  @Test func oneOfAGroupMakesItATable() throws {
    let before = Self.site()
    let after = try Self.editing.set([.init("node003", Self.mac("52:54:00:00:00:07"))], in: before)
    #expect(
      Self.text(after.tables["nodes.csv"]) == """
        name,mac,address
        node001,,10.1.1.1
        node002,,10.1.1.2
        node003,52:54:00:00:00:07,10.1.1.3
        node004,,10.1.1.4

        """)
    let expected = Self.text(before.bytes).replacing("names: node[001-004]", with: "table: nodes.csv")
      .replacing("{ network: private, address: 10.1.1.1+ }", with: "{ network: private }")
    #expect(Self.text(after.bytes) == expected)
    #expect(after.changed(from: before) == ["nodes.csv", "s.yaml"])
  }

  @Test func aTableKeepsItsNotation() throws {
    let table =
      "\u{feff}# from the vendor\r\nName;MAC;address\r\n\"owl001\"; 0030.48c6.1b6a ;10.1.2.1\r\nowl002;\"\";10.1.2.2"
    let before = Self.site(names: "node001", table: table)
    let value = NodeValue(.mac(card: "eno1"), "00:30:48:c6:1b:6b")
    let after = try Self.editing.set([.init("owl002", value), .init("owl001", .init(.state, "out"))], in: before)
    #expect(
      Self.text(after.tables["owls.csv"])
        == table.replacing("owl002;\"\";", with: "owl002;\"00:30:48:c6:1b:6b\";")
        .replacing("Name;MAC;address", with: "Name;MAC;address;state").replacing(
          "10.1.2.1\r\n", with: "10.1.2.1;out\r\n"))
    #expect(after.bytes == before.bytes)
  }

  @Test func aValueThatAnAnchorSharesIsNotEdited() throws {
    let more = "  - { names: login1, image: compute, nics: { eth0: *card } }\n"
    let before = Self.site(names: "node001", card: "&card { network: private, address: 10.1.1.1+ }", more: more)
    #expect(throws: EditRefusal.self) {
      // The other node would have the same address: the site itself is wrong.
      _ = try Self.editing.set([.init("node001", Self.mac("52:54:00:00:00:07"))], in: before)
    }
    let shared =
      "  - { names: login1, image: compute, nics: { eth0: { network: private, address: 10.1.1.9, mac: *mac } } }\n"
    let wrong = Self.site(
      names: "node001", card: "{ network: private, address: 10.1.1.1, mtu: &mac 1500 }",
      more: shared.replacing("mac: *mac", with: "mtu: *mac"))
    let after = try Self.editing.set([.init("login1", Self.mac("52:54:00:00:00:07"))], in: wrong)
    #expect(Self.text(after.bytes).contains("mtu: *mac, mac") || Self.text(after.bytes).contains("10.1.1.9, mac"))
  }

  // MARK: Nodes

  @Test func aNodeJoinsItsGroup() throws {
    let after = try Self.editing.add("node005", like: nil, [], to: Self.site())
    #expect(Self.text(after.bytes) == Self.text(Self.site(names: "node[001-005]").bytes))
    let other = try Self.editing.add("login1", like: "node001", [], to: Self.site())
    #expect(
      Self.text(other.bytes) == Self.text(Self.site(names: "login1,node[001-004]").bytes)
        || Self.text(other.bytes) == Self.text(Self.site(names: "node[001-004],login1").bytes))
    #expect(try Self.nodes(other).last?.name == "login1")
  }

  @Test func aNodeWithAnAddressOfItsOwnMakesATable() throws {
    let value = NodeValue(.address(card: "eth0"), "10.1.9.9")
    let after = try Self.editing.add("node005", like: nil, [value], to: Self.site())
    #expect(Self.text(after.tables["nodes.csv"]).hasSuffix("node004,10.1.1.4\nnode005,10.1.9.9\n"))
    let one = Self.site(names: "node001", card: "{ network: private, address: 10.1.1.1 }")
    let both = try Self.editing.add("node002", like: nil, [value], to: one)
    #expect(Self.text(both.tables["nodes.csv"]) == "name,address\nnode001,10.1.1.1\nnode002,10.1.9.9\n")
  }

  @Test func nodesAreTakenOut() throws {
    let last = try Self.editing.remove(["node004"], from: Self.site())
    #expect(Self.text(last.bytes) == Self.text(Self.site(names: "node[001-003]").bytes))
    let middle = try Self.editing.remove(["node002", "node003"], from: Self.site())
    #expect(Self.text(middle.tables["nodes.csv"]) == "name,address\nnode001,10.1.1.1\nnode004,10.1.1.4\n")
    let table = "name,mac,address\n# one\na1,,10.1.2.1\n# two\nb1,,10.1.2.2"
    let row = try Self.editing.remove(["b1"], from: Self.site(table: table))
    #expect(Self.text(row.tables["owls.csv"]) == "name,mac,address\n# one\na1,,10.1.2.1\n# two\n")
  }

  @Test func whatIsNotCertainIsRefused() throws {
    let site = Self.site()
    func refusal(_ body: () throws(EditRefusal) -> DescriptionText) -> EditRefusal? {
      do throws(EditRefusal) { _ = try body() } catch { return error }
      return nil
    }
    #expect(
      refusal { () throws(EditRefusal) in try Self.editing.set([.init("nod001", Self.mac(nil))], in: site) }?.next
        .contains("node001") == true)
    #expect(
      refusal { () throws(EditRefusal) in
        try Self.editing.remove(["node001", "node002", "node003", "node004"], from: site)
      }?.next.contains("group") == true)
    #expect(
      refusal { () throws(EditRefusal) in try Self.editing.add("node002", like: nil, [], to: site) }?.what.contains(
        "already") == true)
    #expect(
      refusal { () throws(EditRefusal) in
        try Self.editing.set([.init("node001", .init(.bmcAddress, "10.1.7.1"))], in: Self.site(names: "node001"))
      }?.what.contains("bmc") == true)
    let taken = refusal { () throws(EditRefusal) in
      try Self.editing.set([.init("node001", .init(.address(card: "eth0"), "10.1.0.1"))], in: site)
    }
    #expect(taken?.problems.map(\.code.id) == ["spec.duplicate-address"])
  }
}
