// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The groups of `ha: spread:`: their heads and addresses. Which services may be in one is checked where those of
/// package sets are known.
enum SpreadChecks {
  static func run(
    _ policy: HighAvailabilitySection.Declaration, _ context: CheckContext, _ problems: inout Problems
  ) {
    let heads = context.heads.flatMap(\.names).map(\.name)
    for group in policy.spread {
      guard let value = group.value else { continue }
      if let head = value.head, !heads.contains(head.value) {
        problems.unknown(.unknownHead, "head", head, among: heads)
      }
      if let address = value.address { check(address, context, &problems) }
    }
  }

  private static func check(
    _ address: Located<IPv4Address>, _ context: CheckContext, _ problems: inout Problems
  ) {
    guard let network = context.network(of: address.value) else {
      guard context.knowsAllNetworks else { return }
      problems.error(
        .addressOutsideNetwork, "\(address.value) is in none of the networks.",
        help: "A service address is one more address of a head's card: choose one in a network that all heads are on.",
        at: address.span)
      return
    }
    context.checkHeads(holdAddressOn: network, at: address.span, &problems)
  }
}
