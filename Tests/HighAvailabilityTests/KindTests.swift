// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Testing

@testable import Wings

@Suite("Kinds of high availability")
struct KindTests {
  private static let heads: [HostID] = ["head1", "head2"]
  private static let silent = Inventory.Host.unreachable(AgentError(.unreachable, "silent", next: "Look."))

  private func context(_ inventory: Inventory, uninstalled: Set<HostID> = [], now: Int = 0) -> (Answers, PlanContext) {
    let answers = Answers(inventory, uninstalled: uninstalled)
    return (answers, PlanContext(answers: answers, activeHead: "head1", changing: [], now: now))
  }

  // MARK: pacemaker

  private func desired(_ change: (inout HighAvailabilityPolicy) -> Void = { _ in }) throws
    -> PacemakerConfigurationKind.Desired
  {
    var policy = try Example.policy()
    change(&policy)
    return .init(
      members: Self.heads, elements: PacemakerElements(cluster: try Example.cluster(), policy: policy).all)
  }

  private func steps(
    _ desired: PacemakerConfigurationKind.Desired, _ hosts: [HostID: Inventory.Host], uninstalled: Set<HostID> = []
  ) throws -> [StepDraft] {
    let (answers, context) = context(Inventory(hosts: hosts, observedAt: 0), uninstalled: uninstalled)
    let id = PacemakerConfigurationKind.id
    let actual = try PacemakerConfigurationKind.interpret(id, desired, answers)
    return try PacemakerConfigurationKind.steps(id, desired, actual, context)
  }

  private func running(_ status: String = "crm_mon-armed.xml") throws -> Inventory.Host {
    .knowing(
      CIBProbe().answered(try Recorded.text("cib.xml")), CrmMonProbe().answered(try Recorded.text(status)))
  }

  private let stopped = Inventory.Host.knowing(CIBProbe().answered(nil), CrmMonProbe().answered(nil))

  @Test("nothing to do when the CIB is as desired; one head that tells is enough")
  func clean() throws {
    #expect(try steps(desired(), ["head1": running(), "head2": running()]).isEmpty)
    #expect(try steps(desired(), ["head1": Self.silent, "head2": running()]).isEmpty)
  }

  @Test("a changed monitor interval is one step without disruption, on the active head")
  func interval() throws {
    let drafts = try steps(desired { $0.monitor.every = .seconds(5) }, ["head1": running(), "head2": running()])
    #expect(drafts.count == 1 && drafts[0].host == "head1" && drafts[0].disruption == .none)
    #expect(drafts[0].changes.count == 4)
    #expect(drafts[0].because == "address-public, address-private, dnsmasq and 1 more differ")
  }

  @Test("disruption follows from what changes")
  func disruption() throws {
    let both: [HostID: Inventory.Host] = ["head1": try running(), "head2": try running()]
    let other = try #require(IPv4Address("198.51.100.20"))
    #expect(try steps(desired { $0.addresses[0].address = other }, both)[0].disruption == .restart)
    #expect(try steps(desired { $0.services.removeAll { $0.name != "boot" } }, both)[0].disruption == .restart)
    // The preferred head is the active one.
    #expect(try steps(desired { $0.failback = .automatic }, both)[0].disruption == .none)
  }

  @Test("without a CIB everything is made; a silent head may have one, so nothing is said then")
  func absent() throws {
    let drafts = try steps(desired(), ["head1": stopped, "head2": stopped])
    #expect(drafts.map(\.verb) == ["configure"] && drafts[0].changes.count == 30)
    #expect(try steps(desired(), ["head1": stopped], uninstalled: ["head2"]).count == 1)
    #expect(throws: Unreadable.self) { try steps(desired(), ["head1": stopped, "head2": Self.silent]) }
  }

  @Test("a resource that Pacemaker has given up on is tried again")
  func recover() throws {
    let status = try Recorded.text("crm_mon-armed.xml")
    let runs =
      #"<resource id="nginx" resource_agent="ocf:cluster:service" role="Started" target_role="Started" active="true""#
    #expect(status.contains(runs))
    let failure = #"<failures><failure op_key="nginx_start_0" node="head1" exitreason="x"/></failures>"#
    let text = status.replacing(runs, with: #"<resource id="nginx" role="Stopped" active="false""#)
      .replacing("<bans>", with: failure + "<bans>")
    let host = Inventory.Host.knowing(
      CIBProbe().answered(try Recorded.text("cib.xml")), CrmMonProbe().answered(text))
    let drafts = try steps(desired(), ["head1": host, "head2": host])
    #expect(drafts.map(\.verb) == ["recover"])
    #expect(drafts.first?.because == "Pacemaker has given up on nginx")
  }

  @Test("without ha: in the spec Pacemaker lets go of everything, once")
  func removal() throws {
    let (answers, context) = context(Inventory(hosts: ["head1": try running(), "head2": Self.silent], observedAt: 0))
    let id = PacemakerConfigurationKind.id
    let actual = try #require(try PacemakerConfigurationKind.interpret(id, desired(), answers))
    let drafts = PacemakerConfigurationKind.removal(id, try desired(), actual, context)
    #expect(drafts.map(\.verb) == ["release"] && drafts[0].changes == ["+ maintenance-mode=true"])
    guard let goal = drafts[0].operation.as(EnsureCIB.self)?.goal else { return }
    let released = PacemakerConfigurationKind.Actual(heads: ["head1"], cib: try actual.cib.applying(goal), failed: [])
    #expect(PacemakerConfigurationKind.removal(id, try desired(), released, context).isEmpty)
    // Asked for again, it takes hold again.
    let again = try PacemakerConfigurationKind.steps(id, desired(), released, context)
    #expect(again.flatMap(\.changes) == ["- maintenance-mode=true"])
  }

  // MARK: fencing

  @Test("a proof is made again when it is old or the BMC moved")
  func proof() throws {
    let desired = FencingProofKind.Desired(head: "head1", from: "head2", bmc: try Example.bmc(1), own: nil)
    let id = FencingProofKind.id(of: "head1")
    func verdict(_ record: FencingRecord?, now: Int) throws -> [String] {
      let (answers, context) = context(
        Inventory(hosts: ["head2": .knowing(FencingProbe("head1").answered(record))], observedAt: now), now: now)
      let actual = try FencingProofKind.interpret(id, desired, answers)
      return try FencingProofKind.steps(id, desired, actual, context).map { "\($0.host): \($0.because)" }
    }
    let words = "fence_ipmilan ip=10.3.0.1 username=admin privlvl=operator lanplus=1 power_wait=0"
    let device = "\(words) ipmitool_path=/usr/lib/cluster/fence/head1"
    let record = FencingRecord(head: "head1", address: desired.bmc.address, provenAt: 1000, device: device, uuid: nil)
    #expect(try verdict(nil, now: 2000) == ["head2: not proven yet"])
    #expect(try verdict(record, now: 2000).isEmpty)
    #expect(try verdict(record, now: 1000 + 8 * 86400) == ["head2: proven 8 days ago"])
    var moved = record
    moved.address = try #require(IPv4Address("10.3.0.9"))
    #expect(try verdict(moved, now: 2000) == ["head2: proven at 10.3.0.9, and the BMC is at 10.3.0.1"])
    var other = record
    other.device = device.replacing("admin", with: "root")
    #expect(
      try verdict(other, now: 2000) == [
        "head2: proven as \(device.replacing("admin", with: "root")), and it is \(device)"
      ])
  }

  // MARK: ha-bootstrap

  private func unit(_ active: String) -> UnitState {
    UnitState(exists: true, enabled: false, masked: false, active: active, configuration: .notRunning)
  }

  private func bootstrap(
    _ cibs: [HostID: CIB], addresses: [String], elsewhere: [String] = [], uninstalled: Set<HostID> = []
  ) throws -> [String] {
    let resource = HighAvailabilityParts(
      cluster: try Example.cluster(), policy: try Example.policy(), primary: try Example.cluster().heads[0]
    ).bootstrap
    let desired = try #require(resource.desired as? HighAvailabilityBootstrapKind.Desired)
    var hosts: [HostID: Inventory.Host] = [:]
    for (head, cib) in cibs {
      let text: String? =
        switch cib {
        case .silent, .none, .stopped, .released: nil
        case .empty: "<cib><configuration/></cib>"
        case .configured: try Recorded.text("cib.xml")
        }
      hosts[head] =
        cib == .silent
        ? Self.silent
        : .knowing(
          CIBProbe().answered(text),
          StoredCIBProbe().answered(
            cib == .none ? nil : StoredCIB(isManaged: cib != .empty, isPaused: cib == .released)),
          UnitProbe("dnsmasq.service").answered(unit("active")),
          UnitProbe("nginx.service").answered(unit("inactive")),
          LinksProbe().answered([
            LinkState(
              name: "eth0", mac: nil, up: true, addresses: head == "head1" ? addresses : elsewhere, gateways: [])
          ]))
    }
    let (answers, context) = context(Inventory(hosts: hosts, observedAt: 0), uninstalled: uninstalled)
    let actual = try HighAvailabilityBootstrapKind.interpret(resource.id, desired, answers)
    return try HighAvailabilityBootstrapKind.steps(resource.id, desired, actual, context).map(\.verb)
  }

  /// Stopped, released: Pacemaker does not run, and has this on its disk.
  private enum CIB { case silent, none, empty, configured, stopped, released }

  @Test("before Pacemaker is configured, what is missing is put up by hand")
  func byHand() throws {
    #expect(
      try bootstrap(["head1": .none, "head2": .empty], addresses: ["10.1.0.1/16"])
        == ["address-eth1", "address-eth0", "start-nginx.service"])
    #expect(
      try bootstrap(["head1": .empty], addresses: ["10.1.0.10/16"], uninstalled: ["head2"])
        == ["address-eth1", "start-nginx.service"])
  }

  @Test("an address that another head holds is not put up a second time")
  func onAnotherHead() throws {
    let elsewhere = ["10.1.0.2/16", "10.1.0.10/16"]
    #expect(
      try bootstrap(["head1": .none, "head2": .none], addresses: ["10.1.0.1/16"], elsewhere: elsewhere)
        == ["address-eth1", "start-nginx.service"])
  }

  @Test("where Pacemaker is configured, or may be, nothing is done by hand")
  func superseded() throws {
    #expect(try bootstrap(["head1": .none, "head2": .configured], addresses: []).isEmpty)
    #expect(try bootstrap(["head1": .configured, "head2": .silent], addresses: []).isEmpty)
    #expect(throws: Unreadable.self) { try bootstrap(["head1": .none, "head2": .silent], addresses: []) }
    #expect(try bootstrap(["head1": .none, "head2": .stopped], addresses: []).isEmpty)
  }

  @Test("what Pacemaker has on a disk counts where it would start the services on another head")
  func onADisk() throws {
    let all = ["address-eth1", "address-eth0", "start-nginx.service"]
    #expect(try bootstrap(["head1": .stopped, "head2": .none], addresses: []) == all)
    #expect(try bootstrap(["head1": .stopped], addresses: [], uninstalled: ["head2"]) == all)
    #expect(try bootstrap(["head1": .released, "head2": .released], addresses: []) == all)
  }

  // MARK: order

  @Test(
    "files are the same everywhere before a reload, services are up before Pacemaker, proofs before the configuration")
  func order() throws {
    let resources = HighAvailability.resources(
      try Example.cluster(), SiteFiles(), Publications(try Example.cluster(), SiteFiles()))
    #expect(Set(resources.map(\.id)).count == resources.count)
    func after(_ kind: String, _ host: HostID?, _ name: String) throws -> [String] {
      try #require(resources.first { $0.id == ResourceID(kind, on: host, name) }).after.map(\.description)
    }
    let corosync = try after("unit", "head1", "corosync.service")
    #expect(corosync.contains("file@head2:/etc/corosync/corosync.conf"))
    #expect(corosync.contains("secret-file@head2:/etc/corosync/authkey"))
    #expect(corosync.contains("ha-bootstrap@head1:services") && corosync.contains("fencing:head2"))
    let configuration = try after("pacemaker", nil, "cib")
    #expect(configuration.contains("unit@head2:pacemaker.service") && configuration.contains("fencing:head1"))
    #expect(configuration.contains("unit@head2:nginx.service"))
    #expect(try after("ha-bootstrap", "head1", "services").contains("unit@head1:nginx.service"))
  }
}
