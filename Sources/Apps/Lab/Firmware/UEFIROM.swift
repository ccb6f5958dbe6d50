// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// UEFI for virtual machines: Debian's ovmf.
enum UEFIROM {
  static let code = "/usr/share/OVMF/OVMF_CODE_4M.fd"
  private static let variables = "/usr/share/OVMF/OVMF_VARS_4M.fd"

  /// The variables of a mainboard that has never been started; later ones are the machine's own.
  static func prepare(_ file: String) throws(AgentError) {
    guard !LabFiles.exists(file) else { return }
    try LabFiles.attempt("\(file) could not be made") {
      try FileManager.default.copyItem(atPath: variables, toPath: file)
    }
  }

  static func arguments(_ file: String) -> [String] {
    [
      "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(code)", "-drive",
      "if=pflash,format=raw,unit=1,file=\(file)",
    ]
  }
}

extension LabSite {
  /// Where a virtual machine's UEFI keeps what it is to remember.
  func variablesFile(of machine: LabMachine) -> String { "\(directory(of: machine))/uefi-variables.fd" }
}
