// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// The root of an image that is being built, as its own programs see it.
///
/// An image may hold any symbolic link: one that makes its `/var/log` a link to `/run/log` leads to its own `/run/log`,
/// and not to this head's. Nothing runs in the root while it is looked at, so a path that was resolved stays so.
struct ImageRoot {
  let path: String

  /// A link that leads to a link, and so on, is given up after as many as the kernel follows: path_resolution(7).
  private static let mostLinks = 40

  /// The place on this head of a path in the image.
  /// - Parameter following: whether a link at the end of the path is followed too.
  func place(_ inside: String, following: Bool = false) throws(AgentError) -> String {
    var rest = Array(inside.split(separator: "/").map(String.init).reversed())
    var done: [String] = []
    var links = 0
    while let name = rest.popLast() {
      if name == "." { continue }
      if name == ".." {
        _ = done.popLast()
        continue
      }
      let place = ([path] + done + [name]).joined(separator: "/")
      guard following || !rest.isEmpty, try FileSystem.entry(place)?.kind == .link else {
        done.append(name)
        continue
      }
      let target = try FileSystem.linkTarget(place)
      links += 1
      guard links <= Self.mostLinks else {
        throw AgentError(
          .invalid, "/\(inside) of the image leads through too many symbolic links",
          next: "Look for a link that leads to itself among the image's files and programs.")
      }
      if target.hasPrefix("/") { done = [] }
      rest += target.split(separator: "/").map(String.init).reversed()
    }
    return ([path] + done).joined(separator: "/")
  }

  // MARK: Small files

  func names(in folder: String) throws(AgentError) -> [String] {
    try LocalFiles.names(in: place(folder, following: true))
  }

  func exists(_ file: String) throws(AgentError) -> Bool { try LocalFiles.exists(place(file, following: true)) }

  /// Regular files below a folder, by path relative to it.
  func files(below folder: String) throws(AgentError) -> [String] {
    try LocalFiles.files(below: place(folder, following: true))
  }

  func write(_ bytes: [UInt8], to file: String, mode: mode_t = 0o644) throws(AgentError) {
    try LocalFiles.write(bytes, to: place(file), mode: mode)
  }

  /// Makes a symbolic link. A file or link that is there gives way, a folder does not.
  func link(_ path: String, to target: String) throws(AgentError) {
    let place = try place(path)
    try LocalFiles.makeFolders(FileSystem.parent(place))
    try LocalFiles.remove(place)
    guard symlink(target, place) == 0 else { throw LocalFiles.failure("The link \(place) cannot be made") }
  }

  func remove(_ file: String) throws(AgentError) { try LocalFiles.remove(place(file)) }
}
