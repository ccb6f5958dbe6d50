// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Testing
import Wings

extension SiteContract {
  static let pacemaker = [
    SiteContract(name: "both heads see each other, and all services run on the one that holds the addresses") {
      (site) async throws in
      for head in site.heads {
        let corosync = try #require(try await head.ask(CorosyncProbe()))
        #expect(corosync.quorate && corosync.encrypted)
        #expect(corosync.members.sorted() == site.names)
        #expect(corosync.links.count == site.cluster.ha?.heartbeat.links.count)
        #expect(corosync.links.filter { !$0.connected }.isEmpty)
        let status = try await head.status()
        #expect(status.quorate && status.stonithEnabled && !status.maintenance)
        #expect(status.ready == site.names)
        let (links, others) = (
          status.resources.filter { $0.agent == "ocf:cluster:link" },
          status.resources.filter { $0.agent != "ocf:cluster:link" }
        )
        #expect(others.map(\.id).sorted() == (try site.primitives).sorted())
        #expect(Set(links.flatMap(\.nodes)) == Set(site.names) && links.count % site.names.count == 0)
        #expect(status.resources.filter { $0.role != "Started" || $0.nodes.count != 1 || $0.failed }.isEmpty)
        try await head.runsWhatItHolds(site, status)
      }
    },
    SiteContract(name: "an element of the CIB is changed on all heads, and changed back") { (site) async throws in
      var goal = try site.configuration
      let option = CIBDocument.option("cluster-recheck-interval", "61s")
      let index = try #require(goal.elements.firstIndex { $0.id == option.id })
      let before = try await site.primary.cib()
      goal.elements[index] = option

      try await site.primary.perform(EnsureCIB(goal))

      let after = try await site.primary.cib()
      #expect(after.element(option.id)?["value"] == "61s" && after.managed == before.managed)
      #expect(try await site.standby.cib().differences(goal).isEmpty)
      try await site.standby.perform(EnsureCIB(try site.configuration))
      #expect(try await site.primary.cib().differences(try site.configuration).isEmpty)
    },
    SiteContract(name: "an element that is not ours stays until it is named") { (site) async throws in
      let theirs = CIBDocument.option("contract-note", "theirs")
      try await site.primary.perform(EnsureCIB(CIBGoal(elements: [theirs], removed: [], members: [])))
      #expect(try await site.primary.once(EnsureCIB(try site.configuration)).changed == false)
      #expect(try await site.standby.cib().element(theirs.id)?["value"] == "theirs")

      try await site.primary.perform(EnsureCIB(CIBGoal(elements: [], removed: [theirs.id], members: [])))

      #expect(try await site.primary.cib().element(theirs.id) == nil)
    },
    SiteContract(name: "a constraint on a resource that does not exist is refused, and nothing is changed") {
      (site) async throws in
      let lost = CIBElement(
        section: .constraints, id: "contract-lost",
        xml: "<rsc_location id=\"contract-lost\" node=\"\(site.names[0])\" rsc=\"no-such\" score=\"50\"/>")
      let goal = CIBGoal(elements: [lost], removed: [], members: [])

      #expect(try await site.primary.failure(of: EnsureCIB(goal)) == .commandFailed)

      #expect(try await site.primary.cib().element(lost.id) == nil)
    },
    SiteContract(name: "a service whose unit is on no head is said to fail, and goes again", check: missingUnit),
    SiteContract(
      name: "all services are moved to the other head and back, and no constraint is left", check: switchover),
    SiteContract(name: "in maintenance mode Pacemaker lets go, also after it was stopped", check: maintenance),
    SiteContract(name: "a head whose Pacemaker is stopped is offline, and keeps the CIB on its disk") {
      (site) async throws in
      let unit = "pacemaker.service"
      try await site.standby.perform(EnsureUnit(UnitGoal(name: unit, enabled: nil, active: false)))

      #expect(try await site.standby.ask(CIBProbe()) == nil)
      #expect(try await site.standby.ask(CrmMonProbe()) == nil)
      #expect(try await site.standby.ask(StoredCIBProbe()) == StoredCIB(isManaged: true, isPaused: false))
      // A real one is `pending` while its Corosync runs; in memory it is offline.
      _ = try await site.primary.ask(CrmMonProbe()) { text in
        try text.map { try ClusterStatus(parsing: $0).ready == [site.names[0]] } ?? false
      }
      let alone = try await site.primary.status()
      #expect(alone.ready == [site.names[0]])
      let addresses = try site.addresses
      #expect(
        alone.resources.filter { addresses.contains($0.id) }.map(\.nodes) == addresses.map { _ in [site.names[0]] })

      try await site.standby.perform(EnsureUnit(UnitGoal(name: unit, enabled: nil, active: true)))
      try await site.comesToRest()
    },
  ]

  @Sendable private static func switchover(_ site: ContractSite) async throws {
    let policy = try #require(site.cluster.ha)
    let network = try #require(site.cluster.bootNetwork).name
    let moved = try site.addresses + ClusteredUnit.all(of: policy, in: site.cluster).map(\.id)
    for head in try [site.standby, site.primary] {
      let goal = SwitchoverGoal(
        head: head.host.id, anchor: ClusteredUnit.id(ofAddressOn: network),
        parts: moved.map { SwitchoverGoal.Part(id: $0, names: [$0]) })

      try await site.primary.perform(EnsureServicesOn(goal))

      let status = try await head.status()
      #expect(goal.away(in: status).map(\.id) == [])
      #expect(try await head.cib().element(SwitchoverGoal.constraint) == nil)
      for head in site.heads { try await head.runsWhatItHolds(site, status) }
    }
  }

  @Sendable private static func missingUnit(_ site: ContractSite) async throws {
    let id = "contract-service"
    let service = CIBElement(
      section: .resources, id: id,
      xml: """
        <primitive class="ocf" id="\(id)" provider="cluster" type="service"><instance_attributes id="\(id)-parameters">\
        <nvpair id="\(id)-unit" name="unit" value="no-such.service"/></instance_attributes></primitive>
        """)

    #expect(
      try await site.primary.failure(of: EnsureCIB(CIBGoal(elements: [service], removed: [], members: [])))
        == .commandFailed)

    #expect(try await site.primary.status().resource(id)?.role == "Stopped")
    try await site.primary.perform(EnsureCIB(CIBGoal(elements: [], removed: [id], members: [])))
    #expect(try await site.primary.status().resource(id) == nil)
  }

  @Sendable private static func maintenance(_ site: ContractSite) async throws {
    let pause = CIBDocument.option("maintenance-mode", "true")
    let managed = try await site.primary.cib().managed.union([pause.id])
    let paused = CIBGoal(elements: [pause, CIBDocument.registry(of: managed)], removed: [], members: [])
    let pacemaker = UnitGoal(name: "pacemaker.service", enabled: nil, active: false)

    try await site.primary.perform(EnsureCIB(paused))

    #expect(try await site.standby.status().maintenance)
    for head in site.heads {
      // Pacemaker writes it down in its own time.
      let stored = try await head.ask(StoredCIBProbe()) { $0?.isPaused == true }
      #expect(stored == StoredCIB(isManaged: true, isPaused: true))
    }
    let before = try await site.primary.links()
    for head in site.heads { try await head.perform(EnsureUnit(pacemaker)) }
    #expect(try await site.primary.links() == before, "what it ran goes on without it")
    for head in site.heads {
      try await head.perform(EnsureUnit(UnitGoal(name: pacemaker.name, enabled: nil, active: true)))
    }
    try await site.primary.perform(EnsureCIB(try site.configuration))

    for head in site.heads {
      let stored = try await head.ask(StoredCIBProbe()) { $0?.isPaused == false }
      #expect(stored == StoredCIB(isManaged: true, isPaused: false))
    }
    #expect(try await site.primary.links() == before)
    try await site.comesToRest()
  }
}

extension ContractSite {
  /// Our elements of the CIB, as the description asks for them.
  var configuration: CIBGoal {
    get throws {
      let desired = try desired(PacemakerConfigurationKind.Desired.self)
      return CIBGoal(elements: desired.elements, removed: [], members: desired.members)
    }
  }

  var primitives: [String] {
    get throws { try configuration.elements.filter { $0.xml.hasPrefix("<primitive") }.map(\.id) }
  }

  var addresses: [String] { get throws { try primitives.filter { $0.hasPrefix("address-") } } }

  /// Waits until both heads are online and all runs.
  func comesToRest() async throws {
    let wanted = try primitives.count
    for head in heads {
      _ = try await head.ask(CrmMonProbe()) { text in
        guard let text else { return false }
        let status = try ClusterStatus(parsing: text)
        return status.ready.count == 2
          && status.resources.filter { $0.role == "Started" && $0.agent != "ocf:cluster:link" }.count == wanted
      }
      let status = try await head.status()
      #expect(status.ready == names)
      #expect(status.resources.filter { $0.role != "Started" }.map(\.id) == [])
    }
  }
}

extension ContractHost {
  func cib() async throws -> CIBDocument { try CIBDocument(parsing: try #require(try await ask(CIBProbe()))) }
  func status() async throws -> ClusterStatus { try ClusterStatus(parsing: try #require(try await ask(CrmMonProbe()))) }

  /// What Pacemaker says that it runs here runs here, and nothing of the rest.
  fileprivate func runsWhatItHolds(_ site: ContractSite, _ status: ClusterStatus) async throws {
    let policy = try #require(site.cluster.ha)
    let held = try await links().flatMap(\.addresses)
    for address in policy.addresses {
      let isHere = status.resource("address-\(address.network)")?.nodes == [host.id.name]
      #expect(held.contains { $0.hasPrefix("\(address.address)/") } == isHere, "\(address.address) on \(host.id)")
    }
    for unit in ClusteredUnit.all(of: policy, in: site.cluster) {
      let isHere = status.resource(unit.id)?.nodes == [host.id.name]
      #expect((try await self.unit(unit.unit).active == "active") == isHere, "\(unit.unit) on \(host.id)")
    }
  }
}

extension ClusterStatus {
  /// Heads that Pacemaker runs on.
  fileprivate var ready: [String] { nodes.filter { $0.online && !$0.pending }.map(\.name).sorted() }
}
