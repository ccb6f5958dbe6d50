// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

extension SiteContract {
  static let power = [
    SiteContract(name: "a node is switched off and on by its BMC, and boots into its image") { (site) async throws in
      let node = try #require(site.cluster.nodes.last)
      let bmc = try #require(node.bmc)
      let nodes = try site.desired(NodesKind.Desired.self)
      let row = try #require(nodes.nodes.first { $0.name == node.name })
      #expect(try await site.primary.ask(PowerProbe(bmc)) == .on)
      #expect(try await site.report(row.mac)?.stage == .ready)

      let machine = PoweredMachine.node(node.name, mac: row.mac)
      try await site.primary.perform(EnsurePower(bmc: bmc, state: .off, of: machine))
      #expect(try await site.primary.ask(PowerProbe(bmc)) == .off)
      try await site.standby.perform(EnsurePower(bmc: bmc, state: .on, of: machine))
      #expect(try await site.primary.ask(PowerProbe(bmc)) == .on)
      let token = try site.primary.run.run
      try await site.primary.perform(EnsurePowerCycled(bmc: bmc, of: machine, token: token))
      #expect(try await site.primary.ask(PowerCycleProbe(bmc)) == token)
      #expect(try await site.primary.ask(PowerProbe(bmc)) == .on)
      try await site.primary.perform(EnsurePower(bmc: bmc, state: .off, of: machine))
      let goal = NodeGoal(
        node: node.name, mac: row.mac, bmc: bmc, image: row.image, server: nodes.server, restart: true,
        interrupts: true, deadlineSeconds: 300)

      // It is switched on; that it comes up is waited for afterwards.
      try await site.primary.perform(EnsureNode(goal))

      #expect(try await site.primary.ask(PowerProbe(bmc)) == .on)
      let reports = try await site.primary.ask(NodeReportsProbe()) { reports in
        reports.first { $0.mac == row.mac }?.stage == .ready
      }
      let report = try #require(reports.first { $0.mac == row.mac })
      #expect(report.stage == .ready && report.image == row.image && report.verified)
      #expect(report.server == nodes.server && report.age < 60)
      #expect(try await site.primary.once(EnsureNode(goal)).changed == false)
    },
    SiteContract(name: "a BMC that is not there, or does not accept the password or the cipher suite, is told apart") {
      (site) async throws in
      let node = try #require(site.cluster.nodes.last)
      var bmc = try #require(node.bmc)
      let machine = PoweredMachine.node(node.name, mac: nil)
      let wrong = try site.primary.knowing(Secrets([bmc.password: Array("not the password".utf8)]))
      #expect(await wrong.failure(of: EnsurePower(bmc: bmc, state: .off, of: machine)) == .bmcAuthentication)
      #expect(
        try await site.primary.knowing(Secrets()).failure(of: EnsurePower(bmc: bmc, state: .off, of: machine))
          == .notFound)
      #expect(try await site.primary.ask(PowerProbe(bmc)) == .on)

      // The lab's BMCs do not know it.
      bmc.cipher = 17
      #expect(try await site.primary.failure(of: EnsurePower(bmc: bmc, state: .off, of: machine)) == .bmcCipher)
      bmc.cipher = 3
      #expect(try await site.primary.ask(PowerProbe(bmc)) == .on)
      bmc.cipher = nil
      bmc.address = site.nowhere
      #expect(try await site.primary.failure(of: EnsurePower(bmc: bmc, state: .off, of: machine)) == .bmcUnreachable)
      let error = await #expect(throws: AgentError.self) { try await site.primary.ask(PowerProbe(bmc)) }
      #expect(error?.code == .bmcUnreachable)
    },
    SiteContract(name: "who speaks SSH at an address is seen, and that nobody does") { (site) async throws in
      let clone = try site.desired(HeadCloneKind.Desired.self)
      #expect(try await site.primary.ask(SSHPortProbe(clone.goal.address)))
      #expect(try await site.primary.ask(SSHPortProbe(site.nowhere)) == false)
    },
    SiteContract(name: "the fencing of the other head is proven, and a proof that fails leaves the old one") {
      (site) async throws in
      let proof = try site.fencing(of: try site.standby.host.id)
      let before = try #require(try await site.primary.ask(FencingProbe(proof.head)))
      #expect(before.address == proof.bmc.address)
      #expect(try await site.primary.ask(FencingProbe("head9")) == nil)
      try await site.primary.tick()

      let outcome = try await site.primary.once(EnsureFencingProven(proof.goal))

      #expect(outcome.changed)
      let after = try #require(try await site.primary.ask(FencingProbe(proof.head)))
      #expect(after.address == before.address && after.provenAt >= before.provenAt)
      var elsewhere = proof.goal
      elsewhere.bmc.address = site.nowhere
      #expect(try await site.primary.failure(of: EnsureFencingProven(elsewhere)) == .bmcUnreachable)
      #expect(try await site.primary.ask(FencingProbe(proof.head)) == after)
    },
    SiteContract(name: "a head's power is really cut, once, and it is back in the cluster") { (site) async throws in
      let proof = try site.fencing(of: try site.standby.host.id)
      #expect(try await site.primary.ask(FenceTestProbe(proof.head)) == nil)
      let token = try site.primary.run.run
      let test = EnsureFenceTested(FenceTestGoal(head: proof.head, bmc: proof.bmc, token: token))

      #expect(try await site.primary.once(test).changed)

      let seen = try #require(try await site.primary.ask(FenceTestProbe(proof.head)))
      #expect(seen.token == token && seen.on > 0 && seen.back > seen.on)
      #expect(try await site.primary.once(test).changed == false)
      // A head that boots has let its lease go.
      let standby = try site.standby
      try await standby.host.claim(standby.run)
      #expect(try await standby.ask(CorosyncProbe())?.members.count == site.heads.count)
    },
    SiteContract(name: "a head tells its own BMC from that of another machine") { (site) async throws in
      let proof = try site.fencing(of: try site.standby.host.id)
      let own = FencingGoal(head: proof.head, from: proof.head, bmc: proof.bmc, own: nil)
      #expect(try await site.standby.once(EnsureFencingProven(own)).changed)
      let known = try #require(try await site.standby.ask(FencingProbe(proof.head)))
      #expect(known.uuid != nil && known.address == proof.bmc.address)
      #expect(known.device == own.device.words)

      var third = own
      third.bmc = try #require(site.cluster.nodes.last?.bmc)
      #expect(try await site.standby.failure(of: EnsureFencingProven(third)) == .conflict)
      #expect(try await site.standby.ask(FencingProbe(proof.head)) == known)
      // The primary's own, given as that of the head that it is to fence.
      var exchanged = proof.goal
      exchanged.bmc = try #require(proof.own)
      #expect(try await site.primary.failure(of: EnsureFencingProven(exchanged)) == .conflict)
    },
  ]

  /// On a site whose second head is not installed yet.
  package static let clone = SiteContract(name: "a head is captured, and another one installed from that, once") {
    (site) async throws in
    let desired = try site.desired(HeadCloneKind.Desired.self)
    let head = desired.goal.head
    #expect(try await site.primary.ask(CloneProbe(head)) == nil)
    #expect(try await site.primary.failure(of: EnsureClone(desired.goal)) == .notFound)

    // It captures anew however often it is asked: what this head holds has changed meanwhile.
    #expect(try await site.primary.once(EnsureCapture(desired.capture)).changed)
    try await site.primary.perform(EnsureClone(desired.goal))

    let record = try #require(try await site.primary.ask(CloneProbe(head)))
    #expect(record.head == head && record.capture?.isEmpty == false)
    #expect(try await site.primary.ask(PowerProbe(desired.goal.bmc)) == .on)

    // Who answers is not written over, also where no note says that it is there.
    var (unnoted, capture) = (desired.goal, desired.capture)
    (unnoted.head, capture.clone) = ("head9", "head9")
    #expect(try await site.primary.once(EnsureCapture(capture)).changed)
    #expect(try await site.primary.failure(of: EnsureClone(unnoted)) == .conflict)
    #expect(try await site.primary.ask(PowerProbe(desired.goal.bmc)) == .on)
  }
}

extension ContractSite {
  /// An address of the BMCs' network that nothing has.
  var nowhere: IPv4Address { IPv4Address(bits: 0x0a03_6363) }

  func report(_ mac: MACAddress) async throws -> NodeReport? {
    try await primary.ask(NodeReportsProbe()).first { $0.mac == mac }
  }

  func fencing(of head: HostID) throws -> FencingProofKind.Desired {
    let proofs = resources.lazy.compactMap { $0 as? FencingProofKind.Desired }
    return try #require(proofs.first { $0.head == head && $0.from != head })
  }
}
