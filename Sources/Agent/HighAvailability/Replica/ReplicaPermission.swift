// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// Whether this head may go on without the other copy: only once the other head cannot become active with it.
///
/// As DRBD's `resource-and-stonith`: a head that is off cannot, and one that is online is barred by a record in
/// Pacemaker's configuration, which it sees too. A head that nobody has fenced yet may be going on itself.
struct ReplicaPermission {
  /// A property of the cluster: the generation that counts, and the head that began it.
  static let property = "cluster-state-generation"
  /// The head whose copy an administrator takes, although nothing is known of the other one.
  static let accepted = "cluster-state-accepted"

  let place: ReplicaPlace

  enum Answer: Equatable {
    case granted
    case wait(String)
  }

  /// - Parameter lost: when the other copy was lost. For a while Corosync may not have noticed.
  func answer(lost: MonotonicTime) -> Answer {
    let shown = ChildProgram.run(["crm_mon", "--one-shot", "--inactive", "--output-as=xml"], within: 5000)
    guard shown.status == 0, let status = try? ClusterStatus(parsing: shown.output) else {
      return .wait("Pacemaker does not answer")
    }
    return Self.judge(status, place, silent: MonotonicTime.now - lost)
  }

  /// - Parameter silent: milliseconds since the other copy was lost.
  static func judge(_ status: ClusterStatus, _ place: ReplicaPlace, silent: Int) -> Answer {
    guard status.quorate else { return .wait("there is no quorum") }
    guard let other = status.node(place.other) else { return .granted }
    if other.unclean { return .wait("\(place.other) failed, and is not fenced yet") }
    guard other.online || other.pending else { return .granted }
    // Corosync may take its token timeout, and as long again to agree on who is left.
    let noticed = 3 * place.detect + 1000
    return silent >= noticed ? .granted : .wait("\(place.other) may have failed")
  }

  /// Bars the other head, by what both see. False: it could not be written.
  func record(_ meta: ReplicaMeta) -> Bool {
    let value = "\(meta.generation) \(meta.author)"
    if Self.property(Self.property) == value { return true }
    return ChildProgram.run(
      ["crm_attribute", "--type", "crm_config", "--name", Self.property, "--update", value], within: 10_000
    ).status == 0
  }

  /// The generation that counts, and the head that began it. Nil: no head has gone on alone yet.
  static func recorded() -> (generation: Int, author: String)? {
    let words = property(property)?.split(separator: " ") ?? []
    guard words.count == 2, let generation = Int(words[0]) else { return nil }
    return (generation, String(words[1]))
  }

  /// A property of the cluster. Nil: it is not set.
  static func property(_ name: String) -> String? {
    let asked = ChildProgram.run(
      ["crm_attribute", "--type", "crm_config", "--name", name, "--query", "--quiet"], within: 5000)
    guard asked.status == 0 else { return nil }
    return asked.output.split(separator: "\n").first.map(String.init)
  }
}

extension ReplicaMeta {
  /// Why this head must not become active with its copy. Nil: it may.
  ///
  /// - Parameters:
  ///   - record: the generation that counts, by Pacemaker's configuration, and the head that began it.
  ///   - isCurrent: the copies have been the same in this boot, or the other one is known to be no newer.
  ///   - isAccepted: an administrator has said that this copy is to be taken.
  func obstacle(record: (generation: Int, author: String)?, isCurrent: Bool, isAccepted: Bool) -> String? {
    guard generation > 0, isWhole else {
      return "this copy is not whole: it has to be filled from the other head first"
    }
    if isAccepted { return nil }
    if let record, record.generation > generation || record.generation == generation && record.author != author {
      return "this copy is older than the one of \(record.author), which went on alone"
    }
    if isOutdated { return "this copy was left behind in good order: the other head has a newer one" }
    if isCurrent || isAlone { return nil }
    return "nothing is known of the other head's copy, which may be newer: start that head too"
  }
}
