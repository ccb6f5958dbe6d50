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
    let named = Form<Network.Service>.choice(
      "a service of the heads",
      others: "Those of package sets, as Slurm's, move by themselves once the set is on: `packages: { slurm: {} }`. "
        + "A unit of the site's own is `{ name: …, unit: …, check: … }`.")
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
  /// The question. Nil: it cannot be read, and that has been said.
  typealias Declaration = HealthCheck?

  static let noun = "`check`"
  static let doc = "What a service must answer to count as healthy. One of them."

  static let tcp = Key("tcp", .integer(1...65535), "A port that takes connections at the service address.")
  static let http = Key("http", .url, "A page that must be served: `http://10.1.0.10:8080/health`.")
  static let dns = Key("dns", .domain, "A name that the DNS server at the service address must answer for.")
  static let program = Key("program", .program, "A program on the heads that must end with status 0.")

  static let every = Key(
    "every", .duration,
    "How long a right answer of `program` holds, 5s to 10m, while its unit's processes run. Default: it is run at each "
      + "check.")
  static let port = Key(
    "port", .integer(1...65535),
    "With `every`: the TCP port of its clients. Where they wait there, `program` is run at once. Default: none.")

  private static let questions = [tcp.description, http.description, dns.description, program.description]
  static let keys = questions + [every.description, port.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    var checks: [HealthCheck] = []
    if let port = fields.read(tcp, &problems) { checks.append(.tcp(port: port.value)) }
    if let url = fields.read(http, &problems) { checks.append(.http(url: url.value)) }
    if let name = fields.read(dns, &problems) { checks.append(.dns(name: name.value)) }
    let (every, port) = (fields.read(every, &problems), fields.read(port, &problems))
    if let path = fields.read(program, &problems) {
      checks.append(.program(path: path.value, every: every?.value, port: port?.value))
    }
    let given = questions.count { fields.entry($0.name) != nil }
    if given != 1 {
      problems.error(
        .serviceCheck, given == 0 ? "`check` asks nothing." : "`check` asks \(given) questions.",
        help: "Write one of tcp, http, dns and program. A program can ask as much as you like.",
        at: fields.node.heading)
    } else {
      checkTimes(fields, every, port, &problems)
    }
    return checks.first
  }

  private static func checkTimes(
    _ fields: Fields, _ every: Located<Duration>?, _ port: Located<Int>?, _ problems: inout Problems
  ) {
    if let first = fields.entry(Self.every.name) ?? fields.entry(Self.port.name), fields.entry(program.name) == nil {
      problems.error(
        .serviceCheck, "`\(first.key)` is for a program, and there is none.",
        help: "Other questions cost little, and are asked at each check. Remove it.", at: first.keySpan)
    } else if let port, fields.entry(Self.every.name) == nil {
      problems.error(
        .serviceCheck, "`port` says when the program is not to wait for its turn, and it has none.",
        help: "Write how long an answer holds, `every: 30s`, or remove `port`.", at: port.span)
    } else if let every, !(.seconds(5)...(.seconds(600))).contains(every.value) {
      problems.error(
        .serviceCheck, "`every` is not between 5s and 10m.",
        help: "Without it the program is run at each check of `ha: monitor: every:`.", at: every.span)
    }
  }
}
