// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import TestKit
import Testing
import XML

@testable import Wings

@Suite("The replicated state")
struct ReplicatedStateTests {
  private static let heads: [HostID] = ["head1", "head2"]

  private func cluster(_ backend: HighAvailabilityPolicy.State.Replica.Backend) throws -> Cluster {
    var cluster = try Example.cluster()
    let disks: [HostID: String] =
      backend == .drbd ? ["head1": "/dev/disk/by-id/nvme-a", "head2": "/dev/vg/state"] : [:]
    cluster.ha?.state = .init(
      path: "/srv/state", mount: nil,
      replica: .init(network: "heartbeat", backend: backend, disks: disks, wipe: false), source: Example.span)
    return cluster
  }

  @Test("DRBD's configuration is for version 8.4, with the other head fenced before it goes on alone")
  func drbd() throws {
    let cluster = try cluster(.drbd)
    let replica = try #require(cluster.ha?.state?.replica)
    expectGolden(DRBDConfiguration(cluster: cluster, replica: replica).text, at: "cases/cluster-state.res")
  }

  @Test("nothing is written before one whole round of fencing may have ended")
  func patience() throws {
    var cluster = try cluster(.drbd)
    let replica = try #require(cluster.ha?.state?.replica)
    func seconds() throws -> Int {
      let text = DRBDConfiguration(cluster: cluster, replica: replica).text
      return try #require(Int(text.firstMatch(of: /--timeout ([0-9]+)/)?.1 ?? ""))
    }
    let byBMC = try seconds()
    cluster.ha?.heartbeat.detect = .seconds(20)
    #expect(try seconds() == byBMC + 42)
    let strip = FenceAgent(name: "fence_apc_snmp", parameters: [:], secrets: [:])
    cluster.heads[1].fencing = [.bmc, .agent(strip)]
    #expect(try seconds() == byBMC + 42 + 75)
  }

  @Test("DRBD's agent has the time that it asks for to take notice of the other head")
  func notices() throws {
    let cluster = try cluster(.drbd)
    let elements = PacemakerElements(cluster: cluster, policy: try #require(cluster.ha)).all
    let clone = try #require(elements.first { $0.id == PacemakerElements.diskClone })
    #expect(clone.xml.contains(#"interval="0s" name="notify" timeout="90s""#))
  }

  @Test("the disk is promoted where services are, and mounted there before those that need it")
  func elements() throws {
    let cluster = try cluster(.standIn)
    let policy = try #require(cluster.ha)
    let before = Set(PacemakerElements(cluster: cluster, policy: try Example.policy()).all.map(\.id))
    let added = PacemakerElements(cluster: cluster, policy: policy).all.filter { !before.contains($0.id) }
    let text = try added.map { "\($0.section.rawValue)\n" + (try XMLElement(parsing: $0.xml)).indented }.joined()
    expectGolden(text, at: "cases/state-elements.xml")
  }

  @Test("what goes wrong with a copy is told, and how long the rest takes")
  func levels() {
    func words(_ first: ReplicaState?, _ second: ReplicaState?) -> String {
      var copies: [HostID: ReplicaState] = [:]
      copies["head1"] = first
      copies["head2"] = second
      let level = SyncLevel(Self.heads, copies)
      return "\(level.isInSync): \(level.words)"
    }
    func active(_ standing: ReplicaState.Standing, _ left: Int? = nil, _ rate: Int? = nil) -> ReplicaState {
      ReplicaState(isMade: true, isActive: true, standing: standing, left: left, rate: rate)
    }
    let standby = ReplicaState(isMade: true, standing: .inSync)
    #expect(words(active(.inSync), standby) == "true: head1 and head2 have the same")
    // The active one knows, whether or not the other one can be asked.
    #expect(words(active(.inSync), nil) == "true: head1 and head2 have the same")
    #expect(
      words(standby, active(.syncing, 120 << 20, 10 << 20))
        == "false: head1 is being brought up to date, 120 MiB left, about 12 s")
    #expect(words(active(.syncing, 900 << 30, 100 << 20), nil).hasSuffix("900 GiB left, about 153 min"))
    #expect(words(active(.alone, 3 << 20), nil) == "false: head1 goes on alone: head2 has an older copy, 3 MiB less")
    #expect(words(active(.held), nil) == "false: nothing is written until it is known that head2 is off")
    // A standby that was in sync says nothing of what the active one has written since.
    #expect(words(nil, standby) == "false: active on no head: head1 cannot be asked, head2 waits")
    #expect(
      words(ReplicaState(isMade: true, standing: .behind), ReplicaState(isMade: false))
        == "false: active on no head: head1 has an older copy, head2 has no copy")
  }

  @Test("services are not moved to a head that does not have all of the state")
  func moves() throws {
    let cluster = try cluster(.standIn)
    func plan(_ standing: ReplicaState.Standing) throws -> ErrandPlan {
      let active = ReplicaState(isMade: true, isActive: true, standing: standing, left: 12 << 20, rate: 4 << 20)
      var hosts: [HostID: Inventory.Host] = [:]
      for (head, copy) in [("head1", active), ("head2", ReplicaState(isMade: true, standing: .waiting))] {
        let other = try #require(cluster.heads.first { $0.name.name != head })
        let proof = FencingRecord(
          head: other.name, address: try #require(other.bmc?.address), provenAt: 1, device: nil, uuid: nil)
        hosts[HostID(head)] = .knowing(
          CrmMonProbe().answered(try Recorded.text("crm_mon-armed.xml")), CIBProbe().answered(nil),
          LinksProbe().answered(
            ["eth0", "eth1"].map { LinkState(name: $0, mac: nil, up: true, addresses: [], gateways: []) }),
          FencingProbe(other.name).answered(proof), ReplicaProbe(.anywhere).answered(copy))
      }
      let sight = ErrandSight(
        cluster: cluster, inventory: Inventory(hosts: hosts, observedAt: 60), activeHead: "head1")
      return try SwitchoverErrand(to: "head2").plan(sight)
    }
    #expect(try plan(.inSync).steps.count == 1)
    for (standing, why) in [
      (ReplicaState.Standing.syncing, "head2 is being brought up to date, 12 MiB left, about 3 s"),
      (.alone, "head1 goes on alone: head2 has an older copy, 12 MiB less"),
      (.held, "nothing is written until it is known that head2 is off"),
    ] {
      let refusal = #expect(throws: ErrandRefusal.self) { try plan(standing) }
      #expect(refusal?.why == "head2 does not have all of the state: \(why)")
    }
  }

  // MARK: Making it

  private func drafts(_ head: HostID, _ answers: [HostID: Inventory.Host], device: String? = nil) throws -> [StepDraft]
  {
    let goal = ReplicaGoal(path: "/srv/state", marker: "alps alps.example.org", device: device, wipe: false)
    let other: HostID = head == "head1" ? "head2" : "head1"
    let desired = ReplicaKind.Desired(goal, primary: "head1", other: other)
    let answers = Answers(Inventory(hosts: answers, observedAt: 0), uninstalled: [])
    let id = ReplicaKind.id(on: head, goal.path)
    return try ReplicaKind.steps(
      id, desired, try ReplicaKind.interpret(id, desired, answers),
      PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0))
  }

  private func host(isMade: Bool, device: String? = nil) -> Inventory.Host {
    let state = ReplicaState(isMade: isMade)
    let place: ReplicaProbe.Place = device.map { .drbd(device: $0) } ?? .standIn
    return .knowing(ReplicaProbe(place).answered(state), ReplicaProbe(.anywhere).answered(state))
  }

  @Test("the first head begins; one that was installed anew is filled from the other")
  func begins() throws {
    let (none, made) = (host(isMade: false), host(isMade: true))
    #expect(try drafts("head1", ["head1": none, "head2": none]).map(\.verb) == ["make"])
    #expect(try drafts("head2", ["head1": none, "head2": none]).map(\.verb) == ["join"])
    #expect(try drafts("head1", ["head1": none, "head2": made]).map(\.verb) == ["join"])
    #expect(try drafts("head2", ["head1": made, "head2": none]).map(\.verb) == ["join"])
    #expect(try drafts("head1", ["head1": made, "head2": none]).isEmpty)
  }

  @Test("while the other head is silent, no empty state is begun")
  func unknown() throws {
    let silent = Inventory.Host.unreachable(AgentError(.unreachable, "silent", next: "Look."))
    #expect(throws: Unreadable.self) { try drafts("head1", ["head1": host(isMade: false), "head2": silent]) }
    #expect(try drafts("head1", ["head1": host(isMade: true), "head2": silent]).isEmpty)
  }

  @Test("a disk that is overwritten is shown as that")
  func destroys() throws {
    let none = host(isMade: false, device: "/dev/sdb")
    let draft = try #require(try drafts("head1", ["head1": none, "head2": none], device: "/dev/sdb").first)
    #expect(draft.destructive && draft.changes.first == "overwrite /dev/sdb; refused when it is not empty")
    #expect(try drafts("head1", ["head1": host(isMade: false), "head2": host(isMade: false)])[0].destructive == false)
  }
}
