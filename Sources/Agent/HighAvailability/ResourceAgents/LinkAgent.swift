// SPDX-License-Identifier: Apache-2.0
import Glibc

/// `ocf:cluster:link`: tells the cluster, in an attribute of the head, whether a network card has its carrier. A rule
/// keeps services on a head that has.
///
/// Corosync has other links and sees no fault when this one dies, and a service asks its own address over `lo`.
/// A flap is not told: the state has to last, and attrd waits a little more, so that a switch that dies takes the
/// carrier of all heads in one change, which moves nothing.
struct LinkAgent: ResourceAgent {
  /// Milliseconds that a change has to last.
  private static let settling = 2300
  /// How long attrd gathers changes of several heads.
  private static let dampening = "1500ms"
  private static let glance = 250
  /// Seconds after which the attribute is written again, in case that somebody has taken it away.
  private static let trust = 60

  private let call: OCFCall
  private let interface: String
  private let attribute: String

  init(_ call: OCFCall) {
    self.call = call
    interface = Self.card(in: call["interface"] ?? "", on: call.node)
    attribute = call["attribute"] ?? ""
  }

  /// The card of this head: the parameter is its name, or `HEAD=NAME` for each head.
  static func card(in parameter: String, on node: String) -> String {
    let cards = parameter.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1) }
    guard let own = cards.first(where: { $0.count == 2 && $0[0] == node }) else { return parameter }
    return String(own[1])
  }

  let required = ["interface", "attribute"]
  var metadata: String { OCFMetadata.link }

  private var memory: String { "/run/cluster/ocf/\(attribute)" }

  /// A card that is gone, or switched off, has no carrier: reading it fails then.
  private var hasCarrier: Bool { SmallFile.read("/sys/class/net/\(interface)/carrier")?.hasPrefix("1") ?? false }

  func start() -> OCFResult {
    // Whatever was told before this boot or this start is not known any more.
    unlink(memory)
    return tell(hasCarrier)
  }

  /// The attribute stays, or the rule would move services because one head forgets before the other one does. It goes
  /// with the head.
  func stop() -> OCFResult {
    unlink(memory)
    return .success
  }

  /// Pacemaker may have been started again since, and its attributes are gone then.
  func look() -> OCFResult {
    guard told() != nil else { return .notRunning }
    let kept = ChildProgram.run(["attrd_updater", "--query", "--name", attribute], within: call.patience)
    return kept.output.contains("value=\"") ? .success : .notRunning
  }

  func watch() -> OCFResult {
    guard let known = told() else { return .notRunning }
    let end = call.begun + call.stay
    var changed: MonotonicTime?
    while true {
      let now = hasCarrier
      if now == known {
        changed = nil
        if end.left == 0 { return isStale ? tell(known) : .success }
      } else if let since = changed {
        // It does not leave in the middle of a change.
        if MonotonicTime.now - since >= Self.settling { return tell(now) }
      } else {
        changed = .now
      }
      Pause.milliseconds(Self.glance)
    }
  }

  /// The carrier that this head has told last. Nil: nothing since it was started.
  private func told() -> Bool? { SmallFile.read(memory).map { $0.hasPrefix("1") } }

  private var isStale: Bool {
    var status = stat()
    return stat(memory, &status) != 0 || time(nil) - status.st_mtim.tv_sec > Self.trust
  }

  private func tell(_ carrier: Bool) -> OCFResult {
    let value = carrier ? "1" : "0"
    let done = ChildProgram.run(
      ["attrd_updater", "--name", attribute, "--update-both", value, "--delay", Self.dampening], within: call.patience)
    guard done.status == 0 else {
      return ResourceAgents.refuse("The attribute \(attribute) cannot be set: \(done.output)", .failed)
    }
    SmallFile.write("\(value)\n", to: memory)
    return .success
  }
}
