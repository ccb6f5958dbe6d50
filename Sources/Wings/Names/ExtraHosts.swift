// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The value of `hosts:`.
struct ExtraHosts: Hashable, Sendable {
  struct Host: Hashable, Sendable {
    var address: IPv4Address
    var names: [String]
    var span: SourceSpan?
  }

  var hosts: [Host]

  static var form: Form<ExtraHosts> {
    let address = Form<IPv4Address>.address
    let text = Form<String>.text(
      address.noun, code: .badAddress, pattern: #"^[0-9]{1,3}(\.[0-9]{1,3}){3}$"#, examples: ["192.0.2.60"]
    ) { text in
      guard IPv4Address(text) == nil else { return .value(text) }
      let octets = text.split(separator: ".", omittingEmptySubsequences: false)
      let isPadded = octets.count == 4 && octets.allSatisfy { Int($0) != nil }
      return .wrong(
        "`\(shown(text))` is not an IPv4 address.",
        help: isPadded
          ? "Four numbers from 0 to 255, without leading zeros, which some programs read as octal."
          : IPv6Address(text) == nil
            ? "`hosts:` has names by address: `hosts: { 192.0.2.60: [ldap, licences] }`." : ipv6Help)
    }
    let names = Form<[Located<String>]>.list(of: name, "a list of names", minimum: 1, unique: true)
    let table = Form<[Named<[Located<String>]>]>.table("a mapping of names by address", named: text, of: names)
    return Form(noun: table.noun, schema: table.schema) { node, problems in
      guard let entries = table.read(node, &problems) else { return nil }
      return ExtraHosts(
        hosts: entries.compactMap { entry in
          guard let address = IPv4Address(entry.name.value), let names = entry.value else { return nil }
          return Host(address: address, names: names.map(\.value), span: entry.name.span)
        })
    }
  }
}

extension ExtraHosts {
  /// A domain that is no address, and not a machine's name for itself.
  private static var name: Form<String> {
    let domain = Form<String>.domain
    return Form<String>(noun: domain.noun, schema: domain.schema) { node, problems in
      guard let text = domain.read(node, &problems) else { return nil }
      let last = text.split(separator: ".").last.map(String.init) ?? text
      guard
        let problem = machineNameProblem(last) ?? (text.hasPrefix("localhost.") ? machineNameProblem("localhost") : nil)
      else { return text }
      let isAddress = IPv4Address(text) != nil
      problems.error(
        .badName, isAddress ? "`\(text)` is an address, and stands where names are." : problem.detail,
        help: isAddress ? "Write names by their address: `hosts: { 192.0.2.60: [ldap] }`." : problem.help, at: node.span
      )
      return nil
    }
  }
}

/// The value of `search:`.
struct SearchDomains: Hashable, Sendable {
  var domains: [String]
  /// Where each of them stands.
  var spans: [SourceSpan]

  static var form: Form<SearchDomains> {
    // resolv.conf(5) of older systems takes six.
    let list = Form<[Located<String>]>.list(of: .domain, "a list of domains", unique: true)
    return Form(noun: list.noun, schema: list.schema) { node, problems in
      guard let items = list.read(node, &problems) else { return nil }
      if items.count > 5, let sixth = items.dropFirst(5).first {
        problems.error(
          .badName, "`search` has \(items.count) domains.",
          help: "With the cluster's own, resolvers take six (resolv.conf(5)). Leave out what is seldom needed.",
          at: sixth.span)
      }
      return SearchDomains(domains: items.map(\.value), spans: items.map(\.span))
    }
  }
}
