// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The requests of `ipmi_sim` to `chassis_control`: `get power boot`, `set power 0`, `set reset 1`, `set boot pxe` …
package struct ChassisControl {
  var power: PowerSwitch

  package init(_ power: PowerSwitch) { self.power = power }

  /// The lines to print.
  package func answer(_ arguments: [String]) async throws(AgentError) -> [String] {
    guard let verb = arguments.first else { throw Self.unknown(arguments) }
    var rest = Array(arguments.dropFirst())
    var lines: [String] = []
    while !rest.isEmpty {
      let parameter = rest.removeFirst()
      switch verb {
      case "get": lines.append("\(parameter):\(try get(parameter))")
      case "set" where !rest.isEmpty: try await set(parameter, rest.removeFirst())
      default: throw Self.unknown(arguments)
      }
    }
    return lines
  }

  private func get(_ parameter: String) throws(AgentError) -> String {
    switch parameter {
    case "power": power.isOn ? "1" : "0"
    case "boot": power.bootDevice.rawValue
    default: throw Self.unknown(["get", parameter])
    }
  }

  private func set(_ parameter: String, _ value: String) async throws(AgentError) {
    if Files.exists(power.site.lieFile(power.machine)) { return }
    switch (parameter, value) {
    case ("power", "0"): try await power.perform(.off)
    case ("power", "1"): try await power.perform(.on)
    case ("reset", _): try await power.perform(.cycle)
    case ("shutdown", _): try await power.perform(.shutdown)
    case ("boot", let name):
      guard let device = PowerSwitch.BootDevice(rawValue: name) else { throw Self.unknown(["set", "boot", name]) }
      try power.setBootDevice(device)
    default: throw Self.unknown(["set", parameter, value])
    }
  }

  private static func unknown(_ arguments: [String]) -> AgentError {
    AgentError(
      .invalid, "The lab's chassis does not know: \(arguments.joined(separator: " "))", next: "Use a supported setting."
    )
  }
}
