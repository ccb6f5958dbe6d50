// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension EnsureNode {
  /// It is ready when it says so itself, to the head that switched it on.
  package var expectation: Expectation? {
    Expectation(
      NodeReportsProbe(), diagnosis: goal.bmc.map { [AnyProbe(PowerProbe($0))] } ?? [],
      judge: { [goal] answer, waited throws(AgentError) in
        goal.standing(try answer.value(of: NodeReportsProbe.self).report(of: goal.mac), waited: waited)
      },
      explain: { [goal] error, answers in goal.explained(error, answers) })
  }
}

extension [NodeReport] {
  /// The report of a machine, in a list that is sorted by MAC address: thousands of nodes ask for theirs.
  package func report(of mac: MACAddress) -> NodeReport? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].mac < mac { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].mac == mac ? self[low] : nil
  }
}

extension NodeGoal {
  /// How a node stands that was switched on, or found on, so many seconds ago.
  package func standing(_ report: NodeReport?, waited: Int) -> Expectation.Standing {
    guard let report else { return silent("has not reported", for: waited) }
    if report.speaks(toAnotherThan: server), let other = report.server {
      return silent("reports to \(other), not to \(server.map { "\($0)" } ?? "a head")", for: waited)
    }
    if report.isFromAnotherBoot { return silent("reports for another boot than this one", for: waited) }
    switch report.stage {
    case .elsewhere:
      let why = report.elsewhere.map { other in address.map { "; " + other.words($0) } ?? "" } ?? ""
      return silent("has not reported" + why, for: waited)
    case .ready where report.age > report.silentAfter:
      return silent("has been silent for \(report.age) s", for: waited)
    case .ready where report.isAt(anotherThan: address):
      let (old, new) = (report.address.map { "\($0)" } ?? "another address", address.map { "\($0)" } ?? "its own")
      return silent("has \(old) still, not \(new)", for: waited)
    case .ready where report.image == image && report.verified && report.arguments == arguments:
      if let doubt = readiness?.doubt(report.checked) { return unready(report, doubt, waited) }
      return .met("\(node) ready on \(image)" + (report.quoted.map { "; \($0)" } ?? ""))
    case .ready, .failed:
      guard isNews(report, waited) else { return silent("is \(report.stage.rawValue) still", for: waited) }
      return .failed(failure(report))
    case .powered, .dhcp, .script, .image:
      guard isNews(report, waited), let stage = boot.stage(report.stage) else {
        return silent("has said nothing new", for: waited)
      }
      let left = min(stage.patience.minus(report.age), boot.patience - waited)
      if left <= 0 { return .failed(Self.stuck(node, stage, report.age)) }
      return .waiting(Wait(seen: "\(node): \(stage.words)", age: report.age, left: left))
    }
  }

  /// Whether the node is on its way up since its power was switched: an order to restart it has been carried out, and
  /// its answer may have been lost.
  package func isOnItsWay(_ report: NodeReport) -> Bool {
    guard let stage = boot.stage(report.stage), stage.stage != .ready, report.lastPowered != nil,
      !report.isSwitchedOff
    else {
      return false
    }
    return report.age <= stage.patience && !report.speaks(toAnotherThan: server)
  }

  /// Whether it was said after the node's power was switched, or since it is waited for.
  private func isNews(_ report: NodeReport, _ waited: Int) -> Bool {
    report.age <= waited || report.lastPowered.map { report.age <= $0 && $0 <= waited + 120 } ?? false
  }

  /// One that is on, and is not power-cycled: it may be running somebody's job behind a broken link.
  private func silent(_ words: String, for waited: Int) -> Expectation.Standing {
    if waited < deadlineSeconds {
      return .waiting(Wait(seen: "\(node): \(words)", age: waited, left: deadlineSeconds - waited))
    }
    return .failed(
      AgentError(
        .nodeSilent, "\(node) has been waited for \(waited) s and is not ready", cause: "it \(words)",
        next: "Check its console. If it runs nothing that matters, switch it off and on: cluster power cycle \(node)"))
  }

  /// One that is up, and whose own checks do not pass. Services may be on their way for a while after its boot; one
  /// that has been up for long gets the time of a few more reports.
  private func unready(_ report: NodeReport, _ doubt: NodeReadiness.Doubt, _ waited: Int) -> Expectation.Standing {
    let up = (report.uptime ?? .max).plus(report.age)
    let least = readiness?.isRefreshed == true ? NodeReadiness.afterBoot : NodeReadiness.least
    let usual = max(NodeReadiness.afterBoot.minus(up), least - waited)
    let left = min(readiness?.isEarly == true ? .max : usual, boot.patience - waited)
    let words = "\(node) is up, and \(doubt.words)"
    if left > 0 { return .waiting(Wait(seen: words, age: min(waited, up), left: left)) }
    return .failed(
      AgentError(
        .checkFailed, "\(words), so it is not ready", cause: report.quoted,
        next: [readiness?.advice(doubt), doubt.order(node)].compactMap(\.self).joined(separator: " ")))
  }

  private static func stuck(_ node: HostID, _ stage: BootStage, _ age: Int) -> AgentError {
    AgentError(
      .nodeSilent,
      "\(node) \(stage.stage == .powered ? "was " : "")\(stage.words) \(age) s ago, and nothing came after it",
      next: stage.advice)
  }

  private func failure(_ report: NodeReport) -> AgentError {
    let (wanted, image) = (image, report.image ?? "an unknown image")
    if report.stage == .failed {
      return AgentError(
        .imageCorrupt, "\(node) could not boot \(image)", cause: report.quoted,
        next: (boot.provisioner.failureAdvice ?? "Check \(image) on this head: its SHA-256 must match its manifest.")
          + " The node keeps retrying.")
    }
    if report.image != wanted {
      return AgentError(
        .nodeWrongImage, "\(node) booted \(image), wanted \(wanted)",
        next: "Check its boot order: it must start from the network, from the card with \(mac).")
    }
    if report.verified {
      return AgentError(
        .nodeWrongImage, "\(node) was started with other arguments of its kernel than are described",
        next: "Check its boot order, and that the heads serve its script: /ipxe/\(mac.hyphenated).ipxe.")
    }
    return AgentError(
      .imageCorrupt, "\(node) runs \(image) without having verified it",
      next: "Its boot script must name cluster.sha256: see /images/\(image)/boot.ipxe.")
  }

  /// A node that is off cannot come up, whatever its BMC said when it took the order.
  fileprivate func explained(_ error: AgentError, _ answers: [AnyProbe: AnyAnswer]) -> AgentError {
    guard error.code == .nodeSilent, let bmc, let answer = answers[AnyProbe(PowerProbe(bmc))] else { return error }
    do throws(AgentError) {
      guard try answer.value(of: PowerProbe.self) == .off else { return error }
      return AgentError(
        .bmcLies, "\(node) was switched on, and its BMC says that it is off again", cause: error.message,
        next: "Check the machine's power supply and its event log (`ipmitool sel list`).")
    } catch let unknown {
      var error = error
      error.cause = [error.cause, "its power is unknown: \(unknown)"].compactMap(\.self).joined(separator: "; ")
      return error
    }
  }
}
