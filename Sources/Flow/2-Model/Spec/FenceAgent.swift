// SPDX-License-Identifier: Apache-2.0

/// A way to switch a head off.
package enum FencingMethod: Hashable, Codable, Sendable {
  case bmc
  case agent(FenceAgent)

  package var agent: FenceAgent? { if case .agent(let agent) = self { agent } else { nil } }
}

/// A program of Debian's `fence-agents`, with what it is told.
package struct FenceAgent: Hashable, Codable, Sendable {
  /// The program's name: `fence_apc_snmp`.
  package var name: String
  package var parameters: [String: String]
  /// Secrets by the parameter that is to have them.
  package var secrets: [String: SecretRef]

  package init(name: String, parameters: [String: String], secrets: [String: SecretRef]) {
    self.name = name
    self.parameters = parameters
    self.secrets = secrets
  }

  /// Parameters that say which head is switched, and how.
  package static func isReserved(_ parameter: String) -> Bool {
    ["action", "method", "nodename", "list", "monitor"].contains(parameter) || parameter.hasPrefix("pcmk_")
  }

  /// Debian's agents that run snmpget(1) and snmpset(1), which its package only recommends.
  private static let speaksSNMP: Set<String> = [
    "fence_apc_snmp", "fence_cisco_mds", "fence_eaton_snmp", "fence_emerson", "fence_ibmblade", "fence_ifmib",
    "fence_intelmodular", "fence_ipdu", "fence_lindypdu", "fence_tripplite_snmp",
  ]

  /// Debian's packages that a head needs to run it.
  package var packages: [String] { Self.packages(of: name) }

  package static func packages(of name: String) -> [String] {
    ["fence-agents"] + (speaksSNMP.contains(name) ? ["snmp"] : [])
  }

  /// Parameters of Debian's agents that hold secrets. Scripts that print one are none.
  package static func isSecret(_ parameter: String) -> Bool {
    ["password", "passwd", "community", "snmp_priv_passwd", "token", "secret_key", "api_key"].contains(parameter)
  }
}
