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
    /// The report of a machine about itself: the query of `/report`.
    case report([String: String])
  }

  /// Milliseconds since 1970.
  var at: Int
  var ip: String
  /// Whether it came from a port that root alone may use. False in lines of earlier versions.
  var isPrivileged: Bool
  /// The address of this head that it was sent to. Nil in lines of earlier versions.
  var server: IPv4Address?
  var what: What

  /// Reads a line. Nil for every line that tells nothing of a machine.
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
    case "signed" where parts.count == 2 && parts[1].hasSuffix(".cfg"):
      guard let mac = MACAddress(parts[1].prefix { $0 != "." }) else { return nil }
      what = .script(mac)
    case "images" where parts.count == 4 && parts[3] == "root.squashfs":
      what = .image("\(parts[1])/\(parts[2])")
    case "captures" where parts.last == "root.encrypted":
      what = .capture
    default: return nil
    }
    self.at = Self.milliseconds(at)
    self.ip = ip
    isPrivileged = fields["port"].flatMap { Int($0) }.map { (1..<1024).contains($0) } ?? false
    server = fields["server"].flatMap { IPv4Address($0) }
  }

  /// Who asked. Nil: this head itself.
  var address: IPv4Address? { IPv4Address(ip) }

  /// nginx's `$msec`: seconds with three decimals.
  private static func milliseconds(_ text: String) -> Int {
    let parts = text.split(separator: ".", maxSplits: 1)
    let whole = parts.first.flatMap { Int($0) } ?? 0
    let fraction = parts.count > 1 ? Int((parts[1] + "000").prefix(3)) ?? 0 : 0
    return whole.times(1000).plus(fraction)
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

/// One JSON object (RFC 8259) of strings and numbers, as nginx's `escape=json` writes them.
///
/// A log grows by a hundred lines a second with a thousand nodes, and a general decoder takes twenty times as long.
enum FlatJSON {
  /// Values by name; numbers as they are written. Nil when the line is not such an object, such as half a line.
  static func fields(_ line: Substring) -> [String: String]? {
    var bytes = Array(line.utf8)[...]
    var fields: [String: String] = [:]
    guard take(&bytes, "{") else { return nil }
    if take(&bytes, "}") { return fields }
    while true {
      guard let name = string(&bytes), take(&bytes, ":") else { return nil }
      guard let value = bytes.first == UInt8(ascii: "\"") ? string(&bytes) : number(&bytes) else { return nil }
      fields[name] = value
      if take(&bytes, ",") { continue }
      return take(&bytes, "}") ? fields : nil
    }
  }

  private static func take(_ bytes: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
    while bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    guard bytes.first == UInt8(ascii: character) else { return false }
    bytes.removeFirst()
    while bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    return true
  }

  private static func number(_ bytes: inout ArraySlice<UInt8>) -> String? {
    let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0) }
    bytes = bytes.dropFirst(digits.count)
    return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
  }

  private static func string(_ bytes: inout ArraySlice<UInt8>) -> String? {
    guard bytes.popFirst() == UInt8(ascii: "\"") else { return nil }
    var text: [UInt8] = []
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = bytes.popFirst() else { return nil }
        switch escaped {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "u"):
          let digits = String(decoding: bytes.prefix(4), as: UTF8.self)
          guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else { return nil }
          bytes = bytes.dropFirst(4)
          text += Array(String(Character(scalar)).utf8)
        default: text.append(escaped)
        }
      default: text.append(byte)
      }
    }
    return nil
  }
}
