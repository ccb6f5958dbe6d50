// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The folder in `ha: state:`: one way to have it, and one that both heads can go.
enum StateChecks {
  private typealias Replica = Located<ReplicatedStateSection.Declaration>

  static func run(
    _ state: Located<StateSection.Declaration>, _ policy: HighAvailabilitySection.Declaration, _ context: CheckContext,
    _ problems: inout Problems
  ) {
    kind(state, at: policy.place(of: "state"), &problems)
    guard let replica = state.value.replicated else { return }
    network(replica, context, &problems)
    disks(replica, context, &problems)
    fencing(replica, policy, &problems)
  }

  private static func kind(
    _ state: Located<StateSection.Declaration>, at place: SourceSpan, _ problems: inout Problems
  ) {
    if !state.value.hasKind {
      problems.error(
        .stateKind, "`state` names no folder.",
        help:
          "Write `shared: /srv/state` for a folder that both heads have mounted, or `replicated:` for a disk of each.",
        at: place)
    }
    guard state.value.replicated != nil else { return }
    if let shared = state.value.shared {
      problems.error(
        .stateKind, "The state is in a shared folder and on a replicated disk.", help: "Keep one of them.",
        at: place, notes: [.init(text: "the shared folder", span: shared.span)])
    } else if let mount = state.value.mount {
      problems.error(
        .noEffect, "The replicated disk is what is mounted.", help: "Remove `mount:`, which is for `shared:`.",
        at: mount.span)
    }
  }

  private static func network(_ replica: Replica, _ context: CheckContext, _ problems: inout Problems) {
    guard let over = replica.value.over else { return }
    context.check(network: over, &problems)
    guard context.networkNames.contains(over.value) else { return }
    for head in context.heads where head.isWhole && head.nic(on: over.value) == nil {
      problems.error(
        .stateDisk, "\(head.label) has no network interface on `\(over.value)`.",
        help: "The disks are kept the same over this network. Name one that both heads are on.", at: over.span,
        notes: [.init(text: "the head", span: head.nameSpan)])
    }
  }

  private static func disks(_ replica: Replica, _ context: CheckContext, _ problems: inout Problems) {
    if replica.value.backend?.value == .standIn {
      if let disk = replica.value.disks.first {
        problems.error(
          .noEffect, "The stand-in keeps its copies in files, on no disk.",
          help: "Remove `disks:`, or write `by: drbd`.", at: disk.name.span)
      }
      if let wipe = replica.value.wipe {
        problems.error(
          .noEffect, "The stand-in has no disk that could be overwritten.", help: "Remove `wipe:`.", at: wipe.span)
      }
      problems.warning(
        .standIn, "The state is on a stand-in for DRBD.",
        help: "It is for labs, whose containers have no kernel of their own: it is not encrypted, and slower. "
          + "On machines write `by: drbd` and `disks:`.", at: replica.value.backend?.span ?? replica.span)
      return
    }
    for disk in replica.value.disks where !context.heads.contains(where: { $0.names.contains(HostID(disk.name.value)) })
    {
      problems.error(
        .stateDisk, "`\(disk.name.value)` is no head.", help: "Name a disk for each head, by the head's name.",
        at: disk.name.span)
    }
    let named = Set(replica.value.disks.map(\.name.value))
    for head in context.heads where !head.names.contains(where: { named.contains($0.name) }) {
      problems.error(
        .stateDisk, "\(head.label) has no disk for the state.",
        help: "Write `disks: { HEAD: /dev/disk/by-id/… }` with a disk of each head; all that is on it is lost.",
        at: replica.span, notes: [.init(text: "the head", span: head.nameSpan)])
    }
  }

  /// Two copies without a vote are one only while a head that is lost cannot write any more.
  private static func fencing(
    _ replica: Replica, _ policy: HighAvailabilitySection.Declaration, _ problems: inout Problems
  ) {
    guard let unsafe = policy.unsafe, unsafe.value, !policy.hasFencing else { return }
    problems.error(
      .stateFencing, "Without fencing both heads may write to their copies of the state at once.",
      help: "One of them is then lost. Write `fencing: { via: bmc }`, or a `shared:` folder.", at: replica.span,
      notes: [.init(text: "fencing is waived here", span: unsafe.span)])
  }
}
