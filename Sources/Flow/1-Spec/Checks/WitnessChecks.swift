// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The witness of the heads: a third machine, and one that they can trust.
enum WitnessChecks {
  static func run(
    _ witness: WitnessSection.Declaration, _ policy: HighAvailabilitySection.Declaration, _ context: CheckContext,
    _ problems: inout Problems
  ) {
    if let certificate = witness.certificate, certificate.value.isGenerated {
      problems.error(
        .noEffect, "`\(certificate.value)` would be made from random bytes, and is no certificate.",
        help: "Name a secret with what corosync-qdevice-net-certutil(8) has made, such as `secret:witness/heads`.",
        at: certificate.span)
    }
    guard let host = witness.host else { return }
    if let (what, place) = head(host.value, policy, context) {
      problems.error(
        .witnessHead, "The witness `\(shown(host.value))` is \(what).",
        help: "When the heads lose sight of each other, a third machine has to say which one goes on. "
          + "Name a node, or another machine of the site.", at: host.span,
        notes: [.init(text: "it is described here", span: place)])
      return
    }
    guard !witness.hasCertificate, context.nodes.count == context.declaration.nodes.count else { return }
    let nodes = context.nodes.flatMap(\.names).map(\.name)
    guard !nodes.contains(host.value) else { return }
    problems.error(
      .witnessCertificate, "`\(shown(host.value))` is no node, so the heads need a certificate to ask it with.",
      help: "Where the site runs the witness, make one there and write `certificate: secret:NAME`. "
        + "A node, by its name, is set up for it.", at: host.span,
      fixIts: closest(to: host.value, among: nodes).map { [.suggestion($0, at: host.span)] } ?? [])
  }

  /// The part of the heads' own that it is, and where that is described. Nil: it is none.
  private static func head(
    _ host: String, _ policy: HighAvailabilitySection.Declaration, _ context: CheckContext
  ) -> (String, SourceSpan)? {
    let domain = context.declaration.domain.map { ".\($0.value)" }
    let name = domain.flatMap { host.hasSuffix($0) ? String(host.dropLast($0.count)) : nil } ?? host
    for head in context.heads where head.names.contains(HostID(name)) {
      return ("one of the heads", head.nameSpan)
    }
    guard let address = IPv4Address(host) else { return nil }
    for head in context.heads {
      for nic in head.nics where nic.value?.address?.value.first == address {
        return ("\(head.label) itself", nic.name.span)
      }
    }
    for service in policy.addresses where service.value == address {
      return ("a service address, which is on one of the heads", service.name.span)
    }
    return nil
  }
}
