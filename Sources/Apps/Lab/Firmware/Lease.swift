// SPDX-License-Identifier: Apache-2.0

/// A DHCP server's answer, as udhcpc(8) hands it to its script.
struct Lease: Hashable, Sendable {
  var address: String
  var mask: String
  /// Prefix length.
  var prefix: Int
  var router: String?
  var dns: String?
  var hostname: String?
  var domain: String?
  /// Option 67, or the `file` field.
  var bootFile: String?
  /// Option 66, or `siaddr`: where TFTP is.
  var server: String?

  /// The lease, or nil without an address.
  init?(environment text: String) {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, !parts[1].isEmpty { values[String(parts[0])] = String(parts[1]) }
    }
    guard let address = values["ip"], let mask = values["subnet"], let prefix = values["mask"].flatMap(Int.init) else {
      return nil
    }
    self.address = address
    self.mask = mask
    self.prefix = prefix
    // Several of each may come; the first counts.
    router = values["router"]?.split(separator: " ").first.map(String.init)
    dns = values["dns"]?.split(separator: " ").first.map(String.init)
    hostname = values["hostname"]
    domain = values["domain"]
    bootFile = values["bootfile"] ?? values["boot_file"]
    server = values["tftp"] ?? values["siaddr"] ?? values["serverid"]
  }
}
