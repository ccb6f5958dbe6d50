// SPDX-License-Identifier: Apache-2.0

/// Whether an operation can cut the connection over which hosts are administered.
package enum Lockout: Hashable, Sendable {
  /// Nothing.
  case impossible
  /// Changes a path that a later change of a link, sshd or the firewall brings into force, as does the next boot.
  case prepared(path: String)
  /// Can lock us out at once. It is done under a dead-man switch: the host undoes it unless it is confirmed.
  case immediate(Touched)

  /// The things to put back, beside links and the firewall, when nobody confirms it.
  package struct Touched: Hashable, Sendable {
    package struct Address: Hashable, Sendable {
      package var interface: String
      package var address: IPAddress
      package var prefix: Int

      package init(interface: String, address: IPAddress, prefix: Int) {
        self.interface = interface
        self.address = address
        self.prefix = prefix
      }
    }

    package var path: String?
    package var unit: String?
    /// The addresses that it adds to a link.
    package var addresses: [Address]

    package init(path: String? = nil, unit: String? = nil, addresses: [Address] = []) {
      self.path = path
      self.unit = unit
      self.addresses = addresses
    }
  }

  /// The things it touches where it can lock us out at once, or nil.
  package var touched: Touched? { if case .immediate(let touched) = self { touched } else { nil } }
}

/// The services that users may miss while an operation is done, as far as its step says that it disrupts anything.
package enum Impact: Hashable, Sendable {
  /// Nothing, unless the whole host restarts.
  case nothing
  /// The service of this unit.
  ///
  /// - Parameter returns: it does so again afterwards.
  case unit(String, returns: Bool)
  /// All that a machine does: the host's, where none is named.
  case machine(HostID?)
  /// Everything that Pacemaker runs, which it may move from one head to the other.
  ///
  /// - Parameter maintenance: Pacemaker is told to touch nothing more, so that what it runs goes on without it.
  case clusteredServices(maintenance: Bool)
  /// The jobs on a node, which is no head although a head drives it.
  case node(HostID)
}
