// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The policy in `ha:`: whether it can work at all, and whether it is safe.
struct HighAvailabilityChecks {
  let cluster: Cluster
  init(_ cluster: Cluster) { self.cluster = cluster }

  var problems: [Diagnostic] {
    guard let policy = cluster.ha else { return [] }
    return heads(policy) + addresses(policy) + services(policy) + heartbeat(policy) + timing(policy) + fencing(policy)
  }

  private func report(
    _ code: Diagnostic.Code, _ key: String, _ policy: HighAvailabilityPolicy, severity: Diagnostic.Severity = .error,
    _ detail: String, _ help: String
  ) -> Diagnostic {
    Diagnostic(code, severity: severity, detail, help: help, at: policy.sources[key] ?? policy.source)
  }

  private func heads(_ policy: HighAvailabilityPolicy) -> [Diagnostic] {
    switch cluster.heads.count {
    case 2: []
    case ..<2:
      [report(.tooFewHeads, "", policy, "High availability needs two heads, and there is \(cluster.heads.count).", "Describe a second head, with `clone_of:`; or take `ha:` out.")]
    default:
      [report(.tooManyHeads, "", policy, "\(cluster.heads.count) heads cannot stand in for each other yet.", "Describe two.")]
    }
  }

  private func addresses(_ policy: HighAvailabilityPolicy) -> [Diagnostic] {
    var problems = policy.addresses.flatMap { address in
      cluster.heads.filter { cluster.network(address.network) != nil && $0.nic(on: address.network) == nil }.map {
        head in
        Diagnostic(
          .serviceAddressHead, "`\(head.name)` cannot hold \(address.address): it has no card on network `\(address.network)`.",
          help: "Give every head a card on the network of each service address.", at: address.source)
      }
    }
    if let boot = cluster.bootNetwork, !policy.addresses.contains(where: { $0.network == boot.name }) {
      problems.append(
        report(.serviceAddressMissing, "addresses", policy, "There is no service address on network `\(boot.name)`, which serves boot.", "Add one: nodes find whichever head serves by it."))
    }
    return problems
  }

  private func services(_ policy: HighAvailabilityPolicy) -> [Diagnostic] {
    let served = cluster.networks.reduce(into: Set<Network.Service>()) { $0.formUnion($1.serves) }
    let wanted = Set(policy.services.compactMap { Network.Service(rawValue: $0.rawValue) })
    let unserved = wanted.subtracting(served).map(\.rawValue).sorted().map {
      report(.serviceNotServed, "services", policy, "No network serves \($0).", "Add it to a network's `serves:`, or take it out here.")
    }
    let left = served.subtracting(wanted).map(\.rawValue).sorted().map {
      report(.serviceNotHA, "services", policy, severity: .error, "\($0) is served, but would not move to the other head.", "Add \($0) to `services:`.")
    }
    return unserved + left
  }

  private func heartbeat(_ policy: HighAvailabilityPolicy) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    for link in policy.heartbeat.links {
      guard cluster.network(link) != nil else {
        let known = cluster.networks.map(\.name)
        let near = Suggestion.nearest(link, in: known)
        problems.append(
          report(.unknownNetwork, "heartbeat", policy, "There is no network `\(link)`.", near.map { "Did you mean `\($0)`?" } ?? "Known: \(known.joined(separator: ", "))."))
        continue
      }
      for head in cluster.heads where head.nic(on: link) == nil {
        problems.append(
          report(.heartbeatHead, "heartbeat", policy, "`\(head.name)` has no card on heartbeat network `\(link)`.", "Give it one, or take the link out."))
      }
    }
    if policy.heartbeat.links.count == 1 {
      problems.append(
        report(.singleHeartbeat, "heartbeat", policy, severity: .warning, "The heads hear each other over a single link.", "Name two networks: with one, a pulled cable looks like a dead head."))
    }
    return problems
  }

  /// Corosync's default token is 1 s; with two links, 0.5 s was seen to form a new membership on the loss of one.
  private func timing(_ policy: HighAvailabilityPolicy) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    let (detect, monitor) = (policy.heartbeat.detect, policy.monitor)
    if detect < .milliseconds(300) || detect > .seconds(60) {
      problems.append(
        report(.detectTiming, "heartbeat", policy, "`detect: \(text(detect))` cannot work.", "Take 1s; at most 60s, at least 300ms."))
    } else if detect < .seconds(1) {
      problems.append(
        report(.detectTiming, "heartbeat", policy, severity: .warning, "`detect: \(text(detect))` is below one second.", "The loss of one of two links may then look like the loss of a head. Take 1s."))
    }
    if monitor.every < .seconds(1) {
      problems.append(
        report(.monitorTiming, "monitor", policy, "`every: \(text(monitor.every))` is below Pacemaker's smallest useful interval.", "Take 1s or more; 3s costs little."))
    }
    if monitor.timeout < .seconds(2) || monitor.timeout > .seconds(120) {
      problems.append(
        report(.monitorTiming, "monitor", policy, "`timeout: \(text(monitor.timeout))` cannot work.", "A check takes up to 2 s on a busy head, and a hung one must be noticed: take 10s."))
    }
    return problems
  }

  private func fencing(_ policy: HighAvailabilityPolicy) -> [Diagnostic] {
    let unsafe = policy.sources["unsafe_without_fencing"] != nil
    if !policy.fencing {
      return unsafe
        ? [report(.unsafeWithoutFencing, "unsafe_without_fencing", policy, severity: .warning, "There is no fencing.", "When the heads lose sight of each other, both will serve at once and data can be lost.")]
        : [report(.fencingMissing, "", policy, "There is no `fencing:`.", "Add `fencing: { via: bmc }`. Without it, heads that lose sight of each other both serve at once.")]
    }
    var problems = cluster.heads.filter { $0.bmc == nil }.map {
      Diagnostic(.fencingWithoutBMC, "`\($0.name)` cannot be fenced: it has no `bmc`.", help: "Give its BMC.", at: $0.source)
    }
    if unsafe {
      problems.append(
        report(.fencingContradiction, "unsafe_without_fencing", policy, "Fencing is both configured and waived.", "Keep one of `fencing:` and `unsafe_without_fencing:`."))
    }
    return problems
  }

  private func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    return attoseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
  }
}
