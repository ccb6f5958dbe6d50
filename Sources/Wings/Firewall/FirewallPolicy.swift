// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The value of `firewall:`.
struct FirewallPolicy: Hashable, Section {
  typealias Declaration = FirewallPolicy

  /// The site's own ports.
  var open: [FirewallNeed] = []
  /// Where each says `from`.
  var origins: [SourceSpan] = []

  static let noun = "`firewall`"
  static let doc = "What else than the heads' own services can be reached. `{}` opens nothing more."

  static let open = Key(
    "open", .list(of: OpenPort.form, "a list of ports"),
    "Ports of the site's own. SSH, and what the described services need, is always open.")

  static let keys = [open.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> FirewallPolicy {
    let ports = (fields.read(open, &problems)?.value ?? []).map(\.value).filter { $0.need != nil }
    return FirewallPolicy(open: ports.compactMap(\.need), origins: ports.map(\.origin))
  }
}

/// An item of `firewall.open`.
enum OpenPort: Section {
  struct Declaration: Sendable {
    /// The ports with their origin. Nil: what is written cannot be used, which has been reported.
    var need: FirewallNeed?
    /// Where `from` stands.
    var origin: SourceSpan
  }

  static let noun = "an open port"
  static let doc = "A port that takes connections or packets from elsewhere."

  static let tcp = Key("tcp", PortForm.form, "A TCP port, or a range of them: `443`, `8000-8010`.")
  static let udp = Key("udp", PortForm.form, "A UDP port, or a range of them.")
  static let from = Key(
    "from", OriginForm.form, required: true,
    "Who may reach it: a network of this description, by its name; other addresses, as `192.0.2.0/24`; or `any`.")

  static let keys = [tcp.description, udp.description, from.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let ports = [
      fields.read(tcp, &problems).map { FirewallNeed.Port(.tcp, $0.value) },
      fields.read(udp, &problems).map { FirewallNeed.Port(.udp, $0.value) },
    ].compactMap(\.self)
    if fields.entry(tcp.name) == nil, fields.entry(udp.name) == nil {
      problems.error(
        .missingKey, "`tcp` or `udp` is missing from \(noun).", help: "Write which port: `{ tcp: 443, from: any }`.",
        at: fields.node.firstLineOfHeading)
    }
    let origin = fields.read(from, &problems)
    return Declaration(
      need: origin.flatMap { ports.isEmpty ? nil : FirewallNeed("open", ports, from: $0.value) },
      origin: origin?.span ?? fields.node.span)
  }
}

/// Where packets may come from.
enum OriginForm {
  static let any = "any"

  static var form: Form<FirewallNeed.Origin> {
    .text(
      "a network, addresses or `any`", code: .badNetwork, examples: ["private", "192.0.2.0/24", any]
    ) { text in
      if text == any { return .value(.anywhere) }
      if !text.contains("/"), labelProblem(text, longest: 63) == nil { return .value(.network(text)) }
      if let addresses = IPv4Network(text), addresses.prefix >= 1 { return .value(.addresses(addresses)) }
      if let addresses = IPv6Network(text), addresses.prefix >= 1 { return .value(.addresses6(addresses)) }
      return .wrong(
        "`\(shown(text))` is neither a network nor addresses.",
        help: "Write the name of a network of this description, the first address and the prefix length of another one "
          + "(`192.0.2.0/24` or `2001:db8:7::/48`, and `192.0.2.7/32` for one machine), or `any`.")
    }
  }
}
