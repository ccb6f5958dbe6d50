// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A machine's BMC that speaks Redfish: sushy-tools' emulator from PyPI, on the BMC's address, whose system is the
/// machine.
struct RedfishEmulator {
  static let name = "redfish"
  /// The Python of the virtual environment that `scripts/setup` makes, with the versions that it pins.
  static let python = "/var/cache/cluster-lab/redfish/bin/python"

  private struct Settings: Encodable {
    var address: String
    var port: Int
    var user: String
    var password: String
    var certificate: String
    var key: String
    var uuid: String
    var name: String
    var chassis: [String]
  }

  var site: LabSite
  var bmc: BMC
  var folder: String
  /// The machine that it switches.
  var switched: HostID
  /// The program that switches it, as ipmi_sim has it.
  var chassis: [String]

  private var certificate: String { "\(folder)/certificate.pem" }
  private var key: String { "\(folder)/key.pem" }
  var settingsFile: String { "\(folder)/redfish.json" }
  private var program: String { "\(folder)/emulator.py" }

  /// Whether it is asked by Redfish: as a BMC, or by Debian's fence agent.
  static func isSpoken(by bmc: BMC) -> Bool { [name, "fence_\(name)"].contains(bmc.protocol.rawValue) }

  static func check() throws(AgentError) {
    guard !LabFiles.exists(python) else { return }
    throw AgentError(
      .notFound, "The lab needs sushy-tools for BMCs that speak Redfish, and \(python) is not there",
      next: "Run `scripts/setup` as root.")
  }

  func settings(password: String) throws(AgentError) -> String {
    let settings = Settings(
      address: "\(bmc.address)", port: bmc.port ?? bmc.agent?.parameters["ipport"].flatMap { Int($0) } ?? 443,
      user: bmc.user, password: password, certificate: certificate, key: key,
      uuid: site.systemUUID(of: switched).hyphenatedUUID, name: switched.name, chassis: chassis)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(settings), as: UTF8.self) } catch {
      throw AgentError(
        .invalid, "The settings of the BMC of \(switched) could not be written", cause: "\(error)", next: "Report this."
      )
    }
  }

  /// Writes what it needs beside its settings, and returns its argv.
  func prepare() async throws(AgentError) -> [String] {
    try LabFiles.write(String(decoding: PackageResources.emulator_py, as: UTF8.self), to: program)
    if !LabFiles.exists(certificate) {
      try await Command.checked(
        "openssl",
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=\(bmc.address)", "-keyout",
          key,
          "-out", certificate,
        ], next: "Check that openssl is installed.")
    }
    return [Self.python, program, settingsFile]
  }
}
