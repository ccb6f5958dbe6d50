// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import Wings

extension IPMI: AgentPowerProtocol {
  static func control(of bmc: BMC, password: String) -> any MachinePower { IPMIControl(bmc, password: password) }

  /// Asks the kernel's driver, where one is loaded.
  static func ownUUID() async throws(AgentError) -> SystemUUID? {
    guard try LocalFiles.exists("/dev/ipmi0") else { return nil }
    let result = try await Command.run("ipmitool", ["-I", "open", "raw", "0x06", "0x37"], deadline: .seconds(20))
    return result.succeeded ? SystemUUID(result.text) : nil
  }
}

/// A machine's power switch, by IPMI 2.0 over the network: ipmitool(1).
private final class IPMIControl: MachinePower {
  private let bmc: BMC
  private let password: String
  /// The cipher suite that the BMC was seen to take.
  private let found = Mutex<Int?>(nil)

  init(_ bmc: BMC, password: String) {
    self.bmc = bmc
    self.password = password
  }

  func status() async throws(AgentError) -> PowerState {
    let answer = try await ipmitool(["chassis", "power", "status"])
    if answer.contains("is on") { return .on }
    if answer.contains("is off") { return .off }
    throw AgentError(
      .bmcLies, "The BMC at \(bmc.address) does not say whether its machine is on", cause: answer,
      next: "Restart the BMC, or update its firmware.")
  }

  func order(_ state: PowerState) async throws(AgentError) {
    try await ipmitool(["chassis", "power", state.rawValue])
  }

  /// Without `efiboot` the flags ask for a legacy boot, which a machine in UEFI mode does not do.
  func bootFromNetworkOnce(uefi: Bool) async throws(AgentError) {
    try await ipmitool(["chassis", "bootdev", "pxe"] + (uefi ? ["options=efiboot"] : []))
    let answer: String
    do throws(AgentError) {
      answer = try await ipmitool(["raw", "0x00", "0x09", "0x05", "0x00", "0x00"])
    } catch  where error.code == .commandFailed {
      // It may take the order and not know the question.
      return
    }
    guard let flags = IPMIBootFlags(answer) else { return }
    if let wrong = flags.difference(uefi: uefi) {
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) took the order to boot over the network, and \(wrong)", cause: answer,
        next: "Set the machine to boot over the network itself, say with `firmware:` how it starts, or update its BMC.")
    }
  }

  /// Get System GUID. A BMC may not know the command.
  func systemUUID() async throws(AgentError) -> SystemUUID? {
    do throws(AgentError) {
      return SystemUUID(try await ipmitool(["raw", "0x06", "0x37"]))
    } catch  where error.code == .commandFailed {
      return nil
    }
  }

  /// Asks for the account's privilege on this channel (IPMI 2.0, 22.20 and 22.27): a session that is granted may still
  /// be one that looks only. BMCs that enforce it at login have refused the session already.
  func requireSwitching() async throws(AgentError) {
    do throws(AgentError) {
      guard let session = IPMIBytes.read(try await ipmitool(["raw", "0x06", "0x3d", "0x00"])), session.count >= 4
      else { return }
      let user = session[3] & 0x3f
      let access = IPMIBytes.read(try await ipmitool(["raw", "0x06", "0x44", "0x0e", "\(user)"]))
      // Callback and User. Operator is 3, Administrator 4, and of what makers have added nothing is known.
      guard let access, access.count >= 4, (1...2).contains(access[3] & 0x0f) else { return }
      throw unprivileged(access[3] & 0x0f == 2 ? "its privilege is User" : "its privilege is Callback")
    } catch  where error.code == .commandFailed {
      // It does not know these commands.
    }
  }

  func remember() throws(AgentError) {
    if let suite = found.withLock({ $0 }) { try CipherSuiteNote.write(suite, bmc.address) }
  }

  /// Asks with one cipher suite after another until the BMC takes one: those of today refuse 3, older ones
  /// do not know 17.
  ///
  /// One is always named: without it ipmitool first asks for all suites that the BMC has, which takes ten seconds.
  @discardableResult
  private func ipmitool(_ command: [String]) async throws(AgentError) -> String {
    var suites = IPMI.suites(of: bmc, noted: try CipherSuiteNote.read(bmc.address))
    if let suite = found.withLock({ $0 }) { suites = [suite] }
    var refusals: [String] = []
    for suite in suites {
      let result = try await run(suite, "3", command)
      if result.succeeded {
        found.withLock { $0 = suite }
        return result.text
      }
      guard let refusal = try await refusal(of: suite, result, command, isLast: suite == suites.last) else { continue }
      refusals.append(refusal)
    }
    throw AgentError(
      .bmcCipher,
      "The BMC at \(bmc.address) refuses cipher suite \(suites.map(String.init).joined(separator: " and "))",
      cause: refusals.last,
      next: "Write `cipher:` below `bmc:` with a suite that it allows, or allow suite 17 in its settings.")
  }

  private func run(
    _ suite: Int, _ tries: String, _ command: [String], verbose: Bool = false
  ) async throws(AgentError) -> CommandResult {
    let session = ["-I", "lanplus", "-C", "\(suite)", "-L", "OPERATOR", "-N", "1", "-R", tries]
    let bus = bmc.target.map { ["-t", IPMI.hexadecimal($0)] } ?? []
    return try await Command.run(
      "ipmitool", (verbose ? ["-v"] : []) + session + address + bus + ["-U", bmc.user, "-E"] + command,
      environment: ["IPMI_PASSWORD": password], deadline: .seconds(30))
  }

  private var address: [String] { ["-H", "\(bmc.address)", "-p", "\(bmc.port ?? IPMI.port)"] }

  /// The BMC's words for a suite that it does not take. Nil: it said nothing, and another suite may be better. Throws
  /// what is wrong otherwise.
  ///
  /// ipmitool tells a refused suite by itself. Of a wrong password and of a BMC that is not there it says the same, but
  /// for its `-v`, which is not for an answer that is to be read.
  private func refusal(
    of suite: Int, _ result: CommandResult, _ command: [String], isLast: Bool
  ) async throws(AgentError) -> String? {
    var said = result.lastLines
    guard said.contains("Unable to establish") || said.contains("Get Session Challenge") else {
      throw refusedOrder(said, suite)
    }
    if !said.contains(IPMI.suiteRefused), !said.contains("RAKP") {
      said = try await run(suite, "1", ["chassis", "power", "status"], verbose: true).lastLines
    }
    if said.contains(IPMI.suiteRefused) { return said }
    if said.contains("role") { throw unprivileged(said) }
    if said.contains("RAKP") || said.contains("nauthorized") { throw wrongCredentials(said) }
    guard await isThere() else {
      throw AgentError(
        .bmcUnreachable, "The BMC at \(bmc.address) does not answer", cause: said,
        next: "Check the BMC's cable and address, and the route from this head to its network.")
    }
    if isLast { throw wrongCredentials(said) }
    return nil
  }

  private func refusedOrder(_ said: String, _ suite: Int) -> AgentError {
    if said.contains("nsufficient privilege") { return unprivileged(said) }
    return AgentError(
      .commandFailed, "The BMC at \(bmc.address) refused the order", cause: said,
      next: "Try it yourself: ipmitool -I lanplus -C \(suite) -H \(bmc.address) -U \(bmc.user) -a chassis power status")
  }

  private func wrongCredentials(_ said: String) -> AgentError {
    AgentError(
      .bmcAuthentication, "The BMC at \(bmc.address) does not accept user \(bmc.user) with \(bmc.password)",
      cause: said,
      next: "Correct the secret \(bmc.password), or the user in the spec.")
  }

  private func unprivileged(_ said: String) -> AgentError {
    AgentError(
      .bmcPrivilege, "The BMC at \(bmc.address) does not let user \(bmc.user) switch its machine", cause: said,
      next: "Give the account the privilege Operator or Administrator on the BMC, or name another one in the spec.")
  }

  /// Asks for an anonymous session of IPMI 1.5. A BMC that is there refuses it, or grants it; of one that is not there
  /// ipmitool says only that it could not establish anything.
  private func isThere() async -> Bool {
    let anonymous =
      ["-I", "lan", "-N", "1", "-R", "2"] + address + ["-U", "", "-P", "", "channel", "authcap", "1", "2"]
    guard let probe = try? await Command.run("ipmitool", anonymous, deadline: .seconds(10)) else { return false }
    let signs = [
      "Activate Session", "Session Challenge", "Authentication type", "Invalid user", "NULL user", "Channel number",
    ]
    return probe.succeeded || signs.contains { (probe.text + probe.errorText).contains($0) }
  }
}

/// An answer as ipmitool(1) `raw` prints it: ` 01 05 a0 04 00 00 00`.
private enum IPMIBytes {
  /// The bytes. Nil: the text is something else.
  static func read(_ text: String) -> [UInt8]? {
    let words = text.split(whereSeparator: \.isWhitespace)
    let bytes = words.compactMap { UInt8($0, radix: 16) }
    return bytes.count == words.count ? bytes : nil
  }
}

/// Get System Boot Options, parameter 5: the boot flags (IPMI 2.0, table 28-14).
struct IPMIBootFlags: Equatable {
  /// The device of the next boot: 1 is the network.
  var device: UInt8
  var isUEFI: Bool
  /// Some BMCs clear this at once.
  var isValid: Bool

  /// Reads a raw answer. Nil: it is no answer to that question.
  init?(_ text: String) {
    guard let bytes = IPMIBytes.read(text), bytes.count >= 4, bytes[1] & 0x7f == 5 else { return nil }
    isValid = bytes[2] & 0x80 != 0
    isUEFI = bytes[2] & 0x20 != 0
    device = bytes[3] >> 2 & 0x0f
  }

  /// The difference to the order, as a clause. Nil: they are as ordered, as far as they tell.
  ///
  /// The bit for UEFI stands in one byte with the one that says that it is valid. A BMC that shows neither has kept the
  /// device alone, perhaps, and may start its machine by UEFI all the same.
  func difference(uefi: Bool) -> String? {
    if device != 1 { return "shows device \(device) for the next boot" }
    if uefi, isValid, !isUEFI { return "shows a legacy boot for a machine that starts by UEFI" }
    return nil
  }
}

/// The cipher suite that a BMC was seen to take: `/var/lib/cluster/power/ADDRESS.cipher`. It is tried first, also by
/// the program in ipmitool's place that Pacemaker's fence agent runs.
private enum CipherSuiteNote {
  static func read(_ address: IPv4Address) throws(AgentError) -> Int? {
    try LocalFiles.read(IPMI.notePath(address)).flatMap { bytes in
      Int(String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace })
    }
  }

  static func write(_ suite: Int, _ address: IPv4Address) throws(AgentError) {
    if try read(address) != suite { try LocalFiles.write(Array("\(suite)\n".utf8), to: IPMI.notePath(address)) }
  }
}
