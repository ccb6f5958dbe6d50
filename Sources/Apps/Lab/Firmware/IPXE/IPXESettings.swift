// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Everything outside of itself that a script can reach.
protocol IPXEPlatform: Sendable {
  /// A small file's bytes: a script.
  func fetch(_ url: String) async throws(AgentError) -> [UInt8]
  /// A large file that only has to arrive: a kernel or an initrd.
  func download(_ url: String) async throws(AgentError)
  func pause(_ length: Duration) async throws(AgentError)
  func say(_ text: String)
}

/// How a boot script ended.
enum IPXEOutcome: Hashable, Sendable {
  /// `boot`: a kernel with its command line.
  case boot(kernel: String, arguments: [String])
  /// `sanboot --drive 0x80`: the first disk.
  case disk
  /// `exit`, or the end of the script: the firmware goes on with the next boot device.
  case exit
  case reboot
  case poweroff
  /// A command failed, and nothing caught it.
  case failed(String)
}

/// iPXE's settings: what `${…}` in a script stands for (ipxe.org/cfg).
struct IPXESettings: Sendable {
  private var values: [String: String] = [:]
  /// The card that boots: `netX`.
  private let card: String

  /// - Parameter card: `net0`, `net1` …
  init(card: String, lease: DHCPLease, mac: MACAddress, uuid: String) {
    self.card = card
    values = [
      "\(card)/mac": mac.description, "\(card)/ip": lease.address, "\(card)/netmask": lease.mask,
      "\(card)/gateway": lease.router ?? "", "\(card)/dns": lease.dns ?? "", "\(card)/hostname": lease.hostname ?? "",
      "\(card)/filename": lease.bootFile ?? "", "\(card)/next-server": lease.server ?? "",
      "\(card)/domain": lease.domain ?? "", "uuid": uuid, "platform": "pcbios", "buildarch": "x86_64",
      "manufacturer": "cluster", "product": "lab machine", "serial": mac.hyphenated, "asset": "",
    ].filter { !$0.value.isEmpty }
  }

  subscript(name: String) -> String? {
    get { values[key(name)] }
    set { values[key(name)] = newValue }
  }

  /// `netX/…` is the booting card, and so is a bare `mac` or `ip`.
  private func key(_ name: String) -> String {
    if name.hasPrefix("netX/") { return "\(card)/\(name.dropFirst(5))" }
    return values[name] == nil && values["\(card)/\(name)"] != nil ? "\(card)/\(name)" : name
  }

  /// Replaces every `${name}` and `${name:type}`. An unknown name is empty text, as in iPXE.
  func expand(_ line: String) -> String {
    var result = line
    // From the inside out, so that `${${card}/ip}` works.
    while let end = result.firstIndex(of: "}"), let start = result[..<end].range(of: "${", last: true) {
      result.replaceSubrange(start.lowerBound...end, with: value(String(result[start.upperBound..<end])))
    }
    return result
  }

  private func value(_ reference: String) -> String {
    let parts = reference.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let value = self[String(parts[0])] else { return "" }
    return switch parts.count > 1 ? parts[1] : "" {
    case "hexhyp": value.replacing(":", with: "-")
    case "hexraw": value.replacing(":", with: "")
    case "uristring":
      value.utf8.map { byte in
        let kept =
          UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-._~".utf8.contains(byte)
          || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
        let digits = String(byte, radix: 16, uppercase: true)
        return kept ? String(UnicodeScalar(byte)) : "%\(digits.count == 1 ? "0" : "")\(digits)"
      }.joined()
    default: value
    }
  }
}

extension Substring {
  /// The last place of `text`.
  fileprivate func range(of text: String, last: Bool) -> Range<Index>? { ranges(of: text).last }
}
