// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One line of `/var/log/cluster/boot.log`: a request that a booting machine made of this head.
struct BootEvent: Hashable, Sendable {
  enum What: Hashable, Sendable {
    /// The machine's own boot script, which names the machine.
    case script(MACAddress)
    /// An image's root, as `name/digest`.
    case image(String)
    /// A capture of a head.
    case capture
    /// What a machine says of itself: the query of `/report`.
    case report([String: String])
  }

  /// Milliseconds since 1970.
  var at: Int
  var ip: String
  /// The address of this head that it was sent to. Nil in lines of earlier versions.
  var server: IPv4Address?
  var what: What

  /// Nil for every line that tells nothing of a machine.
  init?(line: Substring) {
    guard let fields = FlatJSON.fields(line), let uri = fields["uri"], let at = fields["at"], let ip = fields["ip"],
      let status = fields["status"].flatMap({ Int($0) }), (200..<300).contains(status)
    else { return nil }
    let parts = uri.split(separator: "/").map(String.init)
    switch parts.first {
    case "report":
      what = .report(Self.query(fields["args"] ?? ""))
    case "ipxe" where parts.count == 2, "clone" where parts.count == 2:
      guard let mac = MACAddress(parts[1].prefix { $0 != "." }) else { return nil }
      what = .script(mac)
    case "images" where parts.count == 4 && parts[3] == "root.squashfs":
      what = .image("\(parts[1])/\(parts[2])")
    case "captures" where parts.last == "root.squashfs":
      what = .capture
    default: return nil
    }
    self.at = Self.milliseconds(at)
    self.ip = ip
    server = fields["server"].flatMap { IPv4Address($0) }
  }

  /// nginx's `$msec`: seconds with three decimals.
  private static func milliseconds(_ text: String) -> Int {
    let parts = text.split(separator: ".", maxSplits: 1)
    let whole = parts.first.flatMap { Int($0) } ?? 0
    let fraction = parts.count > 1 ? Int((parts[1] + "000").prefix(3)) ?? 0 : 0
    return whole * 1000 + fraction
  }

  private static func query(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = decoded(parts[1]) }
    }
    return values
  }

  /// Percent-encoding, and `+` for a space (application/x-www-form-urlencoded).
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
