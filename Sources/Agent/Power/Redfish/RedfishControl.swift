// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

extension Redfish: AgentPowerProtocol {
  static func control(of bmc: BMC, password: String) -> any MachinePower { RedfishControl(bmc, password: password) }

  /// The firmware tells its UUID, and Redfish tells that one.
  static func ownUUID() async throws(AgentError) -> SystemUUID? { nil }
}

/// A machine's power switch, by Redfish (DSP0266, DSP2046).
private struct RedfishControl: MachinePower {
  private let bmc: BMC
  private let service: RedfishService

  init(_ bmc: BMC, password: String) {
    self.bmc = bmc
    service = RedfishService(bmc, password: password)
  }

  func status() async throws(AgentError) -> PowerState {
    switch try await system().power {
    case "On", "PoweringOff", "Paused": return .on
    case "Off", "PoweringOn": return .off
    case let other:
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) does not say whether its machine is on",
        cause: other.map { "its PowerState is \(shownBriefly($0))" },
        next: "Restart the BMC, or update its firmware.")
    }
  }

  func order(_ state: PowerState) async throws(AgentError) {
    let system = try await system()
    let wanted = state == .on ? ["On", "ForceOn"] : ["ForceOff"]
    guard let reset = system.actions?.reset, let way = wanted.first(where: { reset.allowed?.contains($0) ?? true })
    else {
      throw AgentError(
        .commandFailed, "The BMC at \(bmc.address) does not offer to switch its machine \(state.rawValue)",
        cause: "there is no \(wanted[0]) among its ways to reset", next: "Update its firmware.")
    }
    try await service.send("POST", to: reset.target, Reset(ResetType: way))
  }

  func bootFromNetworkOnce(uefi: Bool) async throws(AgentError) {
    let system = try await system()
    let path = try await path()
    func send(_ mode: String?) async throws(AgentError) {
      let order = BootOrder(
        Boot: .init(BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe", BootSourceOverrideMode: mode))
      try await service.send("PATCH", to: path, order, tag: system.tag)
    }
    do throws(AgentError) { try await send(uefi ? "UEFI" : "Legacy") } catch  where error.code == .commandFailed {
      // A machine that starts in one way only has no mode to set.
      guard system.boot?.mode == nil else { throw error }
      try await send(nil)
    }
    let boot = try await self.system().boot
    var wrong: String?
    if boot?.enabled == "Disabled" { wrong = "shows none for the next boot" }
    if let target = boot?.target, target != "Pxe" { wrong = "shows \(shownBriefly(target)) for the next boot" }
    if uefi, boot?.mode == "Legacy" { wrong = "shows a legacy boot for a machine that starts by UEFI" }
    guard let wrong else { return }
    throw AgentError(
      .bmcLies, "The BMC at \(bmc.address) took the order to boot over the network, and \(wrong)",
      next: "Set the machine to boot over the network itself, say with `firmware:` how it starts, or update its BMC.")
  }

  /// Looks for the account's role among those of the standard (DSP2046, `Role`): ReadOnly may not reset. A service that
  /// does not show accounts is not asked further.
  func requireSwitching() async throws(AgentError) {
    do throws(AgentError) {
      let list: RedfishList = try await service.get("/redfish/v1/AccountService/Accounts")
      for path in list.paths.prefix(16) {
        let account: Account = try await service.get(path)
        guard account.UserName == bmc.user else { continue }
        guard account.RoleId == "ReadOnly" else { return }
        throw service.unprivileged("its role is ReadOnly")
      }
    } catch  where error.code == .commandFailed || error.code == .notFound {
      // It does not have these, or has them elsewhere.
    }
  }

  func remember() throws(AgentError) {}

  func systemUUID() async throws(AgentError) -> SystemUUID? { try await system().uuid.flatMap { SystemUUID($0) } }

  private func system() async throws(AgentError) -> ComputerSystem { try await service.get(try await path()) }

  /// The system that the description names, or else the only one.
  private func path() async throws(AgentError) -> String {
    if let system = bmc.system { return Redfish.path(of: system) }
    let list: RedfishList = try await service.get("/redfish/v1/Systems")
    if let path = list.paths.first, list.paths.count == 1 { return path }
    let names = list.paths.prefix(16).map { shownBriefly(String($0.split(separator: "/").last ?? "")) }
    throw AgentError(
      .invalid, "The BMC at \(bmc.address) answers for \(list.paths.count) systems",
      cause: names.isEmpty ? nil : names.joined(separator: ", "),
      next: names.isEmpty ? "Update its firmware." : "Write `system:` below `bmc:` with the one that is meant.")
  }
}

// Names of properties as the schemas of DSP8010 have them.

private struct ComputerSystem: Decodable, Sendable {
  struct Boot: Decodable, Sendable {
    var enabled: String?
    var target: String?
    var mode: String?

    enum CodingKeys: String, CodingKey {
      case enabled = "BootSourceOverrideEnabled"
      case target = "BootSourceOverrideTarget"
      case mode = "BootSourceOverrideMode"
    }
  }

  struct Actions: Decodable, Sendable {
    struct Reset: Decodable, Sendable {
      var target: String
      var allowed: [String]?

      enum CodingKeys: String, CodingKey {
        case target
        case allowed = "ResetType@Redfish.AllowableValues"
      }
    }
    var reset: Reset?

    enum CodingKeys: String, CodingKey { case reset = "#ComputerSystem.Reset" }
  }

  var power: String?
  var uuid: String?
  var boot: Boot?
  var actions: Actions?
  var tag: String?

  enum CodingKeys: String, CodingKey {
    case power = "PowerState"
    case uuid = "UUID"
    case boot = "Boot"
    case actions = "Actions"
    case tag = "@odata.etag"
  }
}

private struct Reset: Encodable, Sendable { var ResetType: String }

private struct BootOrder: Encodable, Sendable {
  struct Override: Encodable, Sendable {
    var BootSourceOverrideEnabled: String
    var BootSourceOverrideTarget: String
    var BootSourceOverrideMode: String?
  }
  var Boot: Override
}

private struct Account: Decodable, Sendable {
  var UserName: String?
  var RoleId: String?
}
