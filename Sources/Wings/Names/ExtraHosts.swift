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
      IPv4Address(text) == nil
        ? .wrong(
          "`\(shown(text))` is not an IPv4 address.",
          help: IPv6Address(text) == nil
            ? "`hosts:` has names by address: `hosts: { 192.0.2.60: [ldap, licences] }`." : ipv6Help) : .value(text)
    }
    let names = Form<[Located<String>]>.list(of: .domain, "a list of names", minimum: 1, unique: true)
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

/// The value of `search:`.
struct SearchDomains: Hashable, Sendable {
  var domains: [String]

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
      return SearchDomains(domains: items.map(\.value))
    }
  }
}
