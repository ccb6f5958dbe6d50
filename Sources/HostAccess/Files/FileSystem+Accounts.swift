// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

extension FileSystem {
  /// - Parameter text: `user:group` by name or number; `user` alone means root's group.
  package static func owner(_ text: String) throws(AgentError) -> Owner {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let user = parts.first else {
      throw AgentError(.invalid, "\"\(text)\" is not an owner", next: "Write it as user:group.")
    }
    return Owner(uid: try uid(user), gid: parts.count > 1 ? try gid(parts[1]) : 0)
  }

  private static func uid(_ name: String) throws(AgentError) -> UInt32 {
    if let number = UInt32(name) { return number }
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    getpwnam_r(name, &entry, &buffer, buffer.count, &found)
    if found != nil { return entry.pw_uid }
    throw AgentError(
      .notFound, "There is no user \(name)", next: "First install the package that creates the user \(name).")
  }

  private static func gid(_ name: String) throws(AgentError) -> UInt32 {
    if let number = UInt32(name) { return number }
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 64 << 10)
    getgrnam_r(name, &entry, &buffer, buffer.count, &found)
    if found != nil { return entry.gr_gid }
    throw AgentError(
      .notFound, "There is no group \(name)", next: "First install the package that creates the group \(name).")
  }

  /// The name, or the number where nobody has it.
  package static func userName(_ uid: UInt32) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    getpwuid_r(uid, &entry, &buffer, buffer.count, &found)
    return found == nil ? "\(uid)" : String(cString: entry.pw_name)
  }

  package static func groupName(_ gid: UInt32) -> String {
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 64 << 10)
    getgrgid_r(gid, &entry, &buffer, buffer.count, &found)
    return found == nil ? "\(gid)" : String(cString: entry.gr_name)
  }
}
