// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

enum HighAvailabilitySection: Section {
  struct Declaration: Sendable {
    var addresses: [Named<IPv4Address>]
    var ipv6: [Named<IPv6Address>]
    var services: [Located<ServiceSection.Declaration>]
    var monitor: Located<MonitorSection.Declaration>?
    var failback: FailbackSection.Declaration?
    var heartbeat: Located<HeartbeatSection.Declaration>?
    var fencing: Located<FencingSection.Declaration>?
    var witness: Located<WitnessSection.Declaration>?
    var state: Located<StateSection.Declaration>?
    var spread: [Named<SpreadSection.Declaration>]
    /// `fencing:` is in the file, readable or not.
    var hasFencing: Bool
    var unsafe: Located<Bool>?
    var keySpan: SourceSpan
    /// From each key to the end of its value.
    var sources: [String: SourceSpan]
  }

  static let noun = "`ha`"
  static let doc = "High availability of the heads."

  static let elsewhere = [
    "quorum": "The rules of the quorum follow from the heads. A third vote is `witness: { host: … }`.",
    "stonith": "How heads are powered off is said by `fencing:`.",
  ]

  static let addresses = Key(
    "addresses",
    .table(
      "a mapping of addresses by network", named: .label("the name of a network", longest: 32), of: .address, minimum: 1
    ),
    required: true, "The service addresses, by network: each is on one head at a time.")
  static let ipv6 = Key(
    "ipv6",
    .table(
      "a mapping of IPv6 addresses by network", named: .label("the name of a network", longest: 32), of: .ipv6Address,
      minimum: 1),
    "Service addresses of IPv6, by network: they move with the others. Default: none.")
  static let services = Key(
    "services",
    .list(
      of: ServiceSection.nameOrOwn, "a list of services", minimum: 1, unique: true), required: true,
    "What moves between the heads: dhcp, dns, boot, and units of the site's own.")
  static let monitor = Key(
    "monitor", MonitorSection.form, "How each service is watched. Default: every 3s, timeout 10s, 3 restarts.")
  static let failback = Key(
    "failback", FailbackSection.wayOrLazy,
    "Whether services return to the first head when it is back; lazy: when it costs least. Default: manual.")
  static let heartbeat = Key(
    "heartbeat", HeartbeatSection.form, required: true, "How the heads watch each other: Corosync's links.")
  static let fencing = Key(
    "fencing", FencingSection.form, "How a silent head is powered off before its services are taken over. Needed.")
  static let unsafe = Key(
    "unsafe_without_fencing", .flag,
    "True: do without fencing. Both heads may then write and answer at once. Default: false.")

  static let witness = Key(
    "witness", WitnessSection.form,
    "A third machine that says which head goes on when they lose sight of each other. Default: none.")

  static let state = Key(
    "state", StateSection.form,
    "Where services that move keep what they have to remember, such as the queue of jobs. Default: nowhere.")

  static let spread = Key(
    "spread",
    .table(
      "a mapping of groups of services by name", named: .label("the name of a group", longest: 32),
      of: SpreadSection.form),
    "Services that run on other heads than those at the service addresses. Default: all run together.")

  static let keys = [
    addresses.description, ipv6.description, services.description, monitor.description, failback.description,
    heartbeat.description, fencing.description, unsafe.description, witness.description, state.description,
    spread.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      addresses: fields.read(addresses, &problems)?.value ?? [], ipv6: fields.read(ipv6, &problems)?.value ?? [],
      services: fields.read(services, &problems)?.value ?? [],
      monitor: fields.read(monitor, &problems), failback: fields.read(failback, &problems)?.value,
      heartbeat: fields.read(heartbeat, &problems), fencing: fields.read(fencing, &problems),
      witness: fields.read(witness, &problems), state: fields.read(state, &problems),
      spread: fields.read(spread, &problems)?.value ?? [],
      hasFencing: fields.entry(fencing.name) != nil, unsafe: fields.read(unsafe, &problems),
      keySpan: fields.node.heading,
      sources: Dictionary(fields.entries.map { ($0.key, $0.span) }) { first, _ in first })
  }
}

enum MonitorSection: Section {
  struct Declaration: Sendable {
    var every: Located<Duration>?
    var timeout: Located<Duration>?
    var restarts: Int
    /// From each key to the end of its value.
    var sources: [String: SourceSpan]
  }

  static let noun = "`monitor`"
  static let doc = "How each service is watched."

  static let defaultEvery = Duration.seconds(3)
  static let defaultTimeout = Duration.seconds(10)
  static let defaultRestarts = 3

  static let every = Key("every", .duration, "The time between two checks. Default: 3s.")
  static let timeout = Key("timeout", .duration, "How long a check may take before it counts as failed. Default: 10s.")
  static let restarts = Key(
    "restarts", .integer(0...100), "Restarts on the same head before the service moves to the other. Default: 3.")

  static let keys = [every.description, timeout.description, restarts.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      every: fields.read(every, &problems), timeout: fields.read(timeout, &problems),
      restarts: fields.read(restarts, &problems)?.value ?? defaultRestarts,
      sources: Dictionary(fields.entries.map { ($0.key, $0.span) }) { first, _ in first })
  }
}

enum HeartbeatSection: Section {
  struct Declaration: Sendable {
    var links: Located<[Located<String>]>?
    var detect: Located<Duration>?
  }

  static let noun = "`heartbeat`"
  static let doc = "How the heads watch each other."

  static let defaultDetect = Duration.seconds(1)

  static let links = Key(
    "links", .list(of: .label("the name of a network", longest: 32), "a list of networks", minimum: 1, unique: true),
    required: true,
    "Networks that Corosync uses, the preferred one first. Two or more, so that one broken cable stops nothing.")
  static let detect = Key(
    "detect", .duration,
    "How long a head may be silent before it counts as lost: Corosync's token timeout. Default: 1s.")

  static let keys = [links.description, detect.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(links: fields.read(links, &problems), detect: fields.read(detect, &problems))
  }
}

enum FencingSection: Section {
  enum Device: String, CaseIterable, Sendable { case bmc }

  struct Declaration: Sendable { var via: Located<Device>? }

  static let noun = "`fencing`"
  static let doc = "How a silent head is powered off before its services are taken over."

  static let via =
    Key("via", device, required: true, "What cuts the power: bmc, each head's own.") as Key<Device>

  /// Other ways differ from head to head, and stand there.
  private static var device: Form<Device> {
    let word = Form<Device>.choice("a way to fence")
    return Form(noun: word.noun, schema: word.schema) { node, problems in
      guard case .sequence = node.content else { return word.read(node, &problems) }
      problems.error(
        .wrongType, "`via` is `bmc` alone, and here is a list.",
        help: "Further ways, such as the outlets of a power strip, stand at each head in the order in which they are "
          + "tried: `fencing: [bmc, { agent: fence_apc_snmp, parameters: { ip: 10.3.0.9, plug: 7 }, "
          + "secrets: { password: secret:pdu } }]`.", at: node.firstLine)
      return nil
    }
  }

  static let keys = [via.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(via: fields.read(via, &problems))
  }
}
