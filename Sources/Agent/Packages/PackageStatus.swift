// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// dpkg's list of packages, as dpkg(1) names it among its files: read directly, where dpkg-query(1) would have to be
/// started, and reads more than that.
enum PackageStatus {
  private static let path = "/var/lib/dpkg/status"
  /// What dpkg is about to write into the list, while it is at work or since it was cut off.
  private static let updates = "/var/lib/dpkg/updates"

  /// Versions of those that are installed; nil where the list is not all there is to know.
  static func versions(_ names: [String]) throws(AgentError) -> [String: String]? {
    // Looked at first: what dpkg takes away from here is in the list by then.
    guard try FileSystem.entry(updates) != nil, try FileSystem.names(in: updates).isEmpty,
      try FileSystem.entry(path)?.kind == .file
    else { return nil }
    return versions(Set(names), in: try FileSystem.read(path, limit: 256 << 20))
  }

  /// - Parameter list: a paragraph of fields for each package: deb822(5).
  static func versions(_ names: Set<String>, in list: [UInt8]) -> [String: String] {
    var versions: [String: String] = [:]
    var package: (name: String, isInstalled: Bool, version: String?)?
    func finish() {
      if let package, package.isInstalled { versions[package.name] = package.version }
      package = nil
    }
    list.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        let line = UnsafeRawBufferPointer(rebasing: rest.prefix { $0 != UInt8(ascii: "\n") })
        start += line.count + 1
        if line.isEmpty { finish() }
        if let name = value("Package:", line) {
          finish()
          if names.contains(name) { package = (name, false, nil) }
        } else if package != nil {
          // Want, error flag, state.
          if let state = value("Status:", line) { package?.isInstalled = state.hasSuffix(" installed") }
          if let version = value("Version:", line) { package?.version = version }
        }
      }
    }
    finish()
    return versions
  }

  private static func value(_ field: StaticString, _ line: UnsafeRawBufferPointer) -> String? {
    let count = field.utf8CodeUnitCount
    guard line.count > count, let start = line.baseAddress, memcmp(start, field.utf8Start, count) == 0 else {
      return nil
    }
    return String(decoding: line[count...].drop { $0 == 0x20 || $0 == 0x09 }, as: UTF8.self)
  }
}
