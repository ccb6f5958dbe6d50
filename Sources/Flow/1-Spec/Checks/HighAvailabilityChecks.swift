// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// The policy in `ha:`: whether it can work at all, and whether it is safe.
enum HighAvailabilityChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    levels(context, &problems)
    guard let policy = context.declaration.ha?.value else { return }
    heads(policy, context, &problems)
    addresses(policy, context, &problems)
    services(policy, context, &problems)
    SpreadChecks.run(policy, context, &problems)
    heartbeat(policy, context, &problems)
    fencing(policy, context, &problems)
    if let witness = policy.witness?.value { WitnessChecks.run(witness, policy, context, &problems) }
    if let state = policy.state { StateChecks.run(state, policy, context, &problems) }
    TimingChecks.run(policy, &problems)
  }

  private typealias Policy = HighAvailabilitySection.Declaration

  /// Corosync is good for more, and nobody has tried it here.
  private static let mostHeads = 8

  private static func heads(_ policy: Policy, _ context: CheckContext, _ problems: inout Problems) {
    let count = context.heads.count
    if count == 1 {
      problems.error(
        .tooFewHeads, "High availability needs two heads, and there is one.",
        help: "Describe a second head with `clone_of:`, or remove `ha:`.", at: policy.keySpan)
    } else if count > mostHeads {
      problems.error(
        .tooManyHeads, "High availability is for two to \(mostHeads) heads, and there are \(count).",
        help: "Describe \(mostHeads) at most.", at: policy.keySpan)
    } else if count > 2, let place = policy.witness?.span {
      problems.error(
        .tooManyHeads, "A witness judges between two heads, and there are \(count).",
        help: "Three and more heads go by their majority. Remove `witness:`.", at: place)
    } else if count > 2, let place = policy.state?.value.replicated?.span {
      problems.error(
        .tooManyHeads, "Replicated state is on the disks of two heads, and there are \(count).",
        help: "The second loss would find a head without it. Keep it on a file server or a SAN, "
          + "`state: { shared: /srv/state }`, or describe two heads.", at: place)
    }
  }

  private static func addresses(_ policy: Policy, _ context: CheckContext, _ problems: inout Problems) {
    for address in policy.addresses where context.networkNames.contains(address.name.value) {
      context.checkHeads(holdAddressOn: address.name.value, at: address.name.span, &problems)
    }
    var entries: [String] = []
    for network in context.bootNetworks {
      let entry = context.entry(of: network)
      if !entries.contains(entry), context.networkNames.contains(entry) { entries.append(entry) }
    }
    for boot in entries
    where !policy.addresses.isEmpty && !policy.addresses.contains(where: { $0.name.value == boot }) {
      problems.error(
        .serviceAddressMissing,
        "There is no service address on `\(boot)`, "
          + (context.networks[boot]?.serves(.boot) == true ? "which serves boot." : "by which nodes reach the heads."),
        help: "Nodes use it to reach the head that is active. Add `\(boot): ADDRESS`.",
        at: policy.place(of: "addresses"))
    }
  }

  private static func services(_ policy: Policy, _ context: CheckContext, _ problems: inout Problems) {
    ownServices(policy, &problems)
    guard context.knowsAllNetworks, !policy.services.isEmpty else { return }
    let served = Set(context.networks.values.flatMap(\.serves).map(\.value.rawValue))
    let ours = policy.services.filter { !$0.value.isOwn }
    for service in ours {
      guard let name = service.value.name?.value, !served.contains(name) else { continue }
      problems.error(
        .serviceNotServed, "No network serves \(name).",
        help: "Add it to the `serves:` of a network, or remove it here.", at: service.span)
    }
    for name in served.subtracting(ours.compactMap(\.value.name?.value)).sorted() {
      problems.error(
        .serviceNotHA, "\(name) is served, but is not among the services that move between the heads.",
        help: "It would stop with the head that runs it. Add \(name) here.", at: policy.place(of: "services"))
    }
  }

  /// Each of the site's own has a name and a unit for itself, and at most one check.
  private static func ownServices(_ policy: Policy, _ problems: inout Problems) {
    var names: [String: SourceSpan] = [:]
    var units: [String: SourceSpan] = [:]
    let ours = Set(Network.Service.allCases.map(\.rawValue))
    for service in policy.services where service.value.isOwn {
      if let name = service.value.name {
        if ours.contains(name.value) {
          problems.error(
            .serviceName, "`\(name.value)` is a service that `cluster` brings along.",
            help: "Write the bare word for that one, or give your own another name.", at: name.span)
        } else if let first = names.updateValue(name.span, forKey: name.value) {
          problems.error(
            .serviceName, "Two services are called `\(name.value)`.", help: "Give each a name of its own.",
            at: name.span, notes: [.init(text: "the other one", span: first)])
        }
      }
      if let unit = service.value.unit {
        if let first = units.updateValue(unit.span, forKey: unit.value) {
          problems.error(
            .serviceUnit, "Two services name `\(unit.value)`.", help: "One unit is one service. Remove one of them.",
            at: unit.span, notes: [.init(text: "the other one", span: first)])
        }
      }
    }
  }

  private static func heartbeat(_ policy: Policy, _ context: CheckContext, _ problems: inout Problems) {
    guard let links = policy.heartbeat?.value.links else { return }
    for link in links.value {
      context.check(network: link, &problems)
      guard context.networkNames.contains(link.value) else { continue }
      for head in context.heads where head.isWhole && head.nic(on: link.value) == nil {
        problems.error(
          .heartbeatHead, "\(head.label) has no network interface on `\(link.value)`.",
          help: "Each head needs one on every heartbeat link.", at: link.span,
          notes: [.init(text: "the head", span: head.nameSpan)])
      }
    }
    if links.value.count == 1 {
      problems.warning(
        .singleHeartbeat, "The heads hear each other over a single link.",
        help:
          "One broken cable then makes each head take the other for lost, and one is powered off. Add a second network.",
        at: links.span)
    }
  }

  private static func fencing(_ policy: Policy, _ context: CheckContext, _ problems: inout Problems) {
    if let unsafe = policy.unsafe, unsafe.value {
      if policy.hasFencing {
        problems.error(
          .fencingContradiction, "Fencing is both described and waived.",
          help: "Remove `fencing:` or `unsafe_without_fencing:`.", at: unsafe.span,
          notes: [.init(text: "it is described here", span: policy.place(of: "fencing"))])
      } else {
        problems.warning(
          .unsafeWithoutFencing, "The heads run without fencing.",
          help: "When they lose sight of each other, both serve at once: two DHCP servers, addresses in two places, "
            + "damaged files. Write `fencing: { via: bmc }` as soon as the heads have BMCs.", at: unsafe.span)
      }
    } else if !policy.hasFencing, policy.unsafe != nil || policy.sources["unsafe_without_fencing"] == nil {
      problems.error(
        .fencingMissing, "`ha` has no `fencing`.",
        help:
          "A head that is silent may still be running. Unless its power is cut first, both heads would serve at once. "
          + "Write `fencing: { via: bmc }`; to do without, at your own risk, `unsafe_without_fencing: true`.",
        at: policy.keySpan)
    }
    guard policy.fencing?.value.via?.value == .bmc else { return }
    // A clone without a BMC has been told so already.
    for head in context.declaration.heads where head.value?.hasBMC == false && head.value?.cloneOf == nil {
      problems.error(
        .fencingWithoutBMC, "`\(head.name.value)` is to be fenced by its BMC, but has no `bmc`.",
        help: "The other head cuts its power through it. Add `bmc:`.", at: head.name.span)
    }
  }
}

extension HighAvailabilityChecks {
  /// Without high availability nobody fences.
  static func levels(_ context: CheckContext, _ problems: inout Problems) {
    guard context.declaration.ha?.value.fencing == nil else { return }
    for head in context.declaration.heads {
      guard let fencing = head.value?.fencing else { continue }
      problems.error(
        .noEffect, "Nothing would fence `\(head.name.value)`.",
        help: "Heads fence each other with `ha: { fencing: { via: bmc } }`. Add it, or remove the key.",
        at: fencing.span)
    }
  }
}

extension HighAvailabilitySection.Declaration {
  /// The key itself, or `ha:` when it is not there.
  func place(of key: String) -> SourceSpan { sources[key]?.beginning(key) ?? keySpan }
}
