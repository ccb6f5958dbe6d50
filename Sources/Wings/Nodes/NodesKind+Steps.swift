// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension NodesKind {
  /// Why a node needs a step.
  enum Need: Hashable {
    /// Switch it on, if it is off, and wait.
    case boot(String)
    /// It is up, and its own checks do not pass: wait, once it has what the heads have for it.
    case checks(String)
    /// It runs nothing that could be lost: power-cycle it.
    case unstick(String)
    /// The same, when the heads have the address that it is to boot from.
    case bring(String)
    /// The same of one that was ready lately, whatever is said of it since: it may be at work.
    case interrupt(String)
    /// It runs, and will be interrupted.
    case restart(String)
    /// The same, when the heads have the address that it is to come back to.
    case move(String)

    var takesAway: Bool {
      switch self {
      case .boot, .checks, .unstick, .bring: false
      case .interrupt, .restart, .move: true
      }
    }
  }

  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    desired.nodes.map { .node($0.name) }
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    // Silence means something only where the reports go to.
    if let error = silence(context) { throw .failed(context.activeHead, error) }
    let needs = desired.nodes.compactMap { row in
      need(row, actual?.reports[row.mac], at: row.server ?? desired.server).map { (row: row, need: $0) }
    }
    let most = NodePolicy.mostAway(of: desired.nodes.count)
    let booting = needs.filter { !$0.need.takesAway }
    return (booting + order(needs.filter(\.need.takesAway), actual)).map { row, need in
      // Nodes that are away already count: beyond what is left of the number, a restart waits for one to be back.
      let place = Place(in: name, of: most, isAway: !need.takesAway, atOnce: desired.boots)
      var draft = draft(row, need, desired, context, place)
      draft.destructive = loses(row, actual?.reports[row.mac])
      return draft
    }
  }

  /// Whether a node that comes up now loses what is on its disk, by what is known of it. One of which nothing is known
  /// decides by its disk.
  private static func loses(_ row: Row, _ report: NodeReport?) -> Bool {
    guard !row.boot.provisioner.loss.image.isEmpty, let report else { return false }
    let image = report.image ?? report.lastReadyImage
    return image != nil && image != row.image || report.stage == .ready && report.arguments != row.arguments
  }

  /// Nodes that the spec drops go on running: they are somebody's machines.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }

  /// Why the active head cannot tell what it has heard. Nil: it can, or was not asked.
  private static func silence(_ context: PlanContext) -> AgentError? {
    do throws(Unreadable) {
      _ = try context.answers.answer(context.activeHead, NodeReportsProbe())
      return nil
    } catch {
      switch error {
      case .unreachable(_, let error), .failed(_, let error): return error
      case .unasked: return nil
      }
    }
  }

  /// One that was not heard when it should have been may be away already, since a run that ended early: it goes before
  /// those that run for sure, and the one that fell silent first goes first. Then the next run has the same order.
  private static func order(
    _ restarting: [(row: Row, need: Need)], _ actual: Actual?
  ) -> [(row: Row, need: Need)] {
    let reports = restarting.map { actual?.reports[$0.row.mac] }
    let silence = reports.map { $0.map { $0.lastReady ?? $0.age } ?? .max }
    let isLate = reports.indices.map { index in reports[index].map { silence[index] > $0.lateAfter } ?? true }
    let silent = restarting.indices.filter { isLate[$0] }.sorted { (silence[$1], $0) < (silence[$0], $1) }
    return (silent + restarting.indices.filter { !isLate[$0] }).map { restarting[$0] }
  }

  /// The need of a node. Nil: it is as it is to be.
  static func need(_ row: Row, _ report: NodeReport?, at server: IPv4Address?) -> Need? {
    guard let report else { return .boot("\(row.name) has not reported") }
    let need = need(row, report, at: server)
    switch need {
    case .unstick(let reason), .bring(let reason):
      guard report.wasReadyLately, let age = report.lastReady else { return need }
      return .interrupt("\(reason); \(rough(age)) ago it was ready")
    case .boot, .checks, .interrupt, .restart, .move, nil: return need
    }
  }

  private static func need(_ row: Row, _ report: NodeReport, at server: IPv4Address?) -> Need? {
    let age = report.age
    let image = report.image ?? "an unknown image"
    if report.speaks(toAnotherThan: server), let server, let old = report.server {
      switch report.stage {
      case .ready: return .move("\(row.name) reports to \(old), not to \(server)")
      case .failed: return .bring("\(row.name) booted from \(old), not from \(server)")
      // It may be ready since, and have said so where nobody hears it.
      case .powered, .dhcp, .script, .image, .elsewhere:
        return .interrupt("\(row.name) booted when the heads were at \(old), not at \(server)")
      }
    }
    if report.isFromAnotherBoot, let powered = report.lastPowered {
      return .boot("\(row.name) was switched on \(rough(powered)) ago, and what says that it is ready is not that boot")
    }
    switch report.stage {
    case .elsewhere: return .boot("\(row.name) has not reported" + words(of: report.elsewhere, row))
    case .ready where age > report.silentAfter:
      return .boot(
        "\(row.name) was ready, and has been silent for \(rough(age))" + words(of: report.elsewhere, row))
    case .ready where report.image != row.image:
      return .restart("\(row.name) runs \(image), not \(row.image)" + row.boot.provisioner.loss.image)
    case .ready where !report.verified: return .restart("\(row.name) runs \(image) without having verified it")
    case .ready where report.arguments != row.arguments:
      return .restart(
        "\(row.name) was started with other arguments of its kernel" + row.boot.provisioner.loss.arguments)
    case .ready where report.isAt(anotherThan: row.address):
      let old = report.address.map { "\($0)" } ?? "another address"
      return .boot("\(row.name) has \(old), not \(row.address): it takes that when it renews its lease")
    case .ready: return row.checks.flatMap { unready(row.name, NodeReadiness(tag: $0), report) }
    case .failed: return .unstick("\(row.name) could not boot \(image): \(report.quoted ?? "no reason given")")
    case .powered where report.isSwitchedOff: return .boot("\(row.name) was switched off")
    case .powered, .dhcp, .script, .image:
      let stage = row.boot.stage(report.stage)
      let words = stage?.words ?? report.stage.rawValue
      if age > stage?.patience ?? 0 {
        return .unstick("\(row.name) got no further \(rough(age)) ago than: \(words)")
      }
      return .boot("\(row.name) is on its way: \(words)")
    }
  }

  /// One that has run another list, and passed, is told to fetch this one: see `NodeRefreshKind`.
  private static func unready(_ node: HostID, _ wanted: NodeReadiness, _ report: NodeReport) -> Need? {
    guard let doubt = wanted.doubt(report.checked), doubt != .other else { return nil }
    return .checks("\(node) is up, and \(doubt.words)")
  }

  /// The news of it that does not count, for a node that is not heard otherwise.
  private static func words(of elsewhere: NodeReport.Elsewhere?, _ row: Row) -> String {
    elsewhere.map { "; \($0.words(row.address))" } ?? ""
  }

  /// Rough, so that nodes that fell silent together have one reason.
  private static func rough(_ seconds: Int) -> String {
    switch seconds {
    case ..<300: "less than 5 min"
    case ..<7200: "\(seconds / 300 * 5) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86400) days"
    }
  }

  private static func draft(
    _ row: Row, _ need: Need, _ desired: Desired, _ context: PlanContext, _ place: Place
  ) -> StepDraft {
    let (verb, reason, restart, disruption): (String, String, Bool, Step.Disruption) =
      switch need {
      case .boot(let reason), .checks(let reason): ("boot", reason, false, .none)
      case .unstick(let reason), .bring(let reason): ("reset", reason, true, .none)
      case .interrupt(let reason): ("reset", reason, true, .reboot)
      case .restart(let reason), .move(let reason): ("restart", reason, true, .reboot)
      }
    let first: [ResourceID] =
      switch need {
      // It comes back to an address that Pacemaker brings up, or to services that Pacemaker has let go of.
      case .move, .bring: [PacemakerConfigurationKind.id]
      // What it gets live may be what its checks miss; it has little time to pass them, and asks again then.
      case .checks: [NodeRefreshKind.id]
      case .boot, .unstick, .interrupt, .restart: []
      }
    var goal = NodeGoal(
      node: row.name, mac: row.mac, address: row.address, bmc: row.bmc, boot: row.boot, image: row.image,
      server: row.server ?? desired.server, restart: restart, interrupts: need.takesAway, deadlineSeconds: 600)
    goal.arguments = row.arguments
    goal.readiness = row.checks.map {
      NodeReadiness(
        tag: $0, advice: desired.advice ?? [:], isEarly: context.changing.contains(PacemakerConfigurationKind.id))
    }
    if case .checks = need, context.changing.contains(NodeRefreshKind.id) { goal.readiness?.isRefreshed = true }
    return StepDraft(
      "\(verb)-\(row.name)", on: context.activeHead, EnsureNode(goal), disruption: disruption, because: reason,
      independent: true, place: place, after: first)
  }
}
