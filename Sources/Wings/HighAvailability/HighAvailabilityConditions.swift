// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// The conditions that must hold before high availability counts as armed: that a head may fail, and the other one
/// takes over.
struct HighAvailabilityConditions {
  let cluster: Cluster
  let policy: HighAvailabilityPolicy
  let facts: HighAvailabilityFacts
  /// Seconds since 1970.
  let now: Int

  private typealias Condition = HighAvailabilityStatus.Condition

  var all: [HighAvailabilityStatus.Condition] {
    guard let status = facts.status else {
      let why = facts.problems.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
      return [Condition(name: "pacemaker", ok: false, detail: why.isEmpty ? "Pacemaker does not run" : why)]
    }
    return [heads(status), quorate(status)] + witness + links + carriers
      + state + [encrypted, services(status), failures(status)] + fencing(status) + failback(status) + spread(status)
      + (status.maintenance
        ? [Condition(name: "managed", ok: false, detail: "paused (maintenance mode): `cluster ha resume` ends that")]
        : [])
  }

  private func heads(_ status: ClusterStatus) -> HighAvailabilityStatus.Condition {
    let away = cluster.heads.compactMap { head -> String? in
      guard let node = status.node(head.name.name) else { return "\(head.name) is not a member" }
      if node.unclean && status.quorate { return "\(head.name) failed and is not fenced yet" }
      if !node.online { return "\(head.name) is offline" }
      if node.pending { return "\(head.name) is joining" }
      return node.standby || node.maintenance ? "\(head.name) is paused" : nil
    }
    return Condition(
      name: "heads", ok: away.isEmpty,
      detail: away.isEmpty ? "\(cluster.heads.count) heads online" : away.joined(separator: ", "))
  }

  private func quorate(_ status: ClusterStatus) -> HighAvailabilityStatus.Condition {
    let without = facts.corosync.compactMap { head, state in state?.quorate == false ? head.name : nil }.sorted()
    let ok = status.quorate && without.isEmpty
    let place = without.isEmpty ? "" : " on \(without.joined(separator: ", "))"
    // One that starts alone waits for the others.
    let seen = Set(facts.corosync.values.flatMap { $0?.members ?? [] })
    let missing = cluster.heads.map(\.name.name).filter { !seen.isEmpty && !seen.contains($0) }
    return Condition(
      name: "quorate", ok: ok,
      detail: ok
        ? "quorate"
        : "no quorum\(place)" + (missing.isEmpty ? "" : " without \(missing.joined(separator: ", "))"))
  }

  /// Without its vote nothing fails over, but nothing that fails yet is lost either: both heads go on.
  private var witness: [HighAvailabilityStatus.Condition] {
    guard let witness = policy.witness else { return [] }
    let place = witness.node.map { "\($0), \(witness.host)" } ?? witness.host
    var (known, without, silent) = (false, [String](), [String]())
    for (head, state) in facts.corosync.sorted(by: { $0.key < $1.key }) {
      guard let state else { continue }
      known = true
      switch state.witness {
      case true?: break
      case false?: silent.append(head.name)
      case nil: without.append(head.name)
      }
    }
    let faults =
      (silent.isEmpty ? [] : ["does not answer \(silent.joined(separator: " and "))"])
      + (without.isEmpty ? [] : ["is not asked by \(without.joined(separator: " and "))"])
    let detail =
      !known
      ? "not known"
      : faults.isEmpty
        ? "\(place): votes"
        : "\(place): \(faults.joined(separator: ", ")); a head that fails now is not taken over"
    return [Condition(name: "witness", ok: known && faults.isEmpty, detail: detail)]
  }

  /// One for each heartbeat link: a single one left is a warning that nobody should miss.
  private var links: [HighAvailabilityStatus.Condition] {
    policy.heartbeat.links.enumerated().map { number, network in
      var states: [Bool] = []
      for case let state? in facts.corosync.values {
        states.append(state.links.first { $0.number == number }?.connected ?? false)
      }
      let ok = !states.isEmpty && states.allSatisfy { $0 }
      return Condition(
        name: "link-\(network)", ok: ok,
        detail: ok ? "connected" : states.isEmpty ? "Corosync runs on no head that answers" : "down")
    }
  }

  /// One for each network with a service address: services cannot come to a head whose card there has no carrier.
  private var carriers: [HighAvailabilityStatus.Condition] {
    policy.servedNetworks.compactMap { network in
      var (known, dead) = (false, [String]())
      for head in cluster.heads {
        guard let nic = head.nic(on: network), let states = facts.links[head.name] else { continue }
        known = true
        if states.first(where: { $0.name == nic.name })?.up != true { dead.append("\(head.name) \(nic.name)") }
      }
      // Who cannot tell is told of elsewhere.
      guard known else { return nil }
      return Condition(
        name: "carrier-\(network)", ok: dead.isEmpty,
        detail: dead.isEmpty ? "each card has its carrier" : "none: \(dead.joined(separator: ", "))")
    }
  }

  /// Whether both heads have the same state: else the other one cannot take over.
  private var state: [HighAvailabilityStatus.Condition] {
    guard policy.state?.replica != nil else { return [] }
    let level = SyncLevel(cluster.heads.map(\.name), facts.replicas)
    return [Condition(name: SyncLevel.condition, ok: level.isInSync, detail: level.words)]
  }

  /// The reason for which services have not gone back to the first head. It is no reason against a failover.
  private func failback(_ status: ClusterStatus) -> [HighAvailabilityStatus.Condition] {
    HighAvailabilityStatus.failbacks(cluster).map { group in
      let id = Failback.id(of: group)
      let place = status.resource(id).flatMap(facts.place)
      let told = place.flatMap { facts.failbacks[$0]?[Failback.report(of: group)] }
      let words = told.flatMap { $0.report.isSound ? $0.report.detail : nil } ?? "not known what it waits for"
      return Condition(name: id, ok: true, detail: "lazy: \(words)")
    }
  }

  /// Where each group of `spread` is. One that is not on its own head is no reason against a failover.
  private func spread(_ status: ClusterStatus) -> [HighAvailabilityStatus.Condition] {
    ServiceGroup.all(of: policy, in: cluster).compactMap { group in
      guard let name = group.name, let home = group.home else { return nil }
      let place = status.resource(group.anchor).flatMap(facts.place)
      let back = "`cluster ha switchover --spread \(name) --to \(home)` moves it there"
      let detail =
        place.map { $0 == home ? "on \(home)" : "on \($0), and \(home) is its own: \(back)" } ?? "on no head"
      return Condition(name: "spread-\(name)", ok: place != nil, detail: detail)
    }
  }

  private var encrypted: HighAvailabilityStatus.Condition {
    let plain = facts.corosync.compactMap { head, state in state?.encrypted == false ? head.name : nil }.sorted()
    let known = facts.corosync.values.contains { $0 != nil }
    return Condition(
      name: "encrypted", ok: known && plain.isEmpty,
      detail: plain.isEmpty ? (known ? "aes256, sha256" : "not known") : "not on \(plain.joined(separator: ", "))")
  }

  private func services(_ status: ClusterStatus) -> HighAvailabilityStatus.Condition {
    let wanted =
      policy.addressPrimitives.map(\.id)
      + (policy.state?.replica == nil ? [] : [PacemakerElements.folder])
      + ClusteredUnit.all(of: policy, in: cluster).map(\.id)
    let down = wanted.filter { id in
      status.resource(id).map { $0.role != "Started" || $0.failed || facts.place(of: $0) == nil } ?? true
    }
    return Condition(
      name: "services", ok: down.isEmpty,
      detail: down.isEmpty ? "\(wanted.count) running" : "not running: \(down.joined(separator: ", "))")
  }

  /// A monitor that failed, with the service running again, is no reason against a failover. A start or stop that
  /// failed is: that head could not take the service over. What a resource did that is gone by now says nothing.
  private func failures(_ status: ClusterStatus) -> HighAvailabilityStatus.Condition {
    let known = Set(status.resources.map(\.id))
    let failures = status.failures.filter { failure in failure.resource.map(known.contains) ?? true }
    let grave = failures.filter { failure in
      !failure.operation.contains("_monitor_") || status.resources.contains { $0.id == failure.resource && !$0.active }
    }
    let failed = failures.map { failure in
      "\(failure.operation) on \(failure.node)" + (failure.reason.isEmpty ? "" : ": \(failure.reason)")
    }
    return Condition(
      name: "failures", ok: grave.isEmpty,
      detail: failed.isEmpty
        ? "no failed actions" : (grave.isEmpty ? "recovered: " : "") + failed.joined(separator: "; "))
  }

  private func fencing(_ status: ClusterStatus) -> [HighAvailabilityStatus.Condition] {
    guard policy.fencing else {
      return [Condition(name: "fencing", ok: false, detail: "switched off with unsafe_without_fencing")]
    }
    let single = cluster.heads.filter { $0.fencing.count == 1 }.map(\.name.name)
    let ways =
      single.isEmpty
      ? "enabled, in several ways"
      : "enabled, by BMC alone"
        + (single.count == cluster.heads.count ? "" : " for \(single.joined(separator: ", "))")
        + ": a head whose BMC has no power is not taken over"
    let on = Condition(
      name: "fencing", ok: status.stonithEnabled, detail: status.stonithEnabled ? ways : "stonith-enabled is false")
    return [on] + cluster.heads.map(device(status))
      + cluster.heads.flatMap { FencingLevel.all(of: $0) }.map(level(status))
  }

  private func level(_ status: ClusterStatus) -> (FencingLevel) -> HighAvailabilityStatus.Condition {
    { level in
      let name = "fencing-\(level.name)"
      guard let proof = facts.levels[level.name] else {
        return Condition(name: name, ok: false, detail: "\(level.agent.name): not proven")
      }
      let age = "\(level.agent.name): proven \(AgeText.words(now - proof.provenAt)) ago"
      let flaw = proof.device == level.words ? nil : ", with other parameters"
      return proven(name, proof, age, flaw, device: level.id, status)
    }
  }

  private func device(_ status: ClusterStatus) -> (Head) -> HighAvailabilityStatus.Condition {
    { head in
      let name = "fencing-\(head.name)"
      guard let bmc = head.bmc else { return Condition(name: name, ok: false, detail: "\(head.name) has no BMC") }
      guard let proof = facts.proofs[head.name] else {
        let unknown = facts.unknownProofs[head.name].map { "not known whether it is proven: \($0)" }
        return Condition(name: name, ok: false, detail: unknown ?? "not proven")
      }
      guard proof.address == bmc.address else {
        return Condition(name: name, ok: false, detail: "proven at \(proof.address), not at \(bmc.address)")
      }
      let unowned = facts.owned[head.name].map { $0.uuid == nil && $0.address == bmc.address } ?? false
      let age = "proven \(AgeText.words(now - proof.provenAt)) ago" + (unowned ? "; whose BMC it is is not told" : "")
      return proven(name, proof, age, nil, device: FenceDevice.id(of: head.name), status)
    }
  }

  /// A proof that holds as long as it is not old, has no flaw, and its fence device runs.
  private func proven(
    _ name: String, _ proof: FencingRecord, _ age: String, _ flaw: String?, device id: String, _ status: ClusterStatus
  ) -> HighAvailabilityStatus.Condition {
    guard now - proof.provenAt <= FencingProofKind.validSeconds else {
      return Condition(name: name, ok: false, detail: age)
    }
    if let flaw { return Condition(name: name, ok: false, detail: age + flaw) }
    guard let device = status.resource(id), device.active, !device.failed else {
      return Condition(name: name, ok: false, detail: "\(age), but its fence device does not run")
    }
    return Condition(name: name, ok: true, detail: age)
  }
}
