// SPDX-License-Identifier: Apache-2.0

/// The report of `cluster status`: the machines as they are now, asked a moment ago.
package struct StatusReport: Codable, Sendable {
  package struct Head: Codable, Sendable {
    package enum Role: String, Codable, Sendable { case active, standby, offline, single }

    package var name: String
    package var online: Bool
    package var role: Role
    /// The source of its installation: `clone of head1 (3f2a…)`, or its operating system.
    package var image: String?
    /// Why it is not online, and what to do.
    package var detail: String?

    package init(name: String, online: Bool, role: Role, image: String?, detail: String?) {
      self.name = name
      self.online = online
      self.role = role
      self.image = image
      self.detail = detail
    }
  }

  package struct HighAvailability: Codable, Sendable {
    package var armed: Bool
    package var conditions: [Condition]

    package init(armed: Bool, conditions: [Condition]) {
      self.armed = armed
      self.conditions = conditions
    }
  }

  package struct Condition: Codable, Sendable {
    package var name: String
    package var ok: Bool
    package var detail: String

    package init(name: String, ok: Bool, detail: String) {
      self.name = name
      self.ok = ok
      self.detail = detail
    }
  }

  package struct Address: Codable, Sendable {
    package var network: String
    package var address: String
    /// Null when no head that answers holds it.
    package var holder: String?

    package init(network: String, address: String, holder: String?) {
      self.network = network
      self.address = address
      self.holder = holder
    }
  }

  package struct Service: Codable, Sendable {
    package var name: String
    package var head: String?
    /// `running`, `stopped`, `failed` or `unknown`.
    package var state: String
    /// Its own word on how it is, where it gives one and runs.
    package var report: Condition?

    package init(name: String, head: String?, state: String) {
      self.name = name
      self.head = head
      self.state = state
    }
  }

  package struct Node: Codable, Sendable {
    package enum State: String, Codable, Sendable {
      case ready, unready, booting, silent, failed, unknown, out, off
      /// Nobody has said yet which machine it is: it has no MAC address.
      case waiting
    }

    package var name: String
    package var state: State
    /// `compute/3f2a…`, as the node says.
    package var image: String?
    /// When it came up, or was last heard of: seconds since 1970.
    package var since: Int?
    /// When one that boots counts as stuck: seconds since 1970.
    package var until: Int?
    package var detail: String?

    package init(name: String, state: State, image: String?, since: Int?, until: Int? = nil, detail: String?) {
      self.name = name
      self.until = until
      self.state = state
      self.image = image
      self.since = since
      self.detail = detail
    }
  }

  /// An image whose packages are those of a day.
  package struct Image: Codable, Sendable {
    package var name: String
    package var asOf: ArchiveDate

    package init(name: String, asOf: ArchiveDate) {
      self.name = name
      self.asOf = asOf
    }

    private enum CodingKeys: String, CodingKey {
      case name
      case asOf = "as_of"
    }
  }

  package struct LastRun: Codable, Sendable {
    package var id: String
    package var result: String
    package var commit: String
    package var at: Int

    package init(id: String, result: String, commit: String, at: Int) {
      self.id = id
      self.result = result
      self.commit = commit
      self.at = at
    }
  }

  package var cluster: String
  package var site: String
  package var heads: [Head] = []
  package var ha = HighAvailability(armed: false, conditions: [])
  package var addresses: [Address] = []
  package var services: [Service] = []
  package var nodes: [Node] = []
  /// The images that have a date.
  package var images: [Image] = []
  package var lastRun: LastRun?
  /// Who holds the lease of a head: a run that is at work, or one that died not long ago.
  package var leases: [HostLease] = []
  /// Heads that answered, and did not say whether a run is at work.
  package var unknownLeases: [UnknownLease] = []

  /// Without its sections, which the wings add.
  package init(cluster: String, site: String, lastRun: LastRun?) {
    self.cluster = cluster
    self.site = site
    self.lastRun = lastRun
  }

  package struct HostLease: Codable, Sendable {
    package var head: String
    package var run: String
    package var holder: String
    /// How long it has been at work.
    package var seconds: Int?
    /// Until it ends by itself, if nobody renews it.
    package var secondsLeft: Int
    /// A change of the way to the head that is not confirmed, and will be undone.
    package var unconfirmed: String?

    package init(head: String, run: String, holder: String, seconds: Int?, secondsLeft: Int, unconfirmed: String?) {
      self.head = head
      self.run = run
      self.holder = holder
      self.seconds = seconds
      self.secondsLeft = secondsLeft
      self.unconfirmed = unconfirmed
    }

    private enum CodingKeys: String, CodingKey {
      case head, run, holder, seconds, unconfirmed
      case secondsLeft = "seconds_left"
    }
  }

  package struct UnknownLease: Codable, Sendable {
    package var head: String
    package var reason: String

    package init(head: String, reason: String) {
      self.head = head
      self.reason = reason
    }
  }

  private enum CodingKeys: String, CodingKey {
    case cluster, site, heads, ha, addresses, services, nodes, images, leases
    case lastRun = "last_run"
    case unknownLeases = "unknown_leases"
  }
}
