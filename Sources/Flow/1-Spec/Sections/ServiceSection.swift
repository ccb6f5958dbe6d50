// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// A unit of the site's own that moves between the heads, as an item of `ha.services`.
enum ServiceSection: Section {
  /// A name alone stands for a service that `cluster` brings along.
  struct Declaration: Sendable {
    var name: Located<String>?
    var isOwn: Bool
    var unit: Located<String>?
    var check: Located<HealthCheckSection.Declaration>?
  }

  static let noun = "a service"
  static let doc = "A unit of the site's own that moves between the heads."

  static let name = Key(
    "name", .label("the name of a service", longest: 32), required: true, "What users call it; `status` shows it.")
  static let unit = Key(
    "unit", .unit, required: true, "The systemd unit, which is installed on the heads and which Pacemaker starts.")
  static let check = Key(
    "check", HealthCheckSection.form, "What it must answer to count as healthy. Default: its unit is active.")

  static let keys = [name.description, unit.description, check.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      name: fields.read(name, &problems), isOwn: true, unit: fields.read(unit, &problems),
      check: fields.read(check, &problems))
  }

  /// One of the services that `cluster` brings along by its name, or one of the site's own.
  static var nameOrOwn: Form<Declaration> {
    let own = form
    let named = Form<Network.Service>.choice("a service of the heads")
    let schema = SchemaValue.members(["anyOf": .list([named.schema, own.schema])])
    return Form(noun: "dhcp, dns, boot, or { name: …, unit: … }", schema: schema) { node, problems in
      if case .mapping = node.content { return own.read(node, &problems) }
      return named.read(node, &problems).map {
        Declaration(name: Located($0.rawValue, node.span), isOwn: false, unit: nil, check: nil)
      }
    }
  }
}

/// The question that a service must answer to count as healthy: one of four.
enum HealthCheckSection: Section {
  struct Declaration: Sendable {
    var checks: [Located<HealthCheck>]
    /// Whether a question stands there, readable or not.
    var given: Int
    var keySpan: SourceSpan
  }

  static let noun = "`check`"
  static let doc = "What a service must answer to count as healthy. One of them."

  static let tcp = Key("tcp", .integer(1...65535), "A port that takes connections at the service address.")
  static let http = Key("http", .url, "A page that must be served: `http://10.1.0.10:8080/health`.")
  static let dns = Key("dns", .domain, "A name that the DNS server at the service address must answer for.")
  static let program = Key("program", .program, "A program on the heads that must end with status 0.")

  static let keys = [tcp.description, http.description, dns.description, program.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    var checks: [Located<HealthCheck>] = []
    if let port = fields.read(tcp, &problems) { checks.append(Located(.tcp(port: port.value), port.span)) }
    if let url = fields.read(http, &problems) { checks.append(Located(.http(url: url.value), url.span)) }
    if let name = fields.read(dns, &problems) { checks.append(Located(.dns(name: name.value), name.span)) }
    if let path = fields.read(program, &problems) { checks.append(Located(.program(path: path.value), path.span)) }
    let given = keys.count { fields.entry($0.name) != nil }
    return Declaration(checks: checks, given: given, keySpan: fields.node.heading)
  }
}
