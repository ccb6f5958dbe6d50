// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Testing
import XML

@testable import Wings

@Suite("The CIB, by element")
struct CIBDocumentTests {
  private func live() throws -> CIBDocument { try CIBDocument(parsing: try Recorded.text("cib.xml")) }

  private func goal(_ change: (inout HighAvailabilityPolicy) -> Void = { _ in }) throws -> CIBGoal {
    var policy = try Example.policy()
    change(&policy)
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    let removed = try live().managed.subtracting(elements.map(\.id)).sorted()
    return CIBGoal(elements: elements, removed: removed, members: [])
  }

  /// A live CIB with something put into it after an element that ends so.
  private func live(inserting xml: String, after anchor: String) throws -> CIBDocument {
    let text = try Recorded.text("cib.xml")
    let end = try #require(text.firstRange(of: anchor))
    return try CIBDocument(parsing: text[..<end.upperBound] + xml + text[end.upperBound...])
  }

  @Test("what was applied does not differ")
  func same() throws {
    #expect(try live().differences(try goal()).isEmpty)
    #expect(try live().applying(try goal()) == live())
  }

  @Test("the order of attributes and children does not matter")
  func order() throws {
    let text = try Recorded.text("cib.xml")
    let nvpair = #"<nvpair id="nginx-unit" name="unit" value="nginx.service"/>"#
    #expect(text.contains(nvpair))
    let other = text.replacing(nvpair, with: #"<nvpair value="nginx.service" name="unit" id="nginx-unit"/>"#)
    #expect(try CIBDocument(parsing: other).differences(try goal()).isEmpty)
  }

  @Test("a monitor interval changes the operations and nothing else, and restarts nothing")
  func interval() throws {
    let goal = try goal { $0.monitor.every = .seconds(5) }
    let differences = try live().differences(goal)
    #expect(differences.map(\.id) == ["address-public", "address-private", "dnsmasq", "nginx"])
    #expect(differences.flatMap(\.lines).contains("nginx-monitor: interval 3s -> 5s"))
    #expect(differences.allSatisfy { !$0.restarts && $0.lines.count == 1 })
    #expect(try live().applying(goal).differences(goal).isEmpty)
  }

  @Test("another service address restarts it")
  func address() throws {
    let other = try #require(IPv4Address("198.51.100.20"))
    let differences = try live().differences(try goal { $0.addresses[0].address = other })
    #expect(differences.map(\.id) == ["address-public"])
    #expect(differences[0].lines == ["ip: 198.51.100.10 -> 198.51.100.20"])
    #expect(differences[0].restarts)
  }

  @Test("a service that the spec drops is removed with its constraints, and the list of ours follows")
  func dropped() throws {
    let goal = try goal { $0.services.removeAll { $0.name != "boot" } }
    #expect(goal.removed == ["dnsmasq", "dnsmasq-after-address-private", "dnsmasq-with-address-private"])
    let after = try live().applying(goal)
    #expect(after.element("dnsmasq") == nil)
    #expect(!after.managed.contains("dnsmasq"))
    #expect(after.managed.contains("nginx"))
    #expect(after.differences(goal).isEmpty)
    #expect(try live().differences(goal).contains { $0.id == "dnsmasq" && $0.change == .removed && $0.restarts })
  }

  @Test("a resource that goes is stopped first, and runs again where it is wanted again")
  func stoppedFirst() throws {
    let goal = try goal { $0.services.removeAll { $0.name != "boot" } }
    let stopping = try live().applying(try #require(goal.stoppingFirst(in: try live())))
    let going = try #require(stopping.element("dnsmasq")?.elements.first { $0.id == "dnsmasq-going" })
    #expect(going.elements.map { $0["name"] } == ["target-role"] && going.elements[0]["value"] == "Stopped")
    #expect(stopping.element("dnsmasq-after-address-private") == nil)
    #expect(stopping.managed == (try live().managed.subtracting(goal.removed)).union(["dnsmasq"]))
    #expect(stopping.element("nginx") == (try live().element("nginx")))
    // What is left of a run that came no further is the same again.
    #expect(try stopping.applying(try #require(goal.stoppingFirst(in: stopping))) == stopping)
    #expect(try stopping.applying(goal) == live().applying(goal))

    let again = try self.goal()
    #expect(stopping.differences(again).map(\.id).contains("dnsmasq"))
    #expect(try stopping.applying(again).element("dnsmasq") == live().element("dnsmasq"))
  }

  @Test("nothing is stopped where nothing goes, nor where Pacemaker is let go with all that it runs")
  func nothingStopped() throws {
    #expect(try goal { $0.monitor.every = .seconds(5) }.stoppingFirst(in: try live()) == nil)
    let pause = CIBDocument.option("maintenance-mode", "true")
    let release = CIBGoal(elements: [pause], removed: ["nginx"], members: [])
    #expect(release.stoppingFirst(in: try live()) == nil)
  }

  @Test("what is ours and in no list of ours any more goes, also when no plan could see it")
  func unseen() throws {
    let pause = CIBDocument.option("maintenance-mode", "true")
    let released = try live().applying(
      CIBGoal(
        elements: [pause, CIBDocument.registry(of: try live().managed.union([pause.id]))], removed: [], members: []))
    #expect(released.element(pause.id) != nil && released.element("nginx") != nil)
    let goal = CIBGoal(elements: try self.goal().elements, removed: [], members: [])

    #expect(released.differences(goal).contains { $0.id == pause.id && $0.change == .removed })
    let after = try released.applying(goal)

    #expect(after.element(pause.id) == nil)
    #expect(after.differences(goal).isEmpty)
  }

  @Test("what an administrator added is kept")
  func foreign() throws {
    let mine = #"<primitive id="mine" class="ocf" provider="pacemaker" type="Dummy"/>"#
    let with = try live(inserting: mine, after: "<resources>")
    #expect(with.differences(try goal()).isEmpty)
    let goal = try goal { $0.monitor.every = .seconds(5) }
    #expect(try with.applying(goal).element("mine") != nil)
    // A set of attributes inside one of ours, as `crm_resource --meta` writes it.
    let wish =
      #"<meta_attributes id="nginx-m"><nvpair id="nginx-m-r" name="target-role" value="Stopped"/></meta_attributes>"#
    let wished = try live(
      inserting: wish, after: #"<primitive class="ocf" id="nginx" provider="cluster" type="service">"#)
    #expect(wished.differences(try self.goal()).isEmpty)
    let kept = try wished.applying(goal).element("nginx")
    #expect(kept?.elements.contains { $0.id == "nginx-m" } == true)
  }

  @Test("references and history with one of our ids are left alone")
  func references() throws {
    let tags = #"<tags><tag id="web"><obj_ref id="nginx"/></tag></tags>"#
    let with = try live(inserting: tags, after: "</constraints>")
    let after = try with.applying(try goal { $0.monitor.every = .seconds(5) })
    #expect(after.root.at("configuration", "tags", "tag", "obj_ref")?.id == "nginx")
    #expect(after.root.first("status") == with.root.first("status"))
  }

  @Test("a resource that somebody put into a group is compared and changed there")
  func grouped() throws {
    let text = try Recorded.text("cib.xml")
    let start = try #require(text.firstRange(of: #"<primitive class="ocf" id="nginx""#))
    let end = try #require(text[start.upperBound...].firstRange(of: "</primitive>"))
    let grouped =
      text[..<start.lowerBound] + #"<group id="g">"# + text[start.lowerBound..<end.upperBound] + "</group>"
      + text[end.upperBound...]
    let document = try CIBDocument(parsing: String(grouped))
    #expect(document.differences(try goal()).isEmpty)
    let after = try document.applying(try goal { $0.monitor.every = .seconds(5) })
    let group = after.root.at("configuration", "resources", "group")
    #expect(group?.first("primitive")?.all("op").first?["interval"] == "5s")
    #expect(after.root.at("configuration", "resources")?.elements.filter { $0.id == "nginx" }.isEmpty == true)
  }

  @Test("a property changed by hand is ours again")
  func property() throws {
    let text = try Recorded.text("cib.xml").replacing(
      #"name="stonith-enabled" value="true""#, with: #"name="stonith-enabled" value="false""#)
    let differences = try CIBDocument(parsing: text).differences(try goal())
    #expect(differences.flatMap(\.lines) == ["stonith-enabled: false -> true"])
  }

  @Test("an empty CIB gets the whole configuration, in Pacemaker's own sets")
  func empty() throws {
    let empty = try CIBDocument(
      parsing: "<cib><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>")
    let goal = CIBGoal(elements: try self.goal().elements, removed: [], members: [])
    let after = try empty.applying(goal)
    #expect(after.differences(goal).isEmpty)
    let set = after.root.at("configuration", "crm_config", "cluster_property_set")
    #expect(set?.id == "cib-bootstrap-options" && set?.elements.count == 9)
    #expect(after.root.at("configuration", "rsc_defaults", "meta_attributes")?.elements.count == 4)
    #expect(after.managed.count == goal.elements.count - 1)
  }
}
