// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The policy in `ha:`.
package struct HighAvailabilityPolicy: Hashable, Sendable {
  /// A service that moves between the heads: one that `cluster` brings along, by its name, or a unit of the site's own.
  package struct Service: Hashable, Sendable {
    package var name: String
    /// The unit, for a service of the site's own.
    package var own: OwnUnit?
    package var source: SourceSpan

    package init(name: String, own: OwnUnit? = nil, source: SourceSpan) {
      self.name = name
      self.own = own
      self.source = source
    }
  }

  /// A unit that the site has installed on its heads itself.
  package struct OwnUnit: Hashable, Sendable {
    /// The unit's name with its suffix, as systemd has it.
    package var unit: String
    /// The question to ask. Without one the unit counts as healthy while it is active.
    package var check: HealthCheck?

    package init(unit: String, check: HealthCheck?) {
      self.unit = unit
      self.check = check
    }
  }

  package enum Failback: String, Hashable, CaseIterable, Codable, Sendable { case manual, automatic, lazy, never }

  /// A service address: it moves between the heads.
  package struct Address: Hashable, Sendable {
    package var network: String
    package var address: IPv4Address
    package var source: SourceSpan

    package init(network: String, address: IPv4Address, source: SourceSpan) {
      self.network = network
      self.address = address
      self.source = source
    }
  }

  /// A service address of IPv6, on a network that has it.
  package struct Address6: Hashable, Sendable {
    package var network: String
    package var address: IPv6Address
    package var source: SourceSpan

    package init(network: String, address: IPv6Address, source: SourceSpan) {
      self.network = network
      self.address = address
      self.source = source
    }
  }

  package struct Monitor: Hashable, Sendable {
    package var every: Duration
    package var timeout: Duration
    /// Restarts on the same head before the service moves to the other one.
    package var restarts: Int

    package init(every: Duration, timeout: Duration, restarts: Int) {
      self.every = every
      self.timeout = timeout
      self.restarts = restarts
    }
  }

  package struct Heartbeat: Hashable, Sendable {
    /// Networks, in the order of preference: corosync link 0, 1 …
    package var links: [String]
    /// Corosync's token timeout.
    package var detect: Duration

    package init(links: [String], detect: Duration) {
      self.links = links
      self.detect = detect
    }
  }

  /// A third machine whose corosync-qnetd(8) gives its vote to one head when the heads lose sight of each other.
  package struct Witness: Hashable, Sendable {
    /// The name or the address that heads ask it at.
    package var host: String
    /// The node that it is, which is set up for it. Nil: the site runs it.
    package var node: HostID?
    package var port: Int
    /// Where the site runs it: the heads' certificate for it. Nil: both sides make theirs from a secret of their own.
    package var certificate: SecretRef?
    package var source: SourceSpan

    package init(host: String, node: HostID?, port: Int, certificate: SecretRef?, source: SourceSpan) {
      self.host = host
      self.node = node
      self.port = port
      self.certificate = certificate
      self.source = source
    }
  }

  /// A folder that both heads have: what services keep there is the same after they have moved.
  package struct State: Hashable, Sendable {
    /// Where it is on the heads.
    package var path: String
    /// Where it is mounted from, by a unit of ours. Nil: the site mounts it, or it is on a replicated disk.
    package var mount: Mount?
    /// A disk of each head that holds the same as the other's, mounted on the active head only.
    package var replica: Replica?
    package var source: SourceSpan

    package struct Mount: Hashable, Sendable {
      /// As mount(8) takes it: `nas:/export/state`.
      package var what: String
      package var type: String
      package var options: String?

      package init(what: String, type: String, options: String?) {
        self.what = what
        self.type = type
        self.options = options
      }
    }

    package struct Replica: Hashable, Sendable {
      package enum Backend: String, CaseIterable, Hashable, Codable, Sendable {
        /// Version 8.4, which is in Debian's kernels.
        case drbd
        /// A program of ours in its place, for machines without a kernel of their own.
        case standIn = "stand-in"
      }

      /// The network that the copies are kept the same over.
      package var network: String
      package var backend: Backend
      /// The device of each head. Empty for the stand-in, which has a file.
      package var disks: [HostID: String]
      /// Whether what is on the disks may be overwritten.
      package var wipe: Bool

      package init(network: String, backend: Backend, disks: [HostID: String], wipe: Bool) {
        self.network = network
        self.backend = backend
        self.disks = disks
        self.wipe = wipe
      }
    }

    package init(path: String, mount: Mount?, replica: Replica? = nil, source: SourceSpan) {
      self.path = path
      self.mount = mount
      self.replica = replica
      self.source = source
    }

    /// The site has it on both heads, without doing of ours.
    package var isOfTheSite: Bool { mount == nil && replica == nil }

    /// The file that tells the folder from an empty one at the same path.
    package static func marker(in path: String) -> String { path + "/.cluster-state" }
  }

  /// Services that run apart from those at the service addresses, kept together on one head.
  package struct Spread: Hashable, Sendable {
    package var name: String
    /// The head that they run on at first, and go back to as `failback` says.
    package var head: HostID
    /// A service address of their own. Nil: nobody reaches them by one.
    package var address: Address?
    /// Their names, as `services` or a package set has them.
    package var services: [String]
    package var source: SourceSpan

    package init(name: String, head: HostID, address: Address?, services: [String], source: SourceSpan) {
      self.name = name
      self.head = head
      self.address = address
      self.services = services
      self.source = source
    }
  }

  /// The service addresses that most services run beside. `spread` has others.
  package var addresses: [Address]
  /// They move with the others.
  package var ipv6: [Address6] = []
  package var services: [Service]
  package var spread: [Spread] = []
  package var state: State?
  package var monitor: Monitor
  package var failback: Failback
  /// The conditions of `failback: lazy`.
  package var lazy = LazyFailback()
  package var heartbeat: Heartbeat
  /// False only with `unsafe_without_fencing: true`.
  package var fencing: Bool
  package var witness: Witness?
  package var source: SourceSpan
  /// Where `monitor`, `monitor.every`, `services` … stand, by key, for reasons in the plan.
  package var sources: [String: SourceSpan]

  package init(
    addresses: [Address], services: [Service], monitor: Monitor, failback: Failback, heartbeat: Heartbeat,
    fencing: Bool, witness: Witness? = nil, source: SourceSpan, sources: [String: SourceSpan]
  ) {
    self.addresses = addresses
    self.services = services
    self.monitor = monitor
    self.failback = failback
    self.heartbeat = heartbeat
    self.fencing = fencing
    self.witness = witness
    self.source = source
    self.sources = sources
  }

  /// All service addresses, of whichever services.
  package var allAddresses: [Address] { addresses + spread.compactMap(\.address) }

  /// All service addresses of both families, with the networks that they are on.
  package var servicePlaces: [(network: String, address: IPAddress)] {
    allAddresses.map { ($0.network, .v4($0.address)) } + ipv6.map { ($0.network, .v6($0.address)) }
  }

  /// Whether a service of this name moves between the heads.
  package func moves(_ service: String) -> Bool { services.contains { $0.name == service } }
}

/// A question that a service must answer to count as healthy. It is asked on the head that runs the service.
package enum HealthCheck: Hashable, Codable, Sendable {
  /// The service address takes connections to this port.
  case tcp(port: Int)
  /// The page is served with a status of success.
  case http(url: String)
  /// The DNS server at the service address answers for the name.
  case dns(name: String)
  /// The program ends with status 0. An absolute path on the heads. With `every` it is not run at each look: its answer
  /// holds for that long, unless connections wait at the port.
  case program(path: String, every: Duration? = nil, port: Int? = nil)
}
